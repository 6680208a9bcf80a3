//===- Module.cpp - PTX, ready to be executed -----------------------------===//

#include "compiler/Check/Ptx/Module.h"

#include <algorithm>

using namespace eqc::ptx;

std::string_view eqc::ptx::nameOf(Space space) {
  switch (space) {
  case Space::Generic:
    return "generic";
  case Space::Global:
    return "global";
  case Space::Shared:
    return "shared";
  case Space::Const:
    return "constant";
  case Space::Local:
    return "local";
  case Space::Param:
    return "parameter";
  case Space::Cluster:
    return "a cluster's shared";
  }
  return "";
}

const Function *Module::kernel(std::string_view name) const {
  for (const Function &function : functions)
    if (function.isKernel && function.name == name)
      return &function;
  return nullptr;
}

std::pair<const Function *, const Instruction *>
Module::instruction(uint32_t index) const {
  auto after = std::find_if(
      functions.begin(), functions.end(), [&](const Function &function) {
        return function.firstInstruction + function.code.size() > index;
      });
  return {&*after, &after->code[index - after->firstInstruction]};
}

uint32_t Module::instructionCount() const {
  return functions.empty() ? 0
                           : functions.back().firstInstruction +
                                 uint32_t(functions.back().code.size());
}

std::string_view Module::lineText(unsigned line) const {
  return line == 0 || line > lines.size() ? std::string_view()
                                          : std::string_view(lines[line - 1]);
}
