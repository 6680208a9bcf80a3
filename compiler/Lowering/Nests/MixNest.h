//===- MixNest.h - What a channel mix computes ------------------*- C++ -*-===//
//
// target[axes.., co] = sum of inits + sum over terms, ci of
// view[axes.., ci] * weight[term, ci, co]
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_MIXNEST_H
#define EQC_LOWERING_NESTS_MIXNEST_H

#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/Shared/SharedPlan.h"

namespace eqc {

/// All targets of a mix over one index space. A row of a view is at its offset
/// + sum over the axes of index * stride; strides of the axes that have some
/// stand in tables, the entries of a last axis beyond them follow each other.
struct MixNest {
  /// `firstTerm` is the place of the stage's first term in the packed weights.
  MixNest(const MixStage &stage, int64_t firstTerm);

  /// Fields of `targets`.
  enum TargetField : int64_t {
    kOffset = 0,
    kNodeInits = 1,   ///< first and past the last row of nodeInits
    kInputTerms = 3,  ///< the same of inputTerms
    kStoredTerms = 5, ///< the same of storedTerms
    kBias = 7,        ///< a row of the bias that exists
    kNumBias = 8,     ///< 1 if that row is the target's, 0 if it has none
    kNumTargetFields,
  };
  /// Fields of the tables of views; strides follow.
  enum InitField : int64_t { kInitOffset, kInitStrides };
  enum TermField : int64_t { kTermOffset, kWeight, kTermStrides };

  /// The most terms that a target has in the range at `rangeField`.
  int64_t mostTerms(int64_t rangeField) const {
    return rangeField == kInputTerms ? mostFromInput : mostFromStored;
  }

  PlanArray target = PlanArray::Nodes;
  std::vector<Axis> axes;
  int strided = 0;                 ///< axes with strides in tables
  std::vector<Poly> targetStrides; ///< the same for all targets
  Table targets;                   ///< written once each: parallel
  Table nodeInits;                 ///< as InitField
  Table inputTerms, storedTerms;   ///< as TermField
  bool hasBias = false;
  int64_t mostFromInput = 0, mostFromStored = 0;
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_MIXNEST_H
