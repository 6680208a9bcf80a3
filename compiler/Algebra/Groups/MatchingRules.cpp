//===- MatchingRules.cpp - Groups that keep a bilinear form ---------------===//

#include "compiler/Algebra/Groups/MatchingRules.h"
#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/Random.h"
#include "compiler/Algebra/Steppers.h"

#include <Eigen/QR>

using namespace eqc;

std::string MatchingRules::whyNotFree(const Diagram &, int64_t) const {
  return "only SO has diagrams with a '*' block";
}

std::string MatchingRules::whyNot(const Diagram &diagram, int64_t n) const {
  if (diagram.free >= 0)
    if (std::string why = whyNotFree(diagram, n); !why.empty())
      return why;
  if (diagram.head >= 0)
    return whyNoJellyfish();
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  for (size_t b = 0; b < blocks.size(); ++b)
    if (static_cast<int>(b) != diagram.free && blocks[b].size() != 2)
      return "a diagram of " + groupText(group, n) +
             " joins its vertices in pairs, but the block '" +
             blockText(blocks[b], diagram.l) + "' has " +
             std::to_string(blocks[b].size());
  return "";
}

Count MatchingRules::count(int64_t, const Vertices &vertices) const {
  return countMatchings(vertices.number());
}

std::string MatchingRules::whyNone(int64_t, const Vertices &vertices) const {
  return whyNoneOfOddOrder(group, vertices.number());
}

void MatchingRules::enumerate(int64_t, const Vertices &vertices,
                              const DiagramVisitor &visit) const {
  if (vertices.number() % 2 == 0)
    visitAll(Matchings(vertices.size()), vertices, visit);
}

std::vector<int> eqc::involutionWord(const Diagram &diagram) {
  std::vector<int> word(diagram.block.size());
  std::vector<std::vector<int>> blocks = diagram.blocks();
  for (size_t b = 0; b < blocks.size(); ++b) {
    if (static_cast<int>(b) == diagram.free) {
      for (int v : blocks[b])
        word[v] = v;
      continue;
    }
    assert(blocks[b].size() == 2 && "not a matching");
    word[blocks[b][0]] = blocks[b][1];
    word[blocks[b][1]] = blocks[b][0];
  }
  return word;
}

Count eqc::countIncreasingMatchings(int64_t n, uint64_t numVertices) {
  if (numVertices % 2 != 0)
    return {};
  auto evenRows = [](const std::vector<int64_t> &mu, int64_t) {
    std::vector<int64_t> lambda;
    lambda.reserve(mu.size());
    for (int64_t part : mu)
      lambda.push_back(2 * part);
    return lambda;
  };
  return sumOfTableaux(n, static_cast<int64_t>(numVertices / 2), n, evenRows);
}

Eigen::MatrixXd eqc::randomOrthogonal(int64_t n, Random &random) {
  Eigen::MatrixXd gauss(n, n);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      gauss(i, j) = random.normal();
  Eigen::HouseholderQR<Eigen::MatrixXd> qr(gauss);
  Eigen::MatrixXd q = qr.householderQ();
  for (int64_t j = 0; j < n; ++j)
    if (qr.matrixQR()(j, j) < 0)
      q.col(j) *= -1;
  return q;
}

Eigen::MatrixXd eqc::signedPermutation(const std::vector<int64_t> &coordinates,
                                       int64_t plus, Random &random) {
  const auto size = static_cast<Eigen::Index>(coordinates.size());
  Eigen::MatrixXd g = Eigen::MatrixXd::Zero(size, size);
  for (bool first : {true, false}) {
    std::vector<Eigen::Index> from;
    for (Eigen::Index i = 0; i < size; ++i)
      if ((coordinates[i] < plus) == first)
        from.push_back(i);
    std::vector<Eigen::Index> to = from;
    random.shuffle(to);
    for (size_t i = 0; i < from.size(); ++i)
      g(to[i], from[i]) = random.below(2) == 0 ? 1 : -1;
  }
  return g;
}
