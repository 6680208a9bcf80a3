//===- BlockTest.cpp - Kernels that have all stages of a layer ------------===//
//
// The PTX of such a kernel, executed by itself: what it asks of memory, and
// whether each of its barriers is needed.
//
//===----------------------------------------------------------------------===//

#include "test/Cuda/CompiledLayer.h"

#include "compiler/Check/Oracle.h"
#include "compiler/Check/Ptx/Interpreter.h"

#include "gtest/gtest.h"

using namespace eqc;
using namespace eqc::test;

namespace {

struct Case {
  const char *fields; ///< of the layer
  PlanKind plan = PlanKind::Shared;
  int64_t n = 0; ///< where it is given at run time
};

std::ostream &operator<<(std::ostream &os, const Case &c) {
  return os << c.fields << ", " << planName(c.plan);
}

/// Two blocks, of which the second has a sample less.
constexpr int64_t kSamples = 3, kBatch = 5;

class Block : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    spec = layerOf("layer a { " + std::string(GetParam().fields) + " }");
    CompileOptions options;
    options.plan = GetParam().plan;
    options.triple = "cuda";
    options.cpus = {"sm_90"};
    options.gradients = false;
    CompileFailure failure;
    llvm::SmallVector<char, 0> code;
    ASSERT_TRUE(
        compileLayers(spec, options, CodeKind::Device, code, failure, &packed))
        << failure.message;
    text.assign(code.begin(), code.end());
    // The first kernel of the name: with the widest accesses.
    const size_t at = text.find("_block(");
    ASSERT_NE(at, std::string::npos) << "no kernel has all stages";
    const size_t start = text.rfind(' ', at) + 1;
    kernel = text.substr(start, at + 6 - start);
  }

  template <typename T> ptx::Report run(const std::string &ptxText) {
    ptx::Error error;
    const std::optional<ptx::Module> module = ptx::parse(ptxText, error);
    EXPECT_TRUE(module) << error.message();
    const int64_t n = spec.dynamicN() ? GetParam().n : spec.n;
    const auto rows = [&](int order) {
      return static_cast<size_t>(kBatch * integerPower(n, order));
    };
    std::vector<T> x(rows(spec.k) * spec.cIn, 1), weight(packed.front(), 1),
        bias(8 * spec.cOut, 1), y(rows(spec.l) * spec.cOut, 1);
    ptx::Memory memory;
    ptx::Arguments arguments;
    auto add = [&](const char *name, std::vector<T> &values) {
      arguments.add(memory.add(name, values.data(), values.size() * sizeof(T)));
    };
    add("x", x);
    add("weight", weight);
    add("bias", bias);
    add("y", y);
    arguments.add(kBatch);
    if (spec.dynamicN())
      arguments.add(n);
    arguments.add(kSamples);
    arguments.add(int64_t(0)); // blocks of grids before
    ptx::Launch launch;
    launch.kernel = kernel;
    launch.grid.x = (kBatch + kSamples - 1) / kSamples;
    launch.block.x = 128;
    launch.dynamicShared = 100 << 10;
    launch.arguments = arguments.bytes;
    launch.countTraffic = true;
    return ptx::run(*module, launch, memory);
  }
  ptx::Report runAny(const std::string &ptxText) {
    return spec.dtype == DType::F32 ? run<float>(ptxText)
                                    : run<double>(ptxText);
  }

  LayerSpec spec;
  std::vector<int64_t> packed;
  std::string text, kernel;
};

TEST_P(Block, TouchesEachSectorOfSamplesOnce) {
  const ptx::Report report = runAny(text);
  ASSERT_FALSE(report.error) << report.error->message();
  for (const ptx::BufferTraffic &buffer : report.traffic) {
    if (buffer.name != "x" && buffer.name != "y")
      continue;
    const bool isInput = buffer.name == "x";
    const ptx::Traffic &used = isInput ? buffer.loads : buffer.stores;
    const ptx::Traffic &other = isInput ? buffer.stores : buffer.loads;
    EXPECT_EQ(other.touches, 0) << buffer.name;
    EXPECT_EQ(used.mostTouches, 1) << buffer.name;
    EXPECT_EQ(used.touches, used.sectors) << buffer.name;
    const int64_t rows =
        integerPower(spec.n, isInput ? spec.k : spec.l) * kBatch;
    EXPECT_EQ(used.bytes,
              rows * (isInput ? spec.cIn : spec.cOut) * spec.elementSize())
        << buffer.name;
  }
}

/// The threads of a block are executed one after the other, up to a barrier,
/// and each finds what others have not written yet, or still read.
TEST_P(Block, NeedsEachOfItsBarriers) {
  const size_t begin = text.find(kernel + "("),
               end = std::min(text.find(".entry", begin), text.size());
  int barriers = 0;
  for (size_t at = text.find("bar.sync", begin); at < end;
       at = text.find("bar.sync", at + 1)) {
    ++barriers;
    std::string without = text;
    const size_t length = text.find(';', at) + 1 - at;
    without.replace(at, length, length, ' ');
    const ptx::Report report = runAny(without);
    ASSERT_TRUE(report.error) << "barrier " << barriers << " is not missed";
    EXPECT_TRUE(report.error->kind == ptx::Error::Kind::Race ||
                report.error->kind == ptx::Error::Kind::Uninitialised)
        << report.error->message();
  }
  EXPECT_GE(barriers, 2);
}

const Case cases[] = {
    {"group = S; n = 4; k = 2; l = 2; channels = 8 -> 16; bias = true"},
    {"group = S; n = 4; k = 2; l = 2; channels = 4 -> 8; dtype = f64"},
    {"group = S; n = 4; k = 2; l = 2; channels = 8 -> 8; "
     "layout = channels_first"},
    {"group = S; n = 8; k = 1; l = 1; channels = 68 -> 8; bias = true"},
    {"group = O; n = 3; k = 2; l = 2; channels = 8 -> 8; bias = true"},
    {"group = SO; n = 4; k = 2; l = 2; channels = 8 -> 8"},
    {"group = Sp; n = 4; k = 2; l = 2; channels = 8 -> 8"},
    {"group = O; n = 4; k = 2; l = 2; channels = 8 -> 16; bias = true",
     PlanKind::Schur},
};

INSTANTIATE_TEST_SUITE_P(Layers, Block, testing::ValuesIn(cases));

} // namespace
