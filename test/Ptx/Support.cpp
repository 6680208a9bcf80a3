//===- Support.cpp - Small kernels for tests ------------------------------===//

#include "test/Ptx/Support.h"

#include <fmt/format.h>

using namespace eqc::ptx;

uint64_t eqc::ptx::evaluate(const std::string &opcode,
                            const std::string &registers,
                            const std::vector<uint64_t> &sources,
                            const std::string &rest) {
  auto typeOf = [](char letter) {
    return letter == 'h' ? "b16" : letter == 'd' ? "b64" : "b32";
  };
  std::string text = header() +
                     ".visible .entry f(.param .b64 out) {\n"
                     ".reg .pred %p<9>; .reg .b16 %h<9>; .reg .b32 %r<9>;\n"
                     ".reg .b64 %d<9>; .reg .b64 %out;\n"
                     "ld.param.b64 %out, [out];\n";
  std::string operands;
  for (size_t n = 0; n < registers.size(); ++n) {
    const char letter = registers[n];
    operands += fmt::format("{}%{}{}", n ? ", " : "", letter, n);
    if (n == 0)
      continue;
    const uint64_t bits = sources[n - 1];
    if (letter == 'p')
      text += fmt::format("setp.ne.b32 %p{}, {}, 0;\n", n, bits);
    else
      text += fmt::format("mov.{} %{}{}, {:#x};\n", typeOf(letter), letter, n,
                          bits);
  }
  text += fmt::format("{} {}{};\n", opcode, operands, rest);
  std::string result = fmt::format("%{}0", registers[0]);
  if (registers[0] == 'p') {
    text += "selp.b32 %r0, 1, 0, %p0;\n";
    result = "%r0";
  }
  text += fmt::format("st.global.{} [%out], {};\nret; }}\n",
                      typeOf(registers[0]), result);
  const Module module = parseOrFail(text);
  uint64_t value = 0;
  Memory memory;
  const uint64_t out = memory.add("out", &value, sizeof value);
  const Report report = run(module, launchOf({out}), memory);
  EXPECT_FALSE(report.error) << report.error->message();
  return value;
}
