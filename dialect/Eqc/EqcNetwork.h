//===- EqcNetwork.h - Networks read back --------------------------*- C++
//-*-===//

#ifndef EQC_DIALECT_EQCNETWORK_H
#define EQC_DIALECT_EQCNETWORK_H

#include "compiler/Algebra/NetworkSpec.h"
#include "dialect/Eqc/EqcOps.h"

namespace eqc::ir {

/// The network that an operation is; fails, and says where, if it breaks one of
/// the rules of its description. Of layers it has the names alone.
mlir::FailureOr<NetworkSpec> getNetwork(NetworkOp op);

} // namespace eqc::ir

#endif // EQC_DIALECT_EQCNETWORK_H
