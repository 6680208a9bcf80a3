//===- CompiledTest.cpp - Compiled layers against the definition
//-----------===//
//
// From a source to the numbers: what `--target=cuda` makes of a layer is called
// through its C functions, and its PTX is executed on the stand-in's memory,
// with the threads of a launch in one order and in the other.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/StandIn/Interpreted.h"
#include "compiler/Check/StandIn/StandIn.h"
#include "test/Cuda/CompiledLayer.h"

#include "compiler/Check/Oracle.h"

#include <eqc/runtime.h>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <random>

using namespace eqc;
using namespace eqc::test;

namespace {

struct Case {
  std::string fields; ///< of the layer; or a source with its spaces
  PlanKind plan = PlanKind::Shared;
  int64_t batch = 3;
  int64_t n = 0; ///< where it is given at run time
  bool gradients = true;
  const char *kernel = ""; ///< a word in the name of one that is launched
  int gridShared = 0;      ///< bytes that kernels for each stage need of it
};

/// Layers of symmetric matrices, and to tensors that change their sign.
const std::string kSymmetric =
    "group = S; k = 2; l = 2; in_symmetry = [\"(1 2)\"]; out_symmetry = "
    "[\"(1 2)\"]; ";
const std::string kOdd = "group = S; k = 1; l = 3; bias = true; out_symmetry = "
                         "[\"-(1 2)\"]; ";

/// Axes of several spaces.
const std::string kSpaces = "space u = S(3)\nspace v = S(5)\n"
                            "space w = SO(3)\nspace z = Sp(2)\n";

/// A case of schur in the basis of strands.
Case strands(std::string fields, int64_t batch, int64_t n = 0,
             bool gradients = true) {
  return {std::move(fields), PlanKind::Schur, batch, n, gradients, "_strands"};
}

std::ostream &operator<<(std::ostream &os, const Case &c) {
  return os << c.fields << ", " << planName(c.plan) << ", batch " << c.batch
            << ", n " << c.n;
}

/// An array of device memory.
template <typename T> class Device {
public:
  Device(size_t size, size_t offset)
      : size(size),
        data(static_cast<T *>(standin::allocate(size * sizeof(T), offset))) {}
  Device(const std::vector<double> &values, size_t offset)
      : Device(values.size(), offset) {
    for (size_t i = 0; i < size; ++i)
      data[i] = static_cast<T>(values[i]);
  }
  ~Device() { standin::release(data); }
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  std::vector<T> values() const { return {data, data + size}; }

  const size_t size;
  T *const data;
};

/// Numbers that f32 has.
std::vector<double> randomNumbers(size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> distribution(-1, 1);
  std::vector<double> numbers(count);
  for (double &number : numbers)
    number = distribution(engine);
  return numbers;
}

template <typename T>
void expectClose(const std::vector<T> &got, const std::vector<double> &exact,
                 const std::vector<double> &magnitudes, const char *what) {
  ASSERT_EQ(got.size(), exact.size());
  const double eps = std::numeric_limits<T>::epsilon();
  for (size_t i = 0; i < got.size(); ++i) {
    // The bound that the documentation gives, for sums of 2^20 terms, and the
    // condition of the small bases that are tested.
    const double bound = 64 * eps * magnitudes[i];
    ASSERT_LE(std::abs(got[i] - exact[i]), bound)
        << what << " [" << i << "]: " << got[i] << " for " << exact[i];
  }
}

/// What a run leaves, to be compared with other runs.
template <typename T> using Results = std::vector<std::vector<T>>;

template <typename T> class Calls {
public:
  Calls(const CompiledLayer &layer, const Case &c, size_t offset)
      : layer(layer), spec(layer.spec), c(c), offset(offset),
        n(spec.dynamicN() ? c.n : spec.n) {
    const auto rows = [&](int order, const std::vector<int64_t> &lengths) {
      return static_cast<size_t>(c.batch * (spec.group.isProduct()
                                                ? numPositions(lengths)
                                                : integerPower(n, order)));
    };
    x = randomNumbers(rows(spec.k, lengthsOfInput(spec)) * spec.cIn, 1);
    gradY = randomNumbers(rows(spec.l, lengthsOfOutput(spec)) * spec.cOut, 2);
    weight = randomNumbers(spec.diagrams.size() * spec.cIn * spec.cOut, 3);
    bias = randomNumbers(spec.biasDiagrams.size() * spec.cOut, 4);
  }

  Results<T> run() {
    forward();
    if (c.gradients)
      backward();
    return std::move(results);
  }

private:
  /// Calls a function, with the size first where there is one.
  template <typename... Args> int call(const char *suffix, Args... args) {
    if (spec.dynamicN())
      return layer.find<int(int64_t, Args...)>(suffix)(n, args...);
    return layer.find<int(Args...)>(suffix)(args...);
  }

  void forward() {
    const std::vector<double> exact =
        oracleForward(spec, n, c.batch, x.data(), weight.data(), bias.data());
    auto absolute = [](std::vector<double> values) {
      for (double &value : values)
        value = std::abs(value);
      return values;
    };
    const std::vector<double> magnitudes = oracleForward(
        spec, n, c.batch, absolute(x).data(), absolute(weight).data(),
        absolute(bias).data(), Entries::Absolute);
    Device<T> dx(x, offset), dw(weight, offset), db(bias, offset),
        y(exact.size(), offset), again(exact.size(), offset),
        packed(static_cast<size_t>(layer.packedSize()), offset);
    const T *constX = dx.data, *constW = dw.data, *constB = db.data;
    void *stream = nullptr;
    ASSERT_EQ(call("forward", c.batch, constX, constW, constB, y.data, stream),
              EQC_OK)
        << layer.lastError();
    expectClose(y.values(), exact, magnitudes, "y");
    ASSERT_EQ(layer.template find<int(const T *, T *, void *)>("pack")(
                  constW, packed.data, stream),
              EQC_OK)
        << layer.lastError();
    const T *constP = packed.data;
    ASSERT_EQ(call("forward_packed", c.batch, constX, constP, constB,
                   again.data, stream),
              EQC_OK)
        << layer.lastError();
    EXPECT_EQ(std::memcmp(y.data, again.data, y.size * sizeof(T)), 0)
        << "packed weights make other bits";
    results.push_back(y.values());
  }

  void backward() {
    const OracleGradients exact =
        oracleBackward(spec, n, c.batch, x.data(), weight.data(), gradY.data());
    auto absolute = [](std::vector<double> values) {
      for (double &value : values)
        value = std::abs(value);
      return values;
    };
    const OracleGradients magnitudes = oracleBackward(
        spec, n, c.batch, absolute(x).data(), absolute(weight).data(),
        absolute(gradY).data(), Entries::Absolute);
    Device<T> dx(x, offset), dw(weight, offset), dy(gradY, offset),
        gradX(x.size(), offset), gradW(weight.size(), offset),
        gradB(bias.size(), offset);
    const T *constX = dx.data, *constW = dw.data, *constY = dy.data;
    void *stream = nullptr;
    ASSERT_EQ(call("backward", c.batch, constX, constW, constY, gradX.data,
                   gradW.data, gradB.data, stream),
              EQC_OK)
        << layer.lastError();
    expectClose(gradX.values(), exact.x, magnitudes.x, "grad_x");
    expectClose(gradW.values(), exact.weight, magnitudes.weight, "grad_weight");
    if (!bias.empty())
      expectClose(gradB.values(), exact.bias, magnitudes.bias, "grad_bias");
    results.push_back(gradX.values());
    results.push_back(gradW.values());
    results.push_back(gradB.values());
  }

  const CompiledLayer &layer;
  const LayerSpec &spec;
  const Case &c;
  const size_t offset;
  const int64_t n;
  std::vector<double> x, gradY, weight, bias;
  Results<T> results;
};

class Compiled : public testing::TestWithParam<Case> {
protected:
  template <typename T>
  Results<T> run(const CompiledLayer &layer, const standin::Chip &chip,
                 ptx::Order order, size_t offset,
                 const standin::FindPhase &phases = {}) {
    standin::reset({chip});
    void *context = standin::createContext(0);
    standin::setCurrent(context);
    if (phases)
      standin::runKernelsOnHost(phases, {order});
    else
      standin::interpretKernels(order);
    Results<T> results = Calls<T>(layer, GetParam(), offset).run();
    EXPECT_THAT(standin::violations(), testing::IsEmpty());
    if (GetParam().batch > 0)
      EXPECT_TRUE(hasLaunched(GetParam().kernel));
    blocks = llvm::count_if(standin::launches(), [](const auto &launch) {
      return llvm::StringRef(launch.entry.name).ends_with("_block");
    });
    standin::destroyContext(context);
    return results;
  }

  static bool hasLaunched(const std::string &word) {
    const std::vector<standin::Launch> launches = standin::launches();
    return std::any_of(launches.begin(), launches.end(), [&](const auto &l) {
      return l.entry.name.find(word) != std::string::npos;
    });
  }

  template <typename T> void check(const CompiledLayer &layer) {
    const Case &c = GetParam();
    const auto forwards = run<T>(layer, standin::sm90, ptx::Order::Forwards, 0);
    if (c.plan == PlanKind::Dense || c.plan == PlanKind::Factored)
      EXPECT_EQ(blocks, 0);
    else if (c.batch > 0 && llvm::StringRef(c.kernel).empty())
      EXPECT_GT(blocks, 0) << "all stages in one kernel";
    // With one processor a block has as many samples as it can.
    standin::Chip chip = standin::sm90;
    chip.processors = 1;
    const int64_t before = blocks;
    checkOnHost<T>(layer, chip);
    EXPECT_EQ(run<T>(layer, chip, ptx::Order::Backwards, 0), forwards)
        << "the order of threads, or the samples of a block, change bits";
    if (llvm::StringRef(c.kernel).empty())
      EXPECT_EQ(blocks, before);
    if (blocks > 0 && llvm::StringRef(c.kernel).empty()) {
      // A kernel for each stage, where blocks have no shared memory.
      chip.sharedBlock = chip.sharedProcessor = c.gridShared;
      run<T>(layer, chip, ptx::Order::Forwards, 0);
      EXPECT_EQ(blocks, 0);
    }
    // Arrays that are aligned as their elements are, and no better; and grids
    // of one block.
    chip = standin::sm90;
    chip.maxGrid = 1;
    run<T>(layer, chip, ptx::Order::Forwards, sizeof(T));
  }

  /// In block-level form, and with arrays of any alignment.
  template <typename T>
  void checkOnHost(const CompiledLayer &layer, const standin::Chip &chip) {
    const standin::FindPhase phases = layer.phases();
    for (size_t offset : {size_t(0), sizeof(T)}) {
      const auto forwards =
          run<T>(layer, chip, ptx::Order::Forwards, offset, phases);
      EXPECT_EQ(run<T>(layer, chip, ptx::Order::Backwards, offset, phases),
                forwards)
          << "the order of threads changes bits";
    }
  }

  int64_t blocks = 0; ///< launches of kernels that have all stages
};

TEST_P(Compiled, ComputesWhatTheDefinitionSays) {
  const Case &c = GetParam();
  const bool isSource = llvm::StringRef(c.fields).starts_with("space");
  const CompiledLayer layer(isSource ? c.fields
                                     : "layer a { " + c.fields + " }",
                            c.plan, c.gradients);
  if (HasFailure())
    return;
  if (layer.spec.dtype == DType::F32)
    check<float>(layer);
  else
    check<double>(layer);
}

const Case cases[] = {
    // Every group, both layouts and dtypes, tails of rows and of channels.
    {"group = S; n = 4; k = 2; l = 2; channels = 4 -> 4; bias = true"},
    {"group = S; n = 3; k = 2; l = 2; channels = 3 -> 5; bias = true"},
    {"group = S; n = 3; k = 2; l = 2; channels = 4 -> 8; bias = true; "
     "layout = channels_first"},
    {"group = S; n = 4; k = 2; l = 1; channels = 4 -> 6; dtype = f64; "
     "normalize = mean"},
    {"group = S; n = 2; k = 2; l = 2; channels = 4 -> 4"},
    {"group = O; n = 3; k = 2; l = 2; channels = 8 -> 4; bias = true"},
    {"group = O; n = 3; k = 3; l = 1; channels = 1 -> 3; "
     "layout = channels_first; dtype = f64"},
    {"group = SO; n = 3; k = 2; l = 2; channels = 4 -> 4; bias = true"},
    {"group = SO; n = 3; k = 1; l = 2; channels = 5 -> 4"},
    {"group = SO; n = 2; k = 2; l = 2; channels = 2 -> 2; dtype = f64; "
     "layout = channels_first"},
    {"group = Sp; n = 4; k = 2; l = 2; channels = 4 -> 4; bias = true"},
    {"group = Sp; n = 2; k = 1; l = 3; channels = 3 -> 4; dtype = f64"},
    {"group = H; n = 3; k = 2; l = 2; channels = 4 -> 4; bias = true"},
    {"group = B; n = 3; k = 2; l = 1; channels = 3 -> 4; bias = true; "
     "normalize = mean; layout = channels_first"},
    {"group = S'; n = ?; k = 1; l = 1; channels = 4 -> 4", PlanKind::Shared, 2,
     3},
    {"group = B'; n = 3; k = 1; l = 1; channels = 4 -> 2; dtype = f64"},
    {"group = O(1,3); k = 2; l = 2; channels = 4 -> 4; bias = true"},
    {"group = O(4,7); k = 2; l = 0; channels = 4 -> 4; normalize = mean"},
    {"group = SO(1,2); k = 2; l = 1; channels = 4 -> 3; dtype = f64"},
    {"group = SO(1,1); k = 1; l = 1; channels = 4 -> 4; "
     "layout = channels_first"},
    {"group = SO(1,3); k = 3; l = 1; channels = 1 -> 2; normalize = mean"},
    // Orders of zero.
    {"group = S; n = 4; k = 0; l = 2; channels = 4 -> 4; bias = true"},
    {"group = S; n = 4; k = 2; l = 0; channels = 4 -> 3; bias = true; "
     "normalize = mean"},
    {"group = S; n = 4; k = 0; l = 0; channels = 2 -> 4; bias = true"},
    {"group = S; n = 5; k = 1; l = 1; channels = 70 -> 6"},
    // Sums of several blocks, columns that tiles of 8 do not divide.
    {"group = S; n = 3; k = 2; l = 2; channels = 36 -> 20", PlanKind::Shared, 2,
     0, /*gradients=*/false, "", 32768},
    {"group = O; n = 3; k = 2; l = 2; channels = 68 -> 36; dtype = f64",
     PlanKind::Schur, 2, 0, /*gradients=*/false, "", 32768},
    // Gradients of x whose columns are dealt to vectors: one too many and one
    // too few, sums of several blocks and of many, nodes, diagonals.
    {"group = S; n = 3; k = 2; l = 2; channels = 35 -> 4"},
    {"group = S; n = 4; k = 1; l = 2; channels = 11 -> 4; "
     "layout = channels_first"},
    {"group = S; n = 3; k = 1; l = 1; channels = 15 -> 68"},
    {"group = S; n = 3; k = 1; l = 1; channels = 15 -> 516"},
    {"group = S; n = 3; k = 2; l = 2; channels = 17 -> 4; dtype = f64; "
     "bias = true"},
    {"group = S; n = ?; k = 2; l = 1; channels = 15 -> 8; normalize = mean",
     PlanKind::Shared, 2, 3},
    {"group = O; n = 3; k = 2; l = 2; channels = 35 -> 8", PlanKind::Schur},
    {"group = Sp; n = 2; k = 2; l = 2; channels = 33 -> 2; dtype = f64; "
     "layout = channels_first",
     PlanKind::Schur},
    {"group = SO; n = 3; k = 2; l = 1; channels = 11 -> 4"},
    {kSymmetric + "n = 3; channels = 35 -> 4; bias = true"},
    // Sizes that are given at run time.
    {"group = S; n = ?; k = 2; l = 2; channels = 4 -> 4; bias = true",
     PlanKind::Shared, 2, 5},
    {"group = S; n = ?; k = 2; l = 2; channels = 3 -> 2; normalize = mean",
     PlanKind::Shared, 2, 1},
    {"group = S; n = ?; k = 1; l = 1; channels = 4 -> 4; normalize = mean; "
     "layout = channels_first",
     PlanKind::Shared, 2, 150},
    {"group = O; n = ?; k = 2; l = 2; channels = 4 -> 8; dtype = f64; "
     "bias = true",
     PlanKind::Shared, 3, 4},
    {"group = Sp; n = ?; k = 2; l = 2; channels = 4 -> 4; bias = true",
     PlanKind::Shared, 3, 4},
    // A batch of none, and one whose slabs are several.
    {"group = S; n = 3; k = 1; l = 1; channels = 4 -> 4; bias = true",
     PlanKind::Shared, 0},
    {"group = S; n = 3; k = 1; l = 1; channels = 4 -> 4; bias = true",
     PlanKind::Shared, 200},
    // Orders and sizes at the edges: n below k + l, lists, a basis.
    {"group = S; n = 3; k = 3; l = 1; channels = 4 -> 2; bias = true"},
    {"group = S; n = 4; k = 1; l = 3; channels = 2 -> 4"},
    {"group = S; n = 1; k = 2; l = 2; channels = 4 -> 4; bias = true"},
    {"group = O; n = 2; k = 3; l = 3; channels = 4 -> 4; diagrams = basis"},
    {"group = SO; n = 4; k = 2; l = 2; channels = 4 -> 4"},
    {"group = S; n = 3; k = 2; l = 2; channels = 4 -> 4; "
     "diagrams = [\"o1 i1 | o2 i2\", \"o1 i2 | o2 i1\", \"o1 | o2 | i1 | "
     "i2\"]"},
    {"group = Sp; n = 4; k = 2; l = 0; channels = 4 -> 4; normalize = mean"},
    // The other plans.
    {"group = S; n = 3; k = 2; l = 2; channels = 4 -> 4; bias = true; "
     "normalize = mean",
     PlanKind::Dense},
    {"group = SO; n = 3; k = 2; l = 1; channels = 3 -> 2; "
     "layout = channels_first",
     PlanKind::Dense},
    {"group = Sp; n = 2; k = 2; l = 2; channels = 2 -> 4; bias = true; "
     "dtype = f64; layout = channels_first",
     PlanKind::Dense},
    {"group = H; n = 3; k = 2; l = 2; channels = 2 -> 4", PlanKind::Dense},
    {"group = SO(1,2); k = 2; l = 3; channels = 2 -> 2; dtype = f64",
     PlanKind::Dense},
    {"group = O; n = 3; k = 2; l = 2; channels = 4 -> 8; bias = true",
     PlanKind::Schur},
    {"group = SO; n = 3; k = 2; l = 2; channels = 3 -> 4; bias = true; "
     "layout = channels_first",
     PlanKind::Schur},
    {"group = Sp; n = 2; k = 2; l = 2; channels = 4 -> 4; dtype = f64",
     PlanKind::Schur},
    {"group = O; n = 3; k = 2; l = 2; channels = 4 -> 4", PlanKind::Auto, 3, 0,
     /*gradients=*/false},
    // Schur in the basis of strands: two and three of them, every group, tails
    // of letters and of channels, sources of x and of sums over it, nodes.
    strands("group = S; n = 12; k = 2; l = 2; channels = 16 -> 16; bias = true",
            1),
    strands("group = S; n = 10; k = 2; l = 2; channels = 17 -> 18; "
            "bias = true; layout = channels_first; normalize = mean",
            2),
    strands("group = S; n = 11; k = 2; l = 2; channels = 16 -> 18; dtype = f64",
            1),
    strands("group = S; n = 6; k = 3; l = 2; channels = 16 -> 16; bias = true",
            1),
    strands("group = S; n = 10; k = 2; l = 2; channels = 35 -> 16", 1),
    strands("group = O; n = ?; k = 3; l = 3; channels = 17 -> 4; dtype = f64; "
            "layout = channels_first",
            1, 2),
    strands("group = S; n = 6; k = 2; l = 3; channels = 16 -> 20; "
            "layout = channels_first",
            1),
    strands("group = S; n = 7; k = 3; l = 3; channels = 8 -> 16; "
            "diagrams = [\"o1 i1 | o2 i2 | o3 i3\", "
            "\"o1 i2 | o2 i3 | o3 i1\", \"o1 i2 | o2 i1 | o3 i3\", "
            "\"o1 i1 | o2 i3 | o3 i2\", \"o1 i3 | o2 i1 | o3 i2\", "
            "\"o1 i3 | o2 i2 | o3 i1\", \"o1 o2 | i1 i2 | o3 i3\"]",
            1),
    strands("group = S; n = ?; k = 2; l = 2; channels = 16 -> 16; bias = true",
            2, 6),
    strands("group = S; n = ?; k = 2; l = 2; channels = 16 -> 16; "
            "normalize = mean",
            2, 1),
    strands("group = S; n = ?; k = 3; l = 3; channels = 8 -> 16; bias = true",
            1, 2, /*gradients=*/false),
    strands("group = S; n = ?; k = 2; l = 2; channels = 16 -> 16; bias = true",
            0, 5),
    strands("group = O; n = ?; k = 3; l = 3; channels = 16 -> 16", 2, 3),
    strands("group = O; n = ?; k = 3; l = 3; channels = 9 -> 17; dtype = f64",
            1, 2),
    strands("group = O; n = ?; k = 2; l = 2; channels = 16 -> 16; bias = true; "
            "layout = channels_first; dtype = f64",
            2, 3),
    strands("group = O; n = ?; k = 4; l = 2; channels = 180 -> 16", 1, 2,
            /*gradients=*/false),
    strands("group = Sp; n = ?; k = 2; l = 2; channels = 20 -> 16; bias = true",
            2, 4),
    strands("group = H; n = ?; k = 2; l = 2; channels = 16 -> 16; bias = true",
            2, 3),
    // Nothing to change the basis of.
    {"group = S; n = ?; k = 0; l = 2; channels = 16 -> 16; bias = true",
     PlanKind::Schur, 2, 3},
    {"group = S; n = ?; k = 2; l = 0; channels = 16 -> 16", PlanKind::Schur, 2,
     3},
    // Diagram by diagram.
    {"group = S; n = 4; k = 2; l = 2; channels = 4 -> 4; bias = true",
     PlanKind::Factored},
    {"group = S; n = 3; k = 2; l = 2; channels = 3 -> 5; bias = true; "
     "layout = channels_first; normalize = mean",
     PlanKind::Factored},
    {"group = S; n = 2; k = 3; l = 3; channels = 4 -> 4; dtype = f64",
     PlanKind::Factored, 2},
    {"group = S; n = 3; k = 3; l = 1; channels = 70 -> 6; bias = true",
     PlanKind::Factored, 1},
    {"group = O; n = 3; k = 2; l = 2; channels = 4 -> 8; bias = true",
     PlanKind::Factored},
    {"group = O; n = 2; k = 1; l = 3; channels = 3 -> 4; dtype = f64; "
     "normalize = mean; layout = channels_first",
     PlanKind::Factored},
    {"group = SO; n = 3; k = 2; l = 2; channels = 4 -> 4; bias = true",
     PlanKind::Factored},
    {"group = SO; n = 3; k = 3; l = 2; channels = 2 -> 3; dtype = f64",
     PlanKind::Factored, 2},
    {"group = SO; n = 2; k = 2; l = 2; channels = 4 -> 2; bias = true; "
     "normalize = mean; layout = channels_first",
     PlanKind::Factored},
    {"group = Sp; n = 4; k = 2; l = 2; channels = 4 -> 4; bias = true; "
     "normalize = mean",
     PlanKind::Factored},
    {"group = Sp; n = 2; k = 3; l = 1; channels = 3 -> 4; dtype = f64; "
     "layout = channels_first",
     PlanKind::Factored},
    {"group = H; n = 3; k = 2; l = 2; channels = 4 -> 4; bias = true",
     PlanKind::Factored},
    {"group = B; n = ?; k = 2; l = 2; channels = 2 -> 4; normalize = mean",
     PlanKind::Factored, 2, 3},
    {"group = O(1,3); k = 2; l = 2; channels = 4 -> 4; bias = true; "
     "normalize = mean",
     PlanKind::Factored},
    {"group = SO(1,2); k = 3; l = 2; channels = 2 -> 3; dtype = f64",
     PlanKind::Factored, 2},
    {"group = S; n = ?; k = 2; l = 2; channels = 4 -> 4; bias = true; "
     "normalize = mean",
     PlanKind::Factored, 2, 5},
    {"group = S; n = ?; k = 2; l = 1; channels = 3 -> 4", PlanKind::Factored, 2,
     1},
    {"group = S; n = ?; k = 1; l = 1; channels = 4 -> 4; normalize = mean; "
     "layout = channels_first",
     PlanKind::Factored, 2, 150},
    {"group = O; n = ?; k = 2; l = 2; channels = 4 -> 8; dtype = f64; "
     "bias = true",
     PlanKind::Factored, 3, 4},
    {"group = Sp; n = ?; k = 2; l = 2; channels = 4 -> 4; bias = true",
     PlanKind::Factored, 3, 4},
    // More than are summed at once.
    {"group = S; n = 3; k = 3; l = 3; channels = 2 -> 2", PlanKind::Factored,
     2},
    {"group = S; n = 4; k = 0; l = 2; channels = 4 -> 4; bias = true",
     PlanKind::Factored},
    {"group = S; n = 4; k = 2; l = 0; channels = 4 -> 3; bias = true",
     PlanKind::Factored},
    {"group = S; n = 4; k = 0; l = 0; channels = 2 -> 4; bias = true",
     PlanKind::Factored},
    {"group = S; n = 3; k = 1; l = 1; channels = 4 -> 4; bias = true",
     PlanKind::Factored, 0},
    {"group = S; n = 3; k = 2; l = 2; channels = 4 -> 4; "
     "diagrams = [\"o1 i1 | o2 i2\", \"o1 i2 | o2 i1\", \"o1 | o2 | i1 | "
     "i2\"]",
     PlanKind::Factored},
    // Axes with a symmetry: sums of weights, of rows of the bias, of gradients.
    {kSymmetric + "n = 4; channels = 4 -> 8; bias = true", PlanKind::Shared},
    {kSymmetric + "n = ?; channels = 16 -> 16; bias = true", PlanKind::Shared,
     2, 5},
    {kSymmetric + "n = 4; channels = 4 -> 4; bias = true; normalize = mean",
     PlanKind::Factored},
    {kSymmetric + "n = 3; channels = 4 -> 4; bias = true; dtype = f64",
     PlanKind::Dense},
    {kSymmetric + "n = 3; channels = 8 -> 4; bias = true", PlanKind::Schur},
    strands(kSymmetric + "n = ?; channels = 16 -> 16; bias = true", 2, 5),
    {kOdd + "n = 3; channels = 4 -> 4", PlanKind::Shared},
    {kOdd + "n = 3; channels = 3 -> 5; layout = channels_first",
     PlanKind::Factored},
    {kOdd + "n = 3; channels = 4 -> 4; normalize = mean", PlanKind::Dense},
    {kOdd + "n = 3; channels = 2 -> 3; dtype = f64", PlanKind::Schur},
    {"group = SO; n = 3; k = 2; l = 1; channels = 4 -> 4; in_symmetry = "
     "[\"-(1 2)\"]",
     PlanKind::Shared},
    {"group = Sp; n = 4; k = 2; l = 2; channels = 4 -> 4; in_symmetry = "
     "[\"-(1 2)\"]",
     PlanKind::Factored},
    {kSpaces + "layer a { k = u v; l = u v; channels = 8 -> 16; bias = true }"},
    {kSpaces + "layer a { k = v u v; l = v u; channels = 4 -> 3; "
               "normalize = mean; layout = channels_first }"},
    {kSpaces +
     "layer a { k = u w w; l = w u; channels = 4 -> 8; dtype = f64 }"},
    {kSpaces + "layer a { k = z u z; l = u; channels = 3 -> 4; "
               "normalize = mean }",
     PlanKind::Factored},
    {kSpaces + "layer a { k = w u; l = u w w; channels = 4 -> 4; bias = true }",
     PlanKind::Factored},
    // Sums of them: slices of x and y.
    {kSpaces + "space s = u + v\n"
               "layer a { k = s; l = s; channels = 8 -> 16; bias = true }"},
    {kSpaces + "space s = v + u\n"
               "layer a { k = s s; l = s; channels = 4 -> 3; "
               "normalize = mean }"},
    {kSpaces + "space s = u + v\nlayer a { k = s; l = s s; channels = 3 -> 8; "
               "bias = true; layout = channels_first; dtype = f64 }"},
    {kSpaces + "space s = w + u\n"
               "layer a { k = s s; l = s w; channels = 4 -> 4; dtype = f64 }"},
    {kSpaces + "space s = u + u\n"
               "layer a { k = u s; l = s; channels = 2 -> 3; bias = true }"},
    {kSpaces + "layer a { k = u w; l = w u; channels = 4 -> 4 }",
     PlanKind::Dense},
};

INSTANTIATE_TEST_SUITE_P(Layers, Compiled, testing::ValuesIn(cases));

constexpr const char *kSets = "layer a { group = S; n = 8; k = 1; l = 1; "
                              "channels = 64 -> 64; bias = true }";

/// Where blocks have no room for all stages, these follow each other for as
/// many samples as half of the second-level cache holds.
TEST(Chunks, HaveTheBitsOfTheWholeBatch) {
  constexpr int64_t batch = 5, elements = batch * 8 * 64;
  constexpr int sampleBytes = 8 * 64 * sizeof(float);
  const CompiledLayer layer(kSets, PlanKind::Shared, /*gradients=*/false);
  std::vector<std::vector<float>> results;
  std::vector<int64_t> launched;
  for (int l2 : {32 << 20, 5 * sampleBytes}) {
    standin::Chip chip = standin::sm90;
    chip.sharedBlock = chip.sharedProcessor = 1 << 10;
    chip.l2 = l2;
    standin::reset({chip});
    void *context = standin::createContext(0);
    standin::setCurrent(context);
    standin::interpretKernels();
    const Device<float> x(randomNumbers(elements, 1), 0),
        weight(randomNumbers(2 * 64 * 64, 2), 0), bias(randomNumbers(64, 3), 0),
        y(elements, 0);
    ASSERT_EQ((layer.find<int(int64_t, const float *, const float *,
                              const float *, float *, void *)>("forward")(
                  batch, x.data, weight.data, bias.data, y.data, nullptr)),
              EQC_OK)
        << layer.lastError();
    results.push_back(y.values());
    launched.push_back(static_cast<int64_t>(standin::launches().size()));
    auto *bytes = layer.find<int64_t(int64_t, int)>("workspace_bytes");
    if (launched.size() == 2)
      EXPECT_EQ(bytes(100, 0), bytes(2, 0));
    EXPECT_THAT(standin::violations(), testing::IsEmpty());
    standin::destroyContext(context);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(launched[1], 3 * launched[0]) << "of 2, 2 and 1 samples";
}

/// The other functions of the C interface, on one layer.
class CompiledInterface : public testing::Test {
protected:
  void TearDown() override {
    EXPECT_THAT(standin::violations(), testing::IsEmpty());
    standin::destroyContext(context);
  }

  static constexpr int64_t batch = 3, elements = batch * 8 * 64;
  static void *start() {
    standin::reset({standin::sm90});
    void *context = standin::createContext(0);
    standin::setCurrent(context);
    standin::interpretKernels();
    return context;
  }
  void *const context = start();
  const CompiledLayer layer{kSets, PlanKind::Shared};
  const Device<float> x{randomNumbers(elements, 1), 0},
      weight{randomNumbers(2 * 64 * 64, 2), 0}, bias{randomNumbers(64, 3), 0};
  using Forward = int(int64_t, const float *, const float *, const float *,
                      float *, void *);
};

TEST_F(CompiledInterface, WorksInTheCallersWorkspace) {
  auto *bytes = layer.find<int64_t(int64_t, int)>("workspace_bytes");
  const int64_t forward = bytes(batch, 0), backward = bytes(batch, 1);
  ASSERT_GT(forward, 0) << layer.lastError();
  ASSERT_GT(backward, 0) << layer.lastError();
  EXPECT_EQ(layer.find<int(void *)>("prepare")(nullptr), EQC_OK);
  EXPECT_TRUE(standin::launches().empty());

  Device<float> y(elements, 0), again(elements, 0);
  Device<char> workspace(static_cast<size_t>(std::max(forward, backward)), 0);
  ASSERT_EQ(layer.find<Forward>("forward")(batch, x.data, weight.data,
                                           bias.data, y.data, nullptr),
            EQC_OK)
      << layer.lastError();
  ASSERT_EQ((layer.find<int(int64_t, const float *, const float *,
                            const float *, float *, void *, void *)>(
                "forward_in")(batch, x.data, weight.data, bias.data, again.data,
                              workspace.data, nullptr)),
            EQC_OK)
      << layer.lastError();
  EXPECT_EQ(y.values(), again.values());

  // Each gradient alone has the bits that it has with the others.
  using Backward = int(int64_t, const float *, const float *, const float *,
                       float *, float *, float *, void *);
  auto *gradients = layer.find<Backward>("backward");
  Device<float> gradX(elements, 0), gradW(2 * 64 * 64, 0), gradB(64, 0),
      alone(elements, 0);
  ASSERT_EQ(gradients(batch, x.data, weight.data, y.data, gradX.data,
                      gradW.data, gradB.data, nullptr),
            EQC_OK);
  ASSERT_EQ(gradients(batch, nullptr, weight.data, y.data, alone.data, nullptr,
                      nullptr, nullptr),
            EQC_OK)
      << layer.lastError();
  EXPECT_EQ(alone.values(), gradX.values());
  Device<float> aloneB(64, 0), aloneW(2 * 64 * 64, 0);
  ASSERT_EQ(gradients(batch, nullptr, nullptr, y.data, nullptr, nullptr,
                      aloneB.data, nullptr),
            EQC_OK)
      << layer.lastError();
  EXPECT_EQ(aloneB.values(), gradB.values());
  ASSERT_EQ(
      (layer.find<int(int64_t, const float *, const float *, const float *,
                      float *, float *, float *, void *, void *)>(
          "backward_in")(batch, x.data, nullptr, y.data, nullptr, aloneW.data,
                         nullptr, workspace.data, nullptr)),
      EQC_OK)
      << layer.lastError();
  EXPECT_EQ(aloneW.values(), gradW.values());
}

TEST_F(CompiledInterface, RefusesWhatIsWrong) {
  Device<float> y(elements, 0);
  auto *forward = layer.find<Forward>("forward");
  EXPECT_EQ(forward(-1, x.data, weight.data, bias.data, y.data, nullptr),
            EQC_ERR_ARG);
  EXPECT_EQ(forward(batch, nullptr, weight.data, bias.data, y.data, nullptr),
            EQC_ERR_NULL);
  EXPECT_EQ(forward(batch, x.data, weight.data, nullptr, y.data, nullptr),
            EQC_ERR_NULL);
  EXPECT_EQ(forward(batch, y.data, weight.data, bias.data, y.data, nullptr),
            EQC_ERR_ALIAS);
  EXPECT_EQ(forward(int64_t(1) << 60, x.data, weight.data, bias.data, y.data,
                    nullptr),
            EQC_ERR_SIZE);
  EXPECT_TRUE(standin::launches().empty());
}

TEST_F(CompiledInterface, SaysWhatTheLayerIs) {
  const auto *info = layer.find<const eqc_layer_info *()>("info")();
  EXPECT_STREQ(info->name, "a");
  EXPECT_STREQ(info->plan, "shared");
  EXPECT_EQ(info->weight_size, 2 * 64 * 64);
  EXPECT_EQ(info->has_backward, 1);
}

/// The roundings of a running sum of equal values all point the same way.
TEST_F(CompiledInterface, SumsOfAMillionTermsAreExact) {
  const CompiledLayer mean("layer a { group = S; n = ?; k = 1; l = 0; "
                           "normalize = mean }",
                           PlanKind::Shared, /*gradients=*/false);
  constexpr int64_t n = 1'000'000;
  const Device<float> values(std::vector<double>(n, 0.1F), 0),
      one(std::vector<double>(1, 1), 0);
  Device<float> y(1, 0);
  ASSERT_EQ((mean.find<int(int64_t, int64_t, const float *, const float *,
                           const float *, float *, void *)>("forward")(
                n, 1, values.data, one.data, nullptr, y.data, nullptr)),
            EQC_OK)
      << mean.lastError();
  // (8 + log2 m) eps.
  EXPECT_NEAR(y.values().front(), 0.1, 0.1 * 28 * 0x1p-23);
}

/// The share of multiply-adds among the instructions of the loop that a large
/// mix spends its time in.
template <typename T> double fmaShareOfMix(const std::string &dtype) {
  CompileOptions options;
  options.triple = "cuda";
  options.cpus = {"sm_90"};
  options.gradients = false;
  CompileFailure failure;
  llvm::SmallVector<char, 0> text;
  const LayerSpec layer =
      layerOf("layer a { group = S; n = 8; k = 1; l = 1; channels = 64 -> 64; "
              "bias = true; dtype = " +
              dtype + " }");
  EXPECT_TRUE(compileLayers(layer, options, CodeKind::Device, text, failure))
      << failure.message;
  ptx::Error error;
  const std::optional<ptx::Module> module =
      ptx::parse({text.data(), text.size()}, error);
  if (!module) {
    ADD_FAILURE() << error.message();
    return 0;
  }
  std::vector<T> x(4 * 8 * 64, 1), stored(4 * 64, 1), nodes(4 * 64, 1),
      weight(2 * 64 * 64, 1), y(x.size()), bias(64, 1);
  ptx::Memory memory;
  ptx::Arguments arguments;
  auto add = [&](const char *name, std::vector<T> &values) {
    arguments.add(memory.add(name, values.data(), values.size() * sizeof(T)));
  };
  add("x", x);
  add("stored", stored);
  add("nodes", nodes);
  add("bias", bias);
  add("weight", weight);
  add("y", y);
  arguments.add(int64_t(4)); // samples
  arguments.add(int64_t(0)); // the first block
  ptx::Launch launch;
  launch.kernel = "a$16_2_mix";
  launch.grid = {1, 1, 1};
  launch.block = {128, 1, 1};
  launch.arguments = arguments.bytes;
  const ptx::Report report = ptx::run(*module, launch, memory);
  EXPECT_FALSE(report.error) << report.error->message();
  EXPECT_EQ(y.front(), 64 + 1);
  EXPECT_EQ(y.back(), 64 + 1);
  const std::optional<ptx::Loop> hottest =
      ptx::hottestLoop(*module, report.counts);
  return hottest ? hottest->fmaShare() : 0;
}

TEST(Mixes, AreMostlyMultiplyAdds) {
  EXPECT_GE(fmaShareOfMix<float>("f32"), 0.85);
  EXPECT_GE(fmaShareOfMix<double>("f64"), 0.75);
}

} // namespace
