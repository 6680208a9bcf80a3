//===- Executor.h - One launch ----------------------------------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_EXECUTOR_H
#define EQC_CHECK_PTX_EXECUTOR_H

#include "compiler/Check/Ptx/Interpreter.h"
#include "compiler/Check/Ptx/TrafficCounter.h"

#include <list>

namespace eqc::ptx {

constexpr unsigned kWarp = 32;

struct Frame {
  const Function *function = nullptr;
  uint32_t pc = 0;
  std::vector<uint64_t> slots;
  std::vector<uint8_t> params; ///< parameter space
};

/// A cp.async on its way.
struct Copy {
  Region *region = nullptr;
  uint64_t address = 0;
  uint8_t bytes = 0;
  uint8_t data[16] = {};
  Region *source = nullptr; ///< nullptr: none of it is read
  uint64_t sourceAddress = 0;
  uint8_t sourceBytes = 0;
  uint32_t epoch = 0; ///< when it began
};

struct Thread {
  enum class State : uint8_t { Ready, AtBarrier, AtCollective, Done };

  State state = State::Ready;
  uint32_t index = 0; ///< in its block, or cluster
  uint64_t executed = 0;
  bool hasArrived = false; ///< at a barrier of its cluster
  std::vector<Frame> frames;
  size_t depth = 0; ///< frames in use; others are kept for their memory
  std::vector<uint8_t> local;
  std::vector<Copy> uncommitted;
  std::list<std::vector<Copy>> groups;

  Frame &frame() { return frames[depth - 1]; }
  /// The instruction that it waits at.
  const Instruction &instruction() {
    return frame().function->code[frame().pc];
  }
};

class Executor {
public:
  Executor(const Module &module, const Launch &launch, Memory &memory)
      : module(module), launch(launch), memory(memory) {}

  Report run();

private:
  // Executor.cpp: blocks, barriers.
  bool prepare();
  void addRegions();
  void addShared(const Region &variable);
  bool runBlock(uint32_t block);
  void startThread(Thread &thread);
  bool passBarrier();
  bool endThread(Thread &thread, const Instruction &instruction);
  uint32_t rankOf(uint32_t thread) const { return thread / blockThreads; }
  Dim3 threadAt(uint32_t thread) const {
    return launch.block.at(thread % blockThreads);
  }
  bool failLaunch(std::string text);
  bool failWhere(Thread &thread, const Instruction &instruction,
                 Error::Kind kind, std::string text);
  void count();
  std::vector<uint32_t> order(uint64_t size) const;

  // Threads.cpp: instructions. False: there is an error.
  bool runThread(Thread &thread);
  bool call(Thread &thread, const Instruction &instruction);
  void enter(Thread &thread, const Function &function);
  /// Back from a call; false: the thread has ended.
  bool leave(Thread &thread);
  uint64_t valueOf(Special special, uint32_t thread) const;

  // Accesses.cpp
  struct Access {
    Space space;
    uint64_t address;
    unsigned bytes;
    bool write = false, readOnly = false, copies = false;
    unsigned slot = 0; ///< which access of the instruction
  };
  struct Place {
    uint8_t *data = nullptr; ///< nullptr: there is an error
    Region *region = nullptr;
    uint64_t address = 0;
  };
  Place access(Thread &thread, const Instruction &instruction, Access &wanted);
  bool accessOther(Thread &thread, const Instruction &instruction,
                   const Access &wanted);
  Place accessParam(Thread &thread, const Instruction &instruction,
                    const Access &wanted);
  Region *findRegion(Space space, uint64_t address);
  bool checkShadow(Thread &thread, const Instruction &instruction,
                   const Access &wanted, Region &region);
  bool failClash(Thread &thread, const Instruction &instruction,
                 const Access &wanted, const Region &region, Clash clash,
                 const Cell &cell);
  bool failBounds(Thread &thread, const Instruction &instruction,
                  const Access &wanted);
  bool load(Thread &thread, const Instruction &instruction);
  bool store(Thread &thread, const Instruction &instruction);
  bool copyAsync(Thread &thread, const Instruction &instruction);
  bool waitAsync(Thread &thread, const Instruction &instruction,
                 uint64_t groupsLeft);
  bool finishCopy(Thread &thread, const Instruction &instruction,
                  const Copy &copy);

  // Warps.cpp: what threads of a warp do together.
  bool passCollectives(bool &progress);
  bool passCollective(uint32_t warp, uint32_t lane, bool &progress);
  void passActiveMask(uint32_t warp, uint32_t lane);
  bool shuffle(uint32_t warp, uint32_t members);
  void vote(uint32_t warp, uint32_t members);
  void resume(Thread &thread);

  Dim3 blockOf(uint32_t epoch, uint32_t thread = 0) const;

  const Module &module;
  const Launch &launch;
  Memory &memory;
  Report report;

  const Function *kernel = nullptr;
  uint32_t blockThreads = 1; ///< of a block,
  uint32_t threadCount = 0;  ///< of a cluster
  std::vector<uint32_t> threadOrder;
  std::vector<Thread> threads;
  uint32_t block = 0; ///< the first of its cluster
  /// When other blocks of the cluster accessed a block's shared memory last,
  /// and whether threads of it have ended.
  std::vector<std::pair<uint32_t, bool>> visits;
  uint32_t firstEpoch = 0, blockEpoch = 0;
  std::vector<std::pair<uint32_t, uint32_t>> blockEpochs; ///< epoch, block

  std::vector<Region *> globals;
  std::vector<Region> moduleRegions[6]; ///< by Space
  std::vector<std::vector<uint8_t>> sharedData;
  uint64_t localBytes = 0;
  /// The region that an instruction touched last, and a second one of copies.
  std::vector<Region *> lastRegions[2];
  std::vector<uint64_t> executed; ///< by instructions of the module
  std::optional<TrafficCounter> traffic;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_EXECUTOR_H
