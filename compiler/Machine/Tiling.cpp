//===- Tiling.cpp - Register tiles of a matrix product --------------------===//

#include "compiler/Machine/Tiling.h"

#include <algorithm>

using namespace eqc;

int64_t eqc::columnVectors(const Machine &machine, int64_t lanes,
                           int64_t channels) {
  const int64_t total = (channels + lanes - 1) / lanes;
  // Two vectors halve the broadcasts. Three would pad less now and then, but
  // rows of a width that is no power of two are not kept in registers.
  return std::min<int64_t>(total, 2);
}

ColumnTiling eqc::columnTiling(const Machine &machine, int64_t elementBytes,
                               int64_t columns) {
  const int64_t lanes = machine.lanes(elementBytes);
  ColumnTiling tiling;
  tiling.vectors = columnVectors(machine, lanes, columns);
  tiling.width = tiling.vectors * lanes;
  tiling.tiles = (columns + tiling.width - 1) / tiling.width;
  tiling.lastVectors = (columns % tiling.width + lanes - 1) / lanes;
  return tiling;
}

ColumnTiling eqc::mixTiling(const Machine &machine, int64_t elementBytes,
                            int64_t inputChannels, int64_t outputChannels) {
  // A vector of columns takes a multiply-add for each input channel, a dot one
  // for as many as there are lanes, and a shuffle and an addition for each time
  // that its sum is halved.
  constexpr int64_t mostDots = 4;
  const int64_t lanes = machine.lanes(elementBytes);
  const int64_t left = outputChannels % lanes;
  int64_t ofDot = (inputChannels + lanes - 1) / lanes;
  for (int64_t half = lanes; half > 1; half /= 2)
    ofDot += 2;
  if (left == 0 || left > std::min(mostDots, lanes / 2) ||
      inputChannels < lanes || left * ofDot > inputChannels)
    return columnTiling(machine, elementBytes, outputChannels);
  ColumnTiling tiling{1, lanes, 0};
  if (outputChannels > left)
    tiling = columnTiling(machine, elementBytes, outputChannels - left);
  tiling.dots = left;
  ++tiling.tiles;
  return tiling;
}

ColumnTiling eqc::matrixTiling(const Machine &machine, int64_t elementBytes,
                               int64_t columns) {
  ColumnTiling tiling = columnTiling(machine, elementBytes, columns);
  while (tiling.width / 2 >= columns)
    tiling.width /= 2;
  if (columns == tiling.width)
    tiling.lastVectors = 0;
  return tiling;
}

int64_t eqc::maxTileRows(const Machine &machine, int64_t vectors) {
  // One register per column vector of the weights, two for broadcasts.
  return std::max<int64_t>(1, (machine.registers - vectors - 2) / vectors);
}

/// Half cycles that one step of a reduction takes on a CPU that starts two
/// multiply-adds and two loads in a cycle, for a tile of `rows` x `vectors`.
static int64_t stepCost(int64_t rows, int64_t vectors) {
  constexpr int64_t latency = 8; // of the multiply-adds of one accumulator
  return 2 * std::max({rows * vectors, rows + vectors, latency}) + 1;
}

int64_t eqc::tileRows(const Machine &machine, int64_t vectors,
                      const std::vector<int64_t> &extents, bool aliasing) {
  int64_t most = std::min(*std::max_element(extents.begin(), extents.end()),
                          maxTileRows(machine, vectors));
  if (aliasing)
    most = std::min(most, machine.l1Ways);
  int64_t best = most;
  auto cost = [&](int64_t rows) {
    int64_t tiles = 0;
    for (int64_t extent : extents)
      tiles += (extent + rows - 1) / rows;
    return tiles * stepCost(rows, vectors);
  };
  for (int64_t rows = most; rows >= 1; --rows)
    if (cost(rows) < cost(best))
      best = rows;
  return best;
}

int64_t eqc::tileRows(const Machine &machine, int64_t vectors, int64_t extent,
                      bool aliasing) {
  return tileRows(machine, vectors, std::vector<int64_t>{extent}, aliasing);
}

int64_t eqc::sampleTileRows(const Machine &machine, int64_t vectors) {
  const int64_t most = std::min<int64_t>(8, maxTileRows(machine, vectors));
  int64_t rows = 1;
  while (2 * rows <= most)
    rows *= 2;
  return rows;
}

SumTiling eqc::sumTiling(const Machine &machine, int64_t elementBytes,
                         int64_t inputChannels, int64_t outputChannels) {
  SumTiling tiling;
  // The sums of dots are added to the others channel by channel.
  constexpr int64_t mostChannels = 256;
  tiling.columns =
      inputChannels <= mostChannels
          ? mixTiling(machine, elementBytes, inputChannels, outputChannels)
          : columnTiling(machine, elementBytes, outputChannels);
  tiling.rows = tileRows(machine, tiling.columns.vectors, inputChannels);
  tiling.tiles = (inputChannels + tiling.rows - 1) / tiling.rows;
  return tiling;
}

SumMatrix eqc::sumMatrix(const SumTiling &tiling, int64_t terms,
                         int64_t biases) {
  const int64_t diagramRows = tiling.rowsOfDiagram();
  return {terms * diagramRows + biases, tiling.columns.columns(), diagramRows,
          diagramRows - tiling.rows, terms};
}
