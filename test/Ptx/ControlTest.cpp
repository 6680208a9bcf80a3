//===- ControlTest.cpp - Loops, calls, barriers, warps --------------------===//

#include "test/Ptx/Support.h"

using namespace eqc::ptx;

namespace {

std::optional<Error> errorOf(const std::string &body, uint32_t threads = 64) {
  const Module module = parseOrFail(kernelText(0, body));
  Memory memory;
  Launch launch = launchOf({}, threads);
  launch.maxInstructions = 1000;
  return runInAllOrders(module, launch, memory).error;
}

/// What each of `threads` threads puts into %r2; %r1 is its number.
std::vector<uint32_t> valuesOf(const std::string &body, uint32_t threads,
                               const std::string &declarations = "") {
  const Module module =
      parseOrFail(kernelText(1, "mov.u32 %r1, %tid.x;\n" + body + R"(
    mul.wide.u32 %rd1, %r1, 4;
    add.s64 %rd1, %rd1, %rd0;
    st.global.b32 [%rd1], %r2;)",
                             declarations));
  std::vector<uint32_t> out(threads, 0xDEAD);
  Memory memory;
  const uint64_t y = memory.add("out", out.data(), threads * sizeof(uint32_t));
  const Report report = runInAllOrders(module, launchOf({y}, threads), memory);
  EXPECT_FALSE(report.error) << report.error->message();
  return out;
}

TEST(Control, LoopsAndGuards) {
  // The sum of 1 to the thread's number.
  const std::vector<uint32_t> sums = valuesOf(R"(
    mov.b32 %r2, 0;
    mov.b32 %r3, 0;
$L_loop:
    setp.ge.u32 %p1, %r3, %r1;
    @%p1 bra $L_end;
    add.s32 %r3, %r3, 1;
    add.s32 %r2, %r2, %r3;
    bra.uni $L_loop;
$L_end:)",
                                              40);
  for (uint32_t n = 0; n < 40; ++n)
    EXPECT_EQ(sums[n], n * (n + 1) / 2);
}

TEST(Control, BranchTables) {
  const std::vector<uint32_t> values = valuesOf(R"(
    brx.idx %r1, $L_targets;
$L_targets: .branchtargets $L_a, $L_b, $L_a;
$L_a: mov.b32 %r2, 10; bra $L_end;
$L_b: mov.b32 %r2, 20;
$L_end:)",
                                                3);
  EXPECT_EQ(values, (std::vector<uint32_t>{10, 20, 10}));
  EXPECT_EQ(errorOf("mov.u32 %r1, %tid.x; $L: brx.idx %r1, $T;"
                    "$T: .branchtargets $E; $E:")
                ->kind,
            Error::Kind::Undefined);
}

TEST(Control, SpecialRegisters) {
  const Module module = parseOrFail(kernelText(1, R"(
    mov.u32 %r1, %tid.y;
    mad.lo.s32 %r1, %r1, 100, %ntid.x;
    mad.lo.s32 %r1, %r1, 100, %ctaid.y;
    mad.lo.s32 %r1, %r1, 100, %nctaid.x;
    mov.u32 %r2, %laneid;
    mov.u32 %r3, %warpid;
    mov.u32 %r4, %lanemask_lt;
    mov.u32 %r5, %tid.x;
    mad.lo.s32 %r6, %tid.y, 20, %r5;
    setp.ne.u32 %p1, %r6, 39;
    mov.u32 %r7, %ctaid.x;
    setp.ne.u32 %p2, %r7, 1;
    mov.u32 %r8, %ctaid.y;
    setp.ne.u32 %p3, %r8, 2;
    or.pred %p1, %p1, %p2;
    or.pred %p1, %p1, %p3;
    @%p1 bra $L_end;
    st.global.v4.b32 [%rd0], {%r1, %r2, %r3, %r4};
$L_end:)"));
  uint32_t out[4] = {};
  Memory memory;
  Launch launch = launchOf({memory.add("out", out, sizeof out)});
  launch.block = {20, 2, 1};
  launch.grid = {2, 3, 1};
  const Report report = run(module, launch, memory);
  ASSERT_FALSE(report.error) << report.error->message();
  // Thread (19, 1) is the 39th: lane 7 of warp 1.
  EXPECT_EQ(out[0], 1200202U);
  EXPECT_EQ(out[1], 7U);
  EXPECT_EQ(out[2], 1U);
  EXPECT_EQ(out[3], 127U);
}

TEST(Control, EndlessLoops) {
  EXPECT_EQ(errorOf("$L: bra $L;")->kind, Error::Kind::Budget);
  EXPECT_EQ(errorOf("trap;")->kind, Error::Kind::Undefined);
  EXPECT_FALSE(errorOf("exit; trap;"));
}

TEST(Control, Calls) {
  const std::string square = R"(
.func (.param .b32 result) square(.param .b32 x, .param .b64 y);
.func (.param .b32 result) square(.param .b32 x, .param .b64 y) {
  .reg .b32 %r<3>; .reg .b64 %rd<2>;
  ld.param.b32 %r1, [x];
  ld.param.b64 %rd1, [y];
  cvt.u32.u64 %r2, %rd1;
  mad.lo.s32 %r1, %r1, %r1, %r2;
  st.param.b32 [result], %r1;
  ret;
})";
  const std::vector<uint32_t> values = valuesOf(R"(
    mov.b32 %r2, 3;
    { .param .b32 param0; .param .b64 param1; .param .b32 retval0;
      st.param.b32 [param0], %r1;
      st.param.b64 [param1], 5;
      call.uni (retval0), square, (param0, param1);
      ld.param.b32 %r2, [retval0]; })",
                                                4, square);
  EXPECT_EQ(values, (std::vector<uint32_t>{5, 6, 9, 14}));
  const std::string endless = ".func g() { call.uni g; ret; }";
  const Module module = parseOrFail(kernelText(0, "call.uni g;", endless));
  Memory memory;
  EXPECT_EQ(run(module, launchOf({}), memory).error->text, "'g' calls itself");
}

TEST(Control, LaunchesThatDoNotFit) {
  const Module module = parseOrFail(
      header() + ".entry f(.param .u64 .ptr .align 16 x) .maxntid 64 "
                 "{ ret; }\n.entry g() .reqntid 8, 4 { ret; }");
  Memory memory;
  EXPECT_FALSE(run(module, launchOf({32}, 64), memory).error);
  EXPECT_EQ(run(module, launchOf({32}, 65), memory).error->text,
            "65 threads in a block, the kernel has at most 64");
  EXPECT_EQ(run(module, launchOf({8}), memory).error->text,
            "'x' is declared a multiple of 16, but is 0x8");
  EXPECT_EQ(run(module, launchOf({}), memory).error->text,
            "0 bytes of arguments, the kernel has 8");
  EXPECT_EQ(run(module, launchOf({0}, 0), memory).error->text,
            "a block of (0, 1, 1) threads");
  EXPECT_EQ(run(module, launchOf({0}, 1, 0), memory).error->text,
            "a grid of (0, 1, 1) blocks");
  Launch large = launchOf({32});
  large.dynamicShared = 227 * 1024;
  EXPECT_FALSE(run(module, large, memory).error);
  ++large.dynamicShared;
  EXPECT_EQ(run(module, large, memory).error->text,
            "232449 bytes of shared memory, there are 232448");
  Launch launch = launchOf({}, 32);
  launch.kernel = "g";
  EXPECT_EQ(run(module, launch, memory).error->text,
            "blocks of (32, 1, 1) threads, the kernel has (8, 4, 1)");
  launch.kernel = "h";
  EXPECT_EQ(run(module, launch, memory).error->message(),
            "kernel 'h': there is no kernel 'h'");
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

TEST(Barrier, AllThreadsOrNone) {
  const std::string half = "mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 32;\n";
  EXPECT_FALSE(errorOf("bar.sync 0; bar.sync 0;"));
  EXPECT_FALSE(errorOf("bar.sync 0, 64;"));
  EXPECT_EQ(errorOf(half + "@%p1 ret; bar.sync 0;")->kind,
            Error::Kind::Divergence);
  EXPECT_EQ(errorOf(half + "@%p1 bar.sync 0;")->kind, Error::Kind::Divergence);
  EXPECT_EQ(errorOf(half + "@%p1 bra $A; bar.sync 0; bra $B;\n"
                           "$A: bar.sync 1;\n$B:")
                ->kind,
            Error::Kind::Divergence);
  EXPECT_EQ(errorOf("bar.sync 0, 32;")->kind, Error::Kind::Unsupported);
}

TEST(Barrier, AWarpMeetsInOneInstruction) {
  const std::string branch = "mov.u32 %r1, %tid.x;\n"
                             "setp.lt.u32 %p1, %r1, LANE;\n"
                             "@%p1 bra $A;\nSYNC 0; bra $B;\n"
                             "$A: SYNC 0;\n$B:";
  auto text = [&](const std::string &lane, const std::string &sync) {
    std::string result = branch;
    result.replace(result.find("LANE"), 4, lane);
    for (int n = 0; n < 2; ++n)
      result.replace(result.find("SYNC"), 4, sync);
    return result;
  };
  // Two warps may pass a barrier in two places, one warp may not.
  EXPECT_FALSE(errorOf(text("32", "bar.sync")));
  EXPECT_EQ(errorOf(text("16", "bar.sync"))->kind, Error::Kind::Divergence);
  EXPECT_EQ(errorOf(text("48", "bar.sync"))->kind, Error::Kind::Divergence);
  EXPECT_FALSE(errorOf(text("16", "barrier.sync")));
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

TEST(Warp, Shuffles) {
  const std::vector<uint32_t> butterfly =
      valuesOf("shfl.sync.bfly.b32 %r2, %r1, 5, 31, -1;", 64);
  const std::vector<uint32_t> down =
      valuesOf("shfl.sync.down.b32 %r2, %r1, 3, 31, -1;", 64);
  const std::vector<uint32_t> up =
      valuesOf("shfl.sync.up.b32 %r2, %r1, 2, 0, -1;", 64);
  const std::vector<uint32_t> index =
      valuesOf("shfl.sync.idx.b32 %r2, %r1, 9, 31, -1;", 64);
  // Segments of eight lanes: the mask is 0b11000, in bits 8 and up.
  const std::vector<uint32_t> segments =
      valuesOf("shfl.sync.idx.b32 %r2|%p1, %r1, 9, 0x181F, -1;"
               "@!%p1 mov.b32 %r2, 99;",
               64);
  const std::vector<uint32_t> inRange =
      valuesOf("shfl.sync.down.b32 %r2|%p1, %r1, 3, 31, -1;"
               "selp.b32 %r2, 1, 0, %p1;",
               64);
  for (uint32_t n = 0; n < 64; ++n) {
    const uint32_t lane = n % 32, warp = n - lane;
    EXPECT_EQ(butterfly[n], warp + (lane ^ 5));
    EXPECT_EQ(down[n], lane + 3 < 32 ? n + 3 : n);
    EXPECT_EQ(up[n], lane >= 2 ? n - 2 : n);
    EXPECT_EQ(index[n], warp + 9);
    EXPECT_EQ(segments[n], warp + lane / 8 * 8 + 1);
    EXPECT_EQ(inRange[n], lane + 3 < 32);
  }
}

TEST(Warp, Votes) {
  const std::string odd = "and.b32 %r3, %r1, 1; setp.ne.u32 %p1, %r3, 0;\n";
  EXPECT_EQ(valuesOf(odd + "vote.sync.ballot.b32 %r2, %p1, -1;", 32)[7],
            0xAAAAAAAA);
  auto predicate = [&](const std::string &mode) {
    return valuesOf(odd + "vote.sync." + mode +
                        ".pred %p2, %p1, -1; selp.b32 %r2, 1, 0, %p2;",
                    32)[0];
  };
  EXPECT_EQ(predicate("any"), 1U);
  EXPECT_EQ(predicate("all"), 0U);
  EXPECT_EQ(predicate("uni"), 0U);
  const std::vector<uint32_t> active =
      valuesOf(odd + "mov.b32 %r2, 0; @%p1 activemask.b32 %r2;", 32);
  EXPECT_EQ(active[0], 0U);
  EXPECT_EQ(active[1], 0xAAAAAAAA);
}

TEST(Warp, ABlockMayEndInsideIt) {
  EXPECT_EQ(valuesOf("shfl.sync.idx.b32 %r2, %r1, 3, 31, -1;", 10)[9], 3U);
  EXPECT_EQ(errorOf("shfl.sync.idx.b32 %r2, %r1, 20, 31, -1;", 10)->kind,
            Error::Kind::Undefined);
}

TEST(Warp, AllOfTheMaskMustCome) {
  const std::string half = "mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 16;\n";
  EXPECT_EQ(
      errorOf(half + "@%p1 shfl.sync.idx.b32 %r2, %r1, 0, 31, -1;", 32)->kind,
      Error::Kind::Divergence);
  EXPECT_FALSE(
      errorOf(half + "@%p1 shfl.sync.idx.b32 %r2, %r1, 0, 31, 0xFFFF;", 32));
  EXPECT_EQ(errorOf("shfl.sync.idx.b32 %r2, %r1, 0, 31, 0xFFFF;", 32)->kind,
            Error::Kind::Divergence);
  EXPECT_EQ(errorOf(half + "@%p1 bra $A; bar.sync 0;\n"
                           "$A: shfl.sync.idx.b32 %r2, %r1, 0, 31, -1;",
                    32)
                ->kind,
            Error::Kind::Divergence);
}

} // namespace
