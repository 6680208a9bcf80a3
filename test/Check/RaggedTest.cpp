//===- RaggedTest.cpp - The checker notices wrong ragged batches ----------===//
//
// The oracle, called sample by sample, passes; every deliberate fault of it is
// found.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/CheckRagged.h"
#include "test/Check/TestLayers.h"

#include <cstring>

using namespace eqc;
using namespace eqc::test;

namespace {

/// What may be wrong with the functions for ragged batches.
enum class Fault {
  None,
  CommonSize,  ///< samples are computed as if all were the first
  Misplaced,   ///< one sample is written where another belongs
  Overrun,     ///< something is written behind y
  ReadsBeside, ///< entries beside a sample's count
  Garbage,     ///< what is beside a sample is not made zero
  Refused,     ///< the call is refused
};

LayerSpec setsLayer() {
  LayerSpec spec = makeLayer(Group::S, -1, 1, 1, 2, 3);
  spec.dtype = DType::F64;
  spec.normalize = Normalize::Mean;
  return spec;
}

/// One sample of `n` entries at x and y.
void runSample(const LayerSpec &spec, int64_t n, const double *x,
               const double *weight, const double *bias, double *y) {
  if (n == 0)
    return;
  const std::vector<double> result = oracleForward(spec, n, 1, x, weight, bias);
  std::copy(result.begin(), result.end(), y);
}

KernelFunctions kernelOf(const LayerSpec &spec, Fault fault) {
  KernelFunctions kernel;
  kernel.forward = [spec](int64_t n, int64_t batch, const void *x,
                          const void *weight, const void *bias, void *y) {
    const std::vector<double> result = oracleForward(
        spec, n, batch, static_cast<const double *>(x),
        static_cast<const double *>(weight), static_cast<const double *>(bias));
    std::copy(result.begin(), result.end(), static_cast<double *>(y));
    return 0;
  };
  kernel.forwardRagged = [spec, fault](int64_t batch, const int64_t *n,
                                       const void *x, const void *weight,
                                       const void *bias, void *y) {
    if (fault == Fault::Refused)
      return -2;
    const auto *from = static_cast<const double *>(x);
    auto *to = static_cast<double *>(y);
    for (int64_t b = 0; b < batch; ++b) {
      runSample(spec, n[b], from, static_cast<const double *>(weight),
                static_cast<const double *>(bias), to);
      if (fault == Fault::CommonSize && n[b] > 1)
        for (int64_t i = 0; i < n[b] * spec.cOut; ++i)
          to[i] *= static_cast<double>(n[b]) / static_cast<double>(n[1]);
      from += n[b] * spec.cIn;
      to += n[b] * spec.cOut;
    }
    if (fault == Fault::Misplaced)
      std::swap(to[-1], to[-1 - n[8] * spec.cOut]);
    if (fault == Fault::Overrun)
      *to = 1;
    return 0;
  };
  kernel.forwardPadded = [spec, fault](int64_t extent, int64_t batch,
                                       const int64_t *n, const void *x,
                                       const void *weight, const void *bias,
                                       void *y) {
    const auto *from = static_cast<const double *>(x);
    auto *to = static_cast<double *>(y);
    for (int64_t b = 0; b < batch; ++b) {
      const int64_t size = fault == Fault::ReadsBeside ? extent : n[b];
      runSample(spec, size, from, static_cast<const double *>(weight),
                static_cast<const double *>(bias), to);
      if (fault != Fault::Garbage)
        std::fill(to + n[b] * spec.cOut, to + extent * spec.cOut, 0.0);
      from += extent * spec.cIn;
      to += extent * spec.cOut;
    }
    return 0;
  };
  return kernel;
}

/// The verdicts on packed and on padded arrays.
std::pair<Verdict, Verdict> verdicts(Fault fault) {
  const LayerSpec spec = setsLayer();
  std::vector<CheckRow> rows;
  checkRagged(spec, CheckOptions(), kernelOf(spec, fault), rows);
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].test, check_tests::kRagged);
  EXPECT_EQ(rows[1].test, check_tests::kPadded);
  return {rows[0].verdict, rows[1].verdict};
}

} // namespace

TEST(CheckRagged, TheOraclePasses) {
  EXPECT_EQ(verdicts(Fault::None), std::make_pair(Verdict::Ok, Verdict::Ok));
}

TEST(CheckRagged, PackedFaultsAreFound) {
  for (Fault fault :
       {Fault::CommonSize, Fault::Misplaced, Fault::Overrun, Fault::Refused})
    EXPECT_EQ(verdicts(fault), std::make_pair(Verdict::Failed, Verdict::Ok))
        << static_cast<int>(fault);
}

TEST(CheckRagged, PaddedFaultsAreFound) {
  for (Fault fault : {Fault::ReadsBeside, Fault::Garbage})
    EXPECT_EQ(verdicts(fault), std::make_pair(Verdict::Ok, Verdict::Failed))
        << static_cast<int>(fault);
}
