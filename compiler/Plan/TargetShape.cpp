//===- TargetShape.cpp - What tiling needs to know of a CPU ---------------===//

#include "compiler/Plan/TargetShape.h"

#include <algorithm>

using namespace eqc;

int64_t eqc::columnVectors(const TargetShape &target, int64_t lanes,
                           int64_t channels) {
  const int64_t total = (channels + lanes - 1) / lanes;
  // Two vectors halve the broadcasts. Three would pad less now and then, but
  // rows of a width that is no power of two are not kept in registers.
  return std::min<int64_t>(total, 2);
}

int64_t eqc::maxTileRows(const TargetShape &target, int64_t vectors) {
  // One register per column vector of the weights, two for broadcasts.
  return std::max<int64_t>(1, (target.registers - vectors - 2) / vectors);
}

int64_t eqc::tileRows(const TargetShape &target, int64_t vectors,
                      int64_t extent) {
  const int64_t most = maxTileRows(target, vectors);
  if (extent <= most)
    return extent;
  int64_t best = most;
  for (int64_t rows = most; 3 * rows >= 2 * most; --rows)
    if (extent % rows == 0)
      return rows;
  // Otherwise the height that recomputes the fewest rows.
  int64_t least = extent;
  for (int64_t rows = most; 3 * rows >= 2 * most; --rows) {
    const int64_t waste = (extent + rows - 1) / rows * rows - extent;
    if (waste < least) {
      least = waste;
      best = rows;
    }
  }
  return best;
}
