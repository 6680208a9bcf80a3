//===- CheckRaggedNetwork.h - Networks on different sizes -------*- C++ -*-===//

#ifndef EQC_CHECK_CHECKRAGGEDNETWORK_H
#define EQC_CHECK_CHECKRAGGEDNETWORK_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Check/Check.h"
#include "compiler/Check/CheckValues.h"
#include "compiler/Check/NetworkCaller.h"

#include "llvm/ADT/ArrayRef.h"

namespace eqc {

/// Holds the functions for ragged batches against the definition, evaluated for
/// each sample alone, some of which have no entries: packed arrays, then padded
/// ones with NaN where nothing counts, in every placement. `params` are such
/// that values do not grow. Appends the results to `table`.
void checkRaggedNetwork(const NetworkSpec &network,
                        llvm::ArrayRef<LayerSpec> layers,
                        const NetworkCaller &caller, const Values &params,
                        double tolerance, const CheckOptions &options,
                        std::vector<CheckRow> &table);

} // namespace eqc

#endif // EQC_CHECK_CHECKRAGGEDNETWORK_H
