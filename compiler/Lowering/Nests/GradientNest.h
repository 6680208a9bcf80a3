//===- GradientNest.h - What the gradient of weights sums -------*- C++ -*-===//
//
// sums[term, ci, co] = sum over samples and axes of x[row, ci] * grad_y[row,
// co]
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_GRADIENTNEST_H
#define EQC_LOWERING_NESTS_GRADIENTNEST_H

#include "compiler/Lowering/Nests/StrandNest.h"
#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

namespace eqc {

/// The terms of one propagating order. Terms and channels are parallel, axes
/// and samples are summed over.
struct GradientNest {
  /// The matrix of sums has `diagramRows` rows for each diagram.
  GradientNest(const GradientStage &stage, int64_t diagramRows);

  /// Fields of `terms`; strides in x of the strided axes follow.
  enum TermField : int64_t {
    kX,
    kGradY,
    kSums, ///< first row of the diagram's sums
    kStrides,
  };

  /// Rows of a sample for one value of each axis before `axis`.
  Poly rowsFrom(int axis) const;

  PlanArray x, gradY; ///< what is read of either side
  std::vector<Axis> axes;
  int strided = 0; ///< axes with strides; entries of the one behind follow each
                   ///< other in both arrays
  std::vector<Poly> gradYStrides; ///< of the strided axes, for all terms
  Table terms;
};

/// Sums over strands in Fourier space: for letters m_1 <= .. <= m_t
///
///   sums[item, ci, co] += sum over rows of an irrep of
///                         x[x slot + row * step, ci] *
///                         grad_y[grad_y slot + row * step, co]
///
/// where x and grad_y are spread, one of them with equal letters counted once.
struct StrandSumsNest {
  StrandSumsNest(const GradientStage &stage, int64_t diagramRows);

  /// Fields of `items`.
  enum ItemField : int64_t {
    kXSource,
    kGradYSource,
    kXSlot,
    kGradYSlot,
    kIrrepRows, ///< and step
    kSumsRow,   ///< first of the item's sums
    kNumItemFields,
  };

  StrandTransform transform;
  StrandViews x, gradY;
  Table items; ///< written once each: parallel
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_GRADIENTNEST_H
