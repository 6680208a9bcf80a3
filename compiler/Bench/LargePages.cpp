//===- LargePages.cpp - Memory as large arrays of callers have it ---------===//

#include "compiler/Bench/LargePages.h"
#include "compiler/Machine/Machine.h"

#include <sys/mman.h>

using namespace eqc;

LargeMemory eqc::allocateLikeNumPy(size_t bytes) {
  constexpr size_t largePage = size_t(2) << 20;
  const bool isLarge = bytes >= 2 * largePage;
  const size_t alignment = isLarge ? largePage : size_t(kLineBytes);
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  LargeMemory memory(std::aligned_alloc(alignment, rounded));
  // A wish: where it is refused, pages are small.
  if (memory && isLarge)
    (void)madvise(memory.get(), rounded, MADV_HUGEPAGE);
  return memory;
}
