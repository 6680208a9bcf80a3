//===- Memory.cpp - What kernels may touch --------------------------------===//

#include "compiler/Check/Ptx/Memory.h"

using namespace eqc::ptx;

uint64_t Memory::add(std::string name, void *data, uint64_t bytes,
                     Options options) {
  uint64_t address = options.address;
  if (address == 0) {
    // Above what hosts use; 1 MB lies between buffers.
    uint64_t next = uint64_t(1) << 52;
    if (!buffers.empty()) {
      const Region &last = buffers.rbegin()->second;
      next = std::max(next, last.begin + last.bytes + (1 << 20));
    }
    address = (next / options.alignment + 1 | 1) * options.alignment;
  }
  auto after = buffers.lower_bound(address);
  if (after != buffers.end() && after->second.begin - address < bytes)
    return 0;
  if (after != buffers.begin() && std::prev(after)->second.holds(address))
    return 0;
  if (after != buffers.end() && after->second.begin == address)
    return 0;
  Region region;
  region.name = std::move(name);
  region.begin = address;
  region.bytes = bytes;
  region.data = static_cast<uint8_t *>(data);
  region.undefined = options.undefined;
  buffers.emplace(address, std::move(region));
  return address;
}

uint64_t Memory::addReadOnly(std::string name, const void *data, uint64_t bytes,
                             Options options) {
  const uint64_t address =
      add(std::move(name), const_cast<void *>(data), bytes, options);
  if (address != 0)
    buffers.at(address).readOnly = true;
  return address;
}

bool Memory::remove(uint64_t address) { return buffers.erase(address) != 0; }

Region *Memory::find(uint64_t address) {
  auto after = buffers.upper_bound(address);
  return after == buffers.begin() ? nullptr : &std::prev(after)->second;
}

std::vector<Region *> Memory::regions() {
  std::vector<Region *> result;
  for (auto &[address, region] : buffers)
    result.push_back(&region);
  return result;
}

Shadow &Memory::shadowOf(Region &region) {
  if (!region.shadow)
    region.shadow = std::make_unique<Shadow>(region.begin, region.bytes, shift);
  return *region.shadow;
}

void Memory::watchBytes() {
  if (shift == 0)
    return;
  shift = 0;
  for (auto &[address, region] : buffers) {
    if (!region.shadow || region.bytes == 0)
      continue;
    // What was known of four bytes is known of each.
    auto bytes = std::make_unique<Shadow>(region.begin, region.bytes, 0);
    for (uint64_t n = 0; n < region.bytes; ++n)
      *bytes->begin(address + n) = *region.shadow->begin(address + n);
    region.shadow = std::move(bytes);
  }
}
