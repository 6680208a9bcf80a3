//===- IntegerTest.cpp - Integer instructions, by hand --------------------===//

#include "test/Ptx/Support.h"

#include <random>

using namespace eqc::ptx;

namespace {

uint64_t bits(int64_t value, unsigned width) {
  return uint64_t(value) & (~uint64_t(0) >> (64 - width));
}

TEST(Integer, SumsWrapAround) {
  EXPECT_EQ(evaluate("add.s32", "rrr", {0x7FFFFFFF, 1}), 0x80000000);
  EXPECT_EQ(evaluate("add.u16", "hhh", {0xFFFF, 2}), 1U);
  EXPECT_EQ(evaluate("add.s64", "ddd", {~uint64_t(0), 5}), 4U);
  EXPECT_EQ(evaluate("sub.s32", "rrr", {3, 5}), bits(-2, 32));
  EXPECT_EQ(evaluate("sub.u64", "ddd", {0, 1}), ~uint64_t(0));
}

TEST(Integer, ProductsHaveThreeForms) {
  EXPECT_EQ(evaluate("mul.lo.s32", "rrr", {0x10001, 0x10001}), 0x20001U);
  EXPECT_EQ(evaluate("mul.lo.u16", "hhh", {0xFFFF, 0xFFFF}), 1U);
  EXPECT_EQ(evaluate("mul.hi.u32", "rrr", {0x80000000, 6}), 3U);
  EXPECT_EQ(evaluate("mul.hi.s32", "rrr", {bits(-1, 32), 1}), bits(-1, 32));
  EXPECT_EQ(evaluate("mul.hi.u64", "ddd", {uint64_t(1) << 63, 4}), 2U);
  EXPECT_EQ(evaluate("mul.hi.s64", "ddd", {bits(-2, 64), 3}), bits(-1, 64));
  EXPECT_EQ(evaluate("mul.wide.u32", "drr", {0xFFFFFFFF, 0xFFFFFFFF}),
            0xFFFFFFFE00000001);
  EXPECT_EQ(evaluate("mul.wide.s32", "drr", {bits(-3, 32), 5}), bits(-15, 64));
  EXPECT_EQ(evaluate("mul.wide.s16", "rhh", {bits(-3, 16), 5}), bits(-15, 32));
  EXPECT_EQ(evaluate("mul.wide.u16", "rhh", {0xFFFF, 0xFFFF}), 0xFFFE0001);
  EXPECT_EQ(evaluate("mad.lo.s64", "dddd", {7, 6, bits(-50, 64)}),
            bits(-8, 64));
  EXPECT_EQ(evaluate("mad.lo.s32", "rrrr", {7, 6, 8}), 50U);
  EXPECT_EQ(evaluate("mad.hi.u32", "rrrr", {0x80000000, 6, 10}), 13U);
  EXPECT_EQ(evaluate("mad.wide.u32", "drrd", {0x80000000, 4, 1}), 0x200000001U);
  EXPECT_EQ(evaluate("mad.wide.s32", "drrd", {bits(-4, 32), 4, 1}),
            bits(-15, 64));
}

TEST(Integer, QuotientsRoundTowardsZero) {
  EXPECT_EQ(evaluate("div.s32", "rrr", {bits(-7, 32), 2}), bits(-3, 32));
  EXPECT_EQ(evaluate("rem.s32", "rrr", {bits(-7, 32), 2}), bits(-1, 32));
  EXPECT_EQ(evaluate("div.u32", "rrr", {bits(-7, 32), 2}), 0x7FFFFFFCU);
  EXPECT_EQ(evaluate("rem.u64", "ddd", {bits(-1, 64), 10}), 5U);
  EXPECT_EQ(evaluate("div.s64", "ddd", {bits(-9, 64), bits(-2, 64)}), 4U);
  EXPECT_EQ(evaluate("div.u16", "hhh", {0xFFFF, 10}), 6553U);
  // The one quotient that does not fit.
  EXPECT_EQ(evaluate("div.s32", "rrr", {0x80000000, bits(-1, 32)}), 0x80000000);
  EXPECT_EQ(evaluate("rem.s64", "ddd", {uint64_t(1) << 63, bits(-1, 64)}), 0U);
}

TEST(Integer, DivisionByZeroIsAnError) {
  const Module module = parseOrFail(kernelText(2, "div.u64 %rd2, %rd0, %rd1;"));
  Memory memory;
  EXPECT_FALSE(run(module, launchOf({8, 2}), memory).error);
  const Report report = run(module, launchOf({8, 0}), memory);
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->kind, Error::Kind::Undefined);
  EXPECT_EQ(report.error->message(),
            "kernel 'f', line 2: `div.u64 %rd2, %rd0, %rd1;`: block (0, 0, 0), "
            "thread (0, 0, 0): division by zero");
}

TEST(Integer, MinimaAndSigns) {
  EXPECT_EQ(evaluate("min.s32", "rrr", {bits(-1, 32), 1}), bits(-1, 32));
  EXPECT_EQ(evaluate("min.u32", "rrr", {bits(-1, 32), 1}), 1U);
  EXPECT_EQ(evaluate("max.s64", "ddd", {bits(-1, 64), 1}), 1U);
  EXPECT_EQ(evaluate("max.u16", "hhh", {0x8000, 1}), 0x8000U);
  EXPECT_EQ(evaluate("neg.s64", "dd", {5}), bits(-5, 64));
  EXPECT_EQ(evaluate("neg.s32", "rr", {0x80000000}), 0x80000000);
  EXPECT_EQ(evaluate("abs.s32", "rr", {bits(-5, 32)}), 5U);
  EXPECT_EQ(evaluate("abs.s16", "hh", {5}), 5U);
}

TEST(Integer, Logic) {
  EXPECT_EQ(evaluate("and.b32", "rrr", {0xF0F0, 0xFF00}), 0xF000U);
  EXPECT_EQ(evaluate("or.b64", "ddd", {0xF0F0, 0xFF00}), 0xFFF0U);
  EXPECT_EQ(evaluate("xor.b16", "hhh", {0xF0F0, 0xFF00}), 0x0FF0U);
  EXPECT_EQ(evaluate("not.b32", "rr", {0xFF}), 0xFFFFFF00);
  EXPECT_EQ(evaluate("not.b16", "hh", {0xFF}), 0xFF00U);
  EXPECT_EQ(evaluate("cnot.b32", "rr", {0}), 1U);
  EXPECT_EQ(evaluate("cnot.b32", "rr", {7}), 0U);
  for (unsigned a : {0, 1})
    for (unsigned b : {0, 1}) {
      EXPECT_EQ(evaluate("and.pred", "ppp", {a, b}), a & b);
      EXPECT_EQ(evaluate("or.pred", "ppp", {a, b}), a | b);
      EXPECT_EQ(evaluate("xor.pred", "ppp", {a, b}), a ^ b);
      EXPECT_EQ(evaluate("not.pred", "pp", {a}), 1 - a);
    }
  // Majority: 1 where at least two of the three bits are.
  EXPECT_EQ(evaluate("lop3.b32", "rrrr", {0b1100, 0b1010, 0b1001}, ", 0xE8"),
            0b1000U);
}

TEST(Integer, ShiftsStopAtTheWidth) {
  EXPECT_EQ(evaluate("shl.b32", "rrr", {1, 31}), 0x80000000);
  EXPECT_EQ(evaluate("shl.b32", "rrr", {1, 32}), 0U);
  EXPECT_EQ(evaluate("shl.b64", "ddr", {1, 40}), uint64_t(1) << 40);
  EXPECT_EQ(evaluate("shl.b16", "hhr", {0x8001, 1}), 2U);
  EXPECT_EQ(evaluate("shr.u32", "rrr", {0x80000000, 31}), 1U);
  EXPECT_EQ(evaluate("shr.u64", "ddr", {~uint64_t(0), 64}), 0U);
  EXPECT_EQ(evaluate("shr.s32", "rrr", {0x80000000, 4}), 0xF8000000);
  EXPECT_EQ(evaluate("shr.s64", "ddr", {uint64_t(1) << 63, 100}), ~uint64_t(0));
  EXPECT_EQ(evaluate("shf.l.wrap.b32", "rrrr", {0x80000001, 0x00000001, 33}),
            3U);
  EXPECT_EQ(evaluate("shf.l.clamp.b32", "rrrr", {0x80000001, 1, 40}),
            0x80000001);
  EXPECT_EQ(evaluate("shf.r.wrap.b32", "rrrr", {0x10, 0x3, 4}), 0x30000001U);
  EXPECT_EQ(evaluate("shf.r.clamp.b32", "rrrr", {0x10, 0x3, 32}), 3U);
}

TEST(Integer, BitsAreCountedAndMoved) {
  EXPECT_EQ(evaluate("popc.b32", "rr", {0xF0F1}), 9U);
  EXPECT_EQ(evaluate("popc.b64", "rd", {~uint64_t(0)}), 64U);
  EXPECT_EQ(evaluate("clz.b32", "rr", {1}), 31U);
  EXPECT_EQ(evaluate("clz.b32", "rr", {0}), 32U);
  EXPECT_EQ(evaluate("clz.b64", "rd", {0}), 64U);
  EXPECT_EQ(evaluate("brev.b32", "rr", {0x80000001}), 0x80000001);
  EXPECT_EQ(evaluate("brev.b32", "rr", {2}), 0x40000000U);
  EXPECT_EQ(evaluate("bfe.u32", "rrrr", {0xABCD1234, 8, 8}), 0x12U);
  EXPECT_EQ(evaluate("bfe.s32", "rrrr", {0x0000F000, 12, 4}), ~uint32_t(0));
  EXPECT_EQ(evaluate("bfe.u32", "rrrr", {0xABCD1234, 8, 0}), 0U);
  // Bits beyond the end are the sign, which is bit 31 then.
  EXPECT_EQ(evaluate("bfe.s32", "rrrr", {0x80000000, 28, 8}), 0xFFFFFFF8);
  EXPECT_EQ(evaluate("bfe.u64", "ddrr", {0xABCD123400000000, 32, 16}), 0x1234U);
  EXPECT_EQ(evaluate("bfi.b32", "rrrrr", {0xFF, 0x12345678, 8, 4}),
            0x12345F78U);
  EXPECT_EQ(evaluate("bfi.b64", "dddrr", {1, 0, 63, 8}), uint64_t(1) << 63);
  EXPECT_EQ(evaluate("prmt.b32", "rrrr", {0x33221100, 0x77665544, 0x7043}),
            0x77004433U);
  // With bit 3 of a selector, the sign of the byte.
  EXPECT_EQ(evaluate("prmt.b32", "rrrr", {0x000080FF, 0, 0xA998}), 0x00FFFFFFU);
}

TEST(Integer, Comparisons) {
  const uint64_t minus = bits(-1, 32);
  EXPECT_EQ(evaluate("setp.lt.s32", "prr", {minus, 0}), 1U);
  EXPECT_EQ(evaluate("setp.lt.u32", "prr", {minus, 0}), 0U);
  EXPECT_EQ(evaluate("setp.le.s64", "pdd", {3, 3}), 1U);
  EXPECT_EQ(evaluate("setp.gt.u64", "pdd", {4, 3}), 1U);
  EXPECT_EQ(evaluate("setp.ge.s16", "phh", {0x8000, 0}), 0U);
  EXPECT_EQ(evaluate("setp.eq.b32", "prr", {3, 3}), 1U);
  EXPECT_EQ(evaluate("setp.ne.b64", "pdd", {3, 3}), 0U);
  EXPECT_EQ(evaluate("setp.lo.u32", "prr", {2, 3}), 1U);
  EXPECT_EQ(evaluate("setp.ls.u32", "prr", {4, 3}), 0U);
  EXPECT_EQ(evaluate("setp.hi.u16", "phh", {4, 3}), 1U);
  EXPECT_EQ(evaluate("setp.hs.u64", "pdd", {3, 3}), 1U);
  EXPECT_EQ(evaluate("selp.b64", "dddp", {7, 8, 1}), 7U);
  EXPECT_EQ(evaluate("selp.b32", "rrrp", {7, 8, 0}), 8U);
  EXPECT_EQ(evaluate("selp.b16", "hhhp", {7, 8, 0}), 8U);
}

TEST(Integer, MovesJoinAndPart) {
  EXPECT_EQ(evaluate("mov.u16", "hh", {0xABCD}), 0xABCDU);
  const Module module = parseOrFail(kernelText(1, R"(
    mov.b32 %r1, 0x11112222;
    mov.b32 %r2, 0x33334444;
    mov.b64 %rd1, {%r1, %r2};
    st.global.b64 [%rd0], %rd1;
    mov.b64 {_, %r3}, %rd1;
    st.global.b32 [%rd0+8], %r3;
    mov.b64 {%rs0, %rs1, %rs2, %rs3}, %rd1;
    mov.b32 %r4, {%rs1, %rs2};
    st.global.b32 [%rd0+12], %r4;
    mov.b64 %rd2, {%rs3, %rs2, %rs1, %rs0};
    st.global.b64 [%rd0+16], %rd2;)"));
  uint64_t out[3] = {};
  Memory memory;
  const Report report =
      run(module, launchOf({memory.add("out", out, sizeof out)}), memory);
  ASSERT_FALSE(report.error) << report.error->message();
  EXPECT_EQ(out[0], 0x3333444411112222U);
  EXPECT_EQ(out[1], 0x4444111133334444U);
  EXPECT_EQ(out[2], 0x2222111144443333U);
}

/// Random numbers against the host's own arithmetic.
TEST(Integer, RandomNumbers) {
  std::mt19937_64 random(1);
  for (int n = 0; n < 20; ++n) {
    const uint64_t a = random(), b = random() >> (random() % 60);
    const int64_t sa = int64_t(a), sb = int64_t(b | 1);
    EXPECT_EQ(evaluate("div.s64", "ddd", {a, b | 1}), uint64_t(sa / sb));
    EXPECT_EQ(evaluate("rem.u64", "ddd", {a, b | 1}), a % (b | 1));
    EXPECT_EQ(evaluate("mul.hi.s64", "ddd", {a, b}),
              uint64_t(__int128(sa) * int64_t(b) >> 64));
    EXPECT_EQ(evaluate("mul.wide.s32", "drr", {a & 0xFFFFFFFF, b & 0xFFFFFFFF}),
              uint64_t(int64_t(int32_t(a)) * int32_t(b)));
    EXPECT_EQ(evaluate("clz.b32", "rr", {b & 0xFFFFFFFF}),
              uint32_t(b) ? uint32_t(__builtin_clz(uint32_t(b))) : 32U);
  }
}

} // namespace
