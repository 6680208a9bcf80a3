//===- CheckSums.h - Are long sums as exact as promised? --------*- C++ -*-===//

#ifndef EQC_CHECK_CHECKSUMS_H
#define EQC_CHECK_CHECKSUMS_H

#include "compiler/Algebra/Random.h"
#include "compiler/Check/Check.h"
#include "compiler/Check/KernelRunner.h"

#include <vector>

namespace eqc {

/// Runs the kernel on constants, whose roundings all point the same way, with
/// sums of up to a million terms, over positions and over the batch; or on
/// random numbers of the cases that are asked for. Holds every element of y and
/// of the gradients against its bound
///
///   |error| <= (8 + log2 m) eps * sum of the m absolute values of its terms
///
/// times the condition of the basis that the plan changes to, which is 1 but
/// under schur.
///
/// Appends the results to `table`.
void checkSums(const LayerSpec &spec, const CheckOptions &options,
               KernelRunner &runner, Random &random,
               std::vector<CheckRow> &table);

} // namespace eqc

#endif // EQC_CHECK_CHECKSUMS_H
