//===- Accesses.cpp - Loads, stores and what they must not do -------------===//

#include "compiler/Check/Ptx/Executor.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc::ptx;

namespace {

std::string_view verb(bool write) { return write ? "write" : "read"; }

} // namespace

Region *Executor::findRegion(Space space, uint64_t address) {
  if (space == Space::Global) {
    for (Region *region : globals)
      if (region->holds(address))
        return region;
    return nullptr;
  }
  for (Region &region : moduleRegions[size_t(space)])
    if (region.holds(address))
      return &region;
  return nullptr;
}

/// The place of an access, after every check.
Executor::Place Executor::access(Thread &thread, const Instruction &instruction,
                                 Access &wanted) {
  if (wanted.space == Space::Generic) {
    const uint64_t window = wanted.address >> 60 << 60;
    wanted.space = Space::Global;
    for (Space space : {Space::Shared, Space::Local, Space::Const})
      if (window == windowOf(space))
        wanted.space = space;
    wanted.address -= windowOf(wanted.space);
  }
  if (wanted.space == Space::Param)
    return accessParam(thread, instruction, wanted);
  const bool isMapped =
      wanted.space == Space::Cluster && (wanted.address & kMapped) != 0;
  if (isMapped)
    wanted.address -= kMapped;
  else if (wanted.space == Space::Shared || wanted.space == Space::Cluster)
    wanted.address += rankOf(thread.index) * kBlockWindow;
  if (wanted.space == Space::Cluster)
    wanted.space = Space::Shared;
  if (isMapped && !accessOther(thread, instruction, wanted))
    return {};
  Region *&last = lastRegions[wanted.slot][instruction.index];
  if (!last || !last->holds(wanted.address))
    last = findRegion(wanted.space, wanted.address);
  Region *const region = last;
  if (!region ||
      wanted.address - region->begin + wanted.bytes > region->bytes) {
    failBounds(thread, instruction, wanted);
    return {};
  }
  // Sizes are powers of two.
  if ((wanted.address & (wanted.bytes - 1)) != 0) {
    failWhere(thread, instruction, Error::Kind::Misaligned,
              fmt::format("{} of {} bytes at {:#x}, byte {} of '{}'",
                          verb(wanted.write), wanted.bytes, wanted.address,
                          wanted.address - region->begin, region->name));
    return {};
  }
  if (wanted.write && region->readOnly) {
    failWhere(thread, instruction, Error::Kind::ReadOnly,
              fmt::format("write to '{}', which is only read", region->name));
    return {};
  }
  if (traffic && wanted.space == Space::Global)
    traffic->count(*region, wanted.address, wanted.bytes, wanted.write,
                   thread.index, instruction);
  // Conflicts are those of accesses of one array, wherever it begins.
  if (traffic && wanted.space == Space::Shared)
    traffic->countShared(wanted.address - region->begin, wanted.bytes,
                         thread.index, instruction);
  if (wanted.space == Space::Local)
    return {thread.local.data() + wanted.address, region, wanted.address};
  if (!region->readOnly && !checkShadow(thread, instruction, wanted, *region))
    return {};
  return {region->data + (wanted.address - region->begin), region,
          wanted.address};
}

/// The shared memory of another block of a cluster is there when that block has
/// begun, and until it ends.
bool Executor::accessOther(Thread &thread, const Instruction &instruction,
                           const Access &wanted) {
  const uint64_t rank = wanted.address / kBlockWindow;
  if (rank >= launch.cluster)
    return failWhere(thread, instruction, Error::Kind::OutOfBounds,
                     fmt::format("{} of shared memory of block {} of a cluster "
                                 "of {}",
                                 verb(wanted.write), rank, launch.cluster));
  if (rank == rankOf(thread.index))
    return true;
  auto &[lastVisit, hasEnded] = visits[rank];
  lastVisit = memory.epoch;
  if (memory.epoch != blockEpoch && !hasEnded)
    return true;
  return failWhere(
      thread, instruction, Error::Kind::Race,
      fmt::format("{} of shared memory of block {} of the cluster, which may "
                  "have {} with no barrier between",
                  verb(wanted.write), rank, hasEnded ? "ended" : "not begun"));
}

Executor::Place Executor::accessParam(Thread &thread,
                                      const Instruction &instruction,
                                      const Access &wanted) {
  for (const Variable &variable : thread.frame().function->paramVariables) {
    const uint64_t offset = wanted.address - variable.address;
    if (offset >= variable.bytes || offset + wanted.bytes > variable.bytes)
      continue;
    const uint64_t alignment = wanted.address % wanted.bytes;
    if (alignment != 0)
      failWhere(thread, instruction, Error::Kind::Misaligned,
                fmt::format("{} of {} bytes at byte {} of '{}'",
                            verb(wanted.write), wanted.bytes, offset,
                            variable.name));
    else if (wanted.write && thread.frame().function->isKernel &&
             wanted.address < thread.frame().function->parameterBytes)
      failWhere(thread, instruction, Error::Kind::ReadOnly,
                fmt::format("write to '{}', a parameter of the kernel",
                            variable.name));
    else
      return {thread.frame().params.data() + wanted.address, nullptr,
              wanted.address};
    return {};
  }
  failBounds(thread, instruction, wanted);
  return {};
}

bool Executor::failBounds(Thread &thread, const Instruction &instruction,
                          const Access &wanted) {
  // Of the arrays, the one whose end comes last before the address.
  const Region *nearest = nullptr;
  auto look = [&](const Region &region) {
    if (region.begin <= wanted.address &&
        (!nearest || region.begin > nearest->begin))
      nearest = &region;
  };
  if (wanted.space == Space::Global)
    for (const Region *region : globals)
      look(*region);
  else
    for (const Region &region : moduleRegions[size_t(wanted.space)])
      look(region);
  std::string where;
  if (nearest)
    where = fmt::format(", {} bytes after the begin of '{}', which has {}",
                        wanted.address - nearest->begin, nearest->name,
                        nearest->bytes);
  return failWhere(
      thread, instruction, Error::Kind::OutOfBounds,
      fmt::format("{} of {} bytes at {:#x} of {} memory, outside every "
                  "array{}",
                  verb(wanted.write), wanted.bytes, wanted.address,
                  nameOf(wanted.space), where));
}

bool Executor::checkShadow(Thread &thread, const Instruction &instruction,
                           const Access &wanted, Region &region) {
  const bool isShared = wanted.space == Space::Shared;
  Shadow &shadow = isShared ? *region.shadow : memory.shadowOf(region);
  const Clock clock{isShared ? blockEpoch : firstEpoch, blockEpoch,
                    memory.epoch};
  // What shared memory holds does not outlive its block.
  const uint32_t firstWrite = isShared ? blockEpoch : 1;
  const uint32_t index = instruction.index;
  Cell *const end = shadow.end(wanted.address, wanted.bytes);
  for (Cell *cell = shadow.begin(wanted.address); cell != end; ++cell) {
    Clash clash;
    if (wanted.write)
      clash = cell->write(thread.index, index, clock, wanted.copies);
    else if (region.undefined && cell->writeEpoch < firstWrite)
      clash = Clash::Unwritten;
    else
      clash = cell->read(thread.index, index, clock, wanted.readOnly);
    if (clash != Clash::None)
      return failClash(thread, instruction, wanted, region, clash, *cell);
  }
  return true;
}

bool Executor::failClash(Thread &thread, const Instruction &instruction,
                         const Access &wanted, const Region &region,
                         Clash clash, const Cell &cell) {
  const std::string what =
      fmt::format("{} of byte {} of '{}'", verb(wanted.write),
                  wanted.address - region.begin, region.name);
  auto line = [&](uint32_t index) {
    return fmt::format("line {}", module.instruction(index).second->line);
  };
  auto who = [&](uint32_t epoch, uint32_t index) {
    const uint32_t thread = index & ~uint32_t(Cell::kFlag);
    return fmt::format("block {}, thread {}", blockOf(epoch, thread).text(),
                       threadAt(thread).text());
  };
  switch (clash) {
  case Clash::None:
    break;
  case Clash::Unwritten:
    return failWhere(thread, instruction, Error::Kind::Uninitialised,
                     what + ", which nobody wrote");
  case Clash::Copying:
    return failWhere(thread, instruction,
                     wanted.write ? Error::Kind::Race
                                  : Error::Kind::Uninitialised,
                     fmt::format("{}, where a copy of {} in {} was not waited "
                                 "for",
                                 what, who(cell.writeEpoch, cell.writer),
                                 line(cell.writeInstruction)));
  case Clash::Write:
    return failWhere(thread, instruction, Error::Kind::Race,
                     fmt::format("{}, which {} writes in {} with no barrier "
                                 "between",
                                 what, who(cell.writeEpoch, cell.writer),
                                 line(cell.writeInstruction)));
  case Clash::Read:
    return failWhere(
        thread, instruction, Error::Kind::Race,
        fmt::format("{}, which {}{} reads in {} with no barrier "
                    "between",
                    what, who(cell.readEpoch, cell.reader),
                    cell.reader & Cell::kFlag ? " among others" : "",
                    line(cell.readInstruction)));
  case Clash::BlockRead:
    return failWhere(thread, instruction, Error::Kind::Race,
                     fmt::format("{}, which block {} reads in {}", what,
                                 blockOf(cell.firstReadEpoch).text(),
                                 line(cell.firstReadInstruction)));
  case Clash::ReadOnlyRead:
    return failWhere(thread, instruction, Error::Kind::Race,
                     fmt::format("{}, which the same launch reads as "
                                 "ld.global.nc",
                                 what));
  }
  return false;
}

bool Executor::load(Thread &thread, const Instruction &i) {
  Frame &frame = thread.frame();
  Access wanted{i.space, frame.slots[i.a] + uint64_t(i.value),
                unsigned(i.bytes) * i.count};
  wanted.readOnly = i.readOnly;
  const uint8_t *from = access(thread, i, wanted).data;
  if (!from)
    return false;
  const uint32_t *list = &frame.function->lists[i.list];
  for (unsigned n = 0; n < i.count; ++n, from += i.bytes) {
    uint64_t value = 0;
    if (i.bytes == 4) {
      uint32_t word;
      std::memcpy(&word, from, sizeof word);
      value = word;
    } else {
      std::memcpy(&value, from, i.bytes);
    }
    if (i.isSigned) {
      const unsigned above = 64 - i.bytes * 8;
      value = uint64_t(int64_t(value << above) >> above);
      value &= ~uint64_t(0) >> (64 - i.mode);
    }
    frame.slots[list[n]] = value;
  }
  return true;
}

bool Executor::store(Thread &thread, const Instruction &i) {
  Frame &frame = thread.frame();
  Access wanted{i.space, frame.slots[i.a] + uint64_t(i.value),
                unsigned(i.bytes) * i.count};
  wanted.write = true;
  uint8_t *to = access(thread, i, wanted).data;
  if (!to)
    return false;
  const uint32_t *list = &frame.function->lists[i.list];
  for (unsigned n = 0; n < i.count; ++n, to += i.bytes)
    std::memcpy(to, &frame.slots[list[n]], i.bytes);
  return true;
}

/// The source is read now, and may not be written until the thread waited for
/// the copy. The destination is written then; until then nobody may touch it.
bool Executor::copyAsync(Thread &thread, const Instruction &i) {
  Frame &frame = thread.frame();
  Copy copy;
  copy.epoch = memory.epoch;
  const uint64_t bytes = frame.slots[i.c];
  if (bytes > i.bytes)
    return failWhere(thread, i, Error::Kind::Undefined,
                     fmt::format("{} bytes for a copy of {}", bytes, i.bytes));
  const uint64_t source =
      frame.slots[i.b] + frame.slots[frame.function->lists[i.list]];
  if (source % i.bytes != 0)
    return failWhere(
        thread, i, Error::Kind::Misaligned,
        fmt::format("copy of {} bytes from {:#x}", i.bytes, source));
  if (bytes != 0) {
    Access read{Space::Global, source, i.bytes};
    read.slot = 1;
    // Bytes beyond those that are asked for may lie outside of the array.
    if (bytes < i.bytes && (bytes & (bytes - 1)) != 0)
      return failWhere(thread, i, Error::Kind::Unsupported,
                       fmt::format("a copy of {} bytes", bytes));
    read.bytes = unsigned(bytes);
    const Place from = access(thread, i, read);
    if (!from.data)
      return false;
    std::memcpy(copy.data, from.data, bytes);
    copy.source = from.region;
    copy.sourceAddress = source;
    copy.sourceBytes = uint8_t(bytes);
  }
  Access write{Space::Shared, frame.slots[i.a] + uint64_t(i.value), i.bytes};
  write.write = write.copies = true;
  const Place to = access(thread, i, write);
  if (!to.data)
    return false;
  copy.region = to.region;
  copy.address = to.address;
  copy.bytes = i.bytes;
  thread.uncommitted.push_back(copy);
  return true;
}

bool Executor::waitAsync(Thread &thread, const Instruction &instruction,
                         uint64_t groupsLeft) {
  while (thread.groups.size() > groupsLeft) {
    for (const Copy &copy : thread.groups.front())
      if (!finishCopy(thread, instruction, copy))
        return false;
    thread.groups.pop_front();
  }
  return true;
}

bool Executor::finishCopy(Thread &thread, const Instruction &instruction,
                          const Copy &copy) {
  if (copy.source && !copy.source->readOnly) {
    Shadow &shadow = memory.shadowOf(*copy.source);
    Access read{Space::Global, copy.sourceAddress, copy.sourceBytes};
    Cell *const end = shadow.end(read.address, read.bytes);
    for (Cell *cell = shadow.begin(read.address); cell != end; ++cell)
      if (cell->writeEpoch > copy.epoch)
        return failClash(thread, instruction, read, *copy.source, Clash::Write,
                         *cell);
    if (!checkShadow(thread, instruction, read, *copy.source))
      return false;
  }
  const Clock clock{blockEpoch, blockEpoch, memory.epoch};
  Region &region = *copy.region;
  std::memcpy(region.data + (copy.address - region.begin), copy.data,
              copy.bytes);
  Cell *const end = region.shadow->end(copy.address, copy.bytes);
  for (Cell *cell = region.shadow->begin(copy.address); cell != end; ++cell)
    cell->finishCopy(thread.index, clock);
  return true;
}
