//===- TrafficCounter.h - Sectors and banks ---------------------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_TRAFFICCOUNTER_H
#define EQC_CHECK_PTX_TRAFFICCOUNTER_H

#include "compiler/Check/Ptx/Interpreter.h"

#include <unordered_map>
#include <unordered_set>

namespace eqc::ptx {

/// Counts what the warps of a launch ask of memory. The n-th time that a thread
/// of a warp comes to an instruction is taken to be the n-th time of all, which
/// holds where loops have as many rounds for all.
class TrafficCounter {
public:
  void startBlock(uint32_t threadCount);
  void count(const Region &region, uint64_t address, unsigned bytes, bool write,
             uint32_t thread, const Instruction &instruction);
  void countShared(uint64_t address, unsigned bytes, uint32_t thread,
                   const Instruction &instruction);
  void finish(Report &report);

private:
  /// A sector, or with its number as `place` a group of threads, that a warp
  /// asks for when it is at an instruction for the `round`-th time.
  struct Request {
    uint64_t place;
    uint32_t instruction, warp, round;
    bool operator==(const Request &other) const {
      return place == other.place && instruction == other.instruction &&
             warp == other.warp && round == other.round;
    }
  };
  struct Hash {
    size_t operator()(const Request &request) const;
  };
  struct Direction {
    std::unordered_map<uint64_t, uint64_t> touches; ///< by sectors
    std::unordered_set<uint64_t> inBlock;
    uint64_t bytes = 0, blockSectors = 0;

    Traffic sum() const;
  };
  struct Buffer {
    std::string name;
    uint64_t address = 0;
    Direction loads, stores;
  };

  /// The words of shared memory that a group of threads asks for.
  struct Group {
    unsigned line;
    std::vector<uint64_t> words;

    unsigned rounds();
  };

  void finishBlock();

  std::map<uint64_t, Buffer> buffers; ///< by their addresses
  std::unordered_map<Request, Group, Hash> groups;
  std::map<unsigned, BankTraffic> banks;
  std::unordered_set<Request, Hash> requests;
  /// How often each thread came to each instruction.
  std::vector<std::unordered_map<uint32_t, uint32_t>> rounds;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_TRAFFICCOUNTER_H
