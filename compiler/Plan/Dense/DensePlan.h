//===- DensePlan.h - All diagrams as one dense matrix -----------*- C++ -*-===//
//
// The dense plan: the layer as one matrix, assembled from the weights by
// walking all non-zero entries of every diagram, then one matrix product per
// call. Needs a fixed n.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_DENSE_DENSEPLAN_H
#define EQC_PLAN_DENSE_DENSEPLAN_H

#include "compiler/Algebra/LayerSpec.h"

#include <vector>

namespace eqc {

/// Position of an entry in the matrix, or a step between two.
struct DenseStep {
  int64_t row = 0;    ///< of the positions of a sample of x
  int64_t column = 0; ///< of the positions of a sample of y
};

/// One block: its value runs from 0 to extent-1.
struct DenseLetter {
  int64_t extent = 1;
  DenseStep step;
};

/// One sign pattern: the values of the signed vertices of a diagram and the
/// sign they carry together.
struct DenseTerm {
  std::vector<int> values;
  int sign = 1;
};

/// The non-zero entries of one diagram: over all letters and all terms,
/// matrix[position] += scale * term's sign * weight. The position is the sum of
/// the letters' steps and, for every signed vertex, of its value times its
/// step. Signed are the free vertices, then those of pairs in one row whose
/// form has signs, relative to the period of the form times the letter's value;
/// and, with the value 1, a step to where the summands of the axes begin.
struct DenseEntry {
  std::vector<DenseLetter> letters;
  std::vector<DenseStep> signedVertices;
  int64_t firstTerm = 0, endTerm = 1; ///< in DensePlan::terms
  double divisor = 1;                 ///< that `mean` divides by
  int diagram = 0; ///< the entries of a diagram that has several weights repeat
  /// Of the weights, or the rows of the bias, and what it is multiplied by.
  WeightedDiagram weight;
};

/// More elements than this in n^(k+l) c_in c_out, and there is no dense plan.
constexpr int64_t maxDenseElements = int64_t(1) << 26;

/// The plan of one layer.
struct DensePlan {
  bool mean = false;
  /// Entries of a sample of x and of y, channels included: the matrix is
  /// rows x columns, both in the order of the layer's layout.
  int64_t rows = 1, columns = 1;
  int64_t cIn = 1, cOut = 1;
  /// Step in the matrix from a channel to the next.
  int64_t inputChannelStep = 1, outputChannelStep = 1;
  std::vector<DenseEntry> diagrams; ///< with those of orbits
  std::vector<DenseEntry> bias;
  /// Shared between the diagrams with as many signed vertices.
  std::vector<DenseTerm> terms;
};

/// Builds the dense plan of `spec`, whose n is fixed and whose matrix is of
/// modest size.
DensePlan buildDensePlan(const LayerSpec &spec);

struct PlanCost;
PlanCost costOf(const DensePlan &plan);

/// Calls visit(row, column, sign) for the non-zero entries of a diagram, one of
/// the plan's.
template <typename Visit>
void forDenseEntries(const DensePlan &plan, const DenseEntry &entry,
                     const Visit &visit) {
  for (int64_t t = entry.firstTerm; t < entry.endTerm; ++t) {
    const DenseTerm &term = plan.terms[t];
    DenseStep base;
    for (size_t v = 0; v < entry.signedVertices.size(); ++v) {
      base.row += term.values[v] * entry.signedVertices[v].row;
      base.column += term.values[v] * entry.signedVertices[v].column;
    }
    auto nest = [&](auto &self, size_t letter, DenseStep at) -> void {
      if (letter == entry.letters.size())
        return visit(at.row, at.column, term.sign);
      const DenseLetter &l = entry.letters[letter];
      for (int64_t i = 0; i < l.extent; ++i)
        self(self, letter + 1,
             {at.row + i * l.step.row, at.column + i * l.step.column});
    };
    nest(nest, 0, base);
  }
}

/// The matrix, row-major, as the compiled code assembles it.
std::vector<double> assembleDense(const DensePlan &plan, const LayerSpec &spec,
                                  const std::vector<double> &weight);

/// What is added to every sample of y: plan.columns entries.
std::vector<double> assembleDenseBias(const DensePlan &plan,
                                      const LayerSpec &spec,
                                      const std::vector<double> &bias);

} // namespace eqc

#endif // EQC_PLAN_DENSE_DENSEPLAN_H
