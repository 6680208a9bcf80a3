//===- DecodeMemory.cpp - Accesses, addresses, branches and calls ---------===//

#include "compiler/Check/Ptx/Statement.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc::ptx;

namespace {

Fault unsupported(std::string text) {
  return {Error::Kind::Unsupported, std::move(text)};
}

Fault syntax(std::string text) {
  return {Error::Kind::Syntax, std::move(text)};
}

/// The next part of an opcode, with what follows `.`; empty at the end.
std::string_view takePart(std::string_view &rest) {
  if (rest.empty())
    return {};
  const size_t end = std::min(rest.find('.'), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::optional<Space> spaceOf(std::string_view word) {
  if (word == "global")
    return Space::Global;
  if (word == "shared" || word == "shared::cta")
    return Space::Shared;
  if (word == "shared::cluster")
    return Space::Cluster;
  if (word == "const")
    return Space::Const;
  if (word == "local")
    return Space::Local;
  if (word == "param")
    return Space::Param;
  return std::nullopt;
}

/// Wishes for caches, which change no value.
constexpr std::string_view kCacheHints[] = {
    "volatile",
    "weak",
    "ca",
    "cg",
    "cs",
    "lu",
    "cv",
    "wb",
    "wt",
    "L1::evict_normal",
    "L1::evict_unchanged",
    "L1::evict_first",
    "L1::evict_last",
    "L1::no_allocate",
    "L2::evict_normal",
    "L2::evict_first",
    "L2::evict_last",
    "L2::64B",
    "L2::128B",
    "L2::256B",
};

} // namespace

/// ld and st: .space? .hint* .vN? .type
std::optional<Fault> Decoder::decodeMemory(Instruction &i, bool load) {
  i.action = load ? Action::Load : Action::Store;
  std::string_view rest = statement->opcode.substr(3), type;
  while (true) {
    const std::string_view part = takePart(rest);
    if (rest.empty()) {
      type = part;
      break;
    }
    if (const std::optional<Space> space = spaceOf(part);
        space && i.space == Space::Generic)
      i.space = *space;
    else if (part == "nc" && load && i.space == Space::Global)
      i.readOnly = true;
    else if (i.count == 1 && (part == "v2" || part == "v4" || part == "v8"))
      i.count = uint8_t(part[1] - '0');
    else if (std::find(std::begin(kCacheHints), std::end(kCacheHints), part) ==
             std::end(kCacheHints))
      return unsupported(fmt::format("unknown modifier '.{}'", part));
  }
  if (type == "b8" || type == "u8" || type == "s8")
    i.bytes = 1;
  else if (type == "b16" || type == "u16" || type == "s16")
    i.bytes = 2;
  else if (type == "b32" || type == "u32" || type == "s32" || type == "f32")
    i.bytes = 4;
  else if (type == "b64" || type == "u64" || type == "s64" || type == "f64")
    i.bytes = 8;
  else
    return unsupported(fmt::format("unknown type '.{}'", type));
  i.isSigned = type[0] == 's';
  if (unsigned(i.bytes) * i.count > 32)
    return unsupported("accesses have at most 32 bytes");
  if (!load && i.space == Space::Const)
    return syntax("constant memory cannot be written");
  if (!load && i.bytes < 4 && i.space != Space::Param &&
      i.space != Space::Local)
    builder.module.storesParts = true;

  if (Result fault = expect(2))
    return fault;
  const Operand &values = statement->operands[load ? 0 : 1];
  const bool isVector = values.kind == Operand::Kind::Vector;
  if (isVector != (i.count > 1) ||
      (isVector && values.elements.size() != i.count))
    return syntax(fmt::format("expected {} values", i.count));
  std::vector<uint32_t> slots;
  uint8_t width = 0;
  for (size_t n = 0; n < i.count; ++n) {
    const Operand &value = isVector ? values.elements[n] : values;
    slots.push_back(0);
    if (load && value.kind == Operand::Kind::Sink) {
      slots.back() = builder.sink();
      continue;
    }
    if (!load && value.kind == Operand::Kind::Number) {
      if (Result fault = source(value, i.bytes * 8U, slots.back()))
        return fault;
      continue;
    }
    // A register may be wider than what is moved.
    Register found;
    if (value.kind != Operand::Kind::Name)
      return syntax("expected a register");
    if (Result fault = registerOf(value.name, found))
      return fault;
    if (load && found.isSpecial)
      return syntax(fmt::format("'{}' cannot be written", value.name));
    if (found.width < i.bytes * 8 || (width != 0 && width != found.width))
      return syntax(fmt::format("'{}' has {} bits", value.name, found.width));
    width = found.width;
    slots.back() = found.slot;
  }
  i.list = builder.addList(slots);
  // Where a loaded number with a sign is extended to.
  i.mode = width;
  return address(statement->operands[load ? 1 : 0], i.space, i.a, i.value);
}

std::optional<Fault> Decoder::address(const Operand &operand, Space space,
                                      uint32_t &base, int64_t &offset) {
  if (operand.kind != Operand::Kind::Address)
    return syntax("expected an address in brackets");
  offset = int64_t(operand.value);
  if (operand.name.empty()) {
    base = builder.constant(0);
    return std::nullopt;
  }
  if (const std::optional<Register> found =
          builder.findRegister(operand.name)) {
    if (found->width < 32)
      return syntax(
          fmt::format("'{}' is too small for an address", operand.name));
    base = found->slot;
    return std::nullopt;
  }
  const Variable *variable = space == Space::Param
                                 ? builder.findParam(operand.name)
                                 : builder.findVariable(operand.name);
  if (!variable)
    return syntax(fmt::format("unknown name '{}'", operand.name));
  if (variable->space != space)
    return syntax(fmt::format("'{}' lies in {} memory, not in {}", operand.name,
                              nameOf(variable->space), nameOf(space)));
  base = builder.constant(variable->address);
  return std::nullopt;
}

/// cvta.space, cvta.to.space and isspacep.space.
std::optional<Fault> Decoder::decodeAddressConversion(Instruction &i) {
  std::string_view rest = statement->opcode;
  const bool tests = takePart(rest) == "isspacep";
  std::string_view part = takePart(rest);
  const bool fromGeneric = part == "to";
  if (fromGeneric)
    part = takePart(rest);
  const std::optional<Space> space = spaceOf(part);
  if (!space || *space == Space::Param || *space == Space::Cluster ||
      (tests && fromGeneric) || rest != (tests ? "" : "u64"))
    return unsupported(
        fmt::format("unknown instruction '{}'", statement->opcode));
  if (Result fault = expect(2))
    return fault;
  i.action = Action::Compute;
  i.value = int64_t(windowOf(*space));
  if (tests) {
    i.compute = [](uint64_t *slots, const Instruction &i) {
      const uint64_t window = slots[i.a] >> 60 << 60;
      // Arrays of modules are global as well.
      slots[i.d] = (window == kModuleGlobals ? 0 : window) == uint64_t(i.value);
    };
  } else {
    if (fromGeneric)
      i.value = -i.value;
    i.compute = [](uint64_t *slots, const Instruction &i) {
      slots[i.d] = slots[i.a] + uint64_t(i.value);
    };
  }
  if (Result fault = destination(statement->operands[0], tests ? 1 : 64, i.d))
    return fault;
  return source(statement->operands[1], 64, i.a);
}

/// mapa.shared::cluster: where an address of this block's shared memory is in
/// that of another block of the cluster.
std::optional<Fault> Decoder::decodeMap(Instruction &i) {
  if (statement->opcode != "mapa.shared::cluster.u64")
    return unsupported(
        fmt::format("unknown instruction '{}'", statement->opcode));
  if (Result fault = expect(3))
    return fault;
  i.action = Action::Compute;
  i.compute = [](uint64_t *slots, const Instruction &i) {
    slots[i.d] =
        slots[i.a] % kBlockWindow + slots[i.b] * kBlockWindow + kMapped;
  };
  if (Result fault = destination(statement->operands[0], 64, i.d))
    return fault;
  if (Result fault = source(statement->operands[1], 64, i.a))
    return fault;
  return source(statement->operands[2], 32, i.b);
}

std::optional<Fault> Decoder::decodeAsync(Instruction &i) {
  const std::string_view opcode = statement->opcode;
  if (opcode == "cp.async.commit_group") {
    i.action = Action::CommitAsync;
    return expect(0);
  }
  if (opcode == "cp.async.wait_all" || opcode == "cp.async.wait_group") {
    i.action = Action::WaitAsync;
    const bool all = opcode == "cp.async.wait_all";
    i.mode = all;
    if (Result fault = expect(all ? 0 : 1))
      return fault;
    i.a = builder.constant(0);
    return all ? std::nullopt : source(statement->operands[0], 32, i.a);
  }
  std::string_view rest = opcode.substr(std::string_view("cp.async.").size());
  const std::string_view cache = takePart(rest);
  const std::string_view to = takePart(rest);
  const std::string_view from = takePart(rest);
  if ((cache != "ca" && cache != "cg") ||
      spaceOf(to) != std::optional(Space::Shared) || from != "global" ||
      !rest.empty())
    return unsupported(fmt::format("unknown instruction '{}'", opcode));
  const std::vector<Operand> &operands = statement->operands;
  if (operands.size() != 3 && operands.size() != 4)
    return syntax("cp.async has three or four operands");
  if (operands[2].kind != Operand::Kind::Number)
    return syntax("expected the number of bytes");
  const uint64_t bytes = operands[2].value;
  if (bytes != 16 && (cache == "cg" || (bytes != 4 && bytes != 8)))
    return syntax(
        fmt::format("cp.async.{} cannot copy {} bytes", cache, bytes));
  i.action = Action::CopyAsync;
  i.bytes = uint8_t(bytes);
  // Of the source fewer bytes may be read; zeros follow them.
  i.c = builder.constant(bytes);
  if (operands.size() == 4)
    if (Result fault = source(operands[3], 32, i.c))
      return fault;
  int64_t sourceOffset = 0;
  if (Result fault = address(operands[1], Space::Global, i.b, sourceOffset))
    return fault;
  i.list = builder.addList({builder.constant(uint64_t(sourceOffset))});
  return address(operands[0], Space::Shared, i.a, i.value);
}

std::optional<Fault> Decoder::decodeBranch(Instruction &i) {
  const bool isTable = statement->opcode.substr(0, 3) == "brx";
  i.action = isTable ? Action::BranchTable : Action::Branch;
  if (Result fault = expect(isTable ? 2 : 1))
    return fault;
  if (isTable)
    if (Result fault = source(statement->operands[0], 32, i.a))
      return fault;
  const Operand &target = statement->operands.back();
  if (target.kind != Operand::Kind::Name)
    return syntax("expected a label");
  (isTable ? tables : branches)
      .push_back({statement->line, std::string(target.name),
                  uint32_t(builder.function.code.size())});
  return std::nullopt;
}

/// call (results), function, (arguments): results and arguments are arrays in
/// parameter space. Where they go is known when all functions are.
std::optional<Fault> Decoder::decodeCall(Instruction &i) {
  i.action = Action::Call;
  CallSite site;
  const Operand *callee = nullptr;
  for (const Operand &operand : statement->operands) {
    if (operand.kind == Operand::Kind::Name && !callee) {
      callee = &operand;
      continue;
    }
    if (operand.kind != Operand::Kind::List)
      return unsupported("only calls of named functions are known");
    for (const Operand &element : operand.elements) {
      const Variable *param = builder.findParam(element.name);
      if (!param)
        return unsupported("arguments of calls are arrays of .param");
      (callee ? site.arguments : site.results)
          .push_back({param->address, param->address, param->bytes});
    }
  }
  if (!callee)
    return syntax("call of nothing");
  i.value = int64_t(builder.function.calls.size());
  calls.push_back({statement->line, std::string(callee->name),
                   uint32_t(builder.function.code.size())});
  builder.function.calls.push_back(std::move(site));
  return std::nullopt;
}
