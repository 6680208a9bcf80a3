//===- MatchingRules.h - Groups that keep a bilinear form -------*- C++ -*-===//
//
// What O(n), SO(n), O(p,q), SO(p,q) and Sp(n) have in common: their diagrams
// are perfect matchings.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUPS_MATCHINGRULES_H
#define EQC_ALGEBRA_GROUPS_MATCHINGRULES_H

#include "compiler/Algebra/Groups/GroupRules.h"

#include <Eigen/Core>

namespace eqc {

class MatchingRules : public GroupRules {
public:
  /// Every block is a pair; a block of free vertices asks `whyNotFree`.
  std::string whyNot(const Diagram &diagram, int64_t n) const override;

  Count count(int64_t n, const Vertices &vertices) const override;
  std::string whyNone(int64_t n, const Vertices &vertices) const override;
  void enumerate(int64_t n, const Vertices &vertices,
                 const DiagramVisitor &visit) const override;

protected:
  explicit MatchingRules(Group group) : group(group) {}

  /// Why these are not the free vertices of a diagram, or an empty string.
  virtual std::string whyNotFree(const Diagram &diagram, int64_t n) const;

  const Group group;
};

/// f(a) = b and f(b) = a for every pair; free vertices are fixed.
std::vector<int> involutionWord(const Diagram &diagram);

/// How many involutions of this even number of points without fixed points
/// have no increasing subsequence longer than n: the dimension for O(n).
Count countIncreasingMatchings(int64_t n, uint64_t numVertices);

/// Haar-distributed: Q of a Gaussian matrix, columns flipped so that R has a
/// positive diagonal.
Eigen::MatrixXd randomOrthogonal(int64_t n, Random &random);

/// A monomial matrix of signs that permutes the first `plus` coordinates and
/// the others, each among themselves.
Eigen::MatrixXd signedPermutation(const std::vector<int64_t> &coordinates,
                                  int64_t plus, Random &random);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUPS_MATCHINGRULES_H
