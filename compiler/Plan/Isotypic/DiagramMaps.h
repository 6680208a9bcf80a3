//===- DiagramMaps.h - Diagrams as sparse matrices --------------*- C++ -*-===//
//
// The matrices D_d of diagrams between tensors of two orders at a fixed n,
// applied entry by entry: for work on vectors of a few hundred elements while
// compiling.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_ISOTYPIC_DIAGRAMMAPS_H
#define EQC_PLAN_ISOTYPIC_DIAGRAMMAPS_H

#include "compiler/Plan/Dense/DensePlan.h"

#include <cstdint>
#include <vector>

namespace eqc {

/// The same numbers on every machine and in every run.
class FixedRandom {
public:
  explicit FixedRandom(uint64_t seed) : state(seed) {}
  /// Uniform between -1 and 1.
  double symmetric();

private:
  uint64_t state;
};

/// Maps of tensors of order `from` to tensors of order `to`.
class DiagramMaps {
public:
  DiagramMaps(Group group, int64_t n, int from, int to,
              std::vector<Diagram> diagrams, bool mean = false);
  /// All diagrams of the group.
  DiagramMaps(Group group, int64_t n, int from, int to);

  int64_t size() const { return static_cast<int64_t>(spec.diagrams.size()); }
  int64_t inputs() const { return plan.rows; }
  int64_t outputs() const { return plan.columns; }
  const Diagram &diagram(int64_t d) const { return spec.diagrams[d]; }

  /// What `mean` multiplies D_d by.
  double scale(int64_t d) const;
  /// scale * D_d x.
  std::vector<double> apply(int64_t d, const std::vector<double> &x) const;
  /// sum of random multiples of all D_d: row-major, outputs x inputs.
  std::vector<double> random(FixedRandom &numbers) const;
  /// sum of coefficients[d] * D_d.
  std::vector<double> combine(const std::vector<double> &coefficients) const;

private:
  LayerSpec spec;
  DensePlan plan;
};

} // namespace eqc

#endif // EQC_PLAN_ISOTYPIC_DIAGRAMMAPS_H
