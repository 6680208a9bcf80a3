//===- TrafficCounter.cpp - Sectors and banks -----------------------------===//

#include "compiler/Check/Ptx/TrafficCounter.h"
#include "compiler/Check/Ptx/Executor.h"

#include <algorithm>

using namespace eqc::ptx;

namespace {

constexpr uint64_t kSector = 32;
constexpr uint64_t kBanks = 32, kBank = 4;

} // namespace

size_t TrafficCounter::Hash::operator()(const Request &request) const {
  uint64_t hash = request.place * 0x9E3779B97F4A7C15;
  hash = (hash ^ request.instruction) * 0xC2B2AE3D27D4EB4F;
  hash = (hash ^ (uint64_t(request.warp) << 32 | request.round)) *
         0x9E3779B97F4A7C15;
  return hash ^ hash >> 29;
}

void TrafficCounter::startBlock(uint32_t threadCount) {
  finishBlock();
  requests.clear();
  rounds.assign(threadCount, {});
  for (auto &[address, buffer] : buffers) {
    buffer.loads.inBlock.clear();
    buffer.stores.inBlock.clear();
  }
}

void TrafficCounter::count(const Region &region, uint64_t address,
                           unsigned bytes, bool write, uint32_t thread,
                           const Instruction &instruction) {
  Buffer &buffer = buffers[region.begin];
  buffer.name = region.name;
  buffer.address = region.begin;
  Direction &direction = write ? buffer.stores : buffer.loads;
  direction.bytes += bytes;
  const uint32_t round = rounds[thread][instruction.index]++;
  for (uint64_t sector = address / kSector;
       sector <= (address + bytes - 1) / kSector; ++sector) {
    if (requests.insert({sector, instruction.index, thread / kWarp, round})
            .second)
      ++direction.touches[sector];
    direction.blockSectors += direction.inBlock.insert(sector).second;
  }
}

Traffic TrafficCounter::Direction::sum() const {
  Traffic traffic;
  traffic.bytes = bytes;
  traffic.blockSectors = blockSectors;
  traffic.sectors = touches.size();
  for (const auto &[sector, count] : touches) {
    traffic.touches += count;
    traffic.mostTouches = std::max(traffic.mostTouches, count);
  }
  return traffic;
}

void TrafficCounter::countShared(uint64_t address, unsigned bytes,
                                 uint32_t thread,
                                 const Instruction &instruction) {
  const uint32_t round = rounds[thread][instruction.index]++;
  // Loads of 32 bytes are two of 16.
  const unsigned step = std::min(bytes, 16U);
  const uint64_t threadsAtOnce =
      std::min<uint64_t>(kWarp, kBanks * kBank / step);
  for (unsigned part = 0; part * step < bytes; ++part) {
    const uint64_t group = (thread % kWarp) / threadsAtOnce * 2 + part;
    Group &served = groups[{group, instruction.index, thread / kWarp, round}];
    served.line = instruction.line;
    const uint64_t first = address + part * step;
    for (uint64_t word = first / kBank; word <= (first + step - 1) / kBank;
         ++word)
      served.words.push_back(word);
  }
}

/// As many as there are different words in one bank.
unsigned TrafficCounter::Group::rounds() {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  unsigned inBank[kBanks] = {};
  for (uint64_t word : words)
    ++inBank[word % kBanks];
  return *std::max_element(inBank, inBank + kBanks);
}

void TrafficCounter::finishBlock() {
  for (auto &[request, group] : groups) {
    BankTraffic &line = banks[group.line];
    ++line.requests;
    line.rounds += group.rounds();
  }
  groups.clear();
}

void TrafficCounter::finish(Report &report) {
  finishBlock();
  for (const auto &[address, buffer] : buffers)
    report.traffic.push_back(
        {buffer.name, address, buffer.loads.sum(), buffer.stores.sum()});
  report.banks = banks;
}
