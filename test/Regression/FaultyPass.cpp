//===- FaultyPass.cpp - A compiler that fails on purpose ------------------===//
//
// Takes the place of what a pass calls (--wrap): where EQC_TEST_FAULT says so,
// it crashes, or fails without a word, on functions whose name holds `graphs`.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLoops/KernelPlan.h"

#include <cstdlib>
#include <string_view>

using namespace eqc;

// The names are those that the compiler gives readKernelPlan.
mlir::FailureOr<KernelPlan> readKernelPlanAsItIs(mlir::func::FuncOp) asm(
    "__real__ZN3eqc14readKernelPlanEN4mlir4func6FuncOpE");
mlir::FailureOr<KernelPlan> readKernelPlanOrFail(mlir::func::FuncOp) asm(
    "__wrap__ZN3eqc14readKernelPlanEN4mlir4func6FuncOpE");

mlir::FailureOr<KernelPlan> readKernelPlanOrFail(mlir::func::FuncOp function) {
  const char *fault = std::getenv("EQC_TEST_FAULT");
  if (fault && function.getName().contains("graphs")) {
    if (fault == std::string_view("crash-in-pass"))
      std::abort();
    if (fault == std::string_view("fail-in-pass"))
      return mlir::failure();
  }
  return readKernelPlanAsItIs(function);
}
