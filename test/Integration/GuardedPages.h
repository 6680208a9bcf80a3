//===- GuardedPages.h - Arrays beside which nothing may be touched --------===//

#ifndef EQC_TEST_INTEGRATION_GUARDEDPAGES_H
#define EQC_TEST_INTEGRATION_GUARDEDPAGES_H

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace eqc::test {

/// An array in pages of its own, with pages that nobody may touch on both
/// sides. The array is flush with one end; inputs cannot be written.
class GuardedPages {
public:
  GuardedPages(const std::vector<unsigned char> &bytes, bool flushWithEnd)
      : size(bytes.size()) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    inner = (size + page - 1) / page * page;
    total = inner + 2 * page;
    void *map =
        mmap(nullptr, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(map, MAP_FAILED);
    base = static_cast<unsigned char *>(map);
    middle = base + page;
    array = flushWithEnd ? middle + inner - size : middle;
    if (inner == 0)
      return;
    allow(PROT_READ | PROT_WRITE);
    memcpy(array, bytes.data(), size);
  }
  GuardedPages(const GuardedPages &) = delete;
  GuardedPages &operator=(const GuardedPages &) = delete;
  ~GuardedPages() { munmap(base, total); }

  void makeReadOnly() { allow(PROT_READ); }
  unsigned char *data() const { return array; }
  bool holds(const std::vector<unsigned char> &bytes) const {
    return bytes.size() == size &&
           (size == 0 || memcmp(array, bytes.data(), size) == 0);
  }

private:
  void allow(int protection) {
    if (inner > 0)
      EXPECT_EQ(mprotect(middle, inner, protection), 0);
  }

  size_t size = 0, inner = 0, total = 0;
  unsigned char *base = nullptr, *middle = nullptr, *array = nullptr;
};

} // namespace eqc::test

#endif // EQC_TEST_INTEGRATION_GUARDEDPAGES_H
