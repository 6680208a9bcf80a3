//===- EvaluateFactored.cpp - Run a factored plan uncompiled --------------===//

#include "compiler/Plan/Factored/EvaluateFactored.h"

using namespace eqc;

namespace {

class Evaluator {
public:
  Evaluator(const FactoredPlan &plan, int64_t n, int64_t cIn, int64_t cOut,
            const std::vector<double> &x, const std::vector<double> &weight,
            const std::vector<double> &bias, FactoredCounts &counts)
      : plan(plan), n(n), cIn(cIn), cOut(cOut), x(x), weight(weight),
        bias(bias), counts(counts), planar(plan.planarRows.at(n) * cIn),
        mixed(plan.mixedRows.at(n) * cOut),
        y(productOf(plan.outputLengths).at(n) * cOut) {}

  std::vector<double> run() {
    for (size_t e = 0; e < plan.bias.size(); ++e)
      write(plan.bias[e], &bias[e * cOut]);
    for (size_t d = 0; d < plan.diagrams.size(); ++d) {
      const FactoredSteps &steps = plan.diagrams[d];
      permute(steps);
      for (const Contraction &contraction : steps.contractions)
        contract(contraction);
      for (const LeviCivitaStep &step : steps.leviCivita)
        applyLeviCivita(step);
      for (const DiagonalStep &step : steps.diagonals)
        readDiagonals(step);
      mix(steps, &weight[d * cIn * cOut]);
      write(steps.write, mixed.data());
    }
    return std::move(y);
  }

private:
  /// Calls visit(row, position) over loops of these extents and strides;
  /// positions count up.
  template <typename Visit>
  void forAxes(const std::vector<Poly> &strides,
               const std::vector<Poly> &extents, const Visit &visit) const {
    std::vector<int64_t> index(strides.size(), 0);
    for (int64_t position = 0;; ++position) {
      int64_t row = 0;
      for (size_t a = 0; a < strides.size(); ++a)
        row += index[a] * strides[a].at(n);
      visit(row, position);
      size_t axis = index.size();
      while (axis > 0 && ++index[axis - 1] == extents[axis - 1].at(n))
        index[--axis] = 0;
      if (axis == 0)
        return;
    }
  }

  void copyRow(int64_t target, const double *source) {
    for (int64_t c = 0; c < cIn; ++c)
      planar[target * cIn + c] = source[c];
  }
  void addRow(int64_t target, int64_t source, double sign) {
    for (int64_t c = 0; c < cIn; ++c)
      planar[target * cIn + c] += sign * planar[source * cIn + c];
    ++counts.additions;
  }

  void permute(const FactoredSteps &steps) {
    forAxes(steps.permute, steps.permuteExtents,
            [&](int64_t row, int64_t position) {
              copyRow(position, &x[row * cIn]);
            });
  }

  void contract(const Contraction &c) {
    const int64_t right = c.right.at(n), stride = c.stride.at(n);
    for (int64_t a = 0; a < c.left.at(n); ++a)
      for (int64_t b = 0; b < right; ++b) {
        const int64_t target = c.target.at(n) + a * right + b;
        const int64_t source = c.source.at(n) + a * c.leftStride.at(n) + b;
        copyRow(target, &planar[(source + c.plus.at(n)) * cIn]);
        for (int64_t j = 1; j < c.extent.at(n); ++j)
          addRow(target, source + j * stride + c.plus.at(n), 1);
        for (int64_t j = 0; j < c.minusExtent.at(n); ++j)
          addRow(target, source + j * stride + c.minus.at(n), -1);
        if (plan.mean)
          for (int64_t ch = 0; ch < cIn; ++ch)
            planar[target * cIn + ch] /= static_cast<double>(c.values.at(n));
      }
  }

  void applyLeviCivita(const LeviCivitaStep &step) {
    const std::vector<double> zeros(cIn, 0.0);
    for (int64_t row = 0; row < step.targetRows.at(n); ++row)
      copyRow(step.target.at(n) + row, zeros.data());
    const int64_t kept = step.kept.at(n);
    for (const LeviCivitaEntry &entry :
         plan.leviCivita.at({step.space, step.top}))
      for (int64_t q = 0; q < kept; ++q)
        addRow(step.target.at(n) + entry.target * kept + q,
               step.source.at(n) + entry.source * kept + q, entry.sign);
  }

  void readDiagonals(const DiagonalStep &step) {
    forAxes(step.strides, step.extents, [&](int64_t row, int64_t position) {
      copyRow(step.target.at(n) + position,
              &planar[(step.source.at(n) + row) * cIn]);
    });
  }

  void mix(const FactoredSteps &steps, const double *w) {
    for (int64_t row = 0; row < steps.mixRows.at(n); ++row)
      for (int64_t co = 0; co < cOut; ++co) {
        double sum = 0;
        for (int64_t ci = 0; ci < cIn; ++ci)
          sum += planar[(steps.mixSource.at(n) + row) * cIn + ci] *
                 w[ci * cOut + co];
        mixed[row * cOut + co] = sum;
      }
  }

  void write(const Walk &walk, const double *source) {
    forWalk(walk, n, [&](int64_t row, int64_t inner, int sign) {
      for (int64_t c = 0; c < cOut; ++c)
        y[row * cOut + c] += sign * source[inner * cOut + c];
    });
  }

  const FactoredPlan &plan;
  int64_t n, cIn, cOut;
  const std::vector<double> &x, &weight, &bias;
  FactoredCounts &counts;
  std::vector<double> planar, mixed, y;
};

} // namespace

std::vector<double> eqc::evaluateFactoredPlan(
    const FactoredPlan &plan, int64_t n, int64_t cIn, int64_t cOut,
    const std::vector<double> &x, const std::vector<double> &weight,
    const std::vector<double> &bias, FactoredCounts *counts) {
  FactoredCounts unused;
  return Evaluator(plan, n, cIn, cOut, x, weight, bias,
                   counts ? *counts : unused)
      .run();
}
