//===- TunedKernelsTest.cpp - Whatever tuning may choose is right ---------===//
//
// Which tiles tuning takes is a matter of luck; here every cap on registers is
// compiled. The grid of test/Integration does the same for all plans.
//
//===----------------------------------------------------------------------===//

#include "compiler/Library/LoadedObject.h"
#include "compiler/Tune/InMemory.h"
#include "compiler/Tune/TuneLayer.h"
#include "test/Algebra/PrintGroup.h"
#include "test/Plan/Support.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

class TunedKernels : public testing::TestWithParam<Group> {
protected:
  /// Layers whose numbers of input channels make tiles of other heights with
  /// every cap, the last of which overlaps the one before; the plans in turns.
  void makeLayers(llvm::ArrayRef<PlanKind> plans,
                  llvm::ArrayRef<int64_t> inputChannels) {
    std::string error;
    std::vector<CpuVariant> variants;
    ASSERT_TRUE(resolveCpus("", {"native"}, variants, error)) << error;
    options.cpus = {"native"};
    options.optLevel = 0; // the tiles are ours
    for (int64_t registers : registerCaps(variants.front().machine))
      for (int64_t cIn : inputChannels) {
        const size_t i = layers.size();
        LayerSpec spec = makeLayer(GetParam(), 2, 1, 1, cIn, 19, true);
        spec.name += std::to_string(i);
        spec.dtype = i % 2 ? DType::F64 : DType::F32;
        spec.layout = i % 3 == 2 ? Layout::ChannelsFirst : Layout::ChannelsLast;
        layers.push_back(std::move(spec));
        options.tuning.push_back({plans[i % plans.size()], registers});
      }
  }

  std::string nameOfCase(size_t i) const {
    return std::string(planName(options.tuning[i].plan)) + ", " +
           std::to_string(options.tuning[i].registers) + " registers, " +
           std::to_string(layers[i].cIn) + " input channels\n";
  }

  std::vector<LayerSpec> layers;
  CompileOptions options;
};

/// forward_packed of what pack wrote gives the bits of forward, and pack writes
/// no more than `packedSize` elements.
template <typename T>
void comparePacked(const LoadedObject &code, const LayerSpec &spec,
                   int64_t packedSize) {
  using Pack = int(const T *, T *);
  using Forward = int(int64_t, const T *, const T *, const T *, T *);
  auto find = [&](const char *what) { return code.function(spec.name + what); };
  auto *pack = reinterpret_cast<Pack *>(find("_pack"));
  auto *forward = reinterpret_cast<Forward *>(find("_forward"));
  auto *packed = reinterpret_cast<Forward *>(find("_forward_packed"));
  ASSERT_TRUE(pack && forward && packed);
  constexpr int64_t batch = 9;
  constexpr size_t guards = 64;
  constexpr T guard = 12345;
  Random random(7);
  auto draw = [&](int64_t size) {
    const std::vector<double> values = randomVector(random, size_t(size));
    return std::vector<T>(values.begin(), values.end());
  };
  const std::vector<T> x = draw(batch * spec.n * spec.cIn);
  const std::vector<T> weight =
      draw(int64_t(spec.diagrams.size()) * spec.cIn * spec.cOut);
  const std::vector<T> bias =
      draw(int64_t(spec.biasDiagrams.size()) * spec.cOut);
  std::vector<T> weights(size_t(packedSize) + guards, guard);
  std::vector<T> y(size_t(batch * spec.n * spec.cOut)), again(y.size());
  ASSERT_EQ(pack(weight.data(), weights.data()), 0);
  for (size_t i = size_t(packedSize); i < weights.size(); ++i)
    ASSERT_EQ(weights[i], guard) << i;
  ASSERT_EQ(forward(batch, x.data(), weight.data(), bias.data(), y.data()), 0);
  ASSERT_EQ(packed(batch, x.data(), weights.data(), bias.data(), again.data()),
            0);
  EXPECT_EQ(y, again);
}

} // namespace

// Values and gradients against the oracle; kernels and the descriptors of their
// sums must agree where tiles are.
TEST_P(TunedKernels, AreRightWithEveryCap) {
  makeLayers({PlanKind::Shared}, {5, 11, 17, 25, 33});
  CompileFailure failure;
  std::optional<LoadedLibrary> library =
      compileInMemory(layers, options, failure);
  ASSERT_TRUE(library) << failure.message;
  for (size_t i = 0; i < layers.size(); ++i) {
    const CheckReport report = checkLibrary(layers[i], *library);
    EXPECT_TRUE(report.passed()) << nameOfCase(i) << renderReport(report);
  }
}

TEST_P(TunedKernels, ReadPackedWeightsWithEveryCap) {
  makeLayers(
      {PlanKind::Shared, PlanKind::Dense, PlanKind::Factored, PlanKind::Schur},
      {5, 17, 25, 33});
  options.gradients = false;
  CompileFailure failure;
  llvm::SmallVector<char, 0> object;
  std::vector<int64_t> sizes;
  ASSERT_TRUE(
      compileLayers(layers, options, CodeKind::Object, object, failure, &sizes))
      << failure.message;
  std::string problem;
  std::unique_ptr<LoadedObject> code = LoadedObject::load(object, problem);
  ASSERT_TRUE(code) << problem;
  for (size_t i = 0; i < layers.size(); ++i) {
    SCOPED_TRACE(nameOfCase(i));
    EXPECT_EQ(code->packedSize(layers[i].name), sizes[i]);
    if (layers[i].dtype == DType::F32)
      comparePacked<float>(*code, layers[i], sizes[i]);
    else
      comparePacked<double>(*code, layers[i], sizes[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Groups, TunedKernels,
                         testing::Values(Group::S, Group::O, Group::SO,
                                         Group::Sp),
                         [](const testing::TestParamInfo<Group> &info) {
                           return std::string(groupName(info.param));
                         });
