//===- Threads.cpp - One thread, until it waits ---------------------------===//

#include "compiler/Check/Ptx/Executor.h"

#include <fmt/format.h>

using namespace eqc::ptx;

uint64_t Executor::valueOf(Special special, uint32_t thread) const {
  const Dim3 tid = threadAt(thread),
             ctaid = launch.grid.at(block + rankOf(thread));
  const uint32_t lane = thread % kWarp;
  const uint32_t bit = uint32_t(1) << lane;
  switch (special) {
  case Special::TidX:
    return tid.x;
  case Special::TidY:
    return tid.y;
  case Special::TidZ:
    return tid.z;
  case Special::NtidX:
    return launch.block.x;
  case Special::NtidY:
    return launch.block.y;
  case Special::NtidZ:
    return launch.block.z;
  case Special::CtaidX:
    return ctaid.x;
  case Special::CtaidY:
    return ctaid.y;
  case Special::CtaidZ:
    return ctaid.z;
  case Special::NctaidX:
    return launch.grid.x;
  case Special::NctaidY:
    return launch.grid.y;
  case Special::NctaidZ:
    return launch.grid.z;
  case Special::LaneId:
    return lane;
  case Special::WarpId:
    return thread % blockThreads / kWarp;
  case Special::LanemaskEq:
    return bit;
  case Special::LanemaskLt:
    return bit - 1;
  case Special::LanemaskLe:
    return bit | (bit - 1);
  case Special::LanemaskGt:
    return ~(bit | (bit - 1));
  case Special::LanemaskGe:
    return ~(bit - 1);
  case Special::DynamicSmemSize:
    return launch.dynamicShared;
  case Special::ClusterCtaidX:
    return rankOf(thread);
  case Special::ClusterNctaidX:
    return launch.cluster;
  }
  return 0;
}

void Executor::enter(Thread &thread, const Function &function) {
  if (thread.depth == thread.frames.size())
    thread.frames.emplace_back();
  ++thread.depth;
  Frame &frame = thread.frame();
  frame.function = &function;
  frame.pc = 0;
  frame.slots = function.slots;
  frame.params.assign(function.paramSpaceBytes, 0xFF);
  for (const auto &[slot, special] : function.specials)
    frame.slots[slot] = valueOf(special, thread.index);
}

bool Executor::call(Thread &thread, const Instruction &instruction) {
  const Frame &caller = thread.frame();
  const CallSite &site = caller.function->calls[size_t(instruction.value)];
  const Function &callee = module.functions[site.callee];
  // Local arrays have one place for each function.
  for (size_t n = 0; n < thread.depth; ++n)
    if (thread.frames[n].function == &callee)
      return failWhere(thread, instruction, Error::Kind::Unsupported,
                       fmt::format("'{}' calls itself", callee.name));
  enter(thread, callee);
  Frame &frame = thread.frame();
  const Frame &from = thread.frames[thread.depth - 2];
  for (const CallSite::Copy &copy : site.arguments)
    std::memcpy(&frame.params[copy.to], &from.params[copy.from], copy.bytes);
  return true;
}

bool Executor::leave(Thread &thread) {
  --thread.depth;
  if (thread.depth == 0)
    return false;
  const Frame &from = thread.frames[thread.depth];
  Frame &frame = thread.frame();
  const Instruction &instruction = frame.function->code[frame.pc];
  for (const CallSite::Copy &copy :
       frame.function->calls[size_t(instruction.value)].results)
    std::memcpy(&frame.params[copy.to], &from.params[copy.from], copy.bytes);
  ++frame.pc;
  return true;
}

bool Executor::runThread(Thread &thread) {
  Frame *frame = nullptr;
  const Instruction *code = nullptr;
  uint64_t *slots = nullptr, *times = nullptr;
  uint32_t pc = 0;
  uint64_t left = launch.maxInstructions - thread.executed;
  auto reload = [&] {
    frame = &thread.frame();
    code = frame->function->code.data();
    slots = frame->slots.data();
    times = &executed[frame->function->firstInstruction];
    pc = frame->pc;
  };
  auto wait = [&](Thread::State state) {
    frame->pc = pc;
    thread.state = state;
    thread.executed = launch.maxInstructions - left;
    return true;
  };
  reload();
  while (true) {
    const Instruction &i = code[pc];
    if (left == 0)
      return failWhere(
          thread, i, Error::Kind::Budget,
          fmt::format("no end after {} instructions", launch.maxInstructions));
    --left;
    if ((slots[i.guard] != 0) == i.guardNegated) {
      ++pc;
      continue;
    }
    ++times[pc];
    switch (i.action) {
    case Action::Divide: {
      const uint64_t divisor = slots[i.b];
      if (divisor == 0)
        return failWhere(thread, i, Error::Kind::Undefined, "division by zero");
      i.compute(slots, i);
      break;
    }
    case Action::Compute:
      i.compute(slots, i);
      break;
    case Action::Load:
      if (!load(thread, i))
        return false;
      break;
    case Action::Store:
      if (!store(thread, i))
        return false;
      break;
    case Action::Branch:
      pc = uint32_t(i.value);
      continue;
    case Action::BranchTable: {
      const std::vector<uint32_t> &table =
          frame->function->tables[size_t(i.value)];
      if (slots[i.a] >= table.size())
        return failWhere(
            thread, i, Error::Kind::Undefined,
            fmt::format("target {} of {}", slots[i.a], table.size()));
      pc = table[slots[i.a]];
      continue;
    }
    case Action::Call:
      frame->pc = pc;
      if (!call(thread, i))
        return false;
      reload();
      continue;
    case Action::Return:
      if (leave(thread)) {
        reload();
        continue;
      }
      thread.depth = 1; // Where it ended is still asked for.
      return waitAsync(thread, i, 0) && endThread(thread, i) &&
             wait(Thread::State::Done);
    case Action::Exit:
      return waitAsync(thread, i, 0) && endThread(thread, i) &&
             wait(Thread::State::Done);
    case Action::Trap:
      return failWhere(thread, i, Error::Kind::Undefined, "a trap");
    case Action::Barrier:
      return wait(Thread::State::AtBarrier);
    case Action::ArriveCluster:
      if (code[pc + 1].action != Action::WaitCluster)
        return failWhere(thread, i, Error::Kind::Unsupported,
                         "work between the arrival at a barrier and the wait");
      thread.hasArrived = true;
      break;
    case Action::WaitCluster:
      if (!thread.hasArrived)
        return failWhere(thread, i, Error::Kind::Divergence,
                         "waits at a barrier where it has not arrived");
      return wait(Thread::State::AtBarrier);
    case Action::Shuffle:
    case Action::Vote:
    case Action::ActiveMask:
      return wait(Thread::State::AtCollective);
    case Action::CopyAsync:
      if (!copyAsync(thread, i))
        return false;
      break;
    case Action::CommitAsync:
      thread.groups.push_back(std::move(thread.uncommitted));
      thread.uncommitted.clear();
      break;
    case Action::WaitAsync:
      if (i.mode) { // all, committed or not
        thread.groups.push_back(std::move(thread.uncommitted));
        thread.uncommitted.clear();
      }
      if (!waitAsync(thread, i, slots[i.a]))
        return false;
      break;
    case Action::Prefetch:
    case Action::Order:
      break;
    }
    ++pc;
  }
}
