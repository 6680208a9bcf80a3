//===- LoopBuilder.h - Loops that thread arrays -----------------*- C++ -*-===//
//
// Arrays of a kernel for a CPU are tensors that loops and branches carry along;
// bufferization makes of it that they are written in place.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_LOOPBUILDER_H
#define EQC_LOWERING_CPU_LOOPBUILDER_H

#include "compiler/Lowering/Loops/IndexBuilder.h"

namespace eqc {

struct KernelArray;

/// What a loop carries.
using Values = llvm::SmallVector<mlir::Value>;

class LoopBuilder : public IndexBuilder {
public:
  using IndexBuilder::IndexBuilder;

  /// A loop that carries values: while `body` is written, `carried` holds those
  /// of an iteration, and then those after the last.
  void forCarried(llvm::ArrayRef<mlir::Value *> carried, mlir::Value lower,
                  mlir::Value upper, int64_t step,
                  llvm::function_ref<void(mlir::Value)> body);
  // Loops that thread the tensor of `array`, or of several arrays, through.
  void forRange(llvm::ArrayRef<KernelArray *> arrays, mlir::Value lower,
                mlir::Value upper, int64_t step,
                llvm::function_ref<void(mlir::Value)> body);
  void forRange(KernelArray &array, mlir::Value lower, mlir::Value upper,
                int64_t step, llvm::function_ref<void(mlir::Value)> body) {
    forRange(llvm::ArrayRef<KernelArray *>(&array), lower, upper, step, body);
  }
  void forRange(KernelArray &array, mlir::Value upper,
                llvm::function_ref<void(mlir::Value)> body) {
    forRange(array, index(0), upper, 1, body);
  }
  /// Has LLVM unroll the loop that `array` has just come through, if it came
  /// through one, whatever its size.
  void unrollLoop(KernelArray &array);
  /// One loop per extent, the first outermost.
  void forNest(KernelArray &array, llvm::ArrayRef<mlir::Value> extents,
               llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body);
  void ifElse(llvm::ArrayRef<KernelArray *> arrays, mlir::Value condition,
              llvm::function_ref<void()> thenBody,
              llvm::function_ref<void()> elseBody);
  void ifElse(KernelArray &array, mlir::Value condition,
              llvm::function_ref<void()> thenBody,
              llvm::function_ref<void()> elseBody) {
    ifElse(llvm::ArrayRef<KernelArray *>(&array), condition, thenBody,
           elseBody);
  }
  /// For a body that writes no array.
  void onlyIf(mlir::Value condition, llvm::function_ref<void()> body);

  /// A loop that carries one value. Few iterations are unrolled.
  mlir::Value
  accumulate(mlir::Value lower, mlir::Value upper, mlir::Value init,
             llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> body);
  /// A loop that carries several values.
  Values accumulate(mlir::Value lower, mlir::Value upper, Values inits,
                    llvm::function_ref<Values(mlir::Value, Values)> body);
  /// The same, never unrolled.
  Values accumulateInLoop(mlir::Value lower, mlir::Value upper, Values inits,
                          llvm::function_ref<Values(mlir::Value, Values)> body);

  /// While it lives, loops of accumulate() stay loops where `wanted`.
  class StayLoops {
  public:
    StayLoops(LoopBuilder &loops, bool wanted);
    ~StayLoops() { loops.copies = copies; }
    StayLoops(const StayLoops &) = delete;
    StayLoops &operator=(const StayLoops &) = delete;

  private:
    LoopBuilder &loops;
    int64_t copies;
  };

private:
  int64_t copies = 1; ///< that unrolled loops make of what is built
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_LOOPBUILDER_H
