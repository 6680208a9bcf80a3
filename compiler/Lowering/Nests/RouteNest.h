//===- RouteNest.h - Where rows of pooled patterns go -----------*- C++ -*-===//
//
// target[row of kept and dropped] += node[inner of kept] for one value of the
// dropped letters, the first whose row of x is the extreme of all
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_ROUTENEST_H
#define EQC_LOWERING_NESTS_ROUTENEST_H

#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/Stages.h"

namespace eqc {

/// Those writes of a stage that route. Kept letters are parallel within one of
/// them; those of shorter walks are padded with letters of one value.
struct RouteNest {
  explicit RouteNest(const WriteStage &stage);

  /// Fields of `writes`; those of every kept letter follow, KeptField each,
  /// then those of every dropped one, DroppedField each.
  enum WriteField : int64_t { kTargetOffset, kSourceOffset, kLetters };
  enum KeptField : int64_t {
    kExtent,
    kTargetStride,
    kSourceStride,
    kNumKeptFields,
  };
  enum DroppedField : int64_t {
    kDroppedExtent,
    kDroppedStride,
    kNumDroppedFields,
  };
  int64_t ofKept(int64_t letter, KeptField field) const {
    return kLetters + kNumKeptFields * letter + field;
  }
  int64_t ofDropped(int64_t letter, DroppedField field) const {
    return kLetters + kNumKeptFields * kept + kNumDroppedFields * letter +
           field;
  }

  int64_t kept = 0, dropped = 0; ///< letters of the longest walk
  Table writes;
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_ROUTENEST_H
