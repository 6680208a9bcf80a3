//===- IsotypicModules.cpp - Irreducible parts of tensors -----------------===//
//
// Spaces are split by eigenvalues of symmetric maps that commute with the
// group: first the part that lower orders do not reach, then sums of swaps that
// give Young's orthogonal form, then a random map. What is left is irreducible;
// a random map links equivalent parts, and the sparsest stands for its kind.
//
//===----------------------------------------------------------------------===//

#include "compiler/Plan/Isotypic/IsotypicModules.h"

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Plan/Isotypic/DiagramMaps.h"
#include "compiler/Plan/Isotypic/SparseBasis.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

using namespace eqc;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

using RowMajor =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

MatrixXd toMatrix(const std::vector<double> &values, int64_t rows,
                  int64_t columns) {
  return Eigen::Map<const RowMajor>(values.data(), rows, columns);
}

/// A part of the space: what it looks like in each component.
struct Part {
  std::vector<double> key;     ///< its eigenvalues
  std::vector<MatrixXd> basis; ///< per component, orthonormal columns

  int64_t dimension() const {
    int64_t sum = 0;
    for (const MatrixXd &columns : basis)
      sum += columns.cols();
    return sum;
  }
};

class ModuleFinder {
public:
  ModuleFinder(Group group, int64_t n, int order)
      : group(group), n(n), order(order), maps(group, n, order, order),
        size(maps.inputs()), numbers(0x5eed + order) {}

  std::vector<IsotypicModule> find(std::string &refused) {
    const MatrixXd any = toMatrix(maps.random(numbers), size, size);
    findComponents(any.cwiseAbs() + any.transpose().cwiseAbs());
    restrictToNew();
    for (int last = 1; last < order; ++last)
      split(swapsWith(last));
    const MatrixXd random = toMatrix(maps.random(numbers), size, size);
    split(random + random.transpose());

    std::vector<IsotypicModule> modules;
    const MatrixXd link = toMatrix(maps.random(numbers), size, size);
    for (const std::vector<size_t> &kind : groupByKind(link)) {
      std::optional<IsotypicModule> module = sparsest(kind, link);
      if (!module) {
        refused = "its tensors could not be split into irreducible parts";
        return {};
      }
      modules.push_back(std::move(*module));
    }
    return modules;
  }

private:
  /// Coordinates that no map joins: its components never meet.
  void findComponents(const MatrixXd &joined) {
    std::vector<int> root(size);
    std::iota(root.begin(), root.end(), 0);
    auto find = [&](int i) {
      while (root[i] != i)
        i = root[i] = root[root[i]];
      return i;
    };
    const double least = 1e-9 * joined.maxCoeff();
    for (int64_t i = 0; i < size; ++i)
      for (int64_t j = i + 1; j < size; ++j)
        if (joined(i, j) > least)
          root[std::max(find(i), find(j))] = std::min(find(i), find(j));
    std::vector<int> number(size, -1);
    for (int64_t i = 0; i < size; ++i) {
      int &component = number[find(i)];
      if (component < 0) {
        component = static_cast<int>(components.size());
        components.emplace_back();
      }
      components[component].push_back(i);
    }
  }

  MatrixXd within(const MatrixXd &map, size_t component) const {
    const std::vector<int64_t> &at = components[component];
    MatrixXd block(at.size(), at.size());
    for (size_t i = 0; i < at.size(); ++i)
      for (size_t j = 0; j < at.size(); ++j)
        block(i, j) = map(at[i], at[j]);
    return block;
  }

  /// Starts with the one part that no map from a lower order reaches.
  void restrictToNew() {
    MatrixXd reached = MatrixXd::Zero(size, size);
    for (int lower = 0; lower < order; ++lower) {
      if (!whyNoDiagrams(group, n, order, lower).empty())
        continue;
      const DiagramMaps from(group, n, lower, order);
      // Squares of maps add up to their whole image.
      const int64_t samples = std::min<int64_t>(from.size(), 4 * order + 4);
      for (int64_t s = 0; s < samples; ++s) {
        const MatrixXd map =
            toMatrix(from.random(numbers), size, from.inputs());
        reached += map * map.transpose() / map.squaredNorm();
      }
    }
    parts.emplace_back();
    for (size_t c = 0; c < components.size(); ++c) {
      const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(within(reached, c));
      Eigen::Index count = 0;
      while (count < solver.eigenvalues().size() &&
             solver.eigenvalues()[count] < 1e-9)
        ++count;
      parts[0].basis.push_back(solver.eigenvectors().leftCols(count));
    }
    if (parts[0].dimension() == 0)
      parts.clear();
  }

  /// The sum of the swaps of an axis with all before it.
  MatrixXd swapsWith(int last) const {
    std::vector<Diagram> swaps;
    for (int first = 0; first < last; ++first) {
      std::vector<int> labels(2 * order);
      for (int axis = 0; axis < order; ++axis)
        labels[axis] = labels[order + axis] = axis;
      std::swap(labels[order + first], labels[order + last]);
      swaps.push_back(makeDiagram(order, order, labels));
    }
    const std::vector<double> ones(swaps.size(), 1.0);
    const DiagramMaps sum(group, n, order, order, std::move(swaps));
    return toMatrix(sum.combine(ones), size, size);
  }

  /// Splits every part into the eigenspaces of a symmetric map.
  void split(const MatrixXd &map) {
    std::vector<Part> pieces;
    const double tolerance = 1e-8 * std::max(1.0, map.cwiseAbs().maxCoeff());
    for (size_t c = 0; c < components.size(); ++c) {
      const MatrixXd block = within(map, c);
      for (const Part &part : parts) {
        const MatrixXd &columns = part.basis[c];
        if (columns.cols() == 0)
          continue;
        const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(
            columns.transpose() * block * columns);
        const VectorXd &values = solver.eigenvalues();
        for (Eigen::Index first = 0, end; first < values.size(); first = end) {
          end = first + 1;
          while (end < values.size() &&
                 values[end] - values[end - 1] < tolerance)
            ++end;
          std::vector<double> key = part.key;
          key.push_back(values[first]);
          pieceOf(pieces, std::move(key), tolerance).basis[c] =
              columns * solver.eigenvectors().middleCols(first, end - first);
        }
      }
    }
    parts = std::move(pieces);
  }

  Part &pieceOf(std::vector<Part> &pieces, std::vector<double> key,
                double tolerance) const {
    for (Part &piece : pieces)
      if (std::equal(
              key.begin(), key.end(), piece.key.begin(),
              [&](double a, double b) { return std::abs(a - b) < tolerance; }))
        return piece;
    Part piece;
    piece.key = std::move(key);
    for (const std::vector<int64_t> &component : components)
      piece.basis.emplace_back(component.size(), 0);
    pieces.push_back(std::move(piece));
    return pieces.back();
  }

  /// Parts that the map sends to each other are equivalent.
  std::vector<std::vector<size_t>> groupByKind(const MatrixXd &link) const {
    std::vector<std::vector<size_t>> kinds;
    std::vector<bool> grouped(parts.size(), false);
    for (size_t a = 0; a < parts.size(); ++a) {
      if (grouped[a])
        continue;
      kinds.push_back({a});
      for (size_t b = a + 1; b < parts.size(); ++b) {
        if (grouped[b] || !linked(parts[a], parts[b], link))
          continue;
        grouped[b] = true;
        kinds.back().push_back(b);
      }
    }
    return kinds;
  }

  bool linked(const Part &a, const Part &b, const MatrixXd &link) const {
    double norm = 0;
    for (size_t c = 0; c < components.size(); ++c)
      if (a.basis[c].cols() > 0 && b.basis[c].cols() > 0)
        norm = std::max(norm,
                        (a.basis[c].transpose() * within(link, c) * b.basis[c])
                            .cwiseAbs()
                            .maxCoeff());
    return norm > 1e-7 * link.cwiseAbs().maxCoeff();
  }

  std::optional<IsotypicModule> sparsest(const std::vector<size_t> &kind,
                                         const MatrixXd &link) const {
    std::optional<IsotypicModule> best;
    int64_t fewest = 0;
    for (size_t p : kind) {
      std::optional<IsotypicModule> module = moduleOf(parts[p], link);
      if (!module)
        return std::nullopt;
      int64_t count = 0;
      for (const std::vector<double> &vector : module->vectors)
        count += std::count_if(vector.begin(), vector.end(),
                               [](double entry) { return entry != 0; });
      if (!best || count < fewest) {
        best = std::move(module);
        fewest = count;
      }
    }
    return best;
  }

  /// A basis of an irreducible part. A map of the part to itself must be a
  /// number, or a complex number: x + y J.
  std::optional<IsotypicModule> moduleOf(const Part &part,
                                         const MatrixXd &link) const {
    IsotypicModule module;
    module.order = order;
    const double tolerance = 1e-8 * link.cwiseAbs().maxCoeff();
    for (size_t c = 0; c < components.size(); ++c) {
      const MatrixXd &space = part.basis[c];
      if (space.cols() == 0)
        continue;
      const MatrixXd map = space.transpose() * within(link, c) * space;
      const MatrixXd turn = (map - map.transpose()) / 2;
      const MatrixXd rest = map - turn;
      const auto identity = MatrixXd::Identity(map.rows(), map.cols());
      if ((rest - rest(0, 0) * identity).cwiseAbs().maxCoeff() > tolerance)
        return std::nullopt;
      MatrixXd basis;
      if (turn.cwiseAbs().maxCoeff() < tolerance) {
        basis = makeSparseBasis(space);
      } else {
        const double y = turn.col(0).norm();
        if ((turn * turn + y * y * identity).cwiseAbs().maxCoeff() >
            tolerance * y)
          return std::nullopt;
        module.complexType = true;
        const MatrixXd rotation = turn / y;
        basis = makeSparseBasis(space, &rotation);
      }
      for (Eigen::Index i = 0; i < basis.cols(); ++i) {
        std::vector<double> vector(size, 0.0);
        for (size_t j = 0; j < components[c].size(); ++j)
          vector[components[c][j]] = basis(j, i);
        module.vectors.push_back(std::move(vector));
      }
    }
    return module;
  }

  Group group;
  int64_t n;
  int order;
  DiagramMaps maps;
  int64_t size;
  FixedRandom numbers;
  std::vector<std::vector<int64_t>> components; ///< their coordinates
  std::vector<Part> parts;
};

} // namespace

std::vector<IsotypicModule> eqc::findModules(Group group, int64_t n, int order,
                                             std::string &refused) {
  if (!whyNoDiagrams(group, n, order, order).empty())
    return {};
  return ModuleFinder(group, n, order).find(refused);
}
