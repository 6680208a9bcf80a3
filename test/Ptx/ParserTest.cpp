//===- ParserTest.cpp - What is PTX, and what is more than is known -------===//

#include "test/Ptx/Support.h"

using namespace eqc::ptx;

namespace {

TEST(Parser, DescribesKernels) {
  const Module module = parseOrFail(header() + R"(
.extern .shared .align 16 .b8 dynamic[];
.visible .entry f(
  .param .u64 .ptr .global .align 16 x,
  .param .u32 n,
  .param .align 8 .b8 pair[16]
)
.maxntid 64, 2, 1
.minnctapersm 2
{
  .reg .b64 %rd<2>;
  .shared .align 128 .b8 tile[512];
  .shared .align 4 .b8 row[20];
  mov.b64 %rd0, tile;
  mov.b64 %rd0, row;
  mov.b64 %rd0, dynamic;
  ret;
}
.entry other() { ret; }
)");
  EXPECT_EQ(module.target, "sm_80");
  const Function *f = module.kernel("f");
  ASSERT_TRUE(f);
  ASSERT_EQ(f->parameters.size(), 3U);
  EXPECT_EQ(f->parameters[0].name, "x");
  EXPECT_EQ(f->parameters[0].pointerAlignment, 16U);
  EXPECT_EQ(f->parameters[1].offset, 8U);
  EXPECT_EQ(f->parameters[1].bytes, 4U);
  EXPECT_EQ(f->parameters[2].offset, 16U);
  EXPECT_EQ(f->parameters[2].bytes, 16U);
  EXPECT_EQ(f->parameterBytes, 32U);
  EXPECT_EQ(f->maxThreads->size(), 128U);
  EXPECT_EQ(f->staticSharedBytes, 532U);
  EXPECT_TRUE(f->usesDynamicShared);
  EXPECT_EQ(module.kernel("other")->staticSharedBytes, 0U);
  EXPECT_FALSE(module.kernel("g"));
}

TEST(Parser, ArgumentsFromPointers) {
  const Module module =
      parseOrFail(header() + ".entry f(.param .b32 n, .param .b64 x) { ret; }");
  const uint32_t n = 7;
  const uint64_t x = 9;
  const void *values[] = {&n, &x};
  Arguments expected;
  expected.add(n);
  expected.add(x);
  EXPECT_EQ(gatherArguments(*module.kernel("f"), values), expected.bytes);
}

/// Each is an error in line 2 of its kind and text.
TEST(Parser, WhatIsNotKnownIsAnError) {
  struct Case {
    const char *line, *text;
  };
  const Case unsupported[] = {
      {"add.ftz.f32 %r1, %r2, %r3;", "unknown instruction 'add.ftz.f32'"},
      {"fma.rz.f32 %r1, %r2, %r3, %r4;", "unknown instruction 'fma.rz.f32'"},
      {"div.approx.f32 %r1, %r2, %r3;", "unknown instruction 'div.approx.f32'"},
      {"atom.global.add.u32 %r1, [%rd1], 1;",
       "unknown instruction 'atom.global.add.u32'"},
      {"ld.acquire.gpu.global.b32 %r1, [%rd1];", "unknown modifier '.acquire'"},
      {"ld.global.v3.b32 {%r1, %r2, %r3}, [%rd1];", "unknown modifier '.v3'"},
      {"ld.shared.nc.b32 %r1, [%rd1];", "unknown modifier '.nc'"},
      {"ld.global.b128 %r1, [%rd1];", "unknown type '.b128'"},
      {"cp.async.bulk.commit_group;",
       "unknown instruction 'cp.async.bulk.commit_group'"},
      {"barrier.cluster.arrive.relaxed;",
       "unknown instruction 'barrier.cluster.arrive.relaxed'"},
      {"bar.warp.sync -1;", "unknown instruction 'bar.warp.sync'"},
      {"shfl.sync.rotate.b32 %r1, %r2, 1, 31, -1;",
       "unknown instruction 'shfl.sync.rotate.b32'"},
      {"fence.proxy.async;", "unknown instruction 'fence.proxy.async'"},
      {".section .debug;", "'.section' is not supported"},
      {"call.uni missing, ();", "call of 'missing', which is not in this file"},
  };
  for (const Case &c : unsupported) {
    const Error error = parseError(kernelText(0, c.line));
    EXPECT_EQ(error.kind, Error::Kind::Unsupported) << c.line;
    EXPECT_EQ(error.line, 2U) << c.line;
    EXPECT_EQ(error.source, c.line);
    EXPECT_EQ(error.function, "f") << c.line;
    EXPECT_EQ(error.text, c.text);
  }
  const Case syntax[] = {
      {"add.s32 %r1, %r2;", "'add.s32' has 3 operands, not 2"},
      {"add.s32 %r1, %r2, %rd3;", "'%rd3' has 64 bits, the operand 32"},
      {"add.s64 %r1, %rd2, %rd3;", "'%r1' has 32 bits, the result 64"},
      {"add.s32 %r40, %r2, %r3;", "unknown register '%r40'"},
      {"add.s32 %r1, %r2, %clock;", "unknown name '%clock'"},
      {"add.s32 %tid.x, %r2, %r3;", "'%tid.x' cannot be written"},
      {"add.s32 %r1, %r2, 0x100000000;", "number of more than 32 bits"},
      {"bra $L__BB0_7;", "unknown label '$L__BB0_7'"},
      {"@%r1 bra $L;", "'%r1' is no predicate"},
      {"ld.global.b32 %r1, %rd1;", "expected an address in brackets"},
      {"ld.global.b64 %r1, [%rd1];", "'%r1' has 32 bits"},
      {"ld.global.b32 %tid.x, [%rd1];", "'%tid.x' cannot be written"},
      {"ld.global.v2.b32 %r1, [%rd1];", "expected 2 values"},
      {"st.const.b32 [%rd1], %r1;", "constant memory cannot be written"},
      {"cp.async.cg.shared.global [%rd1], [%rd2], 8;",
       "cp.async.cg cannot copy 8 bytes"},
      {"mov.b32 %r1, 5", "expected ',', found 'ret'"},
      {".reg .b32 %q; .reg .b32 %q;", "second declaration of '%q'"},
      {"cvt.u64.u32 %r1, %r2;", "'%r1' has 32 bits, the result 64"},
  };
  for (const Case &c : syntax) {
    const Error error = parseError(kernelText(0, c.line));
    EXPECT_EQ(error.kind, Error::Kind::Syntax) << c.line;
    EXPECT_EQ(error.text, c.text) << c.line;
  }
}

TEST(Parser, ErrorsBesideKernels) {
  EXPECT_EQ(parseError(header() + ".alias a, b;").text,
            "'.alias' is not supported");
  EXPECT_EQ(parseError(header() + ".address_size 32").text,
            "'addresses of 32 bits' is not supported");
  EXPECT_EQ(parseError(header() + ".entry f() { ret;").text,
            "function without end");
  EXPECT_EQ(parseError(header() + "/* never").text, "comment without end");
  EXPECT_EQ(parseError(header() + ".global .b32 x[1] = {1, 2};").text,
            "more values than elements");
  EXPECT_EQ(parseError(header() + ".entry f() .maxclusterrank 4 { ret; }").text,
            "'.maxclusterrank' is not supported");
  const Error error = parseError(header() + "\n  ?\n");
  EXPECT_EQ(error.message(), "line 5: `?`: unexpected character '?'");
}

TEST(Parser, ScopesHoldTheirOwnNames) {
  const Module module = parseOrFail(kernelText(1, R"(
    mov.b32 %r1, 1;
    { .reg .b32 %r<3>; mov.b32 %r1, 2; st.global.b32 [%rd0], %r1; }
    st.global.b32 [%rd0+4], %r1;)"));
  uint32_t out[2] = {};
  Memory memory;
  EXPECT_FALSE(
      run(module, launchOf({memory.add("out", out, sizeof out)}), memory)
          .error);
  EXPECT_EQ(out[0], 2U);
  EXPECT_EQ(out[1], 1U);
}

TEST(Parser, RemarksForOthersAreRead) {
  parseOrFail(".version 8.0\n.target sm_90a, debug\n.address_size 64\n"
              ".file 1 \"a.mlir\"\n.pragma \"nounroll\";\n"
              ".visible .entry f() .maxnreg 64 {\n"
              "/* a remark\n of two lines */ .loc 1 7 9\n"
              ".pragma \"nounroll\"; // another\n"
              "prefetch.global.L2 [0]; membar.cta; exit; }\n");
}

TEST(Parser, LinesAreTakenOut) {
  const std::string text = "a;\n  bar.sync 0;\nb;\n\tbar.sync 0;\n";
  EXPECT_EQ(linesWith(text, "bar.sync"), (std::vector<unsigned>{2, 4}));
  EXPECT_EQ(withoutLine(text, 2), "a;\n\nb;\n\tbar.sync 0;\n");
}

} // namespace
