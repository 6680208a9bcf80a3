//===- ClusterTest.cpp - Blocks that see each other's shared memory -------===//

#include "test/Ptx/Support.h"

using namespace eqc::ptx;

namespace {

constexpr uint32_t kThreads = 32, kBlocks = 4, kCluster = 2;

const std::string kBarrier = "barrier.cluster.arrive.aligned;\n"
                             "barrier.cluster.wait.aligned;\n";
/// Thread t of block b has 100 b + t in its word of a, and finds that of the
/// other block of its cluster in %r5.
const std::string kWrite = R"(
    mov.u32 %r1, %tid.x;
    mov.u32 %r2, %ctaid.x;
    mov.u32 %r3, %cluster_ctaid.x;
    mad.lo.s32 %r4, %r2, 100, %r1;
    mul.wide.u32 %rd1, %r1, 4;
    mov.b64 %rd2, a;
    add.s64 %rd2, %rd2, %rd1;
    st.shared.b32 [%rd2], %r4;
)";
const std::string kRead = R"(
    xor.b32 %r6, %r3, 1;
    mapa.shared::cluster.u64 %rd3, %rd2, %r6;
    ld.shared::cluster.b32 %r5, [%rd3];
)";
const std::string kStore = R"(
    mad.lo.s32 %r7, %r2, 32, %r1;
    mul.wide.u32 %rd4, %r7, 4;
    add.s64 %rd4, %rd0, %rd4;
    st.global.b32 [%rd4], %r5;
)";

Launch clusterLaunch(std::initializer_list<uint64_t> arguments) {
  Launch launch = launchOf(arguments, kThreads, kBlocks);
  launch.cluster = kCluster;
  return launch;
}

struct Ran {
  std::optional<Error> error;
  std::vector<uint32_t> out = std::vector<uint32_t>(size_t(kBlocks) * kThreads);
};

Ran runClusters(const std::string &body) {
  const Module module =
      parseOrFail(kernelText(1, ".shared .align 4 .b8 a[128];" + body));
  Ran ran;
  Memory memory;
  ran.error = runInAllOrders(module,
                             clusterLaunch({memory.add("out", ran.out.data(),
                                                       ran.out.size() * 4)}),
                             memory)
                  .error;
  return ran;
}

void expectError(const std::string &body, Error::Kind kind,
                 const std::string &text) {
  const std::optional<Error> error = runClusters(body).error;
  ASSERT_TRUE(error) << body;
  EXPECT_EQ(error->kind, kind) << error->message();
  EXPECT_NE(error->message().find(text), std::string::npos) << error->message();
}

TEST(Cluster, BlocksReadWhatOthersWrote) {
  const Ran ran =
      runClusters(kBarrier + kWrite + kBarrier + kRead + kBarrier + kStore);
  ASSERT_FALSE(ran.error) << ran.error->message();
  for (uint32_t block = 0; block < kBlocks; ++block)
    for (uint32_t thread = 0; thread < kThreads; ++thread)
      EXPECT_EQ(ran.out[block * kThreads + thread], 100 * (block ^ 1) + thread);
}

TEST(Cluster, BlocksWriteToOthers) {
  const Ran ran = runClusters(kWrite + kBarrier + R"(
    xor.b32 %r6, %r3, 1;
    mapa.shared::cluster.u64 %rd3, %rd2, %r6;
    st.shared::cluster.b32 [%rd3], %r4;
)" + kBarrier + "ld.shared::cluster.b32 %r5, [%rd2];" +
                              kStore);
  ASSERT_FALSE(ran.error) << ran.error->message();
  EXPECT_EQ(ran.out[0], 100U);
  EXPECT_EQ(ran.out[3 * kThreads + 7], 207U);
}

TEST(Cluster, EachBarrierIsNeeded) {
  expectError(kWrite + kRead + kBarrier + kStore, Error::Kind::Race,
              "may have not begun");
  expectError(kBarrier + kWrite + kRead + kBarrier + kStore,
              Error::Kind::Uninitialised, "which nobody wrote");
  expectError(kWrite + kBarrier + kRead + kStore, Error::Kind::Race, "end");
  // A read of this phase, and the other block's write of the same.
  expectError(kWrite + kBarrier + kRead + "st.shared.b32 [%rd2], %r1;" +
                  kBarrier + kStore,
              Error::Kind::Race, "with no barrier between");
}

TEST(Cluster, WhatBlocksHaveNot) {
  const std::string start = kWrite + kBarrier;
  expectError(start +
                  "mapa.shared::cluster.u64 %rd3, %rd2, 2;"
                  "ld.shared::cluster.b32 %r5, [%rd3];" +
                  kBarrier,
              Error::Kind::OutOfBounds, "block 2 of a cluster of 2");
  expectError(start +
                  "mapa.shared::cluster.u64 %rd3, %rd2, 1;"
                  "ld.shared::cluster.b32 %r5, [%rd3+128];" +
                  kBarrier,
              Error::Kind::OutOfBounds, "outside every array");
  expectError("bar.sync 0;", Error::Kind::Unsupported,
              "a barrier of one block of a cluster");
  expectError("barrier.cluster.wait.aligned;", Error::Kind::Divergence,
              "has not arrived");
  expectError("barrier.cluster.arrive.aligned; mov.u32 %r1, %tid.x;"
              "barrier.cluster.wait.aligned;",
              Error::Kind::Unsupported, "between the arrival");
  expectError("mov.u32 %r1, %cluster_ctaid.x; setp.eq.u32 %p1, %r1, 0;"
              "@%p1 bra $L_end;" +
                  kBarrier + "$L_end:",
              Error::Kind::Divergence, "never comes to this barrier");
}

TEST(Cluster, LaunchesOfWholeClusters) {
  const Module module = parseOrFail(kernelText(0, ""));
  Memory memory;
  for (uint32_t cluster : {0U, 3U, 32U}) {
    Launch launch = launchOf({}, kThreads, kBlocks);
    launch.cluster = cluster;
    const Report report = run(module, launch, memory);
    ASSERT_TRUE(report.error) << cluster;
    EXPECT_EQ(report.error->kind, Error::Kind::Launch);
  }
}

} // namespace
