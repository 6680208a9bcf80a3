//===- Support.h - Small kernels for tests ----------------------*- C++ -*-===//

#ifndef EQC_TEST_PTX_SUPPORT_H
#define EQC_TEST_PTX_SUPPORT_H

#include "compiler/Check/Ptx/Interpreter.h"

#include <gtest/gtest.h>

namespace eqc::ptx {

inline std::string header() {
  return ".version 8.0\n.target sm_80\n.address_size 64\n";
}

/// A file with kernel `f`, whose parameters are pointers or numbers of 64 bits
/// `p0`, `p1`, .. They are in %rd0, %rd1, .. The body begins in line 1 after
/// `declarations`, which stand on the first line with all before it.
inline std::string kernelText(unsigned parameters, const std::string &body,
                              const std::string &declarations = "") {
  std::string text = ".version 8.0 .target sm_80 .address_size 64 " +
                     declarations + " .visible .entry f(";
  for (unsigned n = 0; n < parameters; ++n)
    text += (n ? ", .param .b64 p" : ".param .b64 p") + std::to_string(n);
  text += ") { .reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<40>; "
          ".reg .b64 %rd<40>;";
  for (unsigned n = 0; n < parameters; ++n) {
    const std::string i = std::to_string(n);
    text += " ld.param.b64 %rd" + i + ", [p" + i + "];";
  }
  return text + "\n" + body + "\nret; }\n";
}

inline Module parseOrFail(std::string_view text) {
  Error error;
  std::optional<Module> module = parse(text, error);
  EXPECT_TRUE(module) << error.message();
  return module ? std::move(*module) : Module();
}

inline Error parseError(std::string_view text) {
  Error error;
  EXPECT_FALSE(parse(text, error));
  return error;
}

/// A launch of `f` with numbers or addresses as parameters.
inline Launch launchOf(std::initializer_list<uint64_t> arguments,
                       uint32_t threads = 1, uint32_t blocks = 1) {
  Launch launch;
  launch.kernel = "f";
  launch.block.x = threads;
  launch.grid.x = blocks;
  Arguments bytes;
  for (uint64_t argument : arguments)
    bytes.add(argument);
  launch.arguments = bytes.bytes;
  return launch;
}

constexpr Order kOrders[] = {Order::Forwards, Order::Backwards,
                             Order::Shuffled};

/// Runs `launch` in every order, which must end alike; the first report.
inline Report runInAllOrders(const Module &module, Launch launch,
                             Memory &memory) {
  std::optional<Report> first;
  for (Order order : kOrders) {
    launch.order = order;
    Report report = run(module, launch, memory);
    if (!first) {
      first = std::move(report);
      continue;
    }
    EXPECT_EQ(report.error.has_value(), first->error.has_value());
    if (report.error && first->error)
      EXPECT_EQ(report.error->kind, first->error->kind)
          << report.error->message() << "\n"
          << first->error->message();
  }
  return std::move(*first);
}

/// What an opcode makes of `sources`. `registers` has a letter for the result
/// and each source: p predicate, h 16 bits, r 32, d 64. More text for the end
/// of the operands in `rest`.
uint64_t evaluate(const std::string &opcode, const std::string &registers,
                  const std::vector<uint64_t> &sources,
                  const std::string &rest = "");

} // namespace eqc::ptx

#endif // EQC_TEST_PTX_SUPPORT_H
