//===- GatherNest.h - Rows as signed sums of rows ---------------*- C++ -*-===//
//
// y[row] = sum over the nodes that reach the row of +-node[row']
//
// When no diagram keeps all outputs apart, y is a sum of nodes and nothing else
// (SO(3) 1 -> 2 has only the cross product, O(3) 2 -> 4 only diagrams with a
// pair of outputs). A mix of no terms and the write after it are then one nest.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_GATHERNEST_H
#define EQC_LOWERING_NESTS_GATHERNEST_H

#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/Shared/SharedPlan.h"

namespace eqc {

struct GatherNest {
  /// Whether a mix, with `write` or null after it, makes nothing but sums of
  /// nodes. n is fixed.
  static bool serves(const SharedPlan &plan, const MixStage &mix);
  /// How many nodes reach all rows of y together.
  static int64_t countSources(const SharedPlan &plan, const MixStage &mix,
                              const WriteStage *write);

  GatherNest(const SharedPlan &plan, const MixStage &mix,
             const WriteStage *write);

  /// Fields of `rows`: the ranges of `sources` that are added and subtracted.
  enum RowField : int64_t {
    kFirstAdded,
    kEndAdded,
    kEndSubtracted,
    kNumRowFields,
  };

  Table rows;       ///< one for each row of y, written once: parallel
  Table sources;    ///< rows of nodes
  int64_t most = 0; ///< sources in a range
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_GATHERNEST_H
