//===- ReadPlan.h - How the patterns of a row are read ----------*- C++ -*-===//
//
// Each pattern of a row is one sum over one letter of a finer one, so the
// patterns that a layer needs are read along a lattice: the input side of the
// shared plan, and both sides of the gradients.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_SHARED_READPLAN_H
#define EQC_PLAN_SHARED_READPLAN_H

#include "compiler/Plan/Shared/ReadOrder.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <vector>

namespace eqc {

struct ReadOptions {
  ReadOrder order = ReadOrder::Cheapest;
  /// Copy patterns without a dropped block too, except the row itself. They are
  /// then read from memory like all others of their order.
  bool storeViews = false;
  /// Index free vertices by the values that are left for the other row, in
  /// whose terms the sign of (this row, other row) is then included.
  bool byOtherRow = false;
};

/// A layer of nothing but inputs: one row of `spec`, of so many axes.
LayerSpec inputsAlone(const LayerSpec &spec, int order, std::vector<int> axes);

/// The spaces of the blocks that are summed where `pattern` is read from
/// `source`.
std::vector<int> spacesOfSum(const RowPattern &pattern,
                             const RowPattern &source);

/// Whether all patterns of a row are sums over single axes of it, which may be
/// taken in one sweep over x, whatever the spaces of the axes.
bool areAxisSums(const std::vector<RowPattern> &patterns, Group group,
                 bool fromInput);

/// Stores what `patterns` of the row of inputs need, themselves included, and
/// appends the stages that read it to the plan.
void addReads(SharedGeometry &geometry, const std::vector<RowPattern> &patterns,
              const ReadOptions &options = {});

} // namespace eqc

#endif // EQC_PLAN_SHARED_READPLAN_H
