//===- OrbitWeights.h - Weights of orbits of tuples -------------*- C++ -*-===//
//
// Where every element of a group is a monomial matrix, which indices of a tuple
// are equal is invariant, and the maps are also spanned by the matrices of
// tuples that are equal exactly within the blocks of a diagram.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_ORBITWEIGHTS_H
#define EQC_ALGEBRA_ORBITWEIGHTS_H

#include "compiler/Algebra/Diagram.h"

#include <cstdint>
#include <vector>

namespace eqc {

/// `factor` times the matrix of a diagram.
struct DiagramMultiple {
  Diagram diagram;
  int64_t factor = 1;
};

/// math: the matrix of tuples equal exactly within the blocks of p is the sum
/// over all r coarser than p of mu(p, r) D_r, mu the Moebius function of the
/// lattice of partitions: the product over the blocks of r of (-1)^(m-1) (m-1)!
/// where m blocks of p make it. (Stanley, Enumerative Combinatorics 1, 3.10.)
/// Blocks of one space alone are joined; legs of a head and orbits of tuples
/// stay as they are. `diagram` comes first.
std::vector<DiagramMultiple> coarserThan(const Diagram &diagram);

/// How many there are; 2^64 - 1 where it is more.
uint64_t countCoarser(const Diagram &diagram);

/// The most pairs of a diagram and a coarser one in a layer.
inline constexpr uint64_t kMostCoarserPairs = uint64_t(1) << 22;

} // namespace eqc

#endif // EQC_ALGEBRA_ORBITWEIGHTS_H
