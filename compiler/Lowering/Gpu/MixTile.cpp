//===- MixTile.cpp - What a thread of a mix has in registers --------------===//

#include "compiler/Lowering/Gpu/MixTile.h"
#include "compiler/Lowering/Nests/Summation.h"

#include <algorithm>

using namespace eqc;
using namespace eqc::device;

/// Sums of fewer blocks than this are added as they are.
constexpr int64_t kPlainBlocks = 16;

/// Of which a thread has room for as many more.
constexpr int64_t kFewSums = 32;

/// GPUs move memory in sectors of so many bytes.
constexpr int64_t kSectorBytes = 32;

/// As many vectors as are wanted, unless an eighth of them would be computed
/// for nothing, or threads would store parts of sectors.
static void divideColumns(MixTile &tile, const MixShape &shape,
                          int64_t wanted) {
  const int64_t vectors = shape.columns / shape.width;
  const int64_t storedBytes = shape.stored * shape.elementBytes;
  for (tile.vectors = std::min(wanted, vectors); tile.vectors > 1;
       --tile.vectors) {
    tile.count = (vectors + tile.vectors - 1) / tile.vectors;
    const int64_t idle = tile.count * tile.vectors - vectors;
    if (8 * idle <= vectors && ((!shape.isPhase && !shape.areDealt()) ||
                                tile.count * storedBytes >= kSectorBytes))
      return;
  }
  tile.count = vectors;
}

MixTile device::strandTileOf(int64_t elementBytes,
                             const WeightColumns &weights) {
  constexpr int64_t kColumns = 4;
  MixTile tile;
  divideColumns(tile,
                mixShapeOf(elementBytes, 1, weights, 1, /*isPhase=*/false),
                std::max<int64_t>(1, kColumns / weights.width));
  return tile;
}

MixTile device::mixTileOf(const MixShape &shape) {
  const auto [elementBytes, depth, width, columns, stored, products, isPhase] =
      shape;
  MixTile tile;
  if (products > kPlainBlocks * kTermsOfBlock)
    tile.totals = MixTile::WithRest;
  else if (products > kTermsOfBlock)
    tile.totals = width == 1 ? MixTile::Registers : MixTile::Shared;
  // 8 by 8 sums of f32 are as many registers as 4 by 8 of f64; columns that are
  // loaded one by one take registers for their addresses.
  tile.rows = elementBytes == 8 || width == 1 ? 4 : 8;
  const bool isNarrow = width == 1 || tile.totals == MixTile::WithRest;
  // Rows that are loaded one by one are as many loads as these have columns.
  const bool isWide = !isNarrow && !isPhase && tile.rows == 8 && depth == 1 &&
                      columns / width % 3 == 0;
  const bool isLong =
      elementBytes == 8 && width == 1 && tile.totals != MixTile::None;
  // 96 sums of 12 columns would leave a few registers short on some chips.
  if (isWide)
    tile.rows = 6;
  divideColumns(tile, shape,
                (isLong     ? 2
                 : isNarrow ? 4
                 : isWide   ? 12
                            : 8) /
                    width);
  // Few sums leave registers to add blocks up in, and shared memory to samples.
  if (shape.areDealt() && isPhase && tile.totals == MixTile::Shared &&
      tile.rows * tile.vectors * width <= kFewSums)
    tile.totals = MixTile::Registers;
  return tile;
}
