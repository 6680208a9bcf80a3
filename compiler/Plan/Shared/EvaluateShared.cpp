//===- EvaluateShared.cpp - Run a shared plan without compiling -----------===//

#include "compiler/Plan/Shared/EvaluateShared.h"

using namespace eqc;

namespace {

class Evaluator {
public:
  Evaluator(const SharedPlan &plan, int64_t n, int64_t cIn, int64_t cOut,
            const std::vector<double> &x, const std::vector<double> &weight,
            const std::vector<double> &bias)
      : plan(plan), n(n), cIn(cIn), cOut(cOut), x(x), weight(weight),
        bias(bias), stored(plan.storedRows.at(n) * cIn),
        nodes(plan.nodeRows.at(n) * cOut),
        y(plan.rowsOf(PlanArray::Output).at(n) * cOut) {}

  std::vector<double> run() {
    for (const SharedStage &stage : plan.stages)
      std::visit([this](const auto &s) { runStage(s); }, stage);
    return std::move(y);
  }

private:
  const std::vector<double> &array(PlanArray which) const {
    switch (which) {
    case PlanArray::Input:
      return x;
    case PlanArray::Stored:
      return stored;
    case PlanArray::Nodes:
      return nodes;
    case PlanArray::Output:
      return y;
    case PlanArray::Bias:
      return bias;
    }
    return x;
  }
  std::vector<double> &target(PlanArray which) {
    return which == PlanArray::Output ? y : nodes;
  }

  void runStage(const ReadStage &stage) {
    const std::vector<double> &source = array(stage.source);
    for (const ReadEntry &entry : stage.entries) {
      double scale = 1;
      if (plan.mean)
        for (const Letter &letter : entry.walk.dropped)
          scale /= static_cast<double>(letter.values.at(n));
      const int64_t base = entry.target.at(n);
      forWalk(entry.walk, n, [&](int64_t row, int64_t inner, int sign) {
        for (int64_t c = 0; c < cIn; ++c)
          stored[(base + inner) * cIn + c] +=
              sign * scale * source[row * cIn + c];
      });
    }
  }

  void runStage(const WriteStage &stage) {
    std::vector<double> &out = target(stage.target);
    for (const WriteEntry &entry : stage.entries) {
      forWalk(entry.walk, n, [&](int64_t row, int64_t inner, int sign) {
        for (int64_t c = 0; c < cOut; ++c)
          out[row * cOut + c] += sign * nodes[inner * cOut + c];
      });
    }
  }

  /// Row of `view` at the multi-index of the mix, the subset entry last.
  int64_t rowOf(const RowView &view, const std::vector<int64_t> &index) const {
    int64_t row = view.offset.at(n);
    for (size_t a = 0; a < view.strides.size(); ++a)
      row += index[a] * view.strides[a].at(n);
    return index.size() > view.strides.size() ? row + index.back() : row;
  }

  void runStage(const MixStage &stage) {
    std::vector<double> &out = target(stage.target);
    std::vector<int64_t> extents;
    for (const Poly &length : stage.lengths)
      extents.push_back(length.at(n));
    if (stage.subsets > 1)
      extents.push_back(stage.subsets);
    std::vector<int64_t> index(extents.size(), 0);
    while (true) {
      for (const MixTarget &t : stage.targets)
        mixRow(t, index, &out[rowOf(t.target, index) * cOut]);
      size_t axis = index.size();
      while (axis > 0 && ++index[axis - 1] == extents[axis - 1])
        index[--axis] = 0;
      if (axis == 0)
        return;
    }
  }

  void mixRow(const MixTarget &t, const std::vector<int64_t> &index,
              double *out) {
    std::vector<double> sum(cOut, 0.0);
    for (const RowView &init : t.inits)
      for (int64_t c = 0; c < cOut; ++c)
        sum[c] += array(init.array)[rowOf(init, index) * cOut + c];
    auto addTerms = [&](const std::vector<MixTerm> &terms) {
      for (const MixTerm &term : terms) {
        const double *row =
            &array(term.view.array)[rowOf(term.view, index) * cIn];
        const double *w = &weight[term.diagram * cIn * cOut];
        for (int64_t ci = 0; ci < cIn; ++ci)
          for (int64_t co = 0; co < cOut; ++co)
            sum[co] += row[ci] * w[ci * cOut + co];
      }
    };
    addTerms(t.fromInput);
    addTerms(t.fromStored);
    for (int64_t c = 0; c < cOut; ++c)
      out[c] = sum[c];
  }

  const SharedPlan &plan;
  int64_t n, cIn, cOut;
  const std::vector<double> &x, &weight, &bias;
  std::vector<double> stored, nodes, y;
};

} // namespace

std::vector<double> eqc::evaluateSharedPlan(const SharedPlan &plan, int64_t n,
                                            int64_t cIn, int64_t cOut,
                                            const std::vector<double> &x,
                                            const std::vector<double> &weight,
                                            const std::vector<double> &bias) {
  return Evaluator(plan, n, cIn, cOut, x, weight, bias).run();
}
