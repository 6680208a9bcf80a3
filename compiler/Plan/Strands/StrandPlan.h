//===- StrandPlan.h - Mixes in the irreps of the strands' group -*- C++ -*-===//
//
// At propagating order t a mix multiplies t! channel matrices, one per
// permutation of the t strands. The entries of a pattern whose letters are the
// same up to order carry the regular representation of S_t, and the mix is a
// convolution on it: in Fourier space it multiplies d x d blocks instead, the
// sum of d^3 over the irreps of S_t in place of t!^2 for every t! entries (2
// for 4, 10 for 36).
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_STRANDS_STRANDPLAN_H
#define EQC_PLAN_STRANDS_STRANDPLAN_H

#include "compiler/Plan/PackedTerm.h"
#include "compiler/Plan/RowTransform.h"
#include "compiler/Plan/Shared/SharedPlan.h"

#include <optional>

namespace eqc {

/// The orders that are worth the change of basis and its code.
constexpr int kLeastStrands = 2, kMostStrands = 3;

/// A mix in Fourier space. For letters m_1 <= .. <= m_t and a permutation p,
/// the entry of a source is at its offset + sum over b of m_p(b) * stride b.
struct StrandStage {
  int order = 0; ///< t
  /// The irreps that are multiplied, by their numbers.
  std::vector<int> irreps;
  PlanArray target = PlanArray::Nodes;
  std::vector<RowView> sources;   ///< input patterns
  std::vector<MixTarget> targets; ///< their terms are unused
  /// What is multiplied, for every target, irrep and column b: a term for every
  /// source and row c of the irrep, source-major.
  std::vector<PackedTerm> packed;
};

/// One irrep among the slots of Fourier space: slot first + row * dimension +
/// column.
struct StrandIrrep {
  int dimension = 1, first = 0;
};

/// The change of basis: value of a slot = sum over permutations, by rank, of
/// matrix[slot][permutation] * entry; its transpose leads back, weights hold
/// the scale.
struct StrandTransform {
  explicit StrandTransform(int order);
  /// Of these irreps alone, by their numbers, ascending.
  StrandTransform(int order, const std::vector<int> &irreps);

  /// Whether every irrep is of one dimension.
  bool ofOneDimension() const {
    return irreps.size() == static_cast<size_t>(slots);
  }

  int order, slots;
  std::vector<std::vector<int>> permutations;
  std::vector<StrandIrrep> irreps;
  std::vector<std::vector<double>> matrix;
};

/// The mix in Fourier space, if it has strands to permute: no free vertices
/// and an order from kLeastStrands to kMostStrands. Diagrams that a layer
/// leaves out count as zeros.
std::optional<StrandStage> makeStrandStage(const MixStage &mix, Group group,
                                           int64_t n);

/// The same without irreps whose weights all cancel, as they do where terms
/// share weights.
StrandStage withoutCancelled(StrandStage stage);

/// Whether a mix takes clearly less time in Fourier space, by counting the
/// vector operations for the t! entries of some letters.
bool strandsPay(const MixStage &mix, const StrandStage &stage,
                const LayerSpec &spec);

/// How often the letters m_1 <= .. <= m_t of t strands take values, times
/// `factor`: factor * binomial(n + t - 1, t).
Poly strandRows(int order, int64_t factor, int64_t n);

/// What the letters of one row take, for every channel, or pair of channels.
struct StrandCounts {
  int64_t squares = 0;  ///< slots
  int64_t products = 0; ///< matrices that are multiplied
  int64_t spread = 0;   ///< additions from sources to slots ..
  int64_t gather = 0;   ///< .. and from slots to targets
};
StrandCounts countsOf(const StrandStage &stage);

/// A shared plan of which some mixes are in Fourier space.
struct StrandPlan {
  SharedPlan shared;
  /// One per stage of `shared`: what takes the place of the mix.
  std::vector<std::optional<StrandStage>> strands;
  /// The packed weights of all mixes in the order of stages.
  std::vector<PackedTerm> packed;
  /// The layer's bias to the rows that mixes add; empty where these are its.
  RowTransform bias;

  bool hasStrands() const;
};

/// The shared plan of `spec` as it is.
StrandPlan withoutStrands(SharedPlan shared);

/// The same with every mix in Fourier space where that is predicted to take
/// less time: fewer multiply-adds against the additions of the change of basis,
/// and entries with equal letters computed more than once.
StrandPlan withStrands(SharedPlan shared, const LayerSpec &spec);

/// The same of the members of orbits, of which `shared` is the plan, multiplied
/// by the weights of the layer.
StrandPlan withoutStrands(SharedPlan shared, const MemberLayer &layer);
StrandPlan withStrands(SharedPlan shared, const MemberLayer &layer);

/// The plan whose mixes in Fourier space are `withoutCancelled`.
StrandPlan withoutCancelled(StrandPlan plan);

/// With `n = ?` the multiply-adds of strands are rounded up to a polynomial of
/// whole coefficients.
PlanCost costOf(const StrandPlan &plan);

} // namespace eqc

#endif // EQC_PLAN_STRANDS_STRANDPLAN_H
