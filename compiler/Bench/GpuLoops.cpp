//===- GpuLoops.cpp - Kernels that run at a GPU's limits ------------------===//

#include "compiler/Bench/GpuLoops.h"

#include <fmt/format.h>

#include <iterator>

using namespace eqc;

/// Sums that do not wait for each other.
static constexpr int kSums = 16;

static std::string begin(const char *name, const std::string &parameters) {
  return fmt::format(
      ".visible .entry {}({})\n.maxntid {}, 1, 1\n{{\n"
      "  .reg .pred %p<2>;\n  .reg .b32 %r<20>;\n  .reg .b64 %rd<12>;\n"
      "  .reg .f32 %f<20>;\n  .reg .f64 %d<20>;\n"
      "  mov.u32 %r0, %tid.x;\n  mov.u32 %r1, %ctaid.x;\n",
      name, parameters, kLoopThreads);
}

/// Sums stay between 0 and 1: s becomes s / 2 + 1 / 2.
static std::string multiplyAdds(bool isDouble) {
  const char *type = isDouble ? "f64" : "f32", *sum = isDouble ? "%d" : "%f",
             *half = isDouble ? "0d3FE0000000000000" : "0f3F000000";
  std::string text = begin(isDouble ? "multiply_add_f64" : "multiply_add_f32",
                           ".param .u64 rounds, .param .u64 sums");
  auto out = std::back_inserter(text);
  fmt::format_to(
      out,
      "  ld.param.u64 %rd0, [rounds];\n  ld.param.u64 %rd1, [sums];\n"
      "  cvta.to.global.u64 %rd1, %rd1;\n"
      "  mad.lo.s32 %r2, %r1, {}, %r0;\n"
      "  mul.wide.s32 %rd2, %r2, {};\n  add.s64 %rd1, %rd1, %rd2;\n"
      "  cvt.rn.{}.s32 {}16, %r0;\n  mov.{} {}17, {};\n",
      kLoopThreads, isDouble ? 8 : 4, type, sum, type, sum, half);
  for (int i = 0; i < kSums; ++i)
    fmt::format_to(out, "  mov.{} {}{}, {}16;\n", type, sum, i, sum);
  text += "ROUND:\n";
  for (int64_t step = 0; step < kLoopSteps; ++step)
    fmt::format_to(out, "  fma.rn.{0} {1}{2}, {1}{2}, {1}17, {1}17;\n", type,
                   sum, step % kSums);
  text += "  add.s64 %rd0, %rd0, -1;\n  setp.ne.s64 %p0, %rd0, 0;\n"
          "  @%p0 bra ROUND;\n";
  for (int i = 1; i < kSums; ++i)
    fmt::format_to(out, "  add.rn.{0} {1}0, {1}0, {1}{2};\n", type, sum, i);
  fmt::format_to(out, "  st.global.{} [%rd1], {}0;\n  ret;\n}}\n", type, sum);
  return text;
}

static std::string copies() {
  std::string text = begin("copy", ".param .u64 rounds, .param .u64 to, "
                                   ".param .u64 from, .param .u64 pieces");
  auto out = std::back_inserter(text);
  fmt::format_to(
      out,
      "  ld.param.u64 %rd0, [rounds];\n  ld.param.u64 %rd1, [to];\n"
      "  ld.param.u64 %rd2, [from];\n  ld.param.u64 %rd3, [pieces];\n"
      "  cvta.to.global.u64 %rd1, %rd1;\n  cvta.to.global.u64 %rd2, %rd2;\n"
      "  mul.wide.u32 %rd4, %r0, 16;\n"
      "  add.s64 %rd1, %rd1, %rd4;\n  add.s64 %rd2, %rd2, %rd4;\n"
      "  mov.u32 %r2, %nctaid.x;\n  cvt.u64.u32 %rd5, %r2;\n"
      "ROUND:\n  cvt.u64.u32 %rd6, %r1;\n"
      "PIECE:\n  mul.lo.s64 %rd7, %rd6, {};\n"
      "  add.s64 %rd8, %rd2, %rd7;\n  add.s64 %rd9, %rd1, %rd7;\n",
      kCopyBytes);
  auto vector = [](int i) {
    return fmt::format("{{%r{}, %r{}, %r{}, %r{}}}", 4 * i + 4, 4 * i + 5,
                       4 * i + 6, 4 * i + 7);
  };
  for (int i = 0; i < 4; ++i)
    fmt::format_to(out, "  ld.global.cg.v4.u32 {}, [%rd8+{}];\n", vector(i),
                   16 * int(kLoopThreads) * i);
  for (int i = 0; i < 4; ++i)
    fmt::format_to(out, "  st.global.cg.v4.u32 [%rd9+{}], {};\n",
                   16 * int(kLoopThreads) * i, vector(i));
  text += "  add.s64 %rd6, %rd6, %rd5;\n  setp.lt.s64 %p0, %rd6, %rd3;\n"
          "  @%p0 bra PIECE;\n"
          "  add.s64 %rd0, %rd0, -1;\n  setp.ne.s64 %p1, %rd0, 0;\n"
          "  @%p1 bra ROUND;\n  ret;\n}\n";
  return text;
}

std::string eqc::gpuLoops() {
  return ".version 6.3\n.target sm_75\n.address_size 64\n\n" +
         begin("empty", "") + "  ret;\n}\n" + multiplyAdds(false) +
         multiplyAdds(true) + copies();
}
