//===- LargePages.cpp - Memory as large arrays of callers have it ---------===//

#include "compiler/Bench/LargePages.h"
#include "compiler/Machine/Machine.h"

#include <sys/mman.h>

using namespace eqc;

static constexpr size_t largePage = size_t(2) << 20;

bool eqc::areLarge(size_t bytes) { return bytes >= 2 * largePage; }

LargeMemory eqc::allocateLikeNumPy(size_t bytes, Pages pages) {
  const bool isLarge = areLarge(bytes);
  const size_t alignment = isLarge ? largePage : size_t(kLineBytes);
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  LargeMemory memory(std::aligned_alloc(alignment, rounded));
  // A wish: where it is refused, pages are small.
  if (memory && isLarge)
    (void)madvise(memory.get(), rounded,
                  pages == Pages::Small ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
  return memory;
}
