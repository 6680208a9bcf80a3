//===- MixTile.cpp - What a thread of a mix has in registers --------------===//

#include "compiler/Lowering/Gpu/MixTile.h"
#include "compiler/Lowering/Nests/Summation.h"

using namespace eqc;
using namespace eqc::device;

/// Sums of fewer blocks than this are added as they are.
constexpr int64_t kPlainBlocks = 16;

/// GPUs move memory in sectors of so many bytes.
constexpr int64_t kSectorBytes = 32;

/// As many vectors as are wanted, unless an eighth of them would be computed
/// for nothing, or threads would store parts of sectors.
static void divideColumns(MixTile &tile, int64_t vectors, int64_t vectorBytes,
                          int64_t wanted) {
  for (tile.vectors = wanted; tile.vectors > 1; --tile.vectors) {
    tile.count = (vectors + tile.vectors - 1) / tile.vectors;
    const int64_t idle = tile.count * tile.vectors - vectors;
    if (8 * idle <= vectors && tile.count * vectorBytes >= kSectorBytes)
      return;
  }
  tile.count = vectors;
}

MixTile device::mixTileOf(int64_t elementBytes, int64_t width, int64_t columns,
                          int64_t products) {
  MixTile tile;
  if (products > kPlainBlocks * kTermsOfBlock)
    tile.totals = MixTile::WithRest;
  else if (products > kTermsOfBlock)
    tile.totals = width == 1 ? MixTile::Registers : MixTile::Shared;
  // 8 by 8 sums of f32 are as many registers as 4 by 8 of f64; columns that are
  // loaded one by one take registers for their addresses.
  tile.rows = elementBytes == 8 || width == 1 ? 4 : 8;
  const bool isNarrow = width == 1 || tile.totals == MixTile::WithRest;
  divideColumns(tile, columns / width, width * elementBytes,
                (isNarrow ? 4 : 8) / width);
  return tile;
}
