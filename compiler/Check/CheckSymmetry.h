//===- CheckSymmetry.h - Tensors whose axes have a symmetry -----*- C++ -*-===//

#ifndef EQC_CHECK_CHECKSYMMETRY_H
#define EQC_CHECK_CHECKSYMMETRY_H

#include "compiler/Check/CheckValues.h"

namespace eqc {

/// Makes x, a batch of a layer of size n, what `in_symmetry` promises: entries
/// that change places are one, up to sign.
void makeSymmetric(Values &x, const LayerSpec &spec, int64_t n, int64_t batch);

/// y with its axes permuted, times the sign: itself where it has the symmetry.
Values permuteOutput(const Values &y, const AxisPermutation &generator,
                     const LayerSpec &spec, int64_t n, int64_t batch);

} // namespace eqc

#endif // EQC_CHECK_CHECKSYMMETRY_H
