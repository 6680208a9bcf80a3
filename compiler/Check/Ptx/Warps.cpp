//===- Warps.cpp - What the threads of a warp do together -----------------===//

#include "compiler/Check/Ptx/Executor.h"

#include <fmt/format.h>

using namespace eqc::ptx;

/// Lets threads go on that wait for others of their warp. Where no thread of a
/// block can go on, those that still wait do so for ever.
bool Executor::passCollectives(bool &progress) {
  for (uint32_t first = 0; first < threadCount; first += kWarp)
    for (uint32_t t = first; t < threadCount && t < first + kWarp; ++t)
      if (threads[t].state == Thread::State::AtCollective &&
          threads[t].instruction().action != Action::ActiveMask &&
          !passCollective(first, t, progress))
        return false;
  if (progress)
    return true;
  // Which threads are together is left open: as many as there are.
  for (uint32_t first = 0; first < threadCount; first += kWarp)
    for (uint32_t t = first; t < threadCount && t < first + kWarp; ++t)
      if (threads[t].state == Thread::State::AtCollective &&
          threads[t].instruction().action == Action::ActiveMask) {
        passActiveMask(first, t);
        progress = true;
      }
  if (progress)
    return true;
  for (Thread &thread : threads) {
    if (thread.state != Thread::State::AtCollective)
      continue;
    const Instruction &i = thread.instruction();
    const uint64_t members = thread.frame().slots[i.e];
    const uint32_t first = thread.index / kWarp * kWarp;
    for (uint32_t lane = 0; lane < kWarp && first + lane < threadCount;
         ++lane) {
      Thread &other = threads[first + lane];
      const bool isThere = other.state == Thread::State::AtCollective &&
                           &other.instruction() == &i &&
                           other.frame().slots[i.e] == members;
      if ((members >> lane & 1) && !isThere)
        return failWhere(
            thread, i, Error::Kind::Divergence,
            fmt::format("lane {} is in the mask {:#x} and {}", lane, members,
                        other.state == Thread::State::Done
                            ? std::string("has ended")
                            : fmt::format("waits in line {}",
                                          other.instruction().line)));
    }
  }
  return true;
}

/// Executes what `leader` waits at, once all that its mask names are there.
bool Executor::passCollective(uint32_t first, uint32_t leader, bool &progress) {
  Thread &thread = threads[leader];
  const Instruction &i = thread.instruction();
  const uint64_t mask = thread.frame().slots[i.e];
  if (!(mask >> (leader - first) & 1))
    return failWhere(thread, i, Error::Kind::Divergence,
                     fmt::format("lane {} is not in its own mask {:#x}",
                                 leader - first, mask));
  // A block may end within a warp: lanes beyond it are never waited for.
  uint32_t members = 0;
  for (uint32_t lane = 0; lane < kWarp && first + lane < threadCount; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    Thread &other = threads[first + lane];
    if (other.state != Thread::State::AtCollective ||
        &other.instruction() != &i || other.frame().slots[i.e] != mask)
      return true;
    members |= uint32_t(1) << lane;
  }
  if (i.action == Action::Vote)
    vote(first, members);
  else if (!shuffle(first, members))
    return false;
  progress = true;
  for (uint32_t lane = 0; lane < kWarp; ++lane)
    if (members >> lane & 1)
      resume(threads[first + lane]);
  return true;
}

void Executor::passActiveMask(uint32_t first, uint32_t leader) {
  const Instruction &i = threads[leader].instruction();
  uint32_t together = 0;
  for (uint32_t lane = 0; lane < kWarp && first + lane < threadCount; ++lane) {
    Thread &other = threads[first + lane];
    if (other.state == Thread::State::AtCollective &&
        &other.instruction() == &i)
      together |= uint32_t(1) << lane;
  }
  for (uint32_t lane = 0; lane < kWarp; ++lane)
    if (together >> lane & 1) {
      threads[first + lane].frame().slots[i.d] = together;
      resume(threads[first + lane]);
    }
}

bool Executor::shuffle(uint32_t first, uint32_t members) {
  uint64_t values[kWarp], inRange[kWarp];
  for (uint32_t lane = 0; lane < kWarp; ++lane) {
    if (!(members >> lane & 1))
      continue;
    Thread &thread = threads[first + lane];
    const Instruction &i = thread.instruction();
    const std::vector<uint64_t> &slots = thread.frame().slots;
    // c: the last lane of a segment, and the bits of lanes that tell segments.
    const uint32_t b = slots[i.b] & 31, clamp = slots[i.c] & 31;
    const uint32_t segment = slots[i.c] >> 8 & 31;
    const uint32_t last = (lane & segment) | (clamp & ~segment);
    const uint32_t least = lane & segment;
    int64_t from = lane;
    bool valid = false;
    switch (ShuffleMode(i.mode)) {
    case ShuffleMode::Up:
      from = int64_t(lane) - b;
      valid = from >= int64_t(last);
      break;
    case ShuffleMode::Down:
      from = lane + b;
      valid = from <= int64_t(last);
      break;
    case ShuffleMode::Butterfly:
      from = lane ^ b;
      valid = from <= int64_t(last);
      break;
    case ShuffleMode::Index:
      from = least | (b & ~segment);
      valid = from <= int64_t(last);
      break;
    }
    if (!valid)
      from = lane;
    if (!(members >> from & 1))
      return failWhere(
          thread, i, Error::Kind::Undefined,
          fmt::format("reads lane {}, which does not take part", from));
    Thread &source = threads[first + uint32_t(from)];
    values[lane] = source.frame().slots[source.instruction().a];
    inRange[lane] = valid;
  }
  for (uint32_t lane = 0; lane < kWarp; ++lane) {
    if (!(members >> lane & 1))
      continue;
    Frame &frame = threads[first + lane].frame();
    const Instruction &i = frame.function->code[frame.pc];
    frame.slots[i.d] = values[lane];
    frame.slots[frame.function->lists[i.list]] = inRange[lane];
  }
  return true;
}

void Executor::vote(uint32_t first, uint32_t members) {
  uint32_t ballot = 0;
  for (uint32_t lane = 0; lane < kWarp; ++lane)
    if (members >> lane & 1) {
      Thread &thread = threads[first + lane];
      const uint64_t bit = thread.frame().slots[thread.instruction().a] != 0;
      ballot |= uint32_t(bit) << lane;
    }
  for (uint32_t lane = 0; lane < kWarp; ++lane) {
    if (!(members >> lane & 1))
      continue;
    Thread &thread = threads[first + lane];
    const Instruction &i = thread.instruction();
    uint64_t &result = thread.frame().slots[i.d];
    switch (VoteMode(i.mode)) {
    case VoteMode::All:
      result = ballot == members;
      break;
    case VoteMode::Any:
      result = ballot != 0;
      break;
    case VoteMode::Uniform:
      result = ballot == 0 || ballot == members;
      break;
    case VoteMode::Ballot:
      result = ballot;
      break;
    }
  }
}
