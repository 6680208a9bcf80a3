//===- Decoder.cpp - Statements become instructions -----------------------===//

#include "compiler/Check/Ptx/Operations.h"
#include "compiler/Check/Ptx/Statement.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc::ptx;

namespace {

bool startsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

Fault unsupported(std::string text) {
  return {Error::Kind::Unsupported, std::move(text)};
}

Fault syntax(std::string text) {
  return {Error::Kind::Syntax, std::move(text)};
}

/// Orders of memory, which hold already as threads are executed: they make no
/// barrier, and no race better.
constexpr std::string_view kOrders[] = {
    "membar.cta",
    "membar.gl",
    "membar.sys",
    "fence.acq_rel.cta",
    "fence.acq_rel.gpu",
    "fence.acq_rel.sys",
    "fence.sc.cta",
    "fence.sc.gpu",
    "fence.sc.sys",
    "griddepcontrol.wait",
    "griddepcontrol.launch_dependents",
};

/// Barriers of the block that every thread of a warp passes together.
constexpr std::string_view kAlignedBarriers[] = {"bar.sync", "bar.cta.sync",
                                                 "barrier.sync.aligned",
                                                 "barrier.cta.sync.aligned"};
constexpr std::string_view kBarriers[] = {"barrier.sync", "barrier.cta.sync"};

template <size_t N>
bool isOneOf(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(words, words + N, word) != words + N;
}

} // namespace

std::optional<Fault> Decoder::decode(const Statement &given) {
  statement = &given;
  Instruction i;
  i.line = given.line;
  if (!given.guard.empty()) {
    Register guard;
    if (Result fault = registerOf(given.guard, guard))
      return fault;
    if (guard.width != 1)
      return syntax(fmt::format("'{}' is no predicate", given.guard));
    i.guard = guard.slot;
    i.guardNegated = given.guardNegated;
  }
  if (Result fault = decodeOpcode(i))
    return fault;
  std::vector<std::string> &opcodes = builder.module.opcodes;
  auto known = std::find(opcodes.begin(), opcodes.end(), given.opcode);
  i.opcode = uint32_t(known - opcodes.begin());
  if (known == opcodes.end())
    opcodes.emplace_back(given.opcode);
  builder.function.code.push_back(i);
  return std::nullopt;
}

std::optional<Fault> Decoder::decodeOpcode(Instruction &i) {
  const std::string_view opcode = statement->opcode;
  if (startsWith(opcode, "ld."))
    return decodeMemory(i, /*load=*/true);
  if (startsWith(opcode, "st."))
    return decodeMemory(i, /*load=*/false);
  if (startsWith(opcode, "cp.async."))
    return decodeAsync(i);
  if (startsWith(opcode, "cvta.") || startsWith(opcode, "isspacep."))
    return decodeAddressConversion(i);
  if (opcode == "bra" || opcode == "bra.uni" || opcode == "brx.idx" ||
      opcode == "brx.idx.uni")
    return decodeBranch(i);
  if (opcode == "call" || opcode == "call.uni")
    return decodeCall(i);
  if (isOneOf(opcode, kAlignedBarriers) || isOneOf(opcode, kBarriers))
    return decodeBarrier(i);
  if (startsWith(opcode, "barrier.cluster."))
    return decodeClusterBarrier(i);
  if (startsWith(opcode, "mapa."))
    return decodeMap(i);
  if (startsWith(opcode, "shfl."))
    return decodeShuffle(i);
  if (startsWith(opcode, "vote.") || opcode == "activemask.b32")
    return decodeVote(i);
  if (opcode == "prefetch.global.L1" || opcode == "prefetch.global.L2") {
    i.action = Action::Prefetch;
    if (Result fault = expect(1))
      return fault;
    return address(statement->operands[0], Space::Global, i.a, i.value);
  }
  const bool isReturn = opcode == "ret" || opcode == "ret.uni";
  if (isReturn || opcode == "exit" || opcode == "trap" ||
      isOneOf(opcode, kOrders)) {
    i.action = isReturn           ? Action::Return
               : opcode == "exit" ? Action::Exit
               : opcode == "trap" ? Action::Trap
                                  : Action::Order;
    return expect(0);
  }
  return decodeComputation(i, opcode);
}

std::optional<Fault> Decoder::decodeComputation(Instruction &i,
                                                std::string_view opcode) {
  auto known = operations().find(opcode);
  if (known == operations().end())
    return unsupported(fmt::format("unknown instruction '{}'", opcode));
  const Operation &operation = known->second;
  if (startsWith(opcode, "mov.") && opcode != "mov.pred")
    return decodeMove(i, operation.widths[0]);
  i.action = operation.divides ? Action::Divide : Action::Compute;
  i.compute = operation.compute;
  const std::vector<Operand> &operands = statement->operands;
  if (Result fault = expect(operation.widths.size()))
    return fault;
  uint32_t *const sources[] = {&i.a, &i.b, &i.c, &i.e};
  if (!operation.isConversion) {
    if (Result fault = destination(operands[0], operation.widths[0], i.d))
      return fault;
    for (size_t n = 1; n < operands.size(); ++n)
      if (Result fault =
              source(operands[n], operation.widths[n], *sources[n - 1]))
        return fault;
    return std::nullopt;
  }
  Register result;
  if (operands[0].kind != Operand::Kind::Name)
    return syntax("a conversion needs a register for its result");
  if (Result fault = registerOf(operands[0].name, result))
    return fault;
  if (result.width < operation.widths[0])
    return syntax(fmt::format("'{}' has {} bits, the result {}",
                              operands[0].name, result.width,
                              operation.widths[0]));
  i.d = result.slot;
  i.value = int64_t(~uint64_t(0) >> (64 - result.width));
  return source(operands[1], operation.widths[1], i.a, /*mayBeWider=*/true);
}

std::optional<Fault> Decoder::decodeMove(Instruction &i, uint8_t width) {
  if (Result fault = expect(2))
    return fault;
  const Operand &from = statement->operands[1];
  if (from.kind == Operand::Kind::Vector ||
      statement->operands[0].kind == Operand::Kind::Vector)
    return decodePack(i, width);
  i.action = Action::Compute;
  i.compute = [](uint64_t *slots, const Instruction &i) {
    slots[i.d] = slots[i.a];
  };
  if (Result fault = destination(statement->operands[0], width, i.d))
    return fault;
  return source(from, width, i.a);
}

/// mov between a register and the registers of its halves or quarters.
std::optional<Fault> Decoder::decodePack(Instruction &i, uint8_t width) {
  const Operand &to = statement->operands[0], &from = statement->operands[1];
  const bool packs = from.kind == Operand::Kind::Vector;
  const std::vector<Operand> &parts = packs ? from.elements : to.elements;
  if ((packs && to.kind == Operand::Kind::Vector) ||
      (parts.size() != 2 && parts.size() != 4) || width / parts.size() < 16)
    return unsupported("a mov of a vector joins or parts two or four of "
                       "at least 16 bits");
  const unsigned partWidth = width / unsigned(parts.size());
  std::vector<uint32_t> slots(parts.size());
  for (size_t n = 0; n < parts.size(); ++n)
    if (Result fault = packs ? source(parts[n], partWidth, slots[n])
                             : destination(parts[n], partWidth, slots[n]))
      return fault;
  i.action = Action::Compute;
  i.value = partWidth;
  i.count = uint8_t(parts.size());
  if (packs) {
    i.a = slots[0], i.b = slots[1];
    i.c = slots.size() > 2 ? slots[2] : 0,
    i.e = slots.size() > 2 ? slots[3] : 0;
    i.compute = [](uint64_t *slots, const Instruction &i) {
      uint64_t all = slots[i.a] | slots[i.b] << i.value;
      if (i.count == 4)
        all |= slots[i.c] << (2 * i.value) | slots[i.e] << (3 * i.value);
      slots[i.d] = all;
    };
    return destination(to, width, i.d);
  }
  i.d = slots[0], i.b = slots[1];
  i.c = slots.size() > 2 ? slots[2] : 0, i.e = slots.size() > 2 ? slots[3] : 0;
  i.compute = [](uint64_t *slots, const Instruction &i) {
    const uint64_t all = slots[i.a];
    const uint64_t mask = ~uint64_t(0) >> (64 - i.value);
    slots[i.d] = all & mask;
    slots[i.b] = all >> i.value & mask;
    if (i.count == 4) {
      slots[i.c] = all >> (2 * i.value) & mask;
      slots[i.e] = all >> (3 * i.value) & mask;
    }
  };
  return source(from, width, i.a);
}

std::optional<Fault> Decoder::decodeBarrier(Instruction &i) {
  i.action = Action::Barrier;
  i.aligned = isOneOf(statement->opcode, kAlignedBarriers);
  const std::vector<Operand> &operands = statement->operands;
  if (operands.empty() || operands.size() > 2)
    return syntax("a barrier has a number, and perhaps a count of threads");
  // Without a count all threads of the block take part: 0 stands for them.
  i.b = builder.constant(0);
  if (operands.size() == 2)
    if (Result fault = source(operands[1], 32, i.b))
      return fault;
  return source(operands[0], 32, i.a);
}

/// What was done before is seen after, as it is unless the text says otherwise.
std::optional<Fault> Decoder::decodeClusterBarrier(Instruction &i) {
  static constexpr std::string_view kArrivals[] = {
      "barrier.cluster.arrive.aligned",
      "barrier.cluster.arrive.release.aligned", "barrier.cluster.arrive",
      "barrier.cluster.arrive.release"};
  static constexpr std::string_view kWaits[] = {
      "barrier.cluster.wait.aligned", "barrier.cluster.wait.acquire.aligned",
      "barrier.cluster.wait", "barrier.cluster.wait.acquire"};
  const std::string_view opcode = statement->opcode;
  const bool arrives = isOneOf(opcode, kArrivals);
  if (!arrives && !isOneOf(opcode, kWaits))
    return unsupported(fmt::format("unknown instruction '{}'", opcode));
  i.action = arrives ? Action::ArriveCluster : Action::WaitCluster;
  i.aligned = opcode.find("aligned") != std::string_view::npos;
  i.a = i.b = builder.constant(0);
  return expect(0);
}

template <size_t N>
std::optional<Fault> Decoder::modeOf(const std::string_view (&modes)[N],
                                     uint8_t &mode) const {
  const auto *found = std::find(modes, modes + N, statement->opcode);
  if (found == modes + N)
    return unsupported(
        fmt::format("unknown instruction '{}'", statement->opcode));
  mode = uint8_t(found - modes);
  return std::nullopt;
}

std::optional<Fault> Decoder::decodeShuffle(Instruction &i) {
  static constexpr std::string_view kModes[] = {
      "shfl.sync.up.b32", "shfl.sync.down.b32", "shfl.sync.bfly.b32",
      "shfl.sync.idx.b32"};
  if (Result fault = modeOf(kModes, i.mode))
    return fault;
  i.action = Action::Shuffle;
  if (Result fault = expect(5))
    return fault;
  const std::vector<Operand> &operands = statement->operands;
  Register inRange{builder.sink(), 1};
  if (!operands[0].alsoName.empty())
    if (Result fault = registerOf(operands[0].alsoName, inRange))
      return fault;
  if (inRange.width != 1)
    return syntax(fmt::format("'{}' is no predicate", operands[0].alsoName));
  uint32_t members;
  if (Result fault = source(operands[4], 32, members))
    return fault;
  i.list = builder.addList({inRange.slot});
  i.e = members;
  Operand to = operands[0];
  to.alsoName = {};
  if (Result fault = destination(to, 32, i.d))
    return fault;
  if (Result fault = source(operands[1], 32, i.a))
    return fault;
  if (Result fault = source(operands[2], 32, i.b))
    return fault;
  return source(operands[3], 32, i.c);
}

std::optional<Fault> Decoder::decodeVote(Instruction &i) {
  static constexpr std::string_view kModes[] = {
      "vote.sync.all.pred", "vote.sync.any.pred", "vote.sync.uni.pred",
      "vote.sync.ballot.b32"};
  if (statement->opcode == "activemask.b32") {
    i.action = Action::ActiveMask;
    if (Result fault = expect(1))
      return fault;
    return destination(statement->operands[0], 32, i.d);
  }
  if (Result fault = modeOf(kModes, i.mode))
    return fault;
  i.action = Action::Vote;
  if (Result fault = expect(3))
    return fault;
  const bool ballot = i.mode == uint8_t(VoteMode::Ballot);
  if (Result fault = destination(statement->operands[0], ballot ? 32 : 1, i.d))
    return fault;
  if (Result fault = source(statement->operands[1], 1, i.a))
    return fault;
  return source(statement->operands[2], 32, i.e);
}

std::optional<Fault> Decoder::expect(size_t operands) {
  if (statement->operands.size() == operands)
    return std::nullopt;
  return syntax(fmt::format("'{}' has {} operands, not {}", statement->opcode,
                            operands, statement->operands.size()));
}

std::optional<Fault> Decoder::registerOf(std::string_view name,
                                         Register &result) {
  const std::optional<Register> found = builder.findRegister(name);
  if (!found)
    return syntax(fmt::format("unknown register '{}'", name));
  result = *found;
  return std::nullopt;
}

std::optional<Fault> Decoder::source(const Operand &operand, unsigned width,
                                     uint32_t &slot, bool mayBeWider) {
  if (!operand.alsoName.empty())
    return syntax("two registers are no source");
  if (operand.kind == Operand::Kind::Number) {
    uint64_t bits = operand.value;
    if (width == 1)
      bits = bits != 0;
    else
      bits &= ~uint64_t(0) >> (64 - width);
    // Nothing may be lost: neither bits of a number, nor those of a sign.
    const bool fits = width == 1 || bits == operand.value ||
                      (!operand.isFloat && int64_t(operand.value) < 0 &&
                       int64_t(operand.value) >= -(int64_t(1) << (width - 1)));
    if (!fits)
      return syntax(fmt::format("number of more than {} bits", width));
    slot = builder.constant(bits);
    return std::nullopt;
  }
  if (operand.kind != Operand::Kind::Name)
    return syntax("expected a register or a number");
  const std::optional<Register> found = builder.findRegister(operand.name);
  if (found && operand.value == 0) {
    if (mayBeWider ? found->width < width : found->width != width)
      return syntax(fmt::format("'{}' has {} bits, the operand {}",
                                operand.name, found->width, width));
    slot = found->slot;
    return std::nullopt;
  }
  const Variable *variable = builder.findVariable(operand.name);
  if (found || !variable)
    return syntax(fmt::format("unknown name '{}'", operand.name));
  const uint64_t place = variable->address + operand.value;
  if (width < 32 || place >> 1 >> (width - 1) != 0)
    return syntax(fmt::format("the address of '{}' has more than {} bits",
                              operand.name, width));
  slot = builder.constant(place);
  return std::nullopt;
}

std::optional<Fault> Decoder::destination(const Operand &operand,
                                          unsigned width, uint32_t &slot) {
  if (operand.kind == Operand::Kind::Sink) {
    slot = builder.sink();
    return std::nullopt;
  }
  if (operand.kind != Operand::Kind::Name || !operand.alsoName.empty())
    return syntax("expected a register for the result");
  Register result;
  if (Result fault = registerOf(operand.name, result))
    return fault;
  if (result.width != width)
    return syntax(fmt::format("'{}' has {} bits, the result {}", operand.name,
                              result.width, width));
  if (result.isSpecial)
    return syntax(fmt::format("'{}' cannot be written", operand.name));
  slot = result.slot;
  return std::nullopt;
}
