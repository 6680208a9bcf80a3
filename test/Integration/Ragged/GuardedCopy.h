//===- GuardedCopy.h - Arrays beside which nothing may be touched ---------===//

#ifndef EQC_TEST_INTEGRATION_RAGGED_GUARDEDCOPY_H
#define EQC_TEST_INTEGRATION_RAGGED_GUARDEDCOPY_H

#include "test/Integration/Ragged/Layers.h"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

namespace eqc::test {

/// A copy of an array in pages of its own, with pages that nobody may touch on
/// both sides; flush with one end.
class GuardedCopy {
public:
  GuardedCopy(const Array &array, bool flushWithEnd) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    size = array.raw().size();
    inner = (size + page - 1) / page * page;
    total = inner + 2 * page;
    void *map =
        mmap(nullptr, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(map, MAP_FAILED);
    base = static_cast<unsigned char *>(map);
    start = flushWithEnd ? base + page + inner - size : base + page;
    if (inner == 0)
      return;
    EXPECT_EQ(mprotect(base + page, inner, PROT_READ | PROT_WRITE), 0);
    memcpy(start, array.raw().data(), size);
  }
  GuardedCopy(const GuardedCopy &) = delete;
  GuardedCopy &operator=(const GuardedCopy &) = delete;
  ~GuardedCopy() { munmap(base, total); }

  void makeReadOnly() {
    if (inner > 0)
      EXPECT_EQ(mprotect(base + (total - inner) / 2, inner, PROT_READ), 0);
  }
  void *data() const { return start; }
  bool holds(const Array &array) const {
    return array.raw().size() == size &&
           (size == 0 || memcmp(start, array.raw().data(), size) == 0);
  }

private:
  size_t size = 0, inner = 0, total = 0;
  unsigned char *base = nullptr, *start = nullptr;
};

} // namespace eqc::test

#endif // EQC_TEST_INTEGRATION_RAGGED_GUARDEDCOPY_H
