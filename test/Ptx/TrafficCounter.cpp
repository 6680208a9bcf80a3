//===- TrafficCounter.cpp - Sectors of global memory ----------------------===//

#include "test/Ptx/TrafficCounter.h"
#include "test/Ptx/Executor.h"

using namespace eqc::ptx;

namespace {

constexpr uint64_t kSector = 32;

} // namespace

size_t TrafficCounter::Hash::operator()(const Request &request) const {
  uint64_t hash = request.sector * 0x9E3779B97F4A7C15;
  hash = (hash ^ request.instruction) * 0xC2B2AE3D27D4EB4F;
  hash = (hash ^ (uint64_t(request.warp) << 32 | request.round)) *
         0x9E3779B97F4A7C15;
  return hash ^ hash >> 29;
}

void TrafficCounter::startBlock(uint32_t threadCount) {
  requests.clear();
  rounds.assign(threadCount, {});
  for (auto &[address, buffer] : buffers) {
    buffer.loads.inBlock.clear();
    buffer.stores.inBlock.clear();
  }
}

void TrafficCounter::count(const Region &region, uint64_t address,
                           unsigned bytes, bool write, uint32_t thread,
                           uint32_t instruction) {
  Buffer &buffer = buffers[region.begin];
  buffer.name = region.name;
  buffer.address = region.begin;
  Direction &direction = write ? buffer.stores : buffer.loads;
  direction.bytes += bytes;
  const uint32_t round = rounds[thread][instruction]++;
  for (uint64_t sector = address / kSector;
       sector <= (address + bytes - 1) / kSector; ++sector) {
    if (requests.insert({sector, instruction, thread / kWarp, round}).second)
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

std::vector<BufferTraffic> TrafficCounter::finish() {
  std::vector<BufferTraffic> result;
  result.reserve(buffers.size());
  for (const auto &[address, buffer] : buffers)
    result.push_back(
        {buffer.name, address, buffer.loads.sum(), buffer.stores.sum()});
  return result;
}
