//===- Shadow.h - Who touched memory when -----------------------*- C++ -*-===//
//
// Time is counted in epochs: one begins with each block and after each barrier
// of a block. Blocks are executed one after another, so an epoch tells its
// block. The blocks of a cluster are one here, with one barrier. Two accesses
// of the same bytes, one of them a write, are ordered if
//
//   they are of the same thread, or
//   they are of the same block in different epochs, or
//   they are of different launches (of different blocks, for shared memory).
//
// Everything else is a race, in whatever order the threads were executed.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_PTX_SHADOW_H
#define EQC_CHECK_PTX_SHADOW_H

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace eqc::ptx {

/// Epochs from `first` on can be in a race with now; those before `block` are
/// of other blocks.
struct Clock {
  uint32_t first = 1, block = 1, now = 1;
};

/// What an access is in conflict with.
enum class Clash : uint8_t {
  None,
  Unwritten,    ///< a read of what nobody wrote
  Copying,      ///< a copy that nobody waited for yet
  Write,        ///< another thread's write
  Read,         ///< another thread's read in this epoch
  BlockRead,    ///< a read of another block
  ReadOnlyRead, ///< a ld.global.nc in the same launch
};

/// The accesses of a few bytes, as many as matter to later ones. Zeros: none.
struct Cell {
  static constexpr uint16_t kFlag = 1 << 15;

  uint32_t writeEpoch, writeInstruction;
  uint32_t readEpoch, readInstruction;           ///< the last epoch with reads
  uint32_t firstReadEpoch, firstReadInstruction; ///< the first of a launch
  uint32_t readOnlyEpoch;
  uint16_t writer; ///< with kFlag: its copy goes on
  uint16_t reader; ///< the first of that epoch; with kFlag: others too

  Clash read(uint32_t thread, uint32_t instruction, const Clock &clock,
             bool readOnly) {
    if (writeEpoch >= clock.first) {
      if (writer & kFlag)
        return Clash::Copying;
      if (writeEpoch < clock.block ||
          (writeEpoch == clock.now && writer != thread) || readOnly)
        return Clash::Write;
    }
    if (readOnly)
      readOnlyEpoch = clock.now;
    if (readEpoch != clock.now) {
      readEpoch = clock.now;
      readInstruction = instruction;
      reader = uint16_t(thread);
      if (firstReadEpoch < clock.first) {
        firstReadEpoch = clock.now;
        firstReadInstruction = instruction;
      }
    } else if (reader != thread) {
      reader |= kFlag;
    }
    return Clash::None;
  }

  Clash write(uint32_t thread, uint32_t instruction, const Clock &clock,
              bool copies = false) {
    if (writeEpoch >= clock.first) {
      if (writer & kFlag)
        return Clash::Copying;
      if (writeEpoch < clock.block ||
          (writeEpoch == clock.now && writer != thread))
        return Clash::Write;
    }
    if (readEpoch == clock.now && reader != thread)
      return Clash::Read;
    if (firstReadEpoch >= clock.first && firstReadEpoch < clock.block)
      return Clash::BlockRead;
    if (readOnlyEpoch >= clock.first)
      return Clash::ReadOnlyRead;
    writeEpoch = clock.now;
    writeInstruction = instruction;
    writer = uint16_t(thread) | (copies ? kFlag : uint16_t(0));
    return Clash::None;
  }

  /// The end of a copy: only now its bytes are there.
  void finishCopy(uint32_t thread, const Clock &clock) {
    writeEpoch = clock.now;
    writer = uint16_t(thread);
  }
};

/// The cells of an array: one for each byte, or for each four.
class Shadow {
public:
  Shadow(uint64_t begin, uint64_t bytes, unsigned shift)
      : first(begin >> shift), shift(shift),
        cells(static_cast<Cell *>(std::calloc(
            ((begin + bytes - 1) >> shift) - first + 1, sizeof(Cell)))) {}

  unsigned shiftOfCells() const { return shift; }
  Cell *begin(uint64_t address) { return &cells[(address >> shift) - first]; }
  Cell *end(uint64_t address, uint64_t bytes) {
    return begin(address + bytes - 1) + 1;
  }

private:
  struct Free {
    void operator()(Cell *memory) const { std::free(memory); }
  };
  uint64_t first;
  unsigned shift;
  std::unique_ptr<Cell[], Free> cells;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_SHADOW_H
