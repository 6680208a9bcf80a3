//===- Memory.h - What kernels may touch ------------------------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_MEMORY_H
#define EQC_CHECK_PTX_MEMORY_H

#include "compiler/Check/Ptx/Module.h"
#include "compiler/Check/Ptx/Shadow.h"

#include <map>

namespace eqc::ptx {

/// A piece of memory with one name.
struct Region {
  std::string name;
  uint64_t begin = 0; ///< address for kernels
  uint64_t bytes = 0;
  uint8_t *data = nullptr; ///< where it lies in this process
  bool readOnly = false;
  bool undefined = false;         ///< holds nothing until a kernel wrote it
  std::unique_ptr<Shadow> shadow; ///< none: is only read
  size_t index = 0;               ///< of a buffer, in a report

  bool holds(uint64_t address) const { return address - begin < bytes; }
};

/// The buffers of global memory. Kernels see the caller's bytes themselves.
class Memory {
public:
  struct Options {
    /// Where kernels find it; 0: at an address that is a multiple of
    /// `alignment` and of nothing more, far from every other buffer.
    uint64_t address = 0;
    uint64_t alignment = 256;
    bool undefined = false; ///< reading what no kernel wrote is an error
  };

  /// The buffer's address, or 0 if it overlaps another one.
  uint64_t add(std::string name, void *data, uint64_t bytes, Options options);
  uint64_t add(std::string name, void *data, uint64_t bytes) {
    return add(std::move(name), data, bytes, Options());
  }
  /// One that kernels must not write.
  uint64_t addReadOnly(std::string name, const void *data, uint64_t bytes,
                       Options options);
  uint64_t addReadOnly(std::string name, const void *data, uint64_t bytes) {
    return addReadOnly(std::move(name), data, bytes, Options());
  }
  /// Forgets the buffer at that address; false: there is none.
  bool remove(uint64_t address);

  /// The buffer that holds an address, else the one that begins last before
  /// it, if any.
  Region *find(uint64_t address);

  std::vector<Region *> regions();

  /// Looks for races byte by byte from now on.
  void watchBytes();
  Shadow &shadowOf(Region &region);

  uint32_t epoch = 0; ///< of the last block that was executed

private:
  std::map<uint64_t, Region> buffers; ///< by their addresses
  unsigned shift = 2;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_MEMORY_H
