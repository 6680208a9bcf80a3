//===- FunctionBuilder.cpp - Names of a body become slots -----------------===//

#include "compiler/Check/Ptx/FunctionBuilder.h"
#include "compiler/Check/Ptx/Lexer.h"

using namespace eqc::ptx;

namespace {

/// What a register holds that nothing was written to: a NaN in both
/// precisions, and an address that nothing has.
uint64_t unwritten(uint8_t width) {
  const uint64_t bits = 0x7FF7DEAD7FF7DEAD;
  return width == 1 ? 0 : bits & (~uint64_t(0) >> (64 - width));
}

/// Registers of the machine: name, meaning, bits.
struct SpecialName {
  std::string_view name;
  Special special;
};
constexpr SpecialName kSpecials[] = {
    {"%tid.x", Special::TidX},
    {"%tid.y", Special::TidY},
    {"%tid.z", Special::TidZ},
    {"%ntid.x", Special::NtidX},
    {"%ntid.y", Special::NtidY},
    {"%ntid.z", Special::NtidZ},
    {"%ctaid.x", Special::CtaidX},
    {"%ctaid.y", Special::CtaidY},
    {"%ctaid.z", Special::CtaidZ},
    {"%nctaid.x", Special::NctaidX},
    {"%nctaid.y", Special::NctaidY},
    {"%nctaid.z", Special::NctaidZ},
    {"%laneid", Special::LaneId},
    {"%warpid", Special::WarpId},
    {"%lanemask_eq", Special::LanemaskEq},
    {"%lanemask_lt", Special::LanemaskLt},
    {"%lanemask_le", Special::LanemaskLe},
    {"%lanemask_gt", Special::LanemaskGt},
    {"%lanemask_ge", Special::LanemaskGe},
    {"%dynamic_smem_size", Special::DynamicSmemSize},
    {"%cluster_ctaid.x", Special::ClusterCtaidX},
    {"%cluster_ctarank", Special::ClusterCtaidX},
    {"%cluster_nctaid.x", Special::ClusterNctaidX},
    {"%cluster_nctarank", Special::ClusterNctaidX},
};

} // namespace

FunctionBuilder::FunctionBuilder(Module &module, Function &function,
                                 const Names &globals)
    : module(module), function(function), globals(globals) {
  scopes.emplace_back();
  // Slot 0, the predicate of instructions without one.
  constants[1] = newSlot(1);
}

uint32_t FunctionBuilder::newSlot(uint64_t bits) {
  function.slots.push_back(bits);
  return uint32_t(function.slots.size() - 1);
}

bool FunctionBuilder::declareRegister(std::string_view name, uint8_t width) {
  return scopes.back()
      .registers.emplace(name, Register{newSlot(unwritten(width)), width})
      .second;
}

bool FunctionBuilder::declareRegisters(std::string_view prefix, uint8_t width,
                                       uint64_t count) {
  return scopes.back()
      .ranges.emplace(prefix, std::make_pair(width, count))
      .second;
}

bool FunctionBuilder::declareVariable(std::string_view name,
                                      uint32_t variable) {
  return scopes.back().variables.emplace(name, variable).second;
}

bool FunctionBuilder::declareParam(Variable variable) {
  variable.space = Space::Param;
  uint64_t &size = function.paramSpaceBytes;
  size =
      (size + variable.alignment - 1) / variable.alignment * variable.alignment;
  variable.address = size;
  size += variable.bytes;
  function.paramVariables.push_back(variable);
  return scopes.back()
      .params
      .emplace(variable.name, uint32_t(function.paramVariables.size() - 1))
      .second;
}

std::optional<Register> FunctionBuilder::findRegister(std::string_view name) {
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  const std::string_view prefix = name.substr(0, digits);
  const std::string_view number = name.substr(digits);
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    auto known = scope->registers.find(name);
    if (known != scope->registers.end())
      return known->second;
    auto range = scope->ranges.find(prefix);
    if (range == scope->ranges.end() || number.empty() ||
        (number.size() > 1 && number[0] == '0'))
      continue;
    const auto [width, count] = range->second;
    const std::optional<uint64_t> index = numberBits(number);
    if (!index || *index >= count)
      continue;
    return scope->registers
        .emplace(name, Register{newSlot(unwritten(width)), width})
        .first->second;
  }
  return findSpecial(name);
}

std::optional<Register> FunctionBuilder::findSpecial(std::string_view name) {
  auto known = specials.find(name);
  if (known != specials.end())
    return known->second;
  for (const SpecialName &special : kSpecials) {
    if (special.name != name)
      continue;
    const Register result{newSlot(0), 32, /*isSpecial=*/true};
    function.specials.emplace_back(result.slot, special.special);
    specials.emplace(name, result);
    return result;
  }
  return std::nullopt;
}

const Variable *FunctionBuilder::findVariable(std::string_view name) {
  std::optional<uint32_t> index;
  for (auto scope = scopes.rbegin(); scope != scopes.rend() && !index;
       ++scope) {
    auto known = scope->variables.find(name);
    if (known != scope->variables.end())
      index = known->second;
  }
  auto global = globals.find(name);
  if (!index && global != globals.end())
    index = global->second;
  if (!index)
    return nullptr;
  const Variable &found = module.variables[*index];
  if (found.dynamic) {
    function.usesDynamicShared = true;
  } else if (found.space == Space::Shared &&
             namedShared.insert(*index).second) {
    // Side by side, as an assembler lays them out.
    uint64_t &size = function.staticSharedBytes;
    size = (size + found.alignment - 1) / found.alignment * found.alignment;
    size += found.bytes;
  }
  return &found;
}

const Variable *FunctionBuilder::findParam(std::string_view name) const {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
    auto variable = scope->params.find(name);
    if (variable != scope->params.end())
      return &function.paramVariables[variable->second];
  }
  return nullptr;
}

uint32_t FunctionBuilder::constant(uint64_t bits) {
  auto known = constants.find(bits);
  if (known != constants.end())
    return known->second;
  return constants[bits] = newSlot(bits);
}

uint32_t FunctionBuilder::sink() {
  if (!sinkSlot)
    sinkSlot = newSlot(0);
  return *sinkSlot;
}

uint32_t FunctionBuilder::addList(const std::vector<uint32_t> &slots) {
  function.lists.insert(function.lists.end(), slots.begin(), slots.end());
  return uint32_t(function.lists.size() - slots.size());
}
