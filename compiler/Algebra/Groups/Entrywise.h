//===- Entrywise.h - What may be done to entries of tensors -----*- C++ -*-===//
//
// Which functions of single entries, and whether the length of a tensor, are
// compatible with a group, as follows from its rules.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUPS_ENTRYWISE_H
#define EQC_ALGEBRA_GROUPS_ENTRYWISE_H

#include "compiler/Algebra/NetworkSpec.h"

#include <string>
#include <vector>

namespace eqc {

/// Functions that commute with the group when applied to every entry.
enum class Entrywise {
  None, ///< of those that are not affine
  Odd,  ///< f(-x) = -f(x)
  All,
};

/// Of a tensor with `order` axes of one space, n not looked at. All where every
/// matrix on such tensors is a permutation; odd ones where it is a permutation
/// but for signs.
Entrywise entrywise(Group group, int order);

/// Of a tensor with these axes of a network: the least that any space allows,
/// wherever on axes of sums its entries lie.
Entrywise entrywise(const NetworkSpec &network, const std::vector<int> &axes);

/// Of what lies in one space alone: with as many axes as allow the least. The
/// number of these goes to `order`.
Entrywise entrywiseOf(const NetworkSpec &network, const std::vector<int> &axes,
                      int space, int &order);

/// Whether the sum of the squares of a vector's entries is invariant: whether
/// the form that the group keeps is the usual one.
bool keepsSumOfSquares(Group group);

/// The same of the vectors that an axis of a network has: of all summands.
bool keepsSumOfSquares(const NetworkSpec &network, int axis);

/// Why not all functions are among those, in words for a user, or an empty
/// string: "matrices of S' change signs".
std::string whyNotAll(Group group, int order);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUPS_ENTRYWISE_H
