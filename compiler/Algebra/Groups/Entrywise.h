//===- Entrywise.h - What may be done to entries of tensors -----*- C++ -*-===//
//
// Which functions of single entries, and whether the length of a tensor, are
// compatible with a group, as follows from its rules.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUPS_ENTRYWISE_H
#define EQC_ALGEBRA_GROUPS_ENTRYWISE_H

#include "compiler/Algebra/Group.h"

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

/// Of a tensor whose axes are those spaces of `spaces`: the least that any
/// space allows.
Entrywise entrywise(const std::vector<Space> &spaces,
                    const std::vector<int> &axes);

/// Whether the sum of the squares of a vector's entries is invariant: whether
/// the form that the group keeps is the usual one.
bool keepsSumOfSquares(Group group);

/// Why not all functions are among those, in words for a user, or an empty
/// string: "matrices of S' change signs".
std::string whyNotAll(Group group, int order);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUPS_ENTRYWISE_H
