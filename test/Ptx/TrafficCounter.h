//===- TrafficCounter.h - Sectors of global memory --------------*- C++ -*-===//

#ifndef EQC_TEST_PTX_TRAFFICCOUNTER_H
#define EQC_TEST_PTX_TRAFFICCOUNTER_H

#include "test/Ptx/Interpreter.h"

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
             uint32_t thread, uint32_t instruction);
  std::vector<BufferTraffic> finish();

private:
  struct Request {
    uint64_t sector;
    uint32_t instruction, warp, round;
    bool operator==(const Request &other) const {
      return sector == other.sector && instruction == other.instruction &&
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

  std::map<uint64_t, Buffer> buffers; ///< by their addresses
  std::unordered_set<Request, Hash> requests;
  /// How often each thread came to each instruction.
  std::vector<std::unordered_map<uint32_t, uint32_t>> rounds;
};

} // namespace eqc::ptx

#endif // EQC_TEST_PTX_TRAFFICCOUNTER_H
