//===- LargePages.h - Memory as large arrays of callers have it -*- C++ -*-===//

#ifndef EQC_BENCH_LARGEPAGES_H
#define EQC_BENCH_LARGEPAGES_H

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace eqc {

struct FreeMemory {
  void operator()(void *p) const { std::free(p); }
};
using LargeMemory = std::unique_ptr<void, FreeMemory>;

/// From 4 MB on arrays are on pages of 2 MB, or on those of 4 KB that they have
/// where nobody asks.
enum class Pages { LikeNumPy, Small };
bool areLarge(size_t bytes);

/// `bytes` or somewhat more at an address that begins a cache line, or null.
/// From 4 MB on they are on pages of 2 MB where the system has those, which is
/// what NumPy asks for: on pages of 4 KB the same kernels take up to 1.7 times
/// as long, for the translation of addresses alone.
LargeMemory allocateLikeNumPy(size_t bytes, Pages pages = Pages::LikeNumPy);

} // namespace eqc

#endif // EQC_BENCH_LARGEPAGES_H
