//===- StrandNest.h - What a mix in Fourier space computes ------*- C++ -*-===//
//
// For letters m_1 <= .. <= m_t:
//
//   spread[source, slot] = sum over permutations of matrix * view
//   mixed[target, slot]  = sum of spread * packed weights, per irrep
//   target[m in any order] = inits + sum over slots of matrix^T * mixed
//   target[m, m]          += diagonals
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_STRANDNEST_H
#define EQC_LOWERING_NESTS_STRANDNEST_H

#include "compiler/Lowering/Nests/MixNest.h"
#include "compiler/Plan/Strands/StrandPlan.h"

namespace eqc {

/// Views of rows whose letters change places; those of Input come first.
struct StrandViews {
  explicit StrandViews(const std::vector<RowView> &views);

  /// Fields; strides follow.
  enum Field : int64_t { kOffset, kStrides };
  Table table;
  int64_t inputs = 0;
  int64_t size() const { return table.size(); }
};

struct StrandNest {
  /// `write`: what the mix adds to its target as well, if that takes it.
  StrandNest(const StrandStage &stage, int64_t firstTerm,
             const WriteStage *write = nullptr);
  /// Whether all that a write adds to the target of two strands are rows where
  /// their letters are equal: who writes a row can then add them to it.
  static bool takes(const StrandStage &stage, const WriteStage &write);

  /// Fields of `blocks`.
  enum BlockField : int64_t {
    kTarget,
    kDimension, ///< of the irrep
    kFirstSlot, ///< of the irrep
    kColumn,
    kFirstTerm, ///< packed; a source has as many as the dimension
    kNumBlockFields,
  };

  StrandTransform transform;
  MixNest ends; ///< the targets as a mix of nothing
  StrandViews sources;
  /// What is mixed: a column of an irrep of a target, written once: parallel.
  Table blocks;
  /// Fields of `diagonals`, nodes that rows of equal letters have added.
  enum DiagonalField : int64_t { kNode, kNodeStride, kNumDiagonalFields };
  Table diagonals;
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_STRANDNEST_H
