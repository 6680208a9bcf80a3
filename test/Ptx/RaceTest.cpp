//===- RaceTest.cpp - Accesses that nothing orders ------------------------===//

#include "test/Ptx/Support.h"

using namespace eqc::ptx;

namespace {

/// Threads with %r1 their number, %rd1 four times it, and %rd0 a buffer of 256
/// words. They share the arrays a (words) and b (bytes).
std::optional<Error> errorOf(const std::string &body, uint32_t threads = 64,
                             uint32_t blocks = 1) {
  const Module module = parseOrFail(kernelText(1, R"(
    .shared .align 4 .b8 a[1024];
    .shared .align 4 .b8 b[1024];
    mov.u32 %r1, %tid.x;
    mul.wide.u32 %rd1, %r1, 4;
    mov.b64 %rd2, a;
    add.s64 %rd3, %rd2, %rd1;
    add.s64 %rd4, %rd0, %rd1;
)" + body));
  uint32_t data[256] = {};
  Memory memory;
  return runInAllOrders(
             module,
             launchOf({memory.add("data", data, sizeof data)}, threads, blocks),
             memory)
      .error;
}

void expectRace(const std::string &body, uint32_t threads = 64,
                uint32_t blocks = 1) {
  const std::optional<Error> error = errorOf(body, threads, blocks);
  ASSERT_TRUE(error) << body;
  EXPECT_EQ(error->kind, Error::Kind::Race) << error->message();
}

TEST(Race, ReadOfANeighboursWord) {
  // The first barrier makes all words defined.
  const std::string start = "st.shared.b32 [%rd3], %r1; bar.sync 0;\n";
  const std::string neighbour = "xor.b64 %rd5, %rd1, 4;"
                                "add.s64 %rd5, %rd5, %rd2;\n";
  const std::string read = "ld.shared.b32 %r2, [%rd5];\n";
  const std::string write = "st.shared.b32 [%rd3], %r1;\n";
  EXPECT_FALSE(errorOf(start + neighbour + read));
  EXPECT_FALSE(errorOf(start + neighbour + write + "bar.sync 0;\n" + read));
  EXPECT_FALSE(errorOf(start + neighbour + read + "bar.sync 0;\n" + write));
  expectRace(start + neighbour + write + read);
  expectRace(start + neighbour + read + write);
}

TEST(Race, OneWordOfAll) {
  EXPECT_FALSE(errorOf("setp.eq.u32 %p1, %r1, 5;"
                       "@%p1 st.shared.b32 [a], %r1; bar.sync 0;"
                       "ld.shared.b32 %r2, [a];"));
  expectRace("st.shared.b32 [a], %r1;");
  // The same value from two threads is a race as well.
  expectRace("st.shared.b32 [a], 1;");
  EXPECT_FALSE(errorOf("st.shared.b32 [a], 1;", 1));
}

TEST(Race, BytesOfOneWord) {
  const std::string place = "mov.b64 %rd5, b; cvt.u64.u32 %rd6, %r1;"
                            "add.s64 %rd5, %rd5, %rd6;\n";
  EXPECT_FALSE(errorOf(place + "st.shared.b8 [%rd5], %r1;"));
  expectRace(place + "st.shared.b8 [%rd5], %r1; st.shared.b8 [%rd5+1], %r1;");
}

TEST(Race, BlocksAreNeverOrdered) {
  const std::string first = "mov.u32 %r2, %ctaid.x;"
                            "setp.eq.u32 %p1, %r2, 0;\n";
  EXPECT_FALSE(errorOf("ld.global.b32 %r3, [%rd0];", 64, 3));
  EXPECT_FALSE(errorOf("st.global.b32 [%rd4], 1;", 64, 1));
  expectRace("st.global.b32 [%rd4], 1;", 64, 2);
  // A barrier of the block does not help.
  expectRace(first + "@%p1 st.global.b32 [%rd4], 1; bar.sync 0;"
                     "ld.global.b32 %r3, [%rd4];",
             64, 2);
  EXPECT_FALSE(errorOf(first + "@%p1 st.global.b32 [%rd4], 1; bar.sync 0;"
                               "@%p1 ld.global.b32 %r3, [%rd4];",
                       64, 2));
}

TEST(Race, GlobalMemoryWithinABlock) {
  expectRace("st.global.b32 [%rd4], 1; ld.global.b32 %r2, [%rd0];");
  EXPECT_FALSE(errorOf("st.global.b32 [%rd4], 1; bar.sync 0;"
                       "ld.global.b32 %r2, [%rd0];"));
}

TEST(Race, LaunchesAreOrdered) {
  const Module writes = parseOrFail(kernelText(1, "st.global.b32 [%rd0], 1;"));
  uint32_t data = 0;
  Memory memory;
  const Launch launch = launchOf({memory.add("data", &data, sizeof data)});
  EXPECT_FALSE(run(writes, launch, memory).error);
  EXPECT_FALSE(run(writes, launch, memory).error);
}

TEST(Race, NoWritesToWhatIsReadThroughTheReadOnlyCache) {
  EXPECT_FALSE(errorOf("ld.global.nc.b32 %r2, [%rd0];"));
  expectRace("ld.global.nc.b32 %r2, [%rd4]; bar.sync 0;"
             "st.global.b32 [%rd4], 1;");
  expectRace("st.global.b32 [%rd4], 1; bar.sync 0;"
             "ld.global.nc.b32 %r2, [%rd4];");
}

TEST(Race, TheMessageNamesBoth) {
  const std::optional<Error> error =
      errorOf("st.shared.b32 [%rd3], 1; bar.sync 0;\n"
              "setp.eq.u32 %p1, %r1, 2;\n"
              "@%p1 st.shared.b32 [a+8], 1;\n"
              "setp.eq.u32 %p2, %r1, 3;\n"
              "@%p2 ld.shared.b32 %r2, [a+8];",
              4);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message(),
            "kernel 'f', line 14: `@%p2 ld.shared.b32 %r2, [a+8];`: block "
            "(0, 0, 0), thread (3, 0, 0): read of byte 8 of 'a', which block "
            "(0, 0, 0), thread (2, 0, 0) writes in line 12 with no barrier "
            "between");
}

//===----------------------------------------------------------------------===//
// Asynchronous copies
//===----------------------------------------------------------------------===//

const char *const kCopy = "cp.async.ca.shared.global [%rd3], [%rd4], 4;\n";

TEST(AsyncCopy, ArrivesWhenItIsWaitedFor) {
  EXPECT_FALSE(errorOf(std::string(kCopy) +
                       "cp.async.commit_group; cp.async.wait_group 0;"
                       "ld.shared.b32 %r2, [%rd3];"));
  EXPECT_FALSE(errorOf(std::string(kCopy) + "cp.async.wait_all; bar.sync 0;"
                                            "ld.shared.b32 %r2, [a];"));
}

TEST(AsyncCopy, IsNotThereBefore) {
  for (const char *missing :
       {"ld.shared.b32 %r2, [%rd3];",
        "cp.async.commit_group; ld.shared.b32 %r2, [%rd3];",
        "cp.async.wait_group 0; ld.shared.b32 %r2, [%rd3];",
        "cp.async.commit_group; cp.async.wait_group 1;"
        "ld.shared.b32 %r2, [%rd3];",
        "cp.async.commit_group; bar.sync 0; ld.shared.b32 %r2, [%rd3];"}) {
    const std::optional<Error> error = errorOf(kCopy + std::string(missing));
    ASSERT_TRUE(error) << missing;
    EXPECT_EQ(error->kind, Error::Kind::Uninitialised) << error->message();
  }
  // Others see it only after a barrier.
  expectRace("st.shared.b32 [%rd3], 1; bar.sync 0;" + std::string(kCopy) +
             "cp.async.wait_all; ld.shared.b32 %r2, [a]; bar.sync 0;");
  expectRace(std::string(kCopy) + "st.shared.b32 [%rd3], 1;");
}

TEST(AsyncCopy, ItsSourceStaysUntilThen) {
  const std::string neighbour = "xor.b64 %rd5, %rd1, 4;"
                                "add.s64 %rd5, %rd5, %rd0;\n";
  const std::string write = "bar.sync 0; st.global.b32 [%rd5], 1;\n";
  expectRace(neighbour + kCopy + write + "cp.async.wait_all;");
  expectRace(neighbour + kCopy + "cp.async.commit_group;" + write);
  EXPECT_FALSE(errorOf(neighbour + kCopy + "cp.async.wait_all;" + write));
}

TEST(AsyncCopy, GroupsArriveInOrder) {
  const Module module = parseOrFail(kernelText(2, R"(
    .shared .align 16 .b8 a[32];
    cp.async.cg.shared.global [a], [%rd0], 16;
    cp.async.commit_group;
    cp.async.cg.shared.global [a+16], [%rd0+16], 16, 4;
    cp.async.commit_group;
    cp.async.wait_group 1;
    ld.shared.b32 %r1, [a+12];
    st.global.b32 [%rd1], %r1;
    cp.async.wait_group 0;
    ld.shared.v2.b32 {%r1, %r2}, [a+16];
    st.global.v2.b32 [%rd1+8], {%r1, %r2};)"));
  const uint32_t in[5] = {1, 2, 3, 4, 5};
  uint32_t out[4] = {9, 9, 9, 9};
  Memory memory;
  const uint64_t x = memory.addReadOnly("in", in, sizeof in);
  const uint64_t y = memory.add("out", out, sizeof out);
  const Report report = run(module, launchOf({x, y}), memory);
  ASSERT_FALSE(report.error) << report.error->message();
  EXPECT_EQ(out[0], 4U);
  EXPECT_EQ(out[2], 5U);
  EXPECT_EQ(out[3], 0U); // Zeros follow the four bytes that are read.
}

} // namespace
