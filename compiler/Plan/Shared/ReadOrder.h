//===- ReadOrder.h - Through which patterns a row is read -------*- C++ -*-===//
//
// A pattern is one sum over one block of a finer pattern. What a layer needs
// seldom holds a finer pattern for each, so further ones are read on the way,
// and those may serve several: which ones is a choice, and costs additions.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_SHARED_READORDER_H
#define EQC_PLAN_SHARED_READORDER_H

#include "compiler/Algebra/Group.h"
#include "compiler/Algebra/RowPattern.h"

#include <cstdint>
#include <set>
#include <vector>

namespace eqc {

/// What is read on the way to the patterns needed.
enum class ReadOrder {
  First,   ///< the first finer pattern of each that has none
  Cheapest ///< the fewest additions; of equals the first ones
};

/// The patterns one step finer, of which `pattern` is one sum: with free
/// vertices turned into kept ones, or all legs kept; else with one dropped
/// block kept (S) or its pair kept as two axes (O, Sp, SO).
std::vector<RowPattern> finerPatterns(const RowPattern &pattern, Group group);

/// `needed`, without patterns that are views of the row, and what is read on
/// the way to them: every pattern is one sum of a view or of another of the
/// set. With `storeViews` views are read too (all but the row itself).
std::set<RowPattern> patternsToRead(const std::vector<RowPattern> &needed,
                                    Group group, int64_t n, ReadOrder order,
                                    bool storeViews = false);

} // namespace eqc

#endif // EQC_PLAN_SHARED_READORDER_H
