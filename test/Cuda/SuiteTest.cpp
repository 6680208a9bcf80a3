//===- SuiteTest.cpp - The suite's kernels for GPUs, in block-level form --===//
//
// Every layer of the benchmark suite, of which a sample is too large for an
// interpreter of PTX: its kernels as code of this machine, called through the C
// functions, the runtime and the stand-in. Threads go forwards and backwards in
// turns, shared memory and workspaces are filled with NaN, arrays and shared
// memory end at pages that nobody may touch.
//
//===----------------------------------------------------------------------===//

#include "compiler/Bench/Suite.h"
#include "compiler/Check/Gpu/OnGpu.h"
#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Check/StandIn/OnHost.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Tune/InMemory.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include "gtest/gtest.h"

#include <map>

using namespace eqc;

namespace {

const std::vector<LayerSpec> &suiteLayers() {
  static const std::vector<LayerSpec> layers = [] {
    std::vector<LayerSpec> all;
    std::string error;
    for (const Workload &workload : loadSuite(error)) {
      llvm::SourceMgr sources;
      const unsigned id = sources.AddNewSourceBuffer(
          llvm::MemoryBuffer::getMemBufferCopy(workload.source, "suite.eq"),
          llvm::SMLoc());
      DiagnosticEngine diagnostics;
      for (const LayerSpec &layer :
           parseLayers(sources, id, "suite.eq", {}, diagnostics).layers)
        all.push_back(layer);
    }
    return all;
  }();
  return layers;
}

struct Case {
  const LayerSpec *layer;
  PlanKind plan;
};
std::ostream &operator<<(std::ostream &os, const Case &c) {
  return os << c.layer->name << ", " << planName(c.plan);
}

std::vector<Case> casesOf(PlanKind plan) {
  std::vector<Case> cases;
  for (const LayerSpec &layer : suiteLayers())
    cases.push_back({&layer, plan});
  return cases;
}

class OnHost : public testing::TestWithParam<Case> {};

TEST_P(OnHost, AgreesWithTheDefinition) {
  const LayerSpec &layer = *GetParam().layer;
  CompileOptions options;
  options.triple = "cuda";
  options.cpus = {"sm_90"};
  options.plan = GetParam().plan;
  options.optLevel = 1;
  CompileFailure failure;
  std::string error;
  const auto phases = compilePhases(layer, options, failure);
  ASSERT_TRUE(phases) << failure.message;
  const std::unique_ptr<Gpu> gpu = Gpu::standIn(90, error, phases);
  ASSERT_TRUE(gpu) << error;
  options.optLevel = 0; // its PTX is not executed
  const auto library = compileInMemory(layer, options, failure);
  ASSERT_TRUE(library) << failure.message;
  gpu->runOnHost(phases);
  CheckOptions check;
  BuiltPlans built;
  readPromises(layer, *library, built, check);
  check.workLimit = 1e6;
  check.oracleOnly = true;
  check.cases = {{layer.n, 2}};
  const CheckReport report =
      checkLibrary(layer, *library, check,
                   [&](const LayerSpec &spec, const KernelFunctions &kernel) {
                     return asHostLayer(spec, kernel, *gpu);
                   });
  EXPECT_FALSE(report.failed()) << renderReport(report);
  EXPECT_TRUE(report.checked());
}

INSTANTIATE_TEST_SUITE_P(Shared, OnHost,
                         testing::ValuesIn(casesOf(PlanKind::Shared)));
INSTANTIATE_TEST_SUITE_P(Schur, OnHost,
                         testing::ValuesIn(casesOf(PlanKind::Schur)));

} // namespace
