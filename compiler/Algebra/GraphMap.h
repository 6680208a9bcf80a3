//===- GraphMap.h - Maps that count homomorphisms into a graph --*- C++ -*-===//
//
// A graph map is a diagram of a group of automorphisms whose letters are joined
// by edges: its matrix is an einsum with one factor of the adjacency matrix for
// each edge (the product of labels where edges have them), over all values of
// the letters that no vertex has. It is contracted letter by letter, from both
// rows, up to the letters on which the two sides meet; there channels are
// mixed.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GRAPHMAP_H
#define EQC_ALGEBRA_GRAPHMAP_H

#include "compiler/Algebra/RowPattern.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eqc {

/// At most so many letters; of more than the second number the order of
/// contraction is found greedily.
inline constexpr int kMostLetters = 16;
inline constexpr int kMostSearchedLetters = 10;

/// The graph map whose vertices have these letters, any numbers below
/// `letters`; renumbers them, so that maps which differ in names alone are
/// equal. Where the matrix is `symmetric` edges have no direction.
Diagram makeGraphMap(int l, int k, const std::vector<int> &letterOf,
                     int letters, std::vector<LetterEdge> edges,
                     bool symmetric);

/// Whether a diagram's notation is that of a graph map: letters behind '=', or
/// edges behind ':'.
bool isGraphMapText(std::string_view text);

/// How full the adjacency matrix is, as far as orders of contraction depend on
/// it.
struct GraphSize {
  int64_t n = 1, arcs = 0;
};

/// Chooses how a graph map is contracted, by the fewest operations.
void chooseContraction(Diagram &map, const GraphSize &size);

/// Why a graph map, or its order of contraction, is none; or an empty string.
std::string whyNoGraphMap(const Diagram &map);

/// The split at the letters that neither side sums. See splitDiagram.
Split splitGraphMap(const Diagram &map);

/// A row with its vertices exchanged for those of the other one.
Diagram transposeGraphMap(const Diagram &map);

/// `pattern`, which has steps, as it is before the last one.
RowPattern withoutLastStep(const RowPattern &pattern);

/// The last step of `pattern` alone, over the kept letters of what is before
/// it: a pattern that drops a block where the step has no edges.
RowPattern lastStepOf(const RowPattern &pattern);

/// Why the steps of a pattern are none, or an empty string.
std::string whyNoSteps(const RowPattern &pattern);

} // namespace eqc

#endif // EQC_ALGEBRA_GRAPHMAP_H
