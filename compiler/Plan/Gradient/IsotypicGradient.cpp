//===- IsotypicGradient.cpp - Gradients in an isotypic basis --------------===//

#include "compiler/Plan/Gradient/GradientPlan.h"

using namespace eqc;

/// Sparse rows, with rows and columns exchanged.
static std::vector<SparseVector>
transposed(const std::vector<SparseVector> &rows, size_t columns) {
  std::vector<SparseVector> result(columns);
  for (size_t row = 0; row < rows.size(); ++row)
    for (auto [column, entry] : rows[row])
      result[static_cast<size_t>(column)].push_back(
          {static_cast<int64_t>(row), entry});
  return result;
}

std::vector<PackedTerm>
eqc::packedTermsOf(const std::vector<SparseVector> &rows) {
  std::vector<PackedTerm> terms;
  for (const SparseVector &row : rows) {
    PackedTerm &term = terms.emplace_back();
    for (auto [number, factor] : row)
      term.push_back({static_cast<int>(number), factor});
  }
  return terms;
}

GradientPlan eqc::buildGradientPlan(const LayerSpec &spec,
                                    const IsotypicPlan &plan) {
  GradientPlan gradient;
  GradientBasis &basis = gradient.basis.emplace();
  basis.x = plan.read;
  basis.gradY = {
      PlanArray::Input, PlanArray::Stored,
      transposed(plan.write.rows, static_cast<size_t>(plan.nodeRows))};
  GradientUnpack &unpack = gradient.unpack.emplace();
  unpack.weight = transposedTerms(plan.packed, spec.diagrams.size());
  unpack.bias =
      packedTermsOf(transposed(plan.bias.rows, spec.biasDiagrams.size()));
  for (const MixStage &mix : plan.mixes) {
    GradientStage stage;
    stage.subsets = mix.subsets;
    for (const MixTarget &target : mix.targets) {
      const RowView gradY{PlanArray::Stored, target.target.offset, {}};
      for (const MixTerm &term : target.fromStored)
        stage.terms.push_back({term.diagram, term.view, gradY});
      // The bias is added to copies of the trivial representation, of one row.
      for (int row : target.biasRows)
        gradient.bias.push_back({row, gradY});
    }
    // Copies that are nothing but a bias are summed with the bias.
    if (!stage.terms.empty())
      gradient.stages.push_back(std::move(stage));
  }
  return gradient;
}
