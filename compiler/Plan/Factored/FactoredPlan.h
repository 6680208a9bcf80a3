//===- FactoredPlan.h - The published algorithm as a plan -------*- C++ -*-===//
//
// The factored plan: one diagram after the other, each by Factor, Permute,
// PlanarMult, Permute. Every step of every diagram is described by offsets,
// extents and strides, so that the code is one loop over tables of diagrams.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_FACTORED_FACTOREDPLAN_H
#define EQC_PLAN_FACTORED_FACTOREDPLAN_H

#include "compiler/Algebra/Factored.h"
#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/PackedTerm.h"
#include "compiler/Plan/RowTransform.h"
#include "compiler/Plan/Walk.h"

#include <map>
#include <string>
#include <vector>

namespace eqc {

/// Contracts one bottom-only block, which stands between `left` and `right`
/// entries of what is there: target[a, b] = scale * sum over j of
/// source[a, j..j, b], of +-source[a, j, j', b] where the form has signs.
struct Contraction {
  Poly source, target; ///< row offsets in the planar array
  Poly left, right;    ///< how many rows stand on each side
  Poly leftStride;     ///< of the source; that of the target is `right`
  Poly stride;         ///< from one entry to the next of its sign
  /// The first entries that are added and, where the plan `subtracts`,
  /// subtracted, and how many of each there are: n and none, n/2 symplectic
  /// planes twice, or the signature.
  Poly plus, minus;
  Poly extent, minusExtent;
  int space = 0; ///< of the axes
  Poly values;   ///< that a vertex takes: what `mean` divides by
};

/// Applies a Levi-Civita factor: target[(top), q] += sign * source[(bottom), q]
/// for all q and all permutations, the values of `top` then `bottom` vertices.
struct LeviCivitaStep {
  int top = 0;
  int bottom = 0;
  int space = 0;
  Poly source, target; ///< row offsets in the planar array
  Poly kept;           ///< how many q there are
  Poly targetRows;     ///< how many rows are zero before
};

/// Reads the diagonals of the through blocks: target is row-major over them.
struct DiagonalStep {
  Poly source, target;
  std::vector<Poly> strides; ///< of the source, one per through block
  std::vector<Poly> extents;
};

/// One diagram.
struct FactoredSteps {
  FactoredDiagram factored;
  /// Strides in x of the axes of the planar input, in planar order.
  std::vector<Poly> permute;
  std::vector<Poly> permuteExtents;       ///< how long these axes are
  std::vector<Contraction> contractions;  ///< in contraction order
  std::vector<LeviCivitaStep> leviCivita; ///< at most one
  std::vector<DiagonalStep> diagonals;    ///< at most one
  Poly mixSource;                         ///< row offset in the planar array
  Poly mixRows;                           ///< rows that meet the weight
  int mixOrder = 0;                       ///< axes of them
  Poly mixLast{1};                        ///< how long the last of these is
  Poly extraRows; ///< of the planar array behind what contractions use
  /// Where the mixed rows go in y: through blocks and free vertices kept,
  /// blocks of outputs dropped.
  Walk write;
};

/// The entries of the Levi-Civita symbol of n arguments, `top` of which index
/// the outputs: both offsets count in units of the entries behind.
struct LeviCivitaEntry {
  int64_t target = 0;
  int64_t source = 0;
  int sign = 1;
};

struct FactoredPlan {
  int64_t n = 1; ///< -1 when dynamic
  int k = 0, l = 0;
  bool mean = false;
  /// The lengths of axes by their spaces, and one that none exceeds.
  std::vector<Poly> lengths;
  Poly values;
  std::vector<Poly> inputLengths, outputLengths; ///< of the axes of x and y
  /// Whether axes differ in length, so that permuted ones do.
  bool mixedLengths = false;
  /// Whether contractions also subtract, as forms with signs do.
  bool subtracts = false;

  std::vector<FactoredSteps> diagrams; ///< in the order of the weights
  /// How each bias diagram is written to y; its inner tensor has one entry.
  std::vector<Walk> bias;
  Poly planarRows; ///< rows, of c_in, of the planar array
  Poly mixedRows;  ///< rows, of c_out, of the mixed array
  /// By the space and the number of free outputs.
  std::map<std::pair<int, int>, std::vector<LeviCivitaEntry>> leviCivita;
};

/// The plan with what its weights are.
struct FactoredLayer {
  FactoredPlan plan;
  std::vector<PackedTerm> packed;
  /// The layer's bias to that of the plan; empty where it is the same.
  RowTransform bias;
};

/// All n! entries of a Levi-Civita symbol are spelled out: why that are too
/// many for a layer, or why a diagram cannot be factored, or nothing.
std::string whyNoFactoredPlan(const LayerSpec &spec);

/// Builds the factored plan of `spec`. The contractions of every diagram are in
/// the order of `cheapestContractionOrder`.
FactoredPlan buildFactoredPlan(const LayerSpec &spec);

/// The plan whose contractions are in the order of `forms`, one for each of the
/// diagrams of `spec`.
FactoredPlan buildFactoredPlan(const LayerSpec &spec,
                               const std::vector<FactoredDiagram> &forms);

struct PlanCost;
/// The diagrams together: one stage for each of their steps.
PlanCost costOf(const FactoredPlan &plan);
PlanCost costOf(const FactoredLayer &layer);

/// Steps of one diagram whose contractions are in `factored.contractionOrder`.
FactoredSteps makeFactoredSteps(const FactoredDiagram &factored, Group group);

} // namespace eqc

#endif // EQC_PLAN_FACTORED_FACTOREDPLAN_H
