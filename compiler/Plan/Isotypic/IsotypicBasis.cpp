//===- IsotypicBasis.cpp - A basis that makes a layer block diagonal ------===//

#include "compiler/Plan/Isotypic/IsotypicBasis.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Algebra/RowPattern.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Isotypic/DiagramMaps.h"
#include "compiler/Plan/Isotypic/IsotypicModules.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <Eigen/Dense>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace eqc;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

using Dense = std::vector<double>;

VectorXd toVector(const Dense &values) {
  return Eigen::Map<const VectorXd>(values.data(), values.size());
}

SparseVector toSparse(const Dense &values) {
  SparseVector sparse;
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0)
      sparse.push_back({static_cast<int64_t>(i), values[i]});
  return sparse;
}

double dot(const SparseVector &a, const Dense &b) {
  double sum = 0;
  for (auto [position, entry] : a)
    sum += entry * b[position];
  return sum;
}

/// The copies of a module on one side of the layer.
struct Side {
  std::vector<IsotypicCopy> copies;
  /// The images of the module's first vector are the columns of Q R, Q with
  /// orthonormal columns and R upper triangular; R is the same for its other
  /// vectors.
  MatrixXd q, r;
};

/// R^-1 m.
MatrixXd solveUpper(const MatrixXd &r, const MatrixXd &m) {
  return r.triangularView<Eigen::Upper>().solve(m);
}

Dense flatten(const MatrixXd &m) {
  Dense flat;
  for (Eigen::Index i = 0; i < m.rows(); ++i)
    for (Eigen::Index j = 0; j < m.cols(); ++j)
      flat.push_back(std::abs(m(i, j)) < 1e-13 ? 0 : m(i, j));
  return flat;
}

class BasisBuilder {
public:
  explicit BasisBuilder(const LayerSpec &spec)
      : spec(spec), layer(spec.group, spec.n, spec.k, spec.l, spec.diagrams,
                          spec.normalize == Normalize::Mean),
        biasMaps(spec.group, spec.n, 0, spec.l, spec.biasDiagrams) {}

  std::optional<IsotypicBasis> build(std::string &refused) {
    for (int order = 0; order <= std::min(spec.k, spec.l); ++order) {
      const auto modules = findModules(spec.group, spec.n, order, refused);
      if (!refused.empty())
        return std::nullopt;
      if (modules.empty())
        continue;
      const auto toInputs = mapsTo(order, spec.k),
                 toOutputs = mapsTo(order, spec.l);
      if (!toOutputs || (!toInputs && (order > 0 || !spec.bias)))
        continue;
      for (const IsotypicModule &module : modules)
        addBlock(module, toInputs ? &*toInputs : nullptr, *toOutputs);
    }
    if (const double error = largestError(); !(error < 1e-12)) {
      refused = fmt::format("a change of basis is off by {:.1e}", error);
      return std::nullopt;
    }
    return std::move(basis);
  }

private:
  std::optional<DiagramMaps> mapsTo(int from, int to) const {
    if (!whyNoDiagrams(spec.group, spec.n, to, from).empty())
      return std::nullopt;
    return DiagramMaps(spec.group, spec.n, from, to);
  }

  /// The image of a module's vector under one diagram, see IsotypicCopy.
  Dense imageOf(const DiagramMaps &maps, int64_t d, const Dense &vector) const {
    Dense image = maps.apply(d, vector);
    if (!rulesOf(spec.group).isMonomial())
      return image;
    const Diagram &diagram = maps.diagram(d);
    std::vector<int64_t> values(diagram.l);
    for (int64_t position = 0; position < maps.outputs(); ++position) {
      int64_t rest = position;
      for (int axis = diagram.l - 1; axis >= 0; --axis, rest /= spec.n)
        values[axis] = rest % spec.n;
      for (int a = 0; a < diagram.l; ++a)
        for (int b = 0; b < a; ++b)
          if (values[a] == values[b] && diagram.block[a] != diagram.block[b])
            image[position] = 0;
    }
    return image;
  }

  /// Images of the module under diagrams, the sparsest of those that are
  /// independent; far from dependent where there is a choice.
  Side findCopies(const IsotypicModule &module, const DiagramMaps &maps) const {
    std::vector<VectorXd> images(maps.size());
    std::vector<int64_t> entries(maps.size()), order(maps.size());
    for (int64_t d = 0; d < maps.size(); ++d) {
      images[d] = toVector(imageOf(maps, d, module.vectors.front()));
      entries[d] = (images[d].array() != 0).count();
    }
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return std::pair(entries[a], a) < std::pair(entries[b], b);
    });
    std::vector<VectorXd> orthonormal;
    std::vector<int64_t> chosen;
    for (double least : {0.4, 0.1, 1e-4}) {
      for (int64_t d : order) {
        VectorXd rest = images[d];
        // Twice is enough for orthogonality.
        for (int pass = 0; pass < 2; ++pass)
          for (const VectorXd &q : orthonormal)
            rest -= q * q.dot(rest);
        if (rest.norm() <= least * images[d].norm() || images[d].norm() < 1e-9)
          continue;
        orthonormal.push_back(rest.normalized());
        chosen.push_back(d);
      }
    }
    Side side;
    MatrixXd first(maps.outputs(), chosen.size());
    for (size_t c = 0; c < chosen.size(); ++c) {
      first.col(c) = images[chosen[c]];
      IsotypicCopy copy;
      copy.diagram = maps.diagram(chosen[c]);
      for (const Dense &vector : module.vectors)
        copy.vectors.push_back(toSparse(imageOf(maps, chosen[c], vector)));
      side.copies.push_back(std::move(copy));
    }
    const Eigen::HouseholderQR<MatrixXd> qr(first);
    const auto count = static_cast<Eigen::Index>(chosen.size());
    side.q = qr.householderQ() * MatrixXd::Identity(first.rows(), count);
    side.r = qr.matrixQR().topRows(count).triangularView<Eigen::Upper>();
    return side;
  }

  /// Without maps to the inputs there are no copies in them.
  void addBlock(const IsotypicModule &module, const DiagramMaps *toInputs,
                const DiagramMaps &toOutputs) {
    Side in, out = findCopies(module, toOutputs);
    if (toInputs)
      in = findCopies(module, *toInputs);
    const bool invariant = module.order == 0 && !spec.biasDiagrams.empty();
    if (out.copies.empty() || (in.copies.empty() && !invariant))
      return;
    IsotypicBlock block;
    block.order = module.order;
    block.dim = static_cast<int64_t>(module.vectors.size());
    block.complexType = module.complexType;
    for (int64_t d = 0; !in.copies.empty() && d < layer.size(); ++d)
      block.mixing.push_back(flatten(mixingOf(d, module.order, in, out)));
    for (int64_t e = 0; invariant && e < biasMaps.size(); ++e)
      block.bias.push_back(flatten(solveUpper(
          out.r, out.q.transpose() * toVector(biasMaps.apply(e, {1})))));
    block.inputs = std::move(in.copies);
    block.outputs = std::move(out.copies);
    basis.blocks.push_back(std::move(block));
  }

  /// Whether what the diagram passes on has been through a tensor of a lower
  /// order, one axis for each block that joins inputs and outputs: then it is
  /// nothing of this one. Free vertices and heads are other ways; and the half
  /// of the diagram may be none of the group, as an even block with one axis
  /// for H.
  bool passesLower(const Diagram &diagram, int order) const {
    const RowPattern top = splitDiagram(diagram).top;
    const int kept = top.numKept();
    if (diagram.hasSymbol() || kept >= order)
      return false;
    std::vector<int> axes(kept);
    std::iota(axes.begin(), axes.end(), 0);
    const Diagram half = joinPatterns(top, axes, identityPattern(kept));
    return whyNoDiagrams(spec.group, spec.n, spec.l, kept).empty() &&
           whyNotOfGroup(half, spec.group, spec.n).empty();
  }

  /// With the copies as columns Q R, A = R^T Q^T and B = Q R, so that B m A is
  /// the diagram if m = R^-1 Q^T D Q R^-T.
  MatrixXd mixingOf(int64_t d, int order, const Side &in,
                    const Side &out) const {
    if (passesLower(layer.diagram(d), order))
      return MatrixXd::Zero(out.q.cols(), in.q.cols());
    MatrixXd images(layer.outputs(), in.q.cols());
    for (Eigen::Index a = 0; a < in.q.cols(); ++a)
      images.col(a) = toVector(
          layer.apply(d, Dense(in.q.col(a).begin(), in.q.col(a).end())));
    const MatrixXd left = solveUpper(out.r, out.q.transpose() * images);
    return solveUpper(in.r, left.transpose()).transpose();
  }

  /// Adds B (mixing (x) I) A x for one diagram.
  void applyBlock(const IsotypicBlock &block, int64_t d, const Dense &x,
                  Dense &y) const {
    const size_t inputs = block.inputs.size();
    if (inputs == 0)
      return;
    for (int64_t i = 0; i < block.dim; ++i) {
      Dense rows;
      for (const IsotypicCopy &copy : block.inputs)
        rows.push_back(dot(copy.vectors[i], x));
      for (size_t b = 0; b < block.outputs.size(); ++b) {
        double sum = 0;
        for (size_t a = 0; a < inputs; ++a)
          sum += block.mixing[d][b * inputs + a] * rows[a];
        if (sum != 0)
          for (auto [position, entry] : block.outputs[b].vectors[i])
            y[position] += entry * sum;
      }
    }
  }

  /// How far the blocks are from every diagram, on random tensors, compared to
  /// the tensor.
  double largestError() const {
    FixedRandom numbers(0xe77);
    double largest = 0;
    for (int repeat = 0; repeat < 2; ++repeat) {
      Dense x(layer.inputs());
      for (double &entry : x)
        entry = numbers.symmetric();
      for (int64_t d = 0; d < layer.size(); ++d) {
        const Dense expected = layer.apply(d, x);
        Dense actual(layer.outputs(), 0.0);
        for (const IsotypicBlock &block : basis.blocks)
          applyBlock(block, d, x, actual);
        // Maps are at least this long.
        const double scale = layer.scale(d) * toVector(x).norm();
        const double error =
            (toVector(actual) - toVector(expected)).cwiseAbs().maxCoeff() /
            scale;
        // Not a number is an error too.
        largest = error <= largest ? largest : error;
      }
    }
    for (int64_t e = 0; e < biasMaps.size(); ++e)
      addBiasError(e, largest);
    return largest;
  }

  void addBiasError(int64_t e, double &largest) const {
    Dense rest = biasMaps.apply(e, {1});
    for (const IsotypicBlock &block : basis.blocks)
      for (size_t b = 0; !block.bias.empty() && b < block.outputs.size(); ++b)
        for (auto [position, entry] : block.outputs[b].vectors.front())
          rest[position] -= entry * block.bias[e][b];
    const double error = toVector(rest).cwiseAbs().maxCoeff();
    largest = error <= largest ? largest : error;
  }

  const LayerSpec &spec;
  DiagramMaps layer, biasMaps;
  IsotypicBasis basis;
};

} // namespace

double eqc::conditionOf(const std::vector<IsotypicCopy> &copies,
                        const std::vector<size_t> &which) {
  if (which.size() < 2)
    return 1;
  int64_t positions = 0;
  for (size_t c : which)
    positions = std::max(positions, copies[c].vectors.front().back().first + 1);
  // The same for all vectors of the module.
  MatrixXd first = MatrixXd::Zero(positions, which.size());
  for (size_t c = 0; c < which.size(); ++c) {
    for (auto [position, entry] : copies[which[c]].vectors.front())
      first(position, c) = entry;
    first.col(c).normalize();
  }
  const Eigen::SelfAdjointEigenSolver<MatrixXd> squares(
      first.transpose() * first, Eigen::EigenvaluesOnly);
  return std::sqrt(squares.eigenvalues().maxCoeff() /
                   squares.eigenvalues().minCoeff());
}

int64_t IsotypicBasis::rank() const {
  int64_t sum = 0;
  for (const IsotypicBlock &block : blocks) {
    const auto entries =
        static_cast<int64_t>(block.inputs.size() * block.outputs.size());
    sum += block.complexType ? entries / 2 : entries;
  }
  return sum;
}

std::string eqc::whyNoIsotypicBasis(const LayerSpec &spec) {
  if (spec.dynamicN())
    return "n is given at run time";
  if (!rulesOf(spec.group).hasSchurBasis())
    return "its group keeps no length";
  auto positions = [&](int order) {
    return countAt(Poly::power(order), spec.n);
  };
  const int smaller = std::min(spec.k, spec.l);
  if (positions(std::max(spec.k, spec.l)) > maxBasisPositions)
    return fmt::format("its tensors have more than {} positions",
                       maxBasisPositions);
  if (rulesOf(spec.group).isMonomial() &&
      positions(smaller) > maxMonomialPositions)
    return fmt::format("its inputs and outputs have more than {} positions",
                       maxMonomialPositions);
  for (auto [from, to] :
       {std::pair(smaller, smaller), std::pair(smaller, spec.k),
        std::pair(smaller, spec.l)}) {
    const Count count = countDiagrams(spec.group, spec.n, to, from);
    if (count.saturated || count.value > uint64_t(maxBasisDiagrams))
      return fmt::format("more than {} diagrams split its tensors",
                         maxBasisDiagrams);
  }
  return "";
}

std::optional<IsotypicBasis> eqc::buildIsotypicBasis(const LayerSpec &spec,
                                                     std::string &refused) {
  return BasisBuilder(spec).build(refused);
}
