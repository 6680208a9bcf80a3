//===- NoAccessPages.cpp - Memory that notices being touched --------------===//

#include "compiler/Check/NoAccessPages.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

using namespace eqc;

namespace {

/// One page that nobody may touch, as the signal handler sees it.
struct WatchedPage {
  std::atomic<uintptr_t> begin{0}; ///< 0: no page
  std::atomic<bool> touched{false};
};

/// The pages before and behind the arrays that exist: a check has a few.
constexpr int kSlots = 64;
std::array<std::array<WatchedPage, 2>, kSlots> watched;
std::atomic<uintptr_t> pageSize{0};
/// What happens to faults that are not ours.
struct sigaction previous;

} // namespace

/// Notes the access and lets it through. Calls nothing but mprotect, a system
/// call, and sigaction.
static void noteAccess(int, siginfo_t *info, void *) {
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  const uintptr_t page = pageSize;
  for (auto &pair : watched)
    for (WatchedPage &guard : pair) {
      const uintptr_t begin = guard.begin;
      if (begin == 0 || address < begin || address >= begin + page)
        continue;
      guard.touched = true;
      mprotect(reinterpret_cast<void *>(begin), page, PROT_READ | PROT_WRITE);
      return;
    }
  // The access happens again, under the handler that was there before.
  sigaction(SIGSEGV, &previous, nullptr);
}

AccessWatch::AccessWatch() {
  struct sigaction action = {};
  action.sa_sigaction = noteAccess;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, &before);
  if (before.sa_sigaction != noteAccess)
    previous = before;
}

AccessWatch::~AccessWatch() { sigaction(SIGSEGV, &before, nullptr); }

NoAccessPages::NoAccessPages(size_t size)
    : page(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
      inner((size + page - 1) / page * page), base(nullptr), slot(-1) {
  pageSize = page;
  const size_t total = inner + 2 * page;
  void *map = mmap(nullptr, total, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED)
    std::abort(); // there is no memory: what `new` does without exceptions
  base = static_cast<unsigned char *>(map);
  unsigned char *pages[] = {base, base + page + inner};
  for (int i = 0; i < kSlots && slot < 0; ++i) {
    uintptr_t none = 0;
    if (watched[i][0].begin.compare_exchange_strong(
            none, reinterpret_cast<uintptr_t>(pages[0])))
      slot = i;
  }
  if (slot < 0)
    return;
  watched[slot][1].begin = reinterpret_cast<uintptr_t>(pages[1]);
  for (int side = 0; side < 2; ++side) {
    watched[slot][side].touched = false;
    mprotect(pages[side], page, PROT_NONE);
  }
}

NoAccessPages::~NoAccessPages() {
  if (slot >= 0)
    for (int side : {1, 0}) // the first one holds the slot
      watched[slot][side].begin = 0;
  munmap(base, inner + 2 * page);
}

bool NoAccessPages::touchedBefore() const {
  return slot >= 0 && watched[slot][0].touched;
}
bool NoAccessPages::touchedBehind() const {
  return slot >= 0 && watched[slot][1].touched;
}
