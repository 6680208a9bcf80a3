//===- EvaluateIsotypic.cpp - Run an isotypic plan without compiling ------===//

#include "compiler/Plan/Isotypic/EvaluateIsotypic.h"

using namespace eqc;

namespace {

/// Sums of multiples of blocks of `size` elements: rows of channels, or whole
/// matrices of weights.
std::vector<double> combine(const std::vector<SparseVector> &sums, int64_t size,
                            const std::vector<double> &source) {
  std::vector<double> result(static_cast<int64_t>(sums.size()) * size, 0.0);
  for (size_t r = 0; r < sums.size(); ++r)
    for (auto [row, coefficient] : sums[r])
      for (int64_t c = 0; c < size; ++c)
        result[static_cast<int64_t>(r) * size + c] +=
            coefficient * source[row * size + c];
  return result;
}

} // namespace

std::vector<double> eqc::evaluateIsotypicPlan(const IsotypicPlan &plan,
                                              int64_t cIn, int64_t cOut,
                                              const std::vector<double> &x,
                                              const std::vector<double> &weight,
                                              const std::vector<double> &bias) {
  std::vector<SparseVector> sums;
  for (const PackedTerm &term : plan.packed) {
    sums.emplace_back();
    for (const WeightedDiagram &weighted : term)
      sums.back().push_back({weighted.diagram, weighted.factor});
  }
  const std::vector<double> packed = combine(sums, cIn * cOut, weight);
  const std::vector<double> stored = combine(plan.read.rows, cIn, x);
  const std::vector<double> start = combine(plan.bias.rows, cOut, bias);
  std::vector<double> nodes(plan.nodeRows * cOut, 0.0);
  for (const MixStage &stage : plan.mixes)
    for (const MixTarget &target : stage.targets)
      for (int64_t i = 0; i < stage.subsets; ++i) {
        double *out = &nodes[(target.target.offset.at(plan.n) + i) * cOut];
        for (const RowView &init : target.inits)
          for (int64_t co = 0; co < cOut; ++co)
            out[co] += start[init.offset.at(plan.n) * cOut + co];
        for (const MixTerm &term : target.fromStored) {
          const double *row = &stored[(term.view.offset.at(plan.n) + i) * cIn];
          const double *w = &packed[term.diagram * cIn * cOut];
          for (int64_t ci = 0; ci < cIn; ++ci)
            for (int64_t co = 0; co < cOut; ++co)
              out[co] += row[ci] * w[ci * cOut + co];
        }
      }
  return combine(plan.write.rows, cOut, nodes);
}
