//===- BilinearOracle.h - Layers of two inputs by definition ----*- C++ -*-===//
//
// A layer of two inputs is a linear one on the products of their entries, which
// no plan ever forms.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_BILINEARORACLE_H
#define EQC_CHECK_BILINEARORACLE_H

#include "compiler/Check/CheckValues.h"
#include "compiler/Check/Oracle.h"

namespace eqc {

/// The linear layer on x (x) z, whose input has a channel for each pair of
/// channels that are multiplied, those of z the faster ones. Where a layer has
/// a weight on each channel, this one has them on the diagonal of its matrices.
LayerSpec productLayer(const LayerSpec &spec);

/// y for one call, in doubles. `n` is the run-time n; `bias` may be null for a
/// layer without.
Values oracleBilinear(const LayerSpec &spec, int64_t n, int64_t batch,
                      const double *x, const double *z, const double *weight,
                      const double *bias, Entries entries = Entries::Signed);

/// Operations that this takes, roughly.
double bilinearWork(const LayerSpec &spec, int64_t n, int64_t batch);

} // namespace eqc

#endif // EQC_CHECK_BILINEARORACLE_H
