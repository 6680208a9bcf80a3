//===- CountsTest.cpp - Instructions, loops, sectors, banks ---------------===//

#include "test/Ptx/Support.h"

using namespace eqc::ptx;

namespace {

TEST(Counts, InstructionsThatWereExecuted) {
  const Module module = parseOrFail(kernelText(0, R"(
    mov.u32 %r1, %tid.x;
    setp.lt.u32 %p1, %r1, 3;
    @%p1 fma.rn.f32 %r2, %r2, %r2, %r2;
    fma.rn.f64 %rd1, %rd1, %rd1, %rd1;
    fma.rn.f32x2 %rd1, %rd1, %rd1, %rd1;)"));
  Memory memory;
  const Counts counts = run(module, launchOf({}, 8, 2), memory).counts;
  EXPECT_EQ(counts.fmasF32, 2U * (3 + 8 * 2));
  EXPECT_EQ(counts.fmasF64, 16U);
  EXPECT_EQ(counts.of("fma."), 2U * 3 + 16 + 16);
  EXPECT_EQ(counts.of("setp"), 16U);
  EXPECT_EQ(counts.instructions, 16U * 5 + 6);
  EXPECT_EQ(counts.lines.at(5), 6U);
}

TEST(Counts, TheHottestLoop) {
  // Ten rounds of one loop; eight of another with three of one inside each.
  const Module module = parseOrFail(kernelText(0, R"(
    mov.b32 %r1, 0;
$L_short: add.s32 %r1, %r1, 1;
    setp.lt.u32 %p1, %r1, 10;
    @%p1 bra $L_short;
    mov.b32 %r1, 0;
$L_outer: mov.b32 %r2, 0;
$L_inner: add.s32 %r2, %r2, 1;
    fma.rn.f32 %r3, %r3, %r3, %r3;
    fma.rn.f32 %r4, %r4, %r4, %r4;
    setp.lt.u32 %p1, %r2, 3;
    @%p1 bra $L_inner;
    add.s32 %r1, %r1, 1;
    setp.lt.u32 %p1, %r1, 8;
    @%p1 bra $L_outer;)"));
  Memory memory;
  const Report report = run(module, launchOf({}), memory);
  const std::optional<Loop> loop = hottestLoop(module, report.counts);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->firstLine, 9U);
  EXPECT_EQ(loop->lastLine, 13U);
  // The last of three branches is not taken.
  EXPECT_EQ(loop->instructions, 8U * (3 * 5 - 1));
  EXPECT_EQ(loop->fmas, 8U * 3 * 2);
  EXPECT_EQ(loop->fmaShare(), 48.0 / 112);
  const Module straight = parseOrFail(kernelText(0, ""));
  EXPECT_FALSE(
      hottestLoop(straight, run(straight, launchOf({}), memory).counts));
}

TEST(Counts, SectorsOfGlobalMemory) {
  // 64 threads read 256 bytes once, all of them the first word again, and
  // write every second word.
  const Module module = parseOrFail(kernelText(2, R"(
    mov.u32 %r1, %tid.x;
    mul.wide.u32 %rd2, %r1, 4;
    add.s64 %rd3, %rd0, %rd2;
    ld.global.b32 %r2, [%rd3];
    ld.global.b32 %r3, [%rd0];
    mul.wide.u32 %rd4, %r1, 8;
    mov.u32 %r4, %ctaid.x;
    mad.wide.u32 %rd4, %r4, 512, %rd4;
    add.s64 %rd4, %rd1, %rd4;
    st.global.b32 [%rd4], %r2;)"));
  std::vector<uint32_t> in(64), out(256);
  Memory memory;
  const uint64_t x = memory.addReadOnly("x", in.data(), 256);
  const uint64_t y = memory.add("y", out.data(), 1024);
  for (Order order : kOrders) {
    Launch launch = launchOf({x, y}, 64, 2);
    launch.order = order;
    launch.countTraffic = true;
    const Report report = run(module, launch, memory);
    ASSERT_FALSE(report.error) << report.error->message();
    ASSERT_EQ(report.traffic.size(), 2U);
    const Traffic &loads = report.traffic[0].loads;
    EXPECT_EQ(report.traffic[0].name, "x");
    EXPECT_EQ(loads.bytes, 2U * 64 * 8);
    EXPECT_EQ(loads.sectors, 8U);
    EXPECT_EQ(loads.blockSectors, 16U);
    // In each block 8 sectors once, and the first by both warps once more.
    EXPECT_EQ(loads.touches, 2U * (8 + 2));
    EXPECT_EQ(loads.mostTouches, 2U * 3);
    const Traffic &stores = report.traffic[1].stores;
    EXPECT_EQ(stores.bytes, 2U * 64 * 4);
    EXPECT_EQ(stores.sectors, 32U);
    EXPECT_EQ(stores.blockSectors, 32U);
    EXPECT_EQ(stores.touches, 32U);
    EXPECT_EQ(stores.mostTouches, 1U);
    EXPECT_EQ(report.traffic[1].loads.sectors, 0U);
  }
}

/// Rounds of one store of a warp, to `factor` times the thread's number.
BankTraffic banksOf(const std::string &store, unsigned factor) {
  const Module module = parseOrFail(
      kernelText(0, ".shared .align 128 .b8 a[16384]; mov.b64 %rd1, a;\n"
                    "mov.u32 %r1, %tid.x; mad.wide.u32 %rd2, %r1, " +
                        std::to_string(factor) + ", %rd1;\n" + store));
  Memory memory;
  Launch launch = launchOf({}, 32);
  launch.countTraffic = true;
  Report report = run(module, launch, memory);
  EXPECT_FALSE(report.error) << report.error->message();
  return report.banks[4];
}

TEST(Counts, BanksOfSharedMemory) {
  const std::string word = "st.shared.b32 [%rd2], %r1;";
  const std::string four = "st.shared.v4.b32 [%rd2], {%r1, %r1, %r1, %r1};";
  // Words side by side, in every second bank, a row of 32 apart and of 33.
  EXPECT_EQ(banksOf(word, 4).requests, 1U);
  EXPECT_EQ(banksOf(word, 4).rounds, 1U);
  EXPECT_EQ(banksOf(word, 8).rounds, 2U);
  EXPECT_EQ(banksOf(word, 128).rounds, 32U);
  EXPECT_EQ(banksOf(word, 132).rounds, 1U);
  EXPECT_EQ(banksOf("st.shared.b64 [%rd2], %rd1;", 8).requests, 2U);
  EXPECT_EQ(banksOf("st.shared.b64 [%rd2], %rd1;", 8).rounds, 2U);
  // Eight threads at a time, in rows of 32 words and of 36.
  EXPECT_EQ(banksOf(four, 128).requests, 4U);
  EXPECT_EQ(banksOf(four, 128).rounds, 32U);
  EXPECT_EQ(banksOf(four, 144).rounds, 4U);
}

} // namespace
