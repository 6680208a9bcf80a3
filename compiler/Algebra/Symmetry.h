//===- Symmetry.h - Axes with a symmetry ------------------------*- C++ -*-===//
//
// Where x is invariant under permutations of its axes, or y shall be, diagrams
// that these take to each other share a weight: the matrix of a weight is the
// signed sum over an orbit of diagrams.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_SYMMETRY_H
#define EQC_ALGEBRA_SYMMETRY_H

#include "compiler/Algebra/Diagram.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

namespace eqc {

/// Axis a goes to images[a]; a tensor is the same after that, times `sign`.
struct AxisPermutation {
  std::vector<int> images;
  int sign = 1;

  bool operator==(const AxisPermutation &o) const {
    return images == o.images && sign == o.sign;
  }
};

/// Reads disjoint cycles of 1-based axes, `(1 2)(3 4)`, after a `-` where the
/// tensor changes its sign. Of `order` axes.
std::variant<AxisPermutation, DiagramError>
parseAxisPermutation(std::string_view text, int order);

/// The same notation: each cycle from its smallest axis on, `()` for none.
std::string toString(const AxisPermutation &permutation);

/// The symmetries of x and of y, by generators.
struct AxisSymmetry {
  std::vector<AxisPermutation> in, out;

  bool isTrivial() const { return in.empty() && out.empty(); }
  bool operator==(const AxisSymmetry &o) const {
    return in == o.in && out == o.out;
  }
};

/// The most of the orders of the symmetries of x and y times the diagrams:
/// orbits are listed.
inline constexpr uint64_t kMostOrbitWork = uint64_t(1) << 28;

/// How many permutations generators make, exactly where it is not above `most`,
/// and whether they contradict each other: no tensor but zero has such a
/// symmetry.
struct SymmetryOrder {
  uint64_t order = 1;
  bool contradicts = false;
};
SymmetryOrder orderOf(const std::vector<AxisPermutation> &generators,
                      uint64_t most);

/// `diagram` with its vertices moved, and the sign of its matrix against the
/// one with moved axes: pairs that carry an alternating form, and the arguments
/// of a Levi-Civita symbol, are in the order of vertices.
SignedDiagram moved(const Diagram &diagram, Group group,
                    const AxisPermutation &permutation, bool ofOutputs);

/// What tells diagrams of the same axes apart.
using SymbolsAndBlocks =
    std::tuple<int, int, std::vector<int>, std::vector<int>, std::vector<int>>;
inline SymbolsAndBlocks symbolsAndBlocks(const Diagram &diagram) {
  return {diagram.free, diagram.head, diagram.part, diagram.block,
          diagram.orbit.values};
}

/// The diagrams that symmetries take a diagram, or one of the bias, to, each
/// once, with its sign against that one; it comes first, the others in
/// canonical order.
struct Orbit {
  std::vector<SignedDiagram> members;
  /// Whether they have both signs, so that the sum is zero.
  bool vanishes = false;

  /// The canonically first member.
  const Diagram &first() const;
};
Orbit orbitOf(const Diagram &diagram, Group group,
              const AxisSymmetry &symmetry);

} // namespace eqc

#endif // EQC_ALGEBRA_SYMMETRY_H
