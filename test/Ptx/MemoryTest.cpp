//===- MemoryTest.cpp - Accesses, and those that must not be --------------===//

#include "compiler/Check/Ptx/Operations.h"
#include "test/Ptx/Support.h"

using namespace eqc::ptx;

namespace {

/// The error of one thread that executes `body` with a pointer to 64 bytes.
std::optional<Error> errorOf(const std::string &body,
                             Memory::Options options = {},
                             bool readOnly = false) {
  const Module module = parseOrFail(kernelText(1, body));
  alignas(64) uint8_t data[64] = {};
  Memory memory;
  const uint64_t address =
      readOnly ? memory.addReadOnly("data", data, sizeof data, options)
               : memory.add("data", data, sizeof data, options);
  return runInAllOrders(module, launchOf({address}), memory).error;
}

void expectError(Error::Kind kind, const std::string &body,
                 Memory::Options options = {}, bool readOnly = false) {
  const std::optional<Error> error = errorOf(body, options, readOnly);
  ASSERT_TRUE(error) << body;
  EXPECT_EQ(error->kind, kind) << error->message();
}

TEST(Memory, VectorsAndParts) {
  const Module module = parseOrFail(kernelText(2, R"(
    ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%rd0];
    st.global.v2.b32 [%rd1], {%r4, %r3};
    ld.global.v2.b64 {%rd2, %rd3}, [%rd0];
    st.global.b64 [%rd1+8], %rd3;
    ld.global.u8 %r5, [%rd0+15];
    st.global.b32 [%rd1+16], %r5;
    ld.global.s8 %r6, [%rd0+15];
    st.global.b32 [%rd1+20], %r6;
    ld.global.s16 %rd4, [%rd0+14];
    st.global.b64 [%rd1+24], %rd4;
    ld.global.nc.v4.b32 {%r1, _, _, %r2}, [%rd0];
    st.global.b8 [%rd1+32], %r1;
    st.global.b16 [%rd1+34], %r2;)"));
  const uint32_t in[4] = {0x11111111, 0x22222222, 0x33333333, 0x84444444};
  uint32_t out[9] = {};
  Memory memory;
  const uint64_t x = memory.addReadOnly("in", in, sizeof in);
  const uint64_t y = memory.add("out", out, sizeof out);
  const Report report = run(module, launchOf({x, y}), memory);
  ASSERT_FALSE(report.error) << report.error->message();
  const uint32_t expected[9] = {0x84444444, 0x33333333, 0x33333333,
                                0x84444444, 0x84,       0xFFFFFF84,
                                0xFFFF8444, 0xFFFFFFFF, 0x44440011};
  for (int n = 0; n < 9; ++n)
    EXPECT_EQ(out[n], expected[n]) << n;
}

TEST(Memory, Bounds) {
  EXPECT_FALSE(errorOf("ld.global.b32 %r1, [%rd0+60];"));
  EXPECT_FALSE(errorOf("st.global.v4.b32 [%rd0+48], {%r1, %r1, %r1, %r1};"));
  expectError(Error::Kind::OutOfBounds, "ld.global.b32 %r1, [%rd0+64];");
  expectError(Error::Kind::OutOfBounds, "ld.global.b32 %r1, [%rd0+-4];");
  expectError(Error::Kind::OutOfBounds,
              "ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%rd0+56];");
  expectError(Error::Kind::OutOfBounds, "mov.b64 %rd1, 0; "
                                        "st.global.b32 [%rd1], %r1;");
  const std::optional<Error> error = errorOf("ld.global.b32 %r1, [%rd0+64];");
  EXPECT_NE(
      error->text.find("64 bytes after the begin of 'data', which has 64"),
      std::string::npos)
      << error->text;
}

TEST(Memory, Alignment) {
  expectError(Error::Kind::Misaligned, "ld.global.b32 %r1, [%rd0+2];");
  expectError(Error::Kind::Misaligned,
              "ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%rd0+8];");
  EXPECT_FALSE(errorOf("ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%rd0+16];"));
  // A buffer is no more aligned than it says.
  Memory::Options four;
  four.alignment = 4;
  EXPECT_FALSE(errorOf("ld.global.b32 %r1, [%rd0];", four));
  expectError(Error::Kind::Misaligned, "ld.global.b64 %rd1, [%rd0];", four);
}

TEST(Memory, ReadOnlyAndUndefined) {
  expectError(Error::Kind::ReadOnly, "st.global.b32 [%rd0], 1;", {}, true);
  EXPECT_FALSE(errorOf("ld.global.b32 %r1, [%rd0];", {}, true));
  Memory::Options undefined;
  undefined.undefined = true;
  expectError(Error::Kind::Uninitialised, "ld.global.b32 %r1, [%rd0];",
              undefined);
  EXPECT_FALSE(errorOf("st.global.b32 [%rd0], 1; ld.global.b32 %r1, [%rd0];",
                       undefined));
  // What was written stays so for later launches.
  const Module writes = parseOrFail(kernelText(1, "st.global.b32 [%rd0], 1;"));
  const Module reads = parseOrFail(kernelText(1, "ld.global.b32 %r1, [%rd0];"));
  uint32_t data = 0;
  Memory memory;
  const Launch launch =
      launchOf({memory.add("data", &data, sizeof data, undefined)});
  EXPECT_TRUE(run(reads, launch, memory).error);
  EXPECT_FALSE(run(writes, launch, memory).error);
  EXPECT_FALSE(run(reads, launch, memory).error);
}

TEST(Memory, BuffersKeepApart) {
  uint8_t bytes[32];
  Memory memory;
  Memory::Options options;
  options.address = 4096;
  EXPECT_EQ(memory.add("a", bytes, 16, options), 4096U);
  EXPECT_EQ(memory.add("same", bytes, 16, options), 0U);
  options.address = 4111;
  EXPECT_EQ(memory.add("inside", bytes, 1, options), 0U);
  options.address = 4090;
  EXPECT_EQ(memory.add("around", bytes, 32, options), 0U);
  options.address = 4112;
  EXPECT_EQ(memory.add("after", bytes, 16, options), 4112U);
  EXPECT_EQ(memory.find(4111)->name, "a");
  EXPECT_TRUE(memory.remove(4096));
  EXPECT_FALSE(memory.remove(4096));
}

TEST(Memory, SharedArraysAreBoundedOneByOne) {
  auto run1 = [](const std::string &body) {
    const Module module = parseOrFail(kernelText(
        0,
        ".shared .align 4 .b8 a[16]; .shared .align 16 .b8 b[16];\n" + body));
    Memory memory;
    return runInAllOrders(module, launchOf({}), memory).error;
  };
  EXPECT_FALSE(run1("st.shared.b32 [a+12], 1; ld.shared.b32 %r1, [a+12];"));
  EXPECT_FALSE(run1("mov.b64 %rd1, b; cvta.shared.u64 %rd2, %rd1;"
                    "st.b32 [%rd2], 1; ld.shared.b32 %r1, [b];"));
  EXPECT_EQ(run1("st.shared.b32 [a+16], 1;")->kind, Error::Kind::OutOfBounds);
  EXPECT_EQ(run1("ld.shared.b32 %r1, [a];")->kind, Error::Kind::Uninitialised);
  EXPECT_EQ(
      run1("st.shared.b32 [a], 1; ld.shared.v2.b32 {%r1, %r2}, [a];")->kind,
      Error::Kind::Misaligned);
  EXPECT_EQ(
      run1("st.shared.b32 [b], 1; ld.shared.v2.b32 {%r1, %r2}, [b];")->kind,
      Error::Kind::Uninitialised);
}

TEST(Memory, SharedMemoryIsForgottenWithItsBlock) {
  const Module module = parseOrFail(kernelText(0, R"(
    .shared .align 4 .b8 a[4];
    mov.u32 %r1, %ctaid.x;
    setp.eq.u32 %p1, %r1, 0;
    @%p1 st.shared.b32 [a], 1;
    ld.shared.b32 %r2, [a];)"));
  Memory memory;
  const Report report = runInAllOrders(module, launchOf({}, 1, 2), memory);
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->kind, Error::Kind::Uninitialised);
}

TEST(Memory, DynamicSharedMemoryIsAsLargeAsTheLaunchSays) {
  const Module module = parseOrFail(
      kernelText(0, "st.shared.v4.b32 [all+16], {%r1, %r1, %r1, %r1};",
                 ".extern .shared .align 16 .b8 all[];"));
  Memory memory;
  Launch launch = launchOf({});
  EXPECT_EQ(run(module, launch, memory).error->kind, Error::Kind::OutOfBounds);
  launch.dynamicShared = 31;
  EXPECT_EQ(run(module, launch, memory).error->kind, Error::Kind::OutOfBounds);
  launch.dynamicShared = 32;
  EXPECT_FALSE(run(module, launch, memory).error);
}

TEST(Memory, ArraysOfTheModule) {
  const Module module = parseOrFail(
      kernelText(1, R"(
    ld.const.b32 %r1, [table+4];
    st.global.b32 [%rd0], %r1;
    mov.b64 %rd1, bytes;
    ld.global.nc.b32 %r2, [%rd1];
    st.global.b32 [%rd0+4], %r2;
    ld.global.b64 %rd2, [pointer];
    ld.global.b32 %r3, [%rd2];
    st.global.b32 [%rd0+8], %r3;
    mov.b64 %rd3, table;
    cvta.const.u64 %rd4, %rd3;
    ld.b32 %r4, [%rd4];
    st.global.b32 [%rd0+12], %r4;)",
                 ".const .align 4 .b32 table[3] = {7, -8};"
                 ".global .align 4 .b8 bytes[8] = {1, 2, 3, 4, 5};"
                 ".global .align 8 .b64 pointer = generic(bytes)+4;"));
  uint32_t out[4] = {};
  Memory memory;
  const Report report =
      run(module, launchOf({memory.add("out", out, sizeof out)}), memory);
  ASSERT_FALSE(report.error) << report.error->message();
  EXPECT_EQ(out[0], uint32_t(-8));
  EXPECT_EQ(out[1], 0x04030201U);
  EXPECT_EQ(out[2], 5U);
  EXPECT_EQ(out[3], 7U);

  const Module writes =
      parseOrFail(kernelText(0, "st.global.b32 [table], %r1;",
                             ".global .align 4 .b32 table[3] = {7};"));
  EXPECT_EQ(run(writes, launchOf({}), memory).error->kind,
            Error::Kind::ReadOnly);
}

TEST(Memory, LocalArraysAreAThreadsOwn) {
  const Module module = parseOrFail(kernelText(1, R"(
    .local .align 8 .b8 depot[16];
    .reg .b64 %SP; .reg .b64 %SPL;
    mov.b64 %SPL, depot;
    cvta.local.u64 %SP, %SPL;
    mov.u32 %r1, %tid.x;
    st.local.b32 [%SPL+4], %r1;
    bar.sync 0;
    ld.b32 %r2, [%SP+4];
    mul.wide.u32 %rd1, %r1, 4;
    add.s64 %rd1, %rd1, %rd0;
    st.global.b32 [%rd1], %r2;)"));
  uint32_t out[8] = {};
  Memory memory;
  const Report report = runInAllOrders(
      module, launchOf({memory.add("out", out, sizeof out)}, 8), memory);
  ASSERT_FALSE(report.error) << report.error->message();
  for (uint32_t n = 0; n < 8; ++n)
    EXPECT_EQ(out[n], n);
  const Module beyond = parseOrFail(kernelText(
      0, ".local .align 8 .b8 depot[16];\nld.local.b32 %r1, [depot+16];"));
  EXPECT_EQ(run(beyond, launchOf({}), memory).error->kind,
            Error::Kind::OutOfBounds);
}

TEST(Memory, SpacesOfGenericAddresses) {
  const Module module = parseOrFail(kernelText(1, R"(
    .shared .align 4 .b8 a[4];
    mov.b64 %rd1, a;
    cvta.shared.u64 %rd2, %rd1;
    isspacep.shared %p1, %rd2;
    isspacep.global %p2, %rd2;
    isspacep.global %p3, %rd0;
    cvta.to.shared.u64 %rd3, %rd2;
    setp.eq.b64 %p4, %rd1, %rd3;
    selp.b32 %r1, 1, 0, %p1;
    selp.b32 %r2, 2, 0, %p2;
    selp.b32 %r3, 4, 0, %p3;
    selp.b32 %r4, 8, 0, %p4;
    add.s32 %r1, %r1, %r2;
    add.s32 %r1, %r1, %r3;
    add.s32 %r1, %r1, %r4;
    st.global.b32 [%rd0], %r1;)"));
  uint32_t out = 0;
  Memory memory;
  const Report report =
      run(module, launchOf({memory.add("out", &out, sizeof out)}), memory);
  ASSERT_FALSE(report.error) << report.error->message();
  EXPECT_EQ(out, 1U + 4U + 8U);
}

} // namespace
