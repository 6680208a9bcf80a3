//===- ReadNest.h - What reading input patterns computes --------*- C++ -*-===//
//
// stored[entry, kept.., group] = scale * sum over the dropped letter and the
// terms of the group of +-source[row of kept and dropped]
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_READNEST_H
#define EQC_LOWERING_NESTS_READNEST_H

#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/Shared/SharedPlan.h"

namespace eqc {

/// All entries of a stage of reads; their terms have the same shape and signs.
/// Entry, kept letters and groups are parallel; what is summed is the rest.
struct ReadNest {
  ReadNest(const SharedPlan &plan, const ReadStage &stage);

  /// Fields of `entries`; source strides of the kept letters follow.
  enum EntryField : int64_t {
    kTarget,        ///< row offset in Stored
    kDroppedExtent, ///< 1 where no letter is dropped
    kDroppedStride,
    kFirstTerm,
    kStrides,
  };
  enum TermField : int64_t { kRowOffset, kSign, kNumTermFields };

  /// Sums over a group are written out where that are at most two terms with
  /// the same signs in every group, or a few of a form (two of a symplectic
  /// one, n of one with a signature); else loops.
  bool inLine() const;
  static constexpr size_t kMostInLine = 8;

  PlanArray source = PlanArray::Input;
  std::vector<Axis> kept;
  std::vector<Poly> targetStrides; ///< of the kept letters
  Table entries, terms;
  int64_t groups = 1, termsPerGroup = 1;
  std::vector<int> signs; ///< of all terms of an entry, the first one
  bool sameSigns = true;  ///< whether all entries have them
  bool drops = false;     ///< whether there is a dropped letter
  Poly mostDropped;       ///< the extent of the dropped letter, or 1
  bool mean = false;      ///< whether sums are means ..
  Poly values;            ///< .. of so many
  Pool pool = Pool::Sum;  ///< what is taken in place of sums
};

/// The entries of a stage in groups that run over the same letters: where axes
/// are of several spaces, sums over each of them have rows of other lengths.
std::vector<ReadStage> partsOfOneShape(const ReadStage &stage);

} // namespace eqc

#endif // EQC_LOWERING_NESTS_READNEST_H
