//===- CheckRagged.h - Are batches of different sizes right? ----*- C++ -*-===//

#ifndef EQC_CHECK_CHECKRAGGED_H
#define EQC_CHECK_CHECKRAGGED_H

#include "compiler/Check/Check.h"

namespace eqc {

/// Holds the functions for ragged batches against the layer's own, which are
/// held against the oracle, called with one sample at a time: packed arrays,
/// then padded ones with NaN where nothing counts, in every placement. Appends
/// the results to `table`.
void checkRagged(const LayerSpec &spec, const CheckOptions &options,
                 const KernelFunctions &kernel, std::vector<CheckRow> &table);

} // namespace eqc

#endif // EQC_CHECK_CHECKRAGGED_H
