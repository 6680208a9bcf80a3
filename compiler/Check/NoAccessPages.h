//===- NoAccessPages.h - Memory that notices being touched ------*- C++ -*-===//
//
// A stretch of memory between two pages that nobody may touch. An access to
// them is noticed and then let through, so that a kernel which strays is
// reported and not the end of the process.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_NOACCESSPAGES_H
#define EQC_CHECK_NOACCESSPAGES_H

#include <csignal>
#include <cstddef>

namespace eqc {

class NoAccessPages {
public:
  /// At least `size` bytes between the pages, in whole pages.
  explicit NoAccessPages(size_t size);
  ~NoAccessPages();
  NoAccessPages(const NoAccessPages &) = delete;
  NoAccessPages &operator=(const NoAccessPages &) = delete;

  unsigned char *data() const { return base + page; }
  size_t size() const { return inner; }

  /// Whether the page before, or behind, has been touched. Always false when
  /// there are very many of these.
  bool touchedBefore() const;
  bool touchedBehind() const;

private:
  size_t page, inner;
  unsigned char *base;
  int slot; ///< of the watch; -1: nobody watches
};

/// While one exists, accesses to the pages are noticed; without, they are
/// segmentation faults.
class AccessWatch {
public:
  AccessWatch();
  ~AccessWatch();
  AccessWatch(const AccessWatch &) = delete;
  AccessWatch &operator=(const AccessWatch &) = delete;

private:
  struct sigaction before;
};

} // namespace eqc

#endif // EQC_CHECK_NOACCESSPAGES_H
