//===- JoinOrbits.cpp - Orbits of diagrams in an isotypic basis -----------===//

#include "compiler/Plan/Isotypic/JoinOrbits.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

using namespace eqc;

namespace {

/// A matrix as some of its columns times `sums`.
struct ColumnSums {
  std::vector<size_t> kept;
  Eigen::MatrixXd sums; ///< kept columns x all columns
};

} // namespace

/// The multiple of 1/12 that a number is but for rounding, or the number.
static double withoutRounding(double number) {
  const double near = std::round(12 * number) / 12;
  return std::abs(number - near) < 1e-12 ? near : number;
}

static ColumnSums sumsOfColumns(const Eigen::MatrixXd &matrix) {
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(matrix);
  qr.setThreshold(1e-10);
  ColumnSums result;
  for (Eigen::Index i = 0; i < qr.rank(); ++i)
    result.kept.push_back(
        static_cast<size_t>(qr.colsPermutation().indices()[i]));
  std::sort(result.kept.begin(), result.kept.end());
  result.sums = Eigen::MatrixXd(0, matrix.cols());
  if (result.kept.empty())
    return result;
  Eigen::MatrixXd chosen(matrix.rows(), qr.rank());
  for (Eigen::Index i = 0; i < qr.rank(); ++i)
    chosen.col(i) = matrix.col(
        static_cast<Eigen::Index>(result.kept[static_cast<size_t>(i)]));
  result.sums =
      chosen.colPivHouseholderQr().solve(matrix).unaryExpr(&withoutRounding);
  return result;
}

/// The copies that are kept take the others up: each becomes the sum over all
/// copies by its row of the sums.
static void addUp(std::vector<IsotypicCopy> &copies,
                  const ColumnSums &columns) {
  std::vector<IsotypicCopy> sums;
  for (size_t row = 0; row < columns.kept.size(); ++row) {
    IsotypicCopy sum = copies[columns.kept[row]];
    for (size_t v = 0; v < sum.vectors.size(); ++v) {
      std::map<int64_t, double> entries;
      double largest = 0;
      for (size_t c = 0; c < copies.size(); ++c) {
        const double factor = c == columns.kept[row]
                                  ? 1
                                  : columns.sums(static_cast<Eigen::Index>(row),
                                                 static_cast<Eigen::Index>(c));
        const bool isOther = c != columns.kept[row] &&
                             std::find(columns.kept.begin(), columns.kept.end(),
                                       c) != columns.kept.end();
        if (isOther || factor == 0)
          continue;
        for (auto [position, entry] : copies[c].vectors[v]) {
          entries[position] += factor * entry;
          largest = std::max(largest, std::abs(factor * entry));
        }
      }
      sum.vectors[v].clear();
      for (auto [position, entry] : entries)
        if (std::abs(entry) > 1e-13 * largest)
          sum.vectors[v].push_back({position, entry});
    }
    sums.push_back(std::move(sum));
  }
  copies = std::move(sums);
}

/// Orbits see few of the copies apart: of x those that its symmetry takes to
/// each other only as their sum. Copies that depend on others in all maps are
/// added to these, and there is less to mix.
static void joinCopies(IsotypicBlock &block) {
  auto entry = [&](std::vector<double> &mixing, size_t b,
                   size_t a) -> double & {
    return mixing[b * block.inputs.size() + a];
  };
  auto keepRows = [&](const std::vector<size_t> &outputs,
                      const std::vector<size_t> &inputs) {
    for (std::vector<double> &mixing : block.mixing) {
      std::vector<double> kept;
      for (size_t b : outputs)
        for (size_t a : inputs)
          kept.push_back(entry(mixing, b, a));
      mixing = std::move(kept);
    }
  };
  auto all = [](size_t count) {
    std::vector<size_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  };
  const auto weights = static_cast<Eigen::Index>(block.mixing.size());
  const auto biasRows = static_cast<Eigen::Index>(block.bias.size());
  auto outputs = static_cast<Eigen::Index>(block.outputs.size());
  const auto inputs = static_cast<Eigen::Index>(block.inputs.size());
  if (inputs > 0 && outputs > 0 && weights > 0) {
    Eigen::MatrixXd matrix(weights * outputs, inputs);
    for (Eigen::Index w = 0; w < weights; ++w)
      for (Eigen::Index b = 0; b < outputs; ++b)
        for (Eigen::Index a = 0; a < inputs; ++a)
          matrix(w * outputs + b, a) =
              entry(block.mixing[static_cast<size_t>(w)],
                    static_cast<size_t>(b), static_cast<size_t>(a));
    const ColumnSums columns = sumsOfColumns(matrix);
    keepRows(all(block.outputs.size()), columns.kept);
    addUp(block.inputs, columns);
  }
  const auto left = static_cast<Eigen::Index>(block.inputs.size());
  if (outputs == 0 || weights * left + biasRows == 0)
    return;
  Eigen::MatrixXd matrix(weights * left + biasRows, outputs);
  for (Eigen::Index b = 0; b < outputs; ++b) {
    for (Eigen::Index w = 0; w < weights; ++w)
      for (Eigen::Index a = 0; a < left; ++a)
        matrix(w * left + a, b) =
            entry(block.mixing[static_cast<size_t>(w)], static_cast<size_t>(b),
                  static_cast<size_t>(a));
    for (Eigen::Index e = 0; e < biasRows; ++e)
      matrix(weights * left + e, b) =
          block.bias[static_cast<size_t>(e)][static_cast<size_t>(b)];
  }
  const ColumnSums columns = sumsOfColumns(matrix);
  keepRows(columns.kept, all(block.inputs.size()));
  for (std::vector<double> &bias : block.bias) {
    std::vector<double> kept;
    for (size_t b : columns.kept)
      kept.push_back(bias[b]);
    bias = std::move(kept);
  }
  addUp(block.outputs, columns);
}

void eqc::joinOrbits(IsotypicBasis &basis, const MemberLayer &layer,
                     const LayerSpec &spec) {
  auto join = [](std::vector<std::vector<double>> &lists,
                 const std::vector<PackedTerm> &members, size_t count) {
    if (lists.empty())
      return;
    std::vector<std::vector<double>> sums(
        count, std::vector<double>(lists.front().size(), 0.0));
    double largest = 0;
    for (size_t d = 0; d < members.size(); ++d)
      for (const WeightedDiagram &weight : members[d])
        for (size_t i = 0; i < lists[d].size(); ++i) {
          const double part = weight.factor * lists[d][i];
          sums[static_cast<size_t>(weight.diagram)][i] += part;
          largest = std::max(largest, std::abs(part));
        }
    // What cancels does so but for rounding.
    for (std::vector<double> &sum : sums)
      for (double &entry : sum)
        if (std::abs(entry) < 1e-12 * largest)
          entry = 0;
    lists = std::move(sums);
  };
  for (IsotypicBlock &block : basis.blocks) {
    join(block.mixing, layer.weights, spec.diagrams.size());
    join(block.bias, layer.biasWeights, spec.biasDiagrams.size());
    joinCopies(block);
  }
}
