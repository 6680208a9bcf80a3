//===- SegmentNest.h - Rows as sums of lists of rows ------------*- C++ -*-===//
//
// target[row of the letters + group] (+)= sum over the terms of the group of
// factor * source[row of the letters + term]
//
// A step of a graph map: a sparse matrix whose rows have different lengths.
// Either way, reading or writing, each row of the target is summed by itself.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_SEGMENTNEST_H
#define EQC_LOWERING_NESTS_SEGMENTNEST_H

#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/Stages.h"

#include <vector>

namespace eqc {

struct SegmentNest {
  /// Of a read, which writes all rows of its target; n is fixed.
  SegmentNest(const ReadEntry &entry, int64_t n);
  /// Of a write, which adds to the rows that it reaches.
  SegmentNest(const WriteEntry &entry, int64_t n);

  /// Fields of `groups`: a row of the target, and its terms.
  enum GroupField : int64_t { kTarget, kFirstTerm, kEndTerm, kNumGroupFields };
  /// A letter that runs along in both.
  struct Along {
    int64_t extent, targetStride, sourceStride;
  };

  bool adds;                   ///< to what is there
  Table groups;                ///< parallel
  Table sources;               ///< rows, by term
  std::vector<double> factors; ///< by term; none where all are 1
  std::vector<Along> letters;  ///< parallel
  int64_t most = 0;            ///< terms in a group

private:
  struct Term {
    int64_t target, source;
    int factor;
  };
  void build(std::vector<Term> terms, const std::vector<int64_t> &targets);
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_SEGMENTNEST_H
