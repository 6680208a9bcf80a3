//===- Oracle.cpp - Layers evaluated over the supports of the D_d ---------===//
//
// Index offsets are additive over blocks: once every block has a value, the row
// of D_d is the sum of the blocks' row offsets, the column the sum of their
// column offsets and the entry the product of their signs. So
//
//   (D_d x)[r_t + r_o] = sum over t, o  s_t s_o * sum over i  s_i x[c_t + c_i]
//
// with t, o, i the values of the blocks in both rows, of outputs only and of
// inputs only. A layer that pools has the largest or smallest over i in place
// of the sum.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/Oracle.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/GraphMatrix.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

using namespace eqc;

namespace {

/// One value of one block: what it adds to the row and the column, and its
/// factor of the entry.
struct BlockValue {
  int64_t row = 0;
  int64_t column = 0;
  double sign = 1;
};

/// All values of one block with a non-zero factor.
using BlockValues = std::vector<BlockValue>;

/// The supported entries of one diagram, blocks sorted by the rows they touch.
struct Support {
  std::vector<BlockValues> through, outputs, inputs;
};

using RowMajor =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::Map<Eigen::RowVectorXd>;
using ConstVector = Eigen::Map<const Eigen::RowVectorXd>;

} // namespace

/// The sign of a permutation, from its cycles.
static double permutationSign(const std::vector<int64_t> &permutation) {
  std::vector<bool> seen(permutation.size(), false);
  double sign = 1;
  for (size_t start = 0; start < permutation.size(); ++start) {
    if (seen[start])
      continue;
    int length = 0;
    for (size_t i = start; !seen[i]; i = permutation[i]) {
      seen[i] = true;
      ++length;
    }
    if (length % 2 == 0)
      sign = -sign;
  }
  return sign;
}

static Support makeSupport(const Diagram &diagram, Group group, int64_t n,
                           Entries entries = Entries::Signed) {
  const int l = diagram.l;
  // What a step along each axis is in the row or the column.
  std::vector<int64_t> steps(diagram.block.size(), 1);
  for (int vertex = l + diagram.k; vertex-- > 0;)
    if (vertex + 1 != l && vertex + 1 != l + diagram.k)
      steps[vertex] =
          steps[vertex + 1] * lengthOfAxis(diagram, group, n, vertex + 1);
  Support support;
  if (!diagram.part.empty()) {
    // The entry where all the summands of the vertices begin.
    BlockValue begin;
    for (int vertex = 0; vertex < l + diagram.k; ++vertex)
      (vertex < l ? begin.row : begin.column) +=
          offsetAt(group, n, diagram.partOf(vertex)) * steps[vertex];
    support.through.emplace_back(1, begin);
  }
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  if (diagram.orbit.exists()) {
    const Action &action = *group.of(diagram.head).action();
    const auto size = static_cast<int>(diagram.orbit.values.size());
    const TupleOrbits &all = action.orbits(size);
    const int32_t number = all.orbitOf[action.numberOf(diagram.orbit.values)];
    BlockValues values;
    for (int32_t at = all.start[number]; at < all.start[number + 1]; ++at) {
      const std::vector<int> tuple = action.tupleOf(all.tuples[at], size);
      BlockValue value;
      size_t next = 0;
      for (int vertex = 0; vertex < l + diagram.k; ++vertex)
        if (diagram.isLegOf(vertex))
          (vertex < l ? value.row : value.column) +=
              tuple[next++] * steps[vertex];
      values.push_back(value);
    }
    support.through.push_back(std::move(values));
  } else if (diagram.map.exists()) {
    // All letters have values together; plans add products one by one, also
    // those that cancel in the end.
    BlockValues values;
    for (const auto &[at, entry] : graphMapEntries(
             diagram, *group.action(), entries == Entries::Absolute)) {
      BlockValue value;
      value.sign = entry;
      for (int vertex = 0; vertex < l + diagram.k; ++vertex)
        (vertex < l ? value.row : value.column) +=
            at[diagram.block[vertex]] * steps[vertex];
      values.push_back(value);
    }
    support.through.push_back(std::move(values));
    return support;
  } else if (diagram.head >= 0) {
    // The legs have values together, as one block that is in both rows.
    const std::vector<int> legs = diagram.legs();
    std::vector<int64_t> permutation(sizeAt(group, n, diagram.head));
    std::iota(permutation.begin(), permutation.end(), 0);
    BlockValues values;
    do {
      BlockValue value;
      value.sign =
          entries == Entries::Absolute ? 1 : permutationSign(permutation);
      for (size_t i = 0; i < legs.size(); ++i)
        for (int vertex : blocks[legs[i]])
          (vertex < l ? value.row : value.column) +=
              permutation[i] * steps[vertex];
      values.push_back(value);
    } while (std::next_permutation(permutation.begin(), permutation.end()));
    support.through.push_back(std::move(values));
  }
  for (size_t b = 0; b < blocks.size(); ++b) {
    if (diagram.isLegOf(blocks[b].front()))
      continue;
    const std::vector<int> &vertices = blocks[b];
    const bool hasOutput = vertices.front() < l;
    const bool hasInput = vertices.back() >= l;
    const int space = diagram.spaceOf(vertices.front());
    const GroupRules &rules = rulesOf(group.of(space));
    const int64_t length = sizeAt(group, n, space);
    auto put = [&](BlockValue &value, int vertex, int64_t index) {
      (vertex < l ? value.row : value.column) += index * steps[vertex];
    };

    BlockValues values;
    if (static_cast<int>(b) == diagram.free) {
      std::vector<int64_t> permutation(vertices.size());
      std::iota(permutation.begin(), permutation.end(), 0);
      do {
        BlockValue value;
        value.sign = permutationSign(permutation);
        for (size_t v = 0; v < vertices.size(); ++v) {
          put(value, vertices[v], permutation[v]);
          if (vertices[v] >= l)
            value.sign *= rules.form(permutation[v], permutation[v]);
        }
        values.push_back(value);
      } while (std::next_permutation(permutation.begin(), permutation.end()));
    } else if (vertices.size() == 2 && hasOutput != hasInput) {
      for (int64_t index = 0; index < length; ++index) {
        BlockValue value;
        const int64_t other = rules.partner(index);
        value.sign = rules.form(index, other);
        put(value, vertices[0], index);
        put(value, vertices[1], other);
        values.push_back(value);
      }
    } else {
      for (int64_t index = 0; index < length; ++index) {
        BlockValue value;
        for (int vertex : vertices)
          put(value, vertex, index);
        values.push_back(value);
      }
    }
    if (entries == Entries::Absolute)
      for (BlockValue &value : values)
        value.sign = 1;
    (hasOutput && hasInput ? support.through
     : hasOutput           ? support.outputs
                           : support.inputs)
        .push_back(std::move(values));
  }
  return support;
}

/// Calls visit(row, column, sign) for every joint value of the blocks.
template <typename Visit>
static void forEachValue(const std::vector<BlockValues> &blocks, size_t block,
                         int64_t row, int64_t column, double sign,
                         Visit &&visit) {
  if (block == blocks.size()) {
    visit(row, column, sign);
    return;
  }
  for (const BlockValue &value : blocks[block])
    forEachValue(blocks, block + 1, row + value.row, column + value.column,
                 sign * value.sign, visit);
}

/// out[row] += scale * D_d[row, column] * in[column], for vectors of `width`
/// numbers per row and column.
static void applyDiagram(const Support &support, double scale, int64_t width,
                         const double *in, double *out) {
  Eigen::RowVectorXd sum(width);
  forEachValue(support.through, 0, 0, 0, scale,
               [&](int64_t row, int64_t column, double sign) {
                 sum.setZero();
                 forEachValue(support.inputs, 0, 0, column, 1,
                              [&](int64_t, int64_t c, double s) {
                                sum += s * ConstVector(in + c * width, width);
                              });
                 forEachValue(support.outputs, 0, row, 0, sign,
                              [&](int64_t r, int64_t, double s) {
                                Vector(out + r * width, width) += s * sum;
                              });
               });
}

/// Whether a candidate is more extreme than the most extreme one before it.
static bool isMoreExtreme(Pool pool, double candidate, double most) {
  if (std::isnan(candidate))
    return !std::isnan(most);
  return pool == Pool::Max ? candidate > most : candidate < most;
}

/// Calls visit(row, sign, extremes) for the values of the blocks in both rows,
/// with the columns of the first extreme of `x` over the blocks of inputs only,
/// one for each of `width` numbers.
template <typename Visit>
static void forExtremes(const Support &support, Pool pool, double scale,
                        int64_t width, const double *x, Visit &&visit) {
  std::vector<int64_t> extremes(width);
  forEachValue(support.through, 0, 0, 0, scale,
               [&](int64_t row, int64_t column, double sign) {
                 bool isFirst = true;
                 forEachValue(support.inputs, 0, 0, column, 1,
                              [&](int64_t, int64_t c, double) {
                                for (int64_t w = 0; w < width; ++w)
                                  if (isFirst ||
                                      isMoreExtreme(pool, x[c * width + w],
                                                    x[extremes[w] * width + w]))
                                    extremes[w] = c;
                                isFirst = false;
                              });
                 visit(row, sign, extremes);
               });
}

/// The same as applyDiagram, with the entries where `x` has its extremes in
/// place of the sums over inputs only.
static void applyPooled(const Support &support, Pool pool, double scale,
                        int64_t width, const double *x, const double *in,
                        double *out) {
  forExtremes(support, pool, scale, width, x,
              [&](int64_t row, double sign, const std::vector<int64_t> &at) {
                forEachValue(support.outputs, 0, row, 0, sign,
                             [&](int64_t r, int64_t, double s) {
                               for (int64_t w = 0; w < width; ++w)
                                 out[r * width + w] +=
                                     s * in[at[w] * width + w];
                             });
              });
}

/// gx += what the derivative of that at x, transposed, makes of `gy`.
static void applyPooledGradient(const Support &support, Pool pool, double scale,
                                int64_t width, const double *x,
                                const double *gy, double *gx) {
  forExtremes(support, pool, scale, width, x,
              [&](int64_t row, double sign, const std::vector<int64_t> &at) {
                forEachValue(support.outputs, 0, row, 0, sign,
                             [&](int64_t r, int64_t, double s) {
                               for (int64_t w = 0; w < width; ++w)
                                 gx[at[w] * width + w] += s * gy[r * width + w];
                             });
              });
}

/// The support of the transposed matrix.
static Support transposed(Support support) {
  std::swap(support.outputs, support.inputs);
  for (auto *blocks : {&support.through, &support.outputs, &support.inputs})
    for (BlockValues &values : *blocks)
      for (BlockValue &value : values)
        std::swap(value.row, value.column);
  return support;
}

/// out += scale * D in, D what the weight of `diagram` multiplies. Where a
/// layer pools, it takes entries of `in` where `pooled` has its extremes, or
/// `in` itself; and the transpose is that of its derivative there, which for
/// absolute values is bounded by the matrix.
static void applyWeighted(const LayerSpec &spec, const Diagram &diagram,
                          int64_t n, Entries entries, bool transposes,
                          double scale, int64_t width, const double *in,
                          double *out, const double *pooled = nullptr) {
  const Pool pool = entries == Entries::Absolute && spec.pool != Pool::Sum
                        ? Pool::Max
                        : spec.pool;
  for (const DiagramMultiple &member : diagramsOfWeight(spec, diagram)) {
    Support support = makeSupport(member.diagram, spec.group, n, entries);
    const auto factor = static_cast<double>(
        entries == Entries::Absolute ? std::abs(member.factor) : member.factor);
    if (pool != Pool::Sum && !transposes) {
      applyPooled(support, pool, factor * scale, width, pooled ? pooled : in,
                  in, out);
      continue;
    }
    if (pool != Pool::Sum && entries == Entries::Signed) {
      applyPooledGradient(support, pool, factor * scale, width, pooled, in,
                          out);
      continue;
    }
    if (transposes)
      support = transposed(std::move(support));
    applyDiagram(support, factor * scale, width, in, out);
  }
}

/// The column that a bias diagram stands for.
static std::vector<double> columnOf(const LayerSpec &spec,
                                    const Diagram &diagram, int64_t n,
                                    Entries entries, int64_t rows) {
  const double one = 1;
  std::vector<double> column(rows, 0.0);
  applyWeighted(spec, diagram, n, entries, /*transposes=*/false, 1, 1, &one,
                column.data());
  return column;
}

/// A public array as [position][batch][channel], whatever its layout, so that
/// D_d acts on the first axis alone.
static std::vector<double> byPosition(const double *data, Layout layout,
                                      int64_t batch, int64_t positions,
                                      int64_t channels) {
  std::vector<double> result(batch * positions * channels);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t p = 0; p < positions; ++p)
      for (int64_t c = 0; c < channels; ++c)
        result[(p * batch + b) * channels + c] =
            layout == Layout::ChannelsLast
                ? data[(b * positions + p) * channels + c]
                : data[(b * channels + c) * positions + p];
  return result;
}

/// The inverse of `byPosition`.
static std::vector<double> toLayout(const std::vector<double> &data,
                                    Layout layout, int64_t batch,
                                    int64_t positions, int64_t channels) {
  std::vector<double> result(data.size());
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t p = 0; p < positions; ++p)
      for (int64_t c = 0; c < channels; ++c)
        result[layout == Layout::ChannelsLast
                   ? (b * positions + p) * channels + c
                   : (b * channels + c) * positions + p] =
            data[(p * batch + b) * channels + c];
  return result;
}

static bool allZero(const double *data, int64_t size) {
  return std::all_of(data, data + size, [](double v) { return v == 0; });
}

std::vector<double> eqc::oracleForward(const LayerSpec &spec, int64_t n,
                                       int64_t batch, const double *x,
                                       const double *weight, const double *bias,
                                       Entries entries) {
  return oracleAlong(spec, n, batch, x, x, weight, bias, entries);
}

std::vector<double> eqc::oracleAlong(const LayerSpec &spec, int64_t n,
                                     int64_t batch, const double *at,
                                     const double *x, const double *weight,
                                     const double *bias, Entries entries) {
  const int64_t rows = outputPositions(spec, n), cols = inputPositions(spec, n);
  const int64_t mixSize = spec.cIn * spec.cOut;
  std::vector<double> in = byPosition(x, spec.layout, batch, cols, spec.cIn);
  const std::vector<double> pooled =
      byPosition(at, spec.layout, batch, cols, spec.cIn);
  std::vector<double> applied(rows * batch * spec.cIn);
  RowMajor y = RowMajor::Zero(rows * batch, spec.cOut);

  for (size_t d = 0; d < spec.diagrams.size(); ++d) {
    const double *w = weight + d * mixSize;
    if (allZero(w, mixSize))
      continue;
    std::fill(applied.begin(), applied.end(), 0.0);
    applyWeighted(spec, spec.diagrams[d], n, entries, /*transposes=*/false,
                  diagramScale(spec.diagrams[d], spec.group, spec.normalize, n),
                  batch * spec.cIn, in.data(), applied.data(), pooled.data());
    y.noalias() +=
        Eigen::Map<RowMajor>(applied.data(), rows * batch, spec.cIn) *
        Eigen::Map<const RowMajor>(w, spec.cIn, spec.cOut);
  }

  for (size_t e = 0; e < spec.biasDiagrams.size(); ++e) {
    const std::vector<double> column =
        columnOf(spec, spec.biasDiagrams[e], n, entries, rows);
    ConstVector b(bias + e * spec.cOut, spec.cOut);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t sample = 0; sample < batch; ++sample)
        y.row(row * batch + sample) += column[row] * b;
  }

  std::vector<double> flat(y.data(), y.data() + y.size());
  return toLayout(flat, spec.layout, batch, rows, spec.cOut);
}

OracleGradients eqc::oracleBackward(const LayerSpec &spec, int64_t n,
                                    int64_t batch, const double *x,
                                    const double *weight, const double *gradY,
                                    Entries entries) {
  const int64_t rows = outputPositions(spec, n), cols = inputPositions(spec, n);
  const int64_t mixSize = spec.cIn * spec.cOut;
  std::vector<double> in = byPosition(x, spec.layout, batch, cols, spec.cIn);
  std::vector<double> gy =
      byPosition(gradY, spec.layout, batch, rows, spec.cOut);
  Eigen::Map<RowMajor> gradient(gy.data(), rows * batch, spec.cOut);

  std::vector<double> gx(cols * batch * spec.cIn, 0.0);
  OracleGradients result;
  result.weight.resize(spec.diagrams.size() * mixSize);
  std::vector<double> applied(rows * batch * spec.cIn);
  RowMajor unmixed(rows * batch, spec.cIn);
  for (size_t d = 0; d < spec.diagrams.size(); ++d) {
    double scale =
        diagramScale(spec.diagrams[d], spec.group, spec.normalize, n);
    std::fill(applied.begin(), applied.end(), 0.0);
    applyWeighted(spec, spec.diagrams[d], n, entries, /*transposes=*/false,
                  scale, batch * spec.cIn, in.data(), applied.data());
    Eigen::Map<RowMajor>(result.weight.data() + d * mixSize, spec.cIn,
                         spec.cOut)
        .noalias() =
        Eigen::Map<RowMajor>(applied.data(), rows * batch, spec.cIn)
            .transpose() *
        gradient;
    unmixed.noalias() =
        gradient *
        Eigen::Map<const RowMajor>(weight + d * mixSize, spec.cIn, spec.cOut)
            .transpose();
    applyWeighted(spec, spec.diagrams[d], n, entries, /*transposes=*/true,
                  scale, batch * spec.cIn, unmixed.data(), gx.data(),
                  in.data());
  }
  result.x = toLayout(gx, spec.layout, batch, cols, spec.cIn);

  result.bias.assign(spec.biasDiagrams.size() * spec.cOut, 0.0);
  for (size_t e = 0; e < spec.biasDiagrams.size(); ++e) {
    const std::vector<double> column =
        columnOf(spec, spec.biasDiagrams[e], n, entries, rows);
    Vector g(result.bias.data() + e * spec.cOut, spec.cOut);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t sample = 0; sample < batch; ++sample)
        g += column[row] * gradient.row(row * batch + sample);
  }
  return result;
}

/// Products of a graph map, beyond which their number does not matter: they are
/// too many to be visited.
static constexpr int64_t kMostCounted = int64_t(1) << 26;

/// How many values the blocks of one kind have together.
static double countValues(const Diagram &diagram, Group group, int64_t n,
                          bool output, bool input) {
  double count = 1;
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  if (diagram.map.exists())
    return output && input ? static_cast<double>(countProducts(
                                 diagram, *group.action(), kMostCounted))
                           : 1;
  if (diagram.orbit.exists() && output && input)
    count = static_cast<double>(diagram.orbit.size);
  else if (diagram.head >= 0 && output && input)
    for (int64_t i = 2; i <= sizeAt(group, n, diagram.head); ++i)
      count *= static_cast<double>(i);
  for (size_t b = 0; b < blocks.size(); ++b) {
    if (diagram.isLegOf(blocks[b].front()))
      continue;
    if ((blocks[b].front() < diagram.l) != output ||
        (blocks[b].back() >= diagram.l) != input)
      continue;
    const int64_t length = sizeAt(group, n, diagram.spaceOf(blocks[b].front()));
    if (static_cast<int>(b) == diagram.free)
      for (int64_t i = 2; i <= length; ++i)
        count *= static_cast<double>(i);
    else
      count *= static_cast<double>(length);
  }
  return count;
}

double eqc::oracleVisits(const Diagram &diagram, Group group, int64_t n) {
  return countValues(diagram, group, n, true, true) *
         (countValues(diagram, group, n, true, false) +
          countValues(diagram, group, n, false, true));
}

double eqc::oracleVisits(const LayerSpec &spec, int64_t n) {
  double visits = 0;
  for (const Diagram &diagram : spec.diagrams)
    for (const DiagramMultiple &member : diagramsOfWeight(spec, diagram))
      visits += oracleVisits(member.diagram, spec.group, n);
  return visits;
}

static void markDependent(const Support &support, int64_t column,
                          std::vector<bool> &rows) {
  forEachValue(
      support.through, 0, 0, 0, 1, [&](int64_t row, int64_t base, double) {
        bool hit = false;
        forEachValue(
            support.inputs, 0, 0, base, 1,
            [&](int64_t, int64_t c, double) { hit = hit || c == column; });
        if (!hit)
          return;
        forEachValue(support.outputs, 0, row, 0, 1,
                     [&](int64_t r, int64_t, double) { rows[r] = true; });
      });
}

void eqc::markDependentRows(const Diagram &diagram, Group group, int64_t n,
                            int64_t column, std::vector<bool> &rows) {
  markDependent(makeSupport(diagram, group, n), column, rows);
}

void eqc::markDependentRows(const LayerSpec &spec, size_t weight, int64_t n,
                            int64_t column, std::vector<bool> &rows) {
  for (const DiagramMultiple &member :
       diagramsOfWeight(spec, spec.diagrams[weight]))
    markDependentRows(member.diagram, spec.group, n, column, rows);
}

void eqc::markDependentColumns(const LayerSpec &spec, size_t weight, int64_t n,
                               int64_t row, std::vector<bool> &columns) {
  for (const DiagramMultiple &member :
       diagramsOfWeight(spec, spec.diagrams[weight]))
    markDependent(transposed(makeSupport(member.diagram, spec.group, n)), row,
                  columns);
}
