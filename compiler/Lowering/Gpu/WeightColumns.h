//===- WeightColumns.h - Where columns of weights stand ---------*- C++ -*-===//

#ifndef EQC_LOWERING_GPU_WEIGHTCOLUMNS_H
#define EQC_LOWERING_GPU_WEIGHTCOLUMNS_H

#include <cstdint>

namespace eqc::device {

/// Rows of weights, of which vectors of columns are loaded at once. Where these
/// do not divide the columns, rows of weights that a program makes for its
/// mixes are a little longer. Then columns are dealt to the vectors: vector v
/// of all `vectors` has columns v, v + vectors, v + 2 vectors, .. Rows of y
/// begin anywhere then and are stored one column at a time, and so neighbouring
/// threads, which have neighbouring vectors, store neighbouring columns.
struct WeightColumns {
  int64_t columns = 1; ///< of the layer
  int64_t length = 1;  ///< of a row of weights
  int64_t width = 1;   ///< columns of a vector

  bool areDealt() const { return length != columns; }
  int64_t vectors() const { return length / width; }
};

/// The length of rows of weights, in which there is room for a whole number of
/// vectors where that is an eighth more at most.
inline int64_t lengthOfWeights(int64_t columns, int64_t width) {
  const int64_t length = (columns + width - 1) / width * width;
  return 8 * length > 9 * columns ? columns : length;
}

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_WEIGHTCOLUMNS_H
