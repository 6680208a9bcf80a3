//===- FactoredNest.h - What the published algorithm computes ---*- C++ -*-===//
//
// For each diagram, in turn: planar = x with its axes permuted; contractions,
// Levi-Civita factors and diagonals move rows within the planar array; mixed =
// planar * weight; y += mixed along the diagram's walk.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_FACTOREDNEST_H
#define EQC_LOWERING_NESTS_FACTOREDNEST_H

#include "compiler/Lowering/Nests/WalkNest.h"
#include "compiler/Plan/Factored/FactoredPlan.h"

namespace eqc {

struct FactoredNest {
  explicit FactoredNest(const FactoredPlan &plan);

  /// Fields of `diagrams`; the strides of Permute, and the strides and extents
  /// of the diagonals, follow.
  enum DiagramField : int64_t {
    kFirstContraction,
    kEndContraction,
    kZeroRows,
    kFirstLeviCivita,
    kEndLeviCivita,
    kLeviCivitaKept,
    kLeviCivitaSource,
    kLeviCivitaTarget,
    kDiagonals, ///< 1 if there are diagonals to read, else 0
    kDiagonalSource,
    kDiagonalTarget,
    kMixSource,
    kMixRows,
    kPermute,
  };
  enum ContractionField : int64_t {
    kSource,
    kTarget,
    kLeft,
    kRight,
    kLeftStride,
    kExtent,
    kMinusExtent,
    kStride,
    kPlus,
    kMinus,
    kSpace, ///< of a product
    kNumContractionFields,
  };
  enum LeviCivitaField : int64_t {
    kToRow,
    kFromRow,
    kSign,
    kNumLeviCivitaFields,
  };
  int64_t diagonalStride(int64_t axis) const {
    return kPermute + static_cast<int64_t>(input.size()) + axis;
  }
  int64_t diagonalExtent(int64_t axis) const {
    return diagonalStride(axis) + axes;
  }

  /// How long the axes of the planar input are, where diagrams differ in that.
  int64_t permuteExtent(int64_t axis) const {
    return diagonalExtent(axes) + axis;
  }

  std::vector<Axis> input; ///< axes of x
  bool mixedLengths;       ///< whether these differ in length
  int64_t axes;            ///< most through blocks whose diagonals are read
  Table diagrams, contractions, leviCivita;
  WalkNest write; ///< a walk for each diagram

private:
  using LeviCivitaRanges =
      std::map<std::pair<int, int>, std::pair<int64_t, int64_t>>;
  void addDiagram(const FactoredSteps &steps,
                  const LeviCivitaRanges &leviCivita);
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_FACTOREDNEST_H
