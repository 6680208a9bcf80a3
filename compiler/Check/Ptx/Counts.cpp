//===- Counts.cpp - What was executed how often ---------------------------===//

#include "compiler/Check/Ptx/Executor.h"
#include "compiler/Check/Ptx/Operations.h"

using namespace eqc::ptx;

uint64_t Counts::of(std::string_view prefix) const {
  uint64_t sum = 0;
  for (auto entry = opcodes.lower_bound(prefix);
       entry != opcodes.end() &&
       entry->first.compare(0, prefix.size(), prefix) == 0;
       ++entry)
    sum += entry->second;
  return sum;
}

void Executor::count() {
  std::vector<uint64_t> byOpcode(module.opcodes.size());
  for (const Function &function : module.functions)
    for (size_t n = 0; n < function.code.size(); ++n) {
      const uint64_t times = executed[function.firstInstruction + n];
      if (times == 0)
        continue;
      report.counts.instructions += times;
      byOpcode[function.code[n].opcode] += times;
      report.counts.lines[function.code[n].line] += times;
    }
  for (size_t n = 0; n < byOpcode.size(); ++n) {
    const std::string &opcode = module.opcodes[n];
    if (byOpcode[n] != 0)
      report.counts.opcodes[opcode] = byOpcode[n];
    auto operation = operations().find(opcode);
    if (operation == operations().end())
      continue;
    const bool isDouble = opcode.compare(opcode.size() - 3, 3, "f64") == 0;
    (isDouble ? report.counts.fmasF64 : report.counts.fmasF32) +=
        byOpcode[n] * operation->second.fmas;
  }
}

std::optional<Loop> eqc::ptx::hottestLoop(const Module &module,
                                          const Counts &counts) {
  std::optional<Loop> hottest;
  for (const Function &function : module.functions) {
    // Loops end with a branch back. LLVM lays the blocks of a loop out one
    // after another; one without another loop inside is innermost.
    const std::vector<Instruction> &code = function.code;
    size_t afterLast = 0;
    for (size_t end = 0; end < code.size(); ++end) {
      if (code[end].action != Action::Branch || size_t(code[end].value) > end)
        continue;
      const size_t start = size_t(code[end].value);
      const bool isInnermost = start >= afterLast;
      afterLast = end + 1;
      if (!isInnermost)
        continue;
      Loop loop;
      loop.firstLine = code[start].line;
      loop.lastLine = code[end].line;
      for (size_t n = start; n <= end; ++n) {
        auto times = counts.lines.find(code[n].line);
        if (times == counts.lines.end())
          continue;
        loop.instructions += times->second;
        auto operation = operations().find(module.opcodes[code[n].opcode]);
        if (operation != operations().end() && operation->second.fmas != 0)
          loop.fmas += times->second;
      }
      if (loop.instructions != 0 &&
          (!hottest || loop.instructions > hottest->instructions))
        hottest = loop;
    }
  }
  return hottest;
}
