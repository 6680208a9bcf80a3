//===- TunedKernelsTest.cpp - Whatever tuning may choose is right ---------===//
//
// Which tiles tuning takes is a matter of luck; here every cap on registers is
// compiled. The grid of test/Integration does the same for all plans.
//
//===----------------------------------------------------------------------===//

#include "compiler/Tune/InMemory.h"
#include "compiler/Tune/TuneLayer.h"
#include "test/Plan/Support.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

class TunedKernels : public testing::TestWithParam<Group> {};

} // namespace

// Values and gradients against the oracle. The numbers of input channels make
// tiles of other heights with every cap, the last of which overlaps the one
// before; kernels and their descriptors must agree where.
TEST_P(TunedKernels, AreRightWithEveryCap) {
  const Group group = GetParam();
  std::string error;
  std::vector<CpuVariant> variants;
  ASSERT_TRUE(resolveVariants(resolveTriple(""), {"native"}, variants, error))
      << error;
  CompileOptions options;
  options.cpus = {"native"};
  options.optLevel = 1;
  std::vector<LayerSpec> layers;
  for (int64_t registers : registerCaps(variants.front().shape))
    for (int64_t cIn : {5, 11, 17, 25, 33}) {
      LayerSpec spec = makeLayer(group, 2, 1, 1, cIn, 19, true);
      spec.name += std::to_string(layers.size());
      spec.dtype = layers.size() % 2 ? DType::F64 : DType::F32;
      spec.layout =
          layers.size() % 3 == 2 ? Layout::ChannelsFirst : Layout::ChannelsLast;
      layers.push_back(std::move(spec));
      options.tuning.push_back({PlanKind::Shared, registers});
    }
  CompileFailure failure;
  std::optional<LoadedLibrary> library =
      compileInMemory(layers, options, failure);
  ASSERT_TRUE(library) << failure.message;
  for (size_t i = 0; i < layers.size(); ++i) {
    const CheckReport report = checkLibrary(layers[i], *library);
    EXPECT_TRUE(report.passed())
        << options.tuning[i].registers << " registers\n"
        << renderReport(report);
  }
}

INSTANTIATE_TEST_SUITE_P(Groups, TunedKernels,
                         testing::Values(Group::S, Group::O, Group::SO,
                                         Group::Sp),
                         [](const testing::TestParamInfo<Group> &info) {
                           return std::string(groupName(info.param));
                         });
