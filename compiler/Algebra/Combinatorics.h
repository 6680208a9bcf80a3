//===- Combinatorics.h - Numbers of partitions and matchings ----*- C++ -*-===//
//
// Closed forms, saturating: an absurd number of vertices is answered at once.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_COMBINATORICS_H
#define EQC_ALGEBRA_COMBINATORICS_H

#include "compiler/Algebra/Enumerate.h"

#include <cstdint>
#include <vector>

namespace eqc {

inline constexpr Count kSaturated = {UINT64_MAX, true};

Count add(Count a, Count b);
Count multiply(Count a, Count b);

/// `size` over `r`.
Count binomial(uint64_t size, uint64_t r);

/// Partitions of this many vertices into at most n blocks (n < 0: any number):
/// sums of Stirling numbers.
Count countPartitions(int64_t n, uint64_t numVertices);

/// Partitions of this many vertices into n blocks: Stirling numbers. Of many
/// vertices saturated also where the number is less, but for one block.
Count countPartitionsInto(int64_t n, uint64_t numVertices);

/// Perfect matchings: (N-1)!! for even N, none for odd N.
Count countMatchings(uint64_t numVertices);

/// Partitions into at most n blocks (n < 0: any number) of even size.
Count countEvenPartitions(int64_t n, uint64_t numVertices);

/// Partitions into blocks of one or two vertices: involutions.
Count countInvolutions(uint64_t numVertices);

/// From a partition mu of some size into at most so many parts to the shape of
/// a Young diagram; the second argument is n.
using ShapeOf = std::vector<int64_t> (*)(const std::vector<int64_t> &mu,
                                         int64_t n);

/// The sum of the numbers f^lambda of standard Young tableaux over the shapes
/// of the partitions of `size` into at most `maxParts` parts. By the
/// Robinson-Schensted correspondence it counts the involutions of a basis, and
/// it is the character formula for the dimension.
Count sumOfTableaux(int64_t n, int64_t size, int64_t maxParts, ShapeOf shape);

/// Permutations of `size` things without an increasing subsequence longer than
/// n: the sum of the squares of f^lambda over partitions into at most n parts.
Count countIncreasingPermutations(int64_t n, int64_t size);
/// All permutations of `size` things.
Count factorial(uint64_t size);

/// The length of a longest strictly increasing subsequence.
int64_t longestIncreasing(const std::vector<int> &word);

} // namespace eqc

#endif // EQC_ALGEBRA_COMBINATORICS_H
