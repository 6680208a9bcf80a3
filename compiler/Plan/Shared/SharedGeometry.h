//===- SharedGeometry.h - Where patterns of a shared plan lie ---*- C++ -*-===//
//
// Turns patterns and diagrams into offsets, strides and walks. Decides nothing:
// the plan of a layer is laid out here, and so is a plan read back from IR, so
// both lie in memory in the same way.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_SHARED_SHAREDGEOMETRY_H
#define EQC_PLAN_SHARED_SHAREDGEOMETRY_H

#include "compiler/Plan/Shared/SharedPlan.h"

#include <map>

namespace eqc {

/// Patterns that neither drop a block nor hold free vertices are strided
/// views of the row's tensor and are never stored.
bool isView(const RowPattern &pattern);

/// Whether a pattern keeps every vertex of a row apart: the row itself or,
/// where vertices lie in parts of sums, a slice of it.
bool isIdentity(const RowPattern &pattern);
RowPattern identityPattern(int size, const std::vector<int> &axes = {},
                           const std::vector<int> &part = {});
/// Whether it is the row itself.
bool isWhole(const RowPattern &pattern);

/// The slices that a row of such axes falls into, one for each choice of
/// summands; none where there are no sums among its axes.
std::vector<RowPattern> slicesOf(Group group, const std::vector<int> &axes);

/// Entries of a pattern per value of its kept blocks: see
/// RowPattern::numEntries.
int64_t numSubsetsOf(const RowPattern &pattern, Group group, int64_t n);

/// Rows that a pattern takes in memory.
Poly rowsOf(const RowPattern &pattern, Group group, int64_t n);

class SharedGeometry {
public:
  /// Of a layer with these axes; `spec` says nothing else.
  explicit SharedGeometry(const LayerSpec &spec);

  /// Gives the pattern the next rows of the stored input patterns.
  void addStored(const RowPattern &pattern);
  /// Gives the pattern the next rows of the nodes; a slice of the output has
  /// them there.
  void addNode(const RowPattern &pattern);
  bool isStored(const RowPattern &pattern) const {
    return storedPlace.count(pattern) != 0;
  }
  bool isNode(const RowPattern &pattern) const {
    return nodePlace.count(pattern) != 0;
  }

  /// The inner tensor of a pattern of the input row: stored, or a view of x.
  RowView viewOfBottom(const RowPattern &pattern) const;
  /// Reads `pattern` from `parent`.
  ReadEntry makeRead(const RowPattern &pattern, const RowPattern &parent) const;
  /// Turns the entries of `pattern`, which has free vertices, into the order of
  /// the values that they leave for the other row's free vertices, with the
  /// sign of (this row, other row) as a permutation of all values. This row is
  /// one of outputs.
  void indexByOtherRow(ReadEntry &entry, const RowPattern &pattern) const;
  /// The rows of an output pattern, still without a sum.
  MixTarget makeTarget(const RowPattern &pattern) const;
  /// Adds the term of diagram number `diagram` to its target.
  void addTerm(MixTarget &target, int diagram, const Split &split) const;
  /// Adds row `row` of the bias, whose diagram has the target as its top.
  void addBias(MixTarget &target, int row, const RowPattern &top) const;
  /// Whether `node` reaches `parent` as a broadcast that starts its sum.
  bool isBroadcast(const RowPattern &node, const RowPattern &parent) const;
  void addBroadcast(const RowPattern &node, const RowPattern &parent,
                    MixTarget &target) const;
  /// Adds `node` to `parent`, whose rows are `target`, afterwards.
  WriteEntry makeWrite(const RowPattern &node, const RowPattern &parent,
                       const MixTarget &target) const;

  SharedPlan plan;

private:
  struct Place {
    int index;
    Poly offset;
  };

  /// Strides of a pattern that is stored or a node.
  std::vector<Poly> stridesOf(const RowPattern &pattern) const;
  void lowerFree(Walk &walk, const RowPattern &pattern) const;
  void reindexByFreeInputs(Walk &walk, const RowPattern &pattern) const;

  std::map<RowPattern, Place> storedPlace, nodePlace;
};

} // namespace eqc

#endif // EQC_PLAN_SHARED_SHAREDGEOMETRY_H
