//===- OracleEntries.cpp - The matrices D_d, entry by entry ---------------===//
//
// The definition to the letter, with no thought for speed.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/GraphMatrix.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Check/Oracle.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>

using namespace eqc;

int64_t eqc::integerPower(int64_t n, int order) {
  int64_t result = 1;
  for (int i = 0; i < order; ++i)
    result *= n;
  return result;
}

std::vector<int64_t> eqc::lengthsAt(const LayerSpec &spec, int64_t n,
                                    bool ofInput) {
  const std::vector<int> &axes = ofInput ? spec.xAxes : spec.yAxes;
  std::vector<int64_t> lengths;
  for (int axis = 0; axis < (ofInput ? spec.k : spec.l); ++axis)
    lengths.push_back(sizeAt(spec.group, n, axes.empty() ? 0 : axes[axis]));
  return lengths;
}

static double realProduct(const std::vector<int64_t> &lengths) {
  double product = 1;
  for (int64_t length : lengths)
    product *= static_cast<double>(length);
  return product;
}

int64_t eqc::inputPositions(const LayerSpec &spec, int64_t n) {
  return numPositions(lengthsAt(spec, n, true));
}
int64_t eqc::outputPositions(const LayerSpec &spec, int64_t n) {
  return numPositions(lengthsAt(spec, n, false));
}
double eqc::realInputPositions(const LayerSpec &spec, int64_t n) {
  return realProduct(lengthsAt(spec, n, true));
}
double eqc::realOutputPositions(const LayerSpec &spec, int64_t n) {
  return realProduct(lengthsAt(spec, n, false));
}

/// +1 for an even permutation of 0..size-1, -1 for an odd one, 0 on a repeat.
static double leviCivita(const std::vector<int64_t> &values) {
  double sign = 1;
  for (size_t i = 0; i < values.size(); ++i)
    for (size_t j = i + 1; j < values.size(); ++j) {
      if (values[i] == values[j])
        return 0;
      if (values[i] > values[j])
        sign = -sign;
    }
  return sign;
}

int64_t eqc::lengthOfAxis(const Diagram &diagram, Group group, int64_t n,
                          int vertex) {
  return sizeAt(group, n,
                axisOf(group, diagram.spaceOf(vertex), diagram.partOf(vertex)));
}

double eqc::diagramEntry(const Diagram &diagram, Group group, int64_t n,
                         const std::vector<int64_t> &ofAxes) {
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  // On axes of sums the indices within the summands of the diagram, beside
  // which its entries are zero.
  std::vector<int64_t> index = ofAxes;
  for (size_t v = 0; v < diagram.part.size(); ++v) {
    const auto vertex = static_cast<int>(v);
    index[v] -= offsetAt(group, n, diagram.part[v]);
    if (index[v] < 0 || index[v] >= sizeAt(group, n, diagram.spaceOf(vertex)))
      return 0;
  }
  double entry = 1;
  if (diagram.orbit.exists()) {
    const Action &action = *group.of(diagram.head).action();
    std::vector<int> tuple;
    for (size_t v = 0; v < index.size(); ++v)
      if (diagram.isLegOf(static_cast<int>(v)))
        tuple.push_back(static_cast<int>(index[v]));
    const TupleOrbits &all = action.orbits(static_cast<int>(tuple.size()));
    if (all.orbitOf[action.numberOf(tuple)] !=
        all.orbitOf[action.numberOf(diagram.orbit.values)])
      return 0;
  } else if (diagram.map.exists()) {
    return graphMapEntry(diagram, *group.action(), index);
  } else if (diagram.head >= 0) {
    std::vector<int64_t> values;
    for (int leg : diagram.legs())
      values.push_back(index[blocks[leg].front()]);
    const int64_t length = sizeAt(group, n, diagram.head);
    if (static_cast<int64_t>(values.size()) == length) {
      entry = leviCivita(values);
    } else {
      entry = 0;
      values.push_back(0);
      for (int64_t other = 0; other < length; ++other) {
        values.back() = other;
        entry += leviCivita(values);
      }
    }
  }
  for (size_t b = 0; b < blocks.size(); ++b) {
    const std::vector<int> &vertices = blocks[b];
    const int space = diagram.spaceOf(vertices.front());
    const GroupRules &rules = rulesOf(group.of(space));
    if (static_cast<int>(b) == diagram.free) {
      assert(static_cast<int64_t>(vertices.size()) == sizeAt(group, n, space));
      std::vector<int64_t> values;
      for (int v : vertices)
        values.push_back(index[v]);
      entry *= leviCivita(values);
      for (int v : vertices)
        if (v >= diagram.l) // an input goes through the form
          entry *= rules.form(index[v], index[v]);
      continue;
    }
    // Vertices ascend, so the smallest and the largest tell the row.
    bool oneRow = vertices.back() < diagram.l || vertices.front() >= diagram.l;
    if (oneRow && vertices.size() == 2) {
      entry *= rules.form(index[vertices[0]], index[vertices[1]]);
      continue;
    }
    for (int v : vertices)
      if (index[v] != index[vertices.front()])
        return 0;
  }
  return entry;
}

double eqc::diagramScale(const Diagram &diagram, Group group,
                         Normalize normalize, int64_t n) {
  double scale = 1;
  if (normalize == Normalize::None)
    return scale;
  scale /= static_cast<double>(diagram.orbit.divisor);
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  for (size_t b = 0; b < blocks.size(); ++b)
    if (static_cast<int>(b) != diagram.free &&
        !diagram.isLegOf(blocks[b].front()) && blocks[b].front() >= diagram.l)
      scale /= static_cast<double>(
          sizeAt(group, n, diagram.spaceOf(blocks[b].front())));
  return scale;
}

/// The next tuple in row-major order; false after the last.
static bool nextIndex(std::vector<int64_t> &index, const Diagram &diagram,
                      Group group, int64_t n) {
  for (size_t v = index.size(); v-- > 0;) {
    if (++index[v] < lengthOfAxis(diagram, group, n, static_cast<int>(v)))
      return true;
    index[v] = 0;
  }
  return false;
}

std::vector<double> eqc::diagramMatrix(const Diagram &diagram, Group group,
                                       int64_t n) {
  std::vector<int64_t> index(diagram.l + diagram.k, 0);
  std::vector<double> matrix;
  do
    matrix.push_back(diagramEntry(diagram, group, n, index));
  while (nextIndex(index, diagram, group, n));
  return matrix;
}

/// Whether indices of different blocks of a space differ. Those of a head do
/// so where the entry is not zero, and those of an orbit of tuples are its own.
static bool areDistinct(const Diagram &diagram, Group group, int64_t n,
                        std::vector<int64_t> index) {
  for (size_t v = 0; v < index.size(); ++v)
    index[v] -= offsetAt(group, n, diagram.partOf(static_cast<int>(v)));
  for (size_t v = 0; v < index.size(); ++v)
    for (size_t w = 0; w < v; ++w)
      if (diagram.block[v] != diagram.block[w] && index[v] == index[w] &&
          diagram.spaceOf(static_cast<int>(v)) ==
              diagram.spaceOf(static_cast<int>(w)) &&
          !diagram.isLegOf(static_cast<int>(v)))
        return false;
  return true;
}

static void keepDistinct(std::vector<double> &matrix, const Diagram &diagram,
                         Group group, int64_t n) {
  std::vector<int64_t> index(diagram.l + diagram.k, 0);
  size_t at = 0;
  do
    matrix[at++] *= areDistinct(diagram, group, n, index) ? 1 : 0;
  while (nextIndex(index, diagram, group, n));
}

/// The matrix of a weight: the sum over the orbit of its diagram.
static std::vector<double> orbitMatrix(const LayerSpec &spec,
                                       const Diagram &diagram, int64_t n,
                                       int64_t size) {
  std::vector<double> sum(size, 0.0);
  for (const SignedDiagram &member :
       orbitOf(diagram, spec.group, spec.symmetry).members) {
    std::vector<double> matrix = diagramMatrix(member.diagram, spec.group, n);
    if (spec.weightsOf == WeightsOf::Orbits)
      keepDistinct(matrix, member.diagram, spec.group, n);
    for (int64_t i = 0; i < size; ++i)
      sum[i] += member.sign * matrix[i];
  }
  return sum;
}

/// A row of D_d applied to a column of x, where blocks of inputs only take the
/// extreme of the entries that they join: a sum over the values of the others.
static double pooledRow(const LayerSpec &spec, const Diagram &diagram,
                        int64_t n, const std::vector<int64_t> &row,
                        const std::vector<double> &x) {
  const auto isPooled = [&](int vertex) {
    for (int v = 0; v < diagram.l; ++v)
      if (diagram.block[v] == diagram.block[vertex])
        return false;
    return !diagram.isLegOf(vertex);
  };
  std::map<std::vector<int64_t>, double> extremes; // times the entry
  std::map<std::vector<int64_t>, double> entries;
  std::vector<int64_t> index(row);
  index.resize(diagram.l + diagram.k, 0);
  size_t column = 0;
  do {
    const double value = x[column++];
    const double entry = diagramEntry(diagram, spec.group, n, index);
    if (entry == 0)
      continue;
    std::vector<int64_t> key;
    for (int v = diagram.l; v < diagram.l + diagram.k; ++v)
      if (!isPooled(v))
        key.push_back(index[v]);
    const auto [known, isNew] = extremes.try_emplace(key, value);
    entries[key] = entry;
    const bool isMore =
        spec.pool == Pool::Max ? value > known->second : value < known->second;
    if (!isNew && (isMore || std::isnan(value)))
      known->second = value;
  } while (nextIndex(index, diagram, spec.group, n) &&
           std::equal(row.begin(), row.end(), index.begin()));
  double sum = 0;
  for (const auto &[key, extreme] : extremes)
    sum += entries[key] * extreme;
  return sum;
}

std::vector<double> eqc::definitionForward(const LayerSpec &spec, int64_t n,
                                           int64_t batch, const double *x,
                                           const double *weight,
                                           const double *bias) {
  const int64_t rows = outputPositions(spec, n), cols = inputPositions(spec, n);
  const bool last = spec.layout == Layout::ChannelsLast;
  auto at = [&](int64_t b, int64_t position, int64_t positions, int64_t c,
                int64_t channels) {
    return last ? (b * positions + position) * channels + c
                : (b * channels + c) * positions + position;
  };
  std::vector<double> y(batch * rows * spec.cOut, 0.0);

  auto addPooled = [&](size_t d, const SignedDiagram &member) {
    std::vector<int64_t> row(spec.l, 0);
    std::vector<double> column(cols);
    for (int64_t i = 0; i < rows; ++i) {
      int64_t rest = i;
      for (int v = spec.l; v-- > 0;) {
        const int64_t length = sizeAt(spec.group, n, member.diagram.spaceOf(v));
        row[v] = rest % length;
        rest /= length;
      }
      for (int64_t b = 0; b < batch; ++b)
        for (int64_t ci = 0; ci < spec.cIn; ++ci) {
          for (int64_t j = 0; j < cols; ++j)
            column[j] = x[at(b, j, cols, ci, spec.cIn)];
          const double value =
              member.sign * pooledRow(spec, member.diagram, n, row, column);
          for (int64_t co = 0; co < spec.cOut; ++co)
            y[at(b, i, rows, co, spec.cOut)] +=
                weight[(d * spec.cIn + ci) * spec.cOut + co] * value;
        }
    }
  };
  for (size_t d = 0; d < spec.diagrams.size(); ++d) {
    if (spec.pool != Pool::Sum) {
      for (const SignedDiagram &member :
           orbitOf(spec.diagrams[d], spec.group, spec.symmetry).members)
        addPooled(d, member);
      continue;
    }
    const std::vector<double> matrix =
        orbitMatrix(spec, spec.diagrams[d], n, rows * cols);
    double scale =
        diagramScale(spec.diagrams[d], spec.group, spec.normalize, n);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < cols; ++j)
          for (int64_t ci = 0; ci < spec.cIn; ++ci)
            for (int64_t co = 0; co < spec.cOut; ++co)
              y[at(b, i, rows, co, spec.cOut)] +=
                  weight[(d * spec.cIn + ci) * spec.cOut + co] * scale *
                  matrix[i * cols + j] * x[at(b, j, cols, ci, spec.cIn)];
  }
  for (size_t e = 0; e < spec.biasDiagrams.size(); ++e) {
    const std::vector<double> column =
        orbitMatrix(spec, spec.biasDiagrams[e], n, rows);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t co = 0; co < spec.cOut; ++co)
          y[at(b, i, rows, co, spec.cOut)] +=
              bias[e * spec.cOut + co] * column[i];
  }
  return y;
}
