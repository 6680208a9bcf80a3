//===- Positions.h - How many positions tensors have ------------*- C++ -*-===//

#ifndef EQC_PLAN_POSITIONS_H
#define EQC_PLAN_POSITIONS_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Walk.h"

namespace eqc {

/// The positions of a sample of x, of y: n^k and n^l where all axes are alike.
inline Poly positionsOfInput(const LayerSpec &spec) {
  return productOf(lengthsOfAxes(spec.group, spec.k, spec.xAxes));
}
inline Poly positionsOfOutput(const LayerSpec &spec) {
  return productOf(lengthsOfAxes(spec.group, spec.l, spec.yAxes));
}

} // namespace eqc

#endif // EQC_PLAN_POSITIONS_H
