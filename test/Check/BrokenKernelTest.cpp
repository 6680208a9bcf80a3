//===- BrokenKernelTest.cpp - The checker notices what is wrong -----------===//
//
// The oracle, wrapped as a kernel, passes; every deliberate fault of it fails
// the test that is there to find it.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/Check.h"
#include "test/Check/TestLayers.h"

#include <cmath>
#include <cstring>

using namespace eqc;
using namespace eqc::test;

namespace {

using Values = std::vector<double>;

/// One call, as numbers.
struct Call {
  int64_t n, batch;
  Values x, weight, bias;
};

/// What a fault may do before the oracle runs, with its result, and with the
/// arrays of the caller.
struct Fault {
  std::function<void(Call &)> before;
  std::function<void(const Call &, Values &y)> after;
  std::function<void(const Call &, const void *x, void *y)> arrays;
};

Values read(DType dtype, const void *data, int64_t size) {
  Values values(size);
  for (int64_t i = 0; i < size; ++i)
    values[i] = dtype == DType::F32 ? static_cast<const float *>(data)[i]
                                    : static_cast<const double *>(data)[i];
  return values;
}

void write(DType dtype, void *data, int64_t i, double value) {
  if (dtype == DType::F32)
    static_cast<float *>(data)[i] = static_cast<float>(value);
  else
    static_cast<double *>(data)[i] = value;
}

/// The oracle as exact as a kernel has to be: it adds one term after the other,
/// so it gets x in pieces of few bits, whose long sums are exact.
Values preciseForward(const LayerSpec &spec, const Call &call) {
  constexpr int pieces = 4, bits = 15;
  Values left = call.x, piece(call.x.size());
  std::vector<long double> sum;
  for (int i = 1; i <= pieces; ++i) {
    for (size_t e = 0; e < left.size(); ++e) {
      piece[e] = i == pieces
                     ? left[e]
                     : std::ldexp(std::trunc(std::ldexp(left[e], i * bits)),
                                  -i * bits);
      left[e] -= piece[e];
    }
    const Values bias(call.bias.size(), 0.0);
    const Values part =
        oracleForward(spec, call.n, call.batch, piece.data(),
                      call.weight.data(), (i == 1 ? call.bias : bias).data());
    sum.resize(part.size());
    for (size_t e = 0; e < part.size(); ++e)
      sum[e] += part[e];
  }
  return Values(sum.begin(), sum.end());
}

KernelFunctions oracleKernel(const LayerSpec &spec, Fault fault = {}) {
  KernelFunctions kernel;
  kernel.forward = [spec, fault](int64_t n, int64_t batch, const void *x,
                                 const void *weight, const void *bias,
                                 void *y) {
    if (batch == 0)
      return 0;
    Call call;
    call.n = n;
    call.batch = batch;
    call.x = read(spec.dtype, x, xSize(spec, n, batch));
    call.weight = read(spec.dtype, weight, weightSize(spec));
    call.bias = read(spec.dtype, bias, bias ? biasSize(spec) : 0);
    if (fault.before)
      fault.before(call);
    Values result = preciseForward(spec, call);
    if (fault.after)
      fault.after(call, result);
    for (size_t i = 0; i < result.size(); ++i)
      write(spec.dtype, y, static_cast<int64_t>(i), result[i]);
    if (fault.arrays)
      fault.arrays(call, x, y);
    return 0;
  };
  return kernel;
}

bool testFailed(const CheckReport &report, const char *test) {
  for (const CheckRow &row : report.rows)
    if (row.test == test && row.verdict == Verdict::Failed)
      return true;
  return false;
}

/// All groups, both types and layouts, with and without bias.
std::vector<LayerSpec> someLayers() {
  std::vector<LayerSpec> layers = {
      makeLayer(Group::S, 4, 2, 2, 2, 3),  makeLayer(Group::S, -1, 1, 2, 2, 2),
      makeLayer(Group::O, 3, 2, 2, 3, 2),  makeLayer(Group::SO, 3, 2, 1, 2, 2),
      makeLayer(Group::Sp, 4, 2, 2, 2, 2), makeLayer(Group::Sp, -1, 1, 3)};
  for (size_t i = 0; i < layers.size(); ++i) {
    layers[i].dtype = i % 2 ? DType::F64 : DType::F32;
    layers[i].layout = i / 2 % 2 ? Layout::ChannelsFirst : Layout::ChannelsLast;
    layers[i].normalize = i % 3 ? Normalize::None : Normalize::Mean;
  }
  return layers;
}

/// Expects that the fault fails `test` for every layer it is applied to.
void expectFailure(const char *test, const Fault &fault,
                   const CheckOptions &options = {}) {
  for (const LayerSpec &spec : someLayers()) {
    CheckReport report = runCheck(spec, oracleKernel(spec, fault), options);
    EXPECT_TRUE(testFailed(report, test)) << renderReport(report);
    EXPECT_FALSE(report.passed());
  }
}

} // namespace

TEST(BrokenKernel, TheUnbrokenOnePasses) {
  for (const LayerSpec &spec : someLayers())
    for (uint64_t seed : {1, 2, 3}) {
      CheckOptions options;
      options.seed = seed;
      CheckReport report = runCheck(spec, oracleKernel(spec), options);
      EXPECT_TRUE(report.passed()) << renderReport(report);
    }
}

TEST(BrokenKernel, TheUnbrokenOnePassesReducedCases) {
  for (const LayerSpec &spec : someLayers())
    for (double limit : {3e3, 300.0, 30.0}) {
      CheckOptions options;
      options.workLimit = limit;
      CheckReport report = runCheck(spec, oracleKernel(spec), options);
      EXPECT_TRUE(report.passed()) << renderReport(report);
    }
}

TEST(BrokenKernel, SwappedWeights) {
  expectFailure(check_tests::kOracle,
                {[](Call &call) { std::swap(call.weight[0], call.weight[1]); },
                 nullptr, nullptr});
}

TEST(BrokenKernel, WrongSign) {
  expectFailure(check_tests::kOracle,
                {[](Call &call) { call.weight.back() = -call.weight.back(); },
                 nullptr, nullptr});
}

TEST(BrokenKernel, WrongBias) {
  LayerSpec spec = makeLayer(Group::S, 3, 1, 2, 2, 2);
  Fault fault;
  fault.before = [](Call &call) { call.bias.back() += 0.01; };
  CheckReport report = runCheck(spec, oracleKernel(spec, fault));
  EXPECT_TRUE(testFailed(report, check_tests::kOracle));
}

TEST(BrokenKernel, OffByOneSample) {
  Fault fault;
  fault.before = [](Call &call) {
    size_t sample = call.x.size() / call.batch;
    std::rotate(call.x.begin(), call.x.begin() + sample, call.x.end());
  };
  expectFailure(check_tests::kOracle, fault);
}

TEST(BrokenKernel, LastElementNotWritten) {
  Fault fault;
  fault.after = [](const Call &, Values &y) { y.pop_back(); };
  expectFailure(check_tests::kOracle, fault);
}

TEST(BrokenKernel, ErrorsJustAboveTheTolerance) {
  // 3e-5 and 1e-11 are the limits of the contract.
  for (auto [dtype, error, fails] :
       {std::tuple(DType::F32, 4e-5, true), std::tuple(DType::F32, 2e-5, false),
        std::tuple(DType::F64, 2e-11, true),
        std::tuple(DType::F64, 5e-12, false)}) {
    LayerSpec spec = makeLayer(Group::O, 3, 2, 2);
    spec.dtype = dtype;
    Fault fault;
    fault.after = [error = error](const Call &, Values &y) {
      auto top = std::max_element(y.begin(), y.end(), [](double a, double b) {
        return std::abs(a) < std::abs(b);
      });
      *top *= 1 + error;
    };
    CheckReport report = runCheck(spec, oracleKernel(spec, fault));
    EXPECT_EQ(testFailed(report, check_tests::kOracle), fails)
        << renderReport(report);
  }
}

TEST(BrokenKernel, ErrorsOfLongSumsAboveTheConditionOfTheBasis) {
  // All terms are positive, so the bound is (8 + log2 m) eps of y; twice that
  // is much less than other tests notice.
  LayerSpec spec = makeListLayer(Group::S, 4, 1, 0, {"i1"});
  spec.dtype = DType::F64;
  Fault fault;
  fault.after = [](const Call &, Values &y) {
    for (double &value : y)
      value *= 1 + 2 * (8 + std::log2(4)) * 0x1p-52;
  };
  const KernelFunctions kernel = oracleKernel(spec, fault);
  CheckOptions options;
  for (auto [condition, fails] :
       {std::pair(1.0, true), std::pair(1.8, true), std::pair(2.2, false)}) {
    options.basisCondition = condition;
    const CheckReport report = runCheck(spec, kernel, options);
    EXPECT_EQ(testFailed(report, check_tests::kSums), fails)
        << renderReport(report);
  }
  // It is not for gradients.
  options.basisCondition = 1;
  options.gradientCondition = 10;
  EXPECT_TRUE(testFailed(runCheck(spec, kernel, options), check_tests::kSums));
}

TEST(BrokenKernel, NotEquivariant) {
  // Elements scaled by where they stand: what a wrong index looks like.
  Fault fault;
  fault.after = [](const Call &, Values &y) {
    for (size_t i = 0; i < y.size(); ++i)
      y[i] *= 1 + 0.01 * std::cos(static_cast<double>(i));
  };
  expectFailure(check_tests::kEquivariance, fault);
}

TEST(BrokenKernel, NotSymmetric) {
  // Two antisymmetric axes of y; n = 1, where nothing is antisymmetric, too.
  LayerSpec spec = makeLayer(Group::S, -1, 1, 3, 2, 2);
  spec.symmetry.out = {{{1, 0, 2}, -1}};
  for (std::vector<Diagram> *list : {&spec.diagrams, &spec.biasDiagrams}) {
    std::vector<Diagram> firsts;
    for (const Diagram &diagram : *list) {
      const Orbit orbit = orbitOf(diagram, spec.group, spec.symmetry);
      if (!orbit.vanishes && orbit.first() == diagram)
        firsts.push_back(diagram);
    }
    *list = firsts;
  }
  for (DType dtype : {DType::F32, DType::F64}) {
    spec.dtype = dtype;
    CheckReport report = runCheck(spec, oracleKernel(spec));
    EXPECT_TRUE(report.passed()) << renderReport(report);
    Fault fault;
    fault.after = [](const Call &, Values &y) {
      for (size_t i = 0; i < y.size(); ++i)
        y[i] *= 1 + 0.01 * std::cos(static_cast<double>(i));
    };
    report = runCheck(spec, oracleKernel(spec, fault));
    EXPECT_TRUE(testFailed(report, check_tests::kSymmetry))
        << renderReport(report);
  }
}

TEST(BrokenKernel, NaNLeaksIntoAnotherSample) {
  Fault fault;
  fault.after = [](const Call &call, Values &y) {
    double sum = 0;
    for (double v : call.x)
      sum += 0 * v;
    for (double &v : y)
      v += sum;
  };
  expectFailure(check_tests::kNaN, fault);
  CheckOptions lenient;
  lenient.nanWithinSample = false;
  expectFailure(check_tests::kNaN, fault, lenient);
}

TEST(BrokenKernel, NaNIsSwallowed) {
  Fault fault;
  fault.before = [](Call &call) {
    for (double &v : call.x)
      v = std::isnan(v) ? 0 : v;
  };
  expectFailure(check_tests::kNaN, fault);
}

TEST(BrokenKernel, NaNSpreadsWithinItsSample) {
  // Only the diagonal embedding: off-diagonal elements depend on nothing. The
  // dense plan may spread a NaN there, others may not.
  LayerSpec spec = makeListLayer(Group::S, 4, 1, 2, {"o1 o2 i1"});
  Fault fault;
  fault.after = [](const Call &call, Values &y) {
    size_t in = call.x.size() / call.batch, out = y.size() / call.batch;
    for (size_t b = 0; b < static_cast<size_t>(call.batch); ++b)
      for (size_t i = 0; i < in; ++i)
        for (size_t j = 0; j < out; ++j)
          y[b * out + j] += 0 * call.x[b * in + i];
  };
  CheckOptions options;
  CheckReport report = runCheck(spec, oracleKernel(spec, fault), options);
  EXPECT_TRUE(testFailed(report, check_tests::kNaN)) << renderReport(report);
  options.nanWithinSample = false;
  report = runCheck(spec, oracleKernel(spec, fault), options);
  EXPECT_TRUE(report.passed()) << renderReport(report);
}

TEST(BrokenKernel, WritesPastTheEnd) {
  for (const LayerSpec &spec : someLayers()) {
    for (bool before : {false, true}) {
      Fault fault;
      fault.arrays = [&](const Call &call, const void *, void *y) {
        int64_t end = ySize(spec, call.n, call.batch);
        write(spec.dtype, y, before ? -1 : end, 0);
      };
      CheckReport report = runCheck(spec, oracleKernel(spec, fault));
      EXPECT_TRUE(testFailed(report, check_tests::kGuards));
    }
  }
}

TEST(BrokenKernel, ReadsPastTheEnd) {
  for (const LayerSpec &spec : someLayers()) {
    Fault fault;
    fault.arrays = [&](const Call &call, const void *x, void *y) {
      int64_t end = xSize(spec, call.n, call.batch);
      double beyond = read(spec.dtype, x, end + 1).back();
      double first = read(spec.dtype, y, 1)[0];
      write(spec.dtype, y, 0, first + 0 * beyond);
    };
    CheckReport report = runCheck(spec, oracleKernel(spec, fault));
    EXPECT_TRUE(testFailed(report, check_tests::kOracle));
  }
}

// What is read is of no consequence: only pages notice.
TEST(BrokenKernel, TouchesMemoryBesideAnArray) {
  for (const LayerSpec &spec : someLayers())
    for (bool before : {false, true}) {
      Fault fault;
      fault.arrays = [&](const Call &call, const void *x, void *) {
        const int64_t at = before ? -1 : xSize(spec, call.n, call.batch);
        const size_t size = spec.dtype == DType::F32 ? 4 : 8;
        const volatile char *byte =
            static_cast<const char *>(x) + at * static_cast<int64_t>(size);
        (void)*byte;
      };
      CheckReport report = runCheck(spec, oracleKernel(spec, fault));
      EXPECT_TRUE(testFailed(report, check_tests::kStrays))
          << renderReport(report);
      EXPECT_FALSE(testFailed(report, check_tests::kOracle));
    }
}

TEST(BrokenKernel, ChangesItsInput) {
  for (const LayerSpec &spec : someLayers()) {
    Fault fault;
    fault.arrays = [&](const Call &, const void *x, void *) {
      write(spec.dtype, const_cast<void *>(x), 0, 2);
    };
    CheckReport report = runCheck(spec, oracleKernel(spec, fault));
    EXPECT_TRUE(testFailed(report, check_tests::kInputs));
  }
}

TEST(BrokenKernel, OtherBitsTheSecondTime) {
  int calls = 0;
  Fault fault;
  fault.after = [&](const Call &, Values &y) {
    y[0] *= ++calls % 2 ? 1 : 1 + 1e-6;
  };
  LayerSpec spec = makeLayer(Group::S, 3, 1, 1);
  CheckReport report = runCheck(spec, oracleKernel(spec, fault));
  EXPECT_TRUE(testFailed(report, check_tests::kRepeat));
  EXPECT_FALSE(testFailed(report, check_tests::kOracle));
}

TEST(BrokenKernel, RefusesCalls) {
  LayerSpec spec = makeLayer(Group::S, 3, 1, 1);
  KernelFunctions right = oracleKernel(spec), kernel;
  kernel.forward = [&](int64_t n, int64_t batch, const void *x,
                       const void *weight, const void *bias, void *y) {
    return batch == 0 ? -1 : right.forward(n, batch, x, weight, bias, y);
  };
  CheckReport report = runCheck(spec, kernel);
  EXPECT_TRUE(testFailed(report, check_tests::kEmptyBatch));
  EXPECT_FALSE(testFailed(report, check_tests::kOracle));

  kernel.forward = [&](int64_t n, int64_t batch, const void *x,
                       const void *weight, const void *bias, void *y) {
    return batch == 8 ? -5 : right.forward(n, batch, x, weight, bias, y);
  };
  report = runCheck(spec, kernel);
  EXPECT_TRUE(testFailed(report, check_tests::kStatus));
  EXPECT_NE(renderReport(report).find("returned -5 (n = 3, batch = 8)"),
            std::string::npos)
      << renderReport(report);
}

TEST(BrokenKernel, ReportsAreReproducible) {
  LayerSpec spec = makeLayer(Group::Sp, 4, 2, 2, 2, 2);
  std::string first = renderReport(runCheck(spec, oracleKernel(spec)));
  EXPECT_EQ(first, renderReport(runCheck(spec, oracleKernel(spec))));
  EXPECT_NE(first.find("layer layer: group Sp, n = 4, k = 2, l = 2, channels "
                       "2 -> 2, f32, channels_last, 3 diagrams and 1 of the "
                       "bias\n"),
            std::string::npos)
      << first;
  EXPECT_NE(first.find("\n  => ok\n"), std::string::npos) << first;
}
