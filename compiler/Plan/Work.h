//===- Work.h - What a core does for a layer --------------------*- C++ -*-===//
//
// Counted by a kind of target under its schedules, in the units that rates are
// given for, so that times follow without looking at the layer again.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_WORK_H
#define EQC_PLAN_WORK_H

#include <cstdint>

namespace eqc {

struct Work {
  /// Multiply-adds, or other arithmetic, of whole vectors, with those that
  /// could have been done while one waits for another.
  double vectors = 0;
  double bytes = 0; ///< between registers and caches, of x and y too
  double rows = 0;  ///< that are looked up
  double tiles = 0; ///< of mixes, and the matrices that they meet
  double terms = 0;
  double elements = 0; ///< of a dense matrix that are added to

  Work &operator+=(const Work &other) {
    vectors += other.vectors;
    bytes += other.bytes;
    rows += other.rows;
    tiles += other.tiles;
    terms += other.terms;
    elements += other.elements;
    return *this;
  }
  friend Work operator*(double factor, Work work) {
    work.vectors *= factor;
    work.bytes *= factor;
    work.rows *= factor;
    work.tiles *= factor;
    work.terms *= factor;
    work.elements *= factor;
    return work;
  }
};

/// Of a layer by one plan, for calls of a given size.
struct PlanWork {
  Work sample;
  Work packing; ///< once per call, beside copying the weights
  /// Of the weights as the kernel reads them.
  int64_t packedBytes = 0;
  double movedBytes = 0; ///< of x and y, per sample
  /// Samples that share a pass over the weights.
  double samplesOfBlock = 1;
  /// Whether the next x comes to the caches during the arithmetic.
  bool fetchesAhead = false;
};

} // namespace eqc

#endif // EQC_PLAN_WORK_H
