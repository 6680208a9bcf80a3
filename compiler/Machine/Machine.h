//===- Machine.h - What a core is like --------------------------*- C++ -*-===//
//
// The one place for facts about a machine: what tiles are cut by, budgets are
// shares of, and prefetches and stores count in. Rates, which are measured, are
// the cost model's; see CostModel.h.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_MACHINE_MACHINE_H
#define EQC_MACHINE_MACHINE_H

#include <cstdint>

namespace eqc {

/// Bytes of a cache line, of every machine that code is made for. Scratch and
/// packed weights begin at one: EQC_RT_ALIGN of the runtime.
constexpr int64_t kLineBytes = 64;

/// A core: its vectors, and its caches as sizes that are safe to plan with.
struct Machine {
  int64_t vectorBytes = 16; ///< of the widest vector worth using
  int64_t registers = 16;   ///< architectural vector registers
  int64_t l1Bytes = 32 * 1024;
  int64_t l1Ways = 8;
  int64_t l2Bytes = 1024 * 1024;

  int64_t lanes(int64_t elementBytes) const {
    return vectorBytes / elementBytes;
  }
  /// Addresses so many bytes apart share a set of the first-level cache.
  int64_t l1SetStride() const { return l1Bytes / l1Ways; }
  /// Whether a store of some lanes of a vector is one instruction, and a fast
  /// one. With AVX2 there is one, which takes dozens of cycles on some CPUs.
  bool storesMasked() const { return vectorBytes >= 64; }
  /// Elements that a cache line holds.
  static constexpr int64_t lineElements(int64_t elementBytes) {
    return kLineBytes / elementBytes;
  }

  bool operator==(const Machine &other) const {
    return vectorBytes == other.vectorBytes && registers == other.registers &&
           l1Bytes == other.l1Bytes && l1Ways == other.l1Ways &&
           l2Bytes == other.l2Bytes;
  }
};

} // namespace eqc

#endif // EQC_MACHINE_MACHINE_H
