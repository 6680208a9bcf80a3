//===- FloatTest.cpp - Floating point, by hand ----------------------------===//

#include "compiler/Check/Ptx/Operations.h"
#include "test/Ptx/Support.h"

#include <cmath>
#include <limits>

using namespace eqc::ptx;

namespace {

constexpr uint32_t kNaN = 0x7FFFFFFF, kInfinity = 0x7F800000;

uint64_t f32(float value) { return slotOf<float>(value); }
uint64_t f64(double value) { return slotOf<double>(value); }

TEST(Float, OneRoundingToNearestEven) {
  // 1 + 2^-24 lies half way between 1 and the next number: even wins.
  EXPECT_EQ(evaluate("add.rn.f32", "rrr", {f32(1), f32(0x1p-24F)}), f32(1));
  EXPECT_EQ(evaluate("add.rn.f32", "rrr", {f32(1 + 0x1p-23F), f32(0x1p-24F)}),
            f32(1 + 0x1p-22F));
  EXPECT_EQ(evaluate("add.rn.f64", "ddd", {f64(1), f64(0x1p-53)}), f64(1));
  EXPECT_EQ(evaluate("sub.rn.f64", "ddd", {f64(0.5), f64(2)}), f64(-1.5));
  EXPECT_EQ(evaluate("mul.rn.f32", "rrr", {f32(3), f32(-0.5F)}), f32(-1.5F));
  EXPECT_EQ(evaluate("add.f32", "rrr", {f32(3), f32(4)}), f32(7));
}

TEST(Float, FusedProductsAreNotRounded) {
  // (1 + e)(1 - e) - 1 = -e^2, which a rounded product loses.
  const float e = 0x1p-13F;
  EXPECT_EQ(evaluate("fma.rn.f32", "rrrr", {f32(1 + e), f32(1 - e), f32(-1)}),
            f32(-e * e));
  const double d = 0x1p-30;
  EXPECT_EQ(evaluate("fma.rn.f64", "dddd", {f64(1 + d), f64(1 - d), f64(-1)}),
            f64(-d * d));
  EXPECT_EQ(evaluate("mul.rn.f32", "rrr", {f32(1 + e), f32(1 - e)}), f32(1));
}

TEST(Float, TwoNumbersAtOnce) {
  auto pair = [](float low, float high) { return f32(low) | f32(high) << 32; };
  EXPECT_EQ(
      evaluate("fma.rn.f32x2", "dddd", {pair(2, 3), pair(5, 7), pair(1, -1)}),
      pair(11, 20));
  EXPECT_EQ(evaluate("add.rn.f32x2", "ddd", {pair(2, 3), pair(5, 7)}),
            pair(7, 10));
  EXPECT_EQ(evaluate("mul.rn.f32x2", "ddd", {pair(2, 3), pair(5, 7)}),
            pair(10, 21));
}

TEST(Float, QuotientsAndRoots) {
  EXPECT_EQ(evaluate("div.rn.f32", "rrr", {f32(1), f32(3)}), 0x3EAAAAABU);
  EXPECT_EQ(evaluate("div.rn.f64", "ddd", {f64(1), f64(0)}),
            f64(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(evaluate("sqrt.rn.f32", "rr", {f32(2)}), 0x3FB504F3U);
  EXPECT_EQ(evaluate("sqrt.rn.f64", "dd", {f64(2)}), 0x3FF6A09E667F3BCDU);
  EXPECT_EQ(evaluate("rcp.rn.f64", "dd", {f64(-4)}), f64(-0.25));
}

TEST(Float, DenormalsStay) {
  EXPECT_EQ(evaluate("mul.rn.f32", "rrr", {f32(0x1p-100F), f32(0x1p-49F)}), 1U);
  EXPECT_EQ(evaluate("add.rn.f32", "rrr", {1, 1}), 2U);
}

TEST(Float, NaNsOfSinglePrecisionHaveTheSameBits) {
  EXPECT_EQ(evaluate("sub.rn.f32", "rrr", {kInfinity, kInfinity}), kNaN);
  EXPECT_EQ(evaluate("add.rn.f32", "rrr", {0xFFC01234, f32(1)}), kNaN);
  EXPECT_EQ(evaluate("sqrt.rn.f32", "rr", {f32(-1)}), kNaN);
}

TEST(Float, SignsAreBits) {
  EXPECT_EQ(evaluate("neg.f32", "rr", {f32(0)}), 0x80000000);
  EXPECT_EQ(evaluate("abs.f64", "dd", {f64(-2)}), f64(2));
  EXPECT_EQ(evaluate("neg.f64", "dd", {f64(-2)}), f64(2));
  EXPECT_EQ(evaluate("copysign.f32", "rrr", {f32(-1), f32(3)}), f32(-3));
}

TEST(Float, MinimaPreferNumbers) {
  EXPECT_EQ(evaluate("min.f32", "rrr", {kNaN, f32(2)}), f32(2));
  EXPECT_EQ(evaluate("max.f32", "rrr", {f32(2), kNaN}), f32(2));
  EXPECT_EQ(evaluate("max.NaN.f32", "rrr", {f32(2), kNaN}), kNaN);
  EXPECT_EQ(evaluate("min.f32", "rrr", {f32(0), f32(-0.0F)}), f32(-0.0F));
  EXPECT_EQ(evaluate("max.f32", "rrr", {f32(-0.0F), f32(0)}), f32(0));
  EXPECT_EQ(evaluate("max.f64", "ddd", {f64(2), f64(3)}), f64(3));
  EXPECT_EQ(evaluate("min.f64", "ddd", {f64(2), f64(-3)}), f64(-3));
}

TEST(Float, ComparisonsWithNaN) {
  EXPECT_EQ(evaluate("setp.lt.f32", "prr", {f32(1), f32(2)}), 1U);
  EXPECT_EQ(evaluate("setp.lt.f32", "prr", {f32(1), kNaN}), 0U);
  EXPECT_EQ(evaluate("setp.ltu.f32", "prr", {f32(1), kNaN}), 1U);
  EXPECT_EQ(evaluate("setp.ne.f32", "prr", {kNaN, kNaN}), 0U);
  EXPECT_EQ(evaluate("setp.neu.f32", "prr", {kNaN, kNaN}), 1U);
  EXPECT_EQ(evaluate("setp.eq.f64", "pdd", {f64(0), f64(-0.0)}), 1U);
  EXPECT_EQ(evaluate("setp.num.f32", "prr", {f32(1), kNaN}), 0U);
  EXPECT_EQ(evaluate("setp.nan.f32", "prr", {f32(1), kNaN}), 1U);
  EXPECT_EQ(evaluate("setp.geu.f64", "pdd", {f64(1), f64(2)}), 0U);
}

TEST(Float, Conversions) {
  EXPECT_EQ(evaluate("cvt.f64.f32", "dr", {f32(0.1F)}), f64(double(0.1F)));
  EXPECT_EQ(evaluate("cvt.rn.f32.f64", "rd", {f64(0.1)}), f32(0.1F));
  EXPECT_EQ(evaluate("cvt.rn.f32.u32", "rr", {0xFFFFFFFF}), f32(0x1p32F));
  EXPECT_EQ(evaluate("cvt.rn.f32.s32", "rr", {0xFFFFFFFF}), f32(-1));
  EXPECT_EQ(evaluate("cvt.rn.f64.s64", "dd", {uint64_t(-3)}), f64(-3));
  // 2^53 + 1 is half way: even.
  EXPECT_EQ(evaluate("cvt.rn.f64.u64", "dd", {(uint64_t(1) << 53) + 1}),
            f64(0x1p53));
  EXPECT_EQ(evaluate("cvt.rzi.s32.f32", "rr", {f32(-2.7F)}), uint32_t(-2));
  EXPECT_EQ(evaluate("cvt.rni.s32.f32", "rr", {f32(2.5F)}), 2U);
  EXPECT_EQ(evaluate("cvt.rmi.s32.f32", "rr", {f32(-2.1F)}), uint32_t(-3));
  EXPECT_EQ(evaluate("cvt.rpi.s64.f64", "dd", {f64(2.1)}), 3U);
  EXPECT_EQ(evaluate("cvt.rzi.f32.f32", "rr", {f32(-2.7F)}), f32(-2));
  EXPECT_EQ(evaluate("cvt.rni.f64.f64", "dd", {f64(3.5)}), f64(4));
}

TEST(Float, ConversionsStopAtTheEnds) {
  EXPECT_EQ(evaluate("cvt.rzi.s32.f32", "rr", {f32(3e9F)}), 0x7FFFFFFFU);
  EXPECT_EQ(evaluate("cvt.rzi.s32.f32", "rr", {f32(-3e9F)}), 0x80000000);
  EXPECT_EQ(evaluate("cvt.rzi.u32.f32", "rr", {f32(-1)}), 0U);
  EXPECT_EQ(evaluate("cvt.rzi.u64.f32", "dr", {kInfinity}), ~uint64_t(0));
  EXPECT_EQ(evaluate("cvt.rzi.s32.f32", "rr", {kNaN}), 0U);
  EXPECT_EQ(evaluate("cvt.rzi.s64.f32", "dr", {kNaN}), uint64_t(1) << 63);
}

TEST(Float, IntegersExtendAndTruncate) {
  EXPECT_EQ(evaluate("cvt.u64.u32", "dr", {0xFFFFFFFF}), 0xFFFFFFFFU);
  EXPECT_EQ(evaluate("cvt.s64.s32", "dr", {0xFFFFFFFF}), ~uint64_t(0));
  EXPECT_EQ(evaluate("cvt.u32.u64", "rd", {0x123456789A}), 0x3456789AU);
  EXPECT_EQ(evaluate("cvt.u16.u32", "hr", {0x12345678}), 0x5678U);
  EXPECT_EQ(evaluate("cvt.s32.s8", "rh", {0x80}), 0xFFFFFF80);
  EXPECT_EQ(evaluate("cvt.s32.s16", "rh", {0x8000}), 0xFFFF8000);
  // Into a register that is wider than the type.
  EXPECT_EQ(evaluate("cvt.s8.s32", "rr", {0x80}), 0xFFFFFF80);
  EXPECT_EQ(evaluate("cvt.u8.u32", "rr", {0x180}), 0x80U);
  EXPECT_EQ(evaluate("cvt.sat.s8.s32", "hr", {200}), 127U);
  EXPECT_EQ(evaluate("cvt.sat.u32.s64", "rd", {uint64_t(-5)}), 0U);
}

} // namespace
