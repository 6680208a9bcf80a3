//===- IsotypicBasis.h - A basis that makes a layer block diagonal --*- C++
//-*-===//
//
// The tensors of order k and l hold copies of irreducible modules. Between the
// copies of one kind every D_d is a small matrix of numbers, the same for each
// vector of the module; between different kinds it is zero. See
// docs/Mathematics.md.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_ISOTYPIC_ISOTYPICBASIS_H
#define EQC_PLAN_ISOTYPIC_ISOTYPICBASIS_H

#include "compiler/Algebra/LayerSpec.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace eqc {

/// Positions and entries other than zero, ascending.
using SparseVector = std::vector<std::pair<int64_t, double>>;

/// The image of a module u_1, .., u_dim under one diagram: D u_i, and of it,
/// for S, only where the outputs of different blocks have different values.
/// (That commutes with permutations too and leaves more zeros.)
struct IsotypicCopy {
  Diagram diagram;
  std::vector<SparseVector> vectors;
};

/// All copies of one module in the inputs and the outputs. With the inputs'
/// copies as the rows of A and the outputs' as the columns of B, D_d is the sum
/// over the blocks of B (mixing[d] (x) I) A.
struct IsotypicBlock {
  int order = 0;   ///< the least order the module occurs in
  int64_t dim = 1; ///< vectors of a copy
  /// Whether two conjugate kinds are one here: half of the entries of `mixing`
  /// then depend on the others.
  bool complexType = false;
  std::vector<IsotypicCopy> inputs, outputs;
  /// Per diagram of the layer: outputs x inputs, row-major.
  std::vector<std::vector<double>> mixing;
  /// Per diagram of the bias: outputs; empty but for the invariants, which are
  /// there for a bias even without inputs.
  std::vector<std::vector<double>> bias;
};

struct IsotypicBasis {
  std::vector<IsotypicBlock> blocks;

  /// The dimension of the space of equivariant maps.
  int64_t rank() const;
};

/// The condition of those copies as vectors of length one, in the 2-norm: by
/// how much sums of them may cancel. (Their lengths do not matter for rounding
/// errors.) 1 where they are orthogonal, or none.
double conditionOf(const std::vector<IsotypicCopy> &copies,
                   const std::vector<size_t> &which);

/// More positions than this on one side of a layer, for monomial groups on the
/// smaller side,
/// or more diagrams than this to split its tensors by, and no basis is sought.
/// (Tensors of the other groups fall apart into small components at once.)
constexpr int64_t maxBasisPositions = 1024;
constexpr int64_t maxMonomialPositions = 256;
constexpr int64_t maxBasisDiagrams = 5000;

/// Why no basis is sought for a layer, or an empty string. Quick to say.
std::string whyNoIsotypicBasis(const LayerSpec &spec);

/// The basis, checked against every diagram of the layer. Nothing, with
/// `refused` filled in, where there is none.
std::optional<IsotypicBasis> buildIsotypicBasis(const LayerSpec &spec,
                                                std::string &refused);

} // namespace eqc

#endif // EQC_PLAN_ISOTYPIC_ISOTYPICBASIS_H
