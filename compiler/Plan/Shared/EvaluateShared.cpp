//===- EvaluateShared.cpp - Run a shared plan without compiling -----------===//

#include "compiler/Plan/Shared/EvaluateShared.h"

#include <cmath>

using namespace eqc;

namespace {

class Evaluator {
public:
  Evaluator(const SharedPlan &plan, int64_t n, int64_t cIn, int64_t cOut,
            const std::vector<double> &x, const std::vector<double> &weight,
            const std::vector<double> &bias, const std::vector<double> &at)
      : plan(plan), n(n), cIn(cIn), cOut(cOut), x(x), weight(weight),
        bias(bias), at(at), stored(plan.storedRows.at(n) * cIn),
        nodes(plan.nodeRows.at(n) * cOut), nodeValues(nodes.size()),
        y(plan.rowsOf(PlanArray::Output).at(n) * cOut) {}

  std::vector<double> run() {
    if (plan.unpools)
      for (size_t i = plan.stages.size(); i-- > 0;)
        if (const auto *write = std::get_if<WriteStage>(&plan.stages[i]))
          takeValues(*write);
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
      if (const Pool pool = plan.poolOf(stage); pool != Pool::Sum) {
        takeExtremes(pool, entry.walk, entry.target.at(n), source, cIn, stored);
        continue;
      }
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

  /// inner = the extreme of the rows of `source` that the walk joins with it.
  void takeExtremes(Pool pool, const Walk &walk, int64_t base,
                    const std::vector<double> &source, int64_t channels,
                    std::vector<double> &to) {
    std::vector<bool> known(to.size(), false);
    forWalk(walk, n, [&](int64_t row, int64_t inner, int) {
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t i = (base + inner) * channels + c;
        const double value = source[row * channels + c];
        if (!known[i] || std::isnan(value) ||
            (pool == Pool::Max ? value > to[i] : value < to[i]))
          to[i] = value;
        known[i] = true;
      }
    });
  }

  /// The values of x that rows of the target of a stage stand for.
  const std::vector<double> &valuesOf(const WriteStage &stage) const {
    return stage.target == PlanArray::Output ? at : nodeValues;
  }

  void takeValues(const WriteStage &stage) {
    for (const WriteEntry &entry : stage.entries)
      if (entry.routes)
        takeExtremes(plan.pool, entry.walk, 0, valuesOf(stage), cOut,
                     nodeValues);
  }

  /// Each row goes to the first of the rows that have its extreme.
  void route(const WriteStage &stage, const WriteEntry &entry,
             std::vector<double> &out) {
    std::vector<bool> given(nodes.size(), false);
    forWalk(entry.walk, n, [&](int64_t row, int64_t inner, int) {
      for (int64_t c = 0; c < cOut; ++c) {
        const int64_t i = inner * cOut + c;
        const double value = valuesOf(stage)[row * cOut + c];
        if (given[i] || (value != nodeValues[i] && !std::isnan(value)))
          continue;
        out[row * cOut + c] += nodes[i];
        given[i] = true;
      }
    });
  }

  void runStage(const WriteStage &stage) {
    std::vector<double> &out = target(stage.target);
    for (const WriteEntry &entry : stage.entries) {
      if (entry.routes) {
        route(stage, entry, out);
        continue;
      }
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
  const std::vector<double> &x, &weight, &bias, &at;
  std::vector<double> stored, nodes, nodeValues, y;
};

} // namespace

std::vector<double> eqc::evaluateSharedPlan(const SharedPlan &plan, int64_t n,
                                            int64_t cIn, int64_t cOut,
                                            const std::vector<double> &x,
                                            const std::vector<double> &weight,
                                            const std::vector<double> &bias,
                                            const std::vector<double> &at) {
  return Evaluator(plan, n, cIn, cOut, x, weight, bias, at).run();
}
