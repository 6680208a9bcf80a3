//===- BlockTest.cpp - Kernels that have all stages of a layer ------------===//
//
// The PTX of such a kernel, executed by itself: what it, or a cluster of its
// blocks, asks of memory, and whether each of its barriers is needed.
//
//===----------------------------------------------------------------------===//

#include "test/Cuda/CompiledLayer.h"

#include "compiler/Check/Oracle.h"
#include "compiler/Check/Ptx/Interpreter.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

#include "gtest/gtest.h"

using namespace eqc;
using namespace eqc::test;

namespace {

struct Case {
  const char *fields; ///< of the layer
  PlanKind plan = PlanKind::Shared;
  uint32_t cluster = 1;  ///< blocks that share a sample
  int64_t n = 0;         ///< where it is given at run time
  bool gradient = false; ///< the kernel from grad_y to grad_x
};

std::ostream &operator<<(std::ostream &os, const Case &c) {
  return os << c.fields << ", " << planName(c.plan);
}

/// Two blocks, of which the second has a sample less; a cluster has a sample.
constexpr int64_t kSamples = 3, kBatch = 5;

class Block : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    spec = layerOf("layer a { " + std::string(GetParam().fields) + " }");
    CompileOptions options;
    options.plan = GetParam().plan;
    options.triple = "cuda";
    options.cpus = {"sm_90"};
    options.gradients = GetParam().gradient;
    CompileFailure failure;
    llvm::SmallVector<char, 0> code;
    ASSERT_TRUE(
        compileLayers(spec, options, CodeKind::Device, code, failure, &packed))
        << failure.message;
    text.assign(code.begin(), code.end());
    // The first kernel of the name: with the widest accesses.
    const std::string suffix = isCluster() ? "_cluster" : "_block";
    size_t at = text.find(suffix + "(");
    if (GetParam().gradient) {
      at = text.find("$grad_x$16" + suffix + "(");
      at = text.find(suffix, at);
      // Rows of weights have room for whole vectors.
      packed.front() *= 2;
      spec = gradientLayer(spec);
    }
    ASSERT_NE(at, std::string::npos) << "no kernel has all stages";
    const size_t start = text.rfind(' ', at) + 1;
    kernel = text.substr(start, at + suffix.size() - start);
  }
  bool isCluster() const { return GetParam().cluster > 1; }
  int64_t size() const { return spec.dynamicN() ? GetParam().n : spec.n; }
  int64_t batch() const { return isCluster() ? 1 : kBatch; }

  template <typename T> ptx::Report run(const std::string &ptxText) {
    ptx::Error error;
    const std::optional<ptx::Module> module = ptx::parse(ptxText, error);
    EXPECT_TRUE(module) << error.message();
    const auto rows = [&](int order) {
      return static_cast<size_t>(batch() * integerPower(size(), order));
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
    arguments.add(batch());
    if (spec.dynamicN())
      arguments.add(size());
    arguments.add(isCluster() ? int64_t(1) : kSamples);
    arguments.add(int64_t(0)); // blocks of grids before
    ptx::Launch launch;
    launch.kernel = kernel;
    launch.cluster = GetParam().cluster;
    launch.grid.x =
        isCluster() ? launch.cluster : (kBatch + kSamples - 1) / kSamples;
    launch.block.x = isCluster() ? 256 : 128;
    launch.dynamicShared = (isCluster() ? 227 : 100) << 10;
    launch.arguments = arguments.bytes;
    launch.countTraffic = true;
    return ptx::run(*module, launch, memory);
  }
  ptx::Report runAny(const std::string &ptxText) {
    return spec.dtype == DType::F32 ? run<float>(ptxText)
                                    : run<double>(ptxText);
  }

  void expectEachSectorOnce();

  LayerSpec spec;
  std::vector<int64_t> packed;
  std::string text, kernel;
};

void Block::expectEachSectorOnce() {
  const ptx::Report report = runAny(text);
  ASSERT_FALSE(report.error) << report.error->message();
  for (const ptx::BufferTraffic &buffer : report.traffic) {
    if (buffer.name != "x" && buffer.name != "y")
      continue;
    const bool isInput = buffer.name == "x";
    const ptx::Traffic &used = isInput ? buffer.loads : buffer.stores;
    const ptx::Traffic &other = isInput ? buffer.stores : buffer.loads;
    EXPECT_EQ(other.touches, 0) << buffer.name;
    if (!isInput && GetParam().gradient) {
      // Columns are dealt: what neighbouring threads store together ends within
      // a sector, where the next ones begin.
      EXPECT_LE(used.touches, 2 * used.sectors) << buffer.name;
    } else {
      EXPECT_EQ(used.mostTouches, 1) << buffer.name;
      EXPECT_EQ(used.touches, used.sectors) << buffer.name;
    }
    const int64_t rows =
        integerPower(size(), isInput ? spec.k : spec.l) * batch();
    EXPECT_EQ(used.bytes,
              rows * (isInput ? spec.cIn : spec.cOut) * spec.elementSize())
        << buffer.name;
  }
}

TEST_P(Block, TouchesEachSectorOfSamplesOnce) { expectEachSectorOnce(); }

/// The threads of a block are executed one after the other, up to a barrier,
/// and each finds what others have not written yet, or still read.
TEST_P(Block, NeedsEachOfItsBarriers) {
  const size_t begin = text.find(kernel + "("),
               end = std::min(text.find(".entry", begin), text.size());
  const char *barrier = isCluster() ? "barrier.cluster.arrive" : "bar.sync";
  int barriers = 0;
  for (size_t at = text.find(barrier, begin); at < end;
       at = text.find(barrier, at + 1)) {
    ++barriers;
    std::string without = text;
    size_t length = text.find(';', at) + 1 - at;
    if (isCluster()) // with the wait that follows
      length = text.find(';', at + length) + 1 - at;
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
    {"group = S; n = 40; k = 2; l = 2; channels = 32 -> 8; bias = true",
     PlanKind::Shared, 2},
    {"group = S; n = 4; k = 2; l = 2; channels = 35 -> 8", PlanKind::Shared, 1,
     0, /*gradient=*/true},
    {"group = O; n = 3; k = 2; l = 2; channels = 17 -> 4; dtype = f64",
     PlanKind::Schur, 1, 0, /*gradient=*/true},
};

INSTANTIATE_TEST_SUITE_P(Layers, Block, testing::ValuesIn(cases));

/// Samples of which each block of a cluster has a part.
class Cluster : public Block {};
TEST_P(Cluster, TouchesEachSectorOfSamplesOnce) { expectEachSectorOnce(); }

const Case clusters[] = {
    {"group = S; n = 1000; k = 1; l = 1; channels = 64 -> 8", PlanKind::Shared,
     2},
    {"group = S; n = 66; k = 2; l = 2; channels = 32 -> 8", PlanKind::Shared,
     4},
    {"group = S; n = 90; k = 2; l = 2; channels = 32 -> 8", PlanKind::Shared,
     8},
    {"group = S; n = 2000; k = 1; l = 1; channels = 64 -> 8", PlanKind::Schur,
     4},
    {"group = S; n = ?; k = 1; l = 1; channels = 32 -> 8; bias = true",
     PlanKind::Shared, 8, 2001},
};
INSTANTIATE_TEST_SUITE_P(Layers, Cluster, testing::ValuesIn(clusters));

} // namespace
