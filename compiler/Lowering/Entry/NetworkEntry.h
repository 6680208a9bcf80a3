//===- NetworkEntry.h - The C functions of networks ---------------*- C++
//-*-===//
//
// A network's steps as a constant table, over which the runtime walks, and the
// exported functions, which hand their arguments to the runtime.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_ENTRY_NETWORKENTRY_H
#define EQC_LOWERING_ENTRY_NETWORKENTRY_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Lowering/Entry/EntryBuilder.h"
#include "dialect/Eqc/EqcAttrs.h"

namespace eqc {

/// A layer that has entry points already, which networks call.
struct NetworkCallee {
  ir::InterfaceAttr interface;
  int64_t packedSize = 0; ///< elements
};

/// Adds the entry points of a network. Of its layers `network` has the names;
/// `callees` are these, in its order. `source` is what NAME_info says. `ragged`
/// says whether there are functions for samples of different sizes.
void addNetworkEntryPoints(EntryBuilder &b, NetworkSpec network,
                           llvm::ArrayRef<NetworkCallee> callees,
                           llvm::StringRef source, bool threads, bool ragged);

} // namespace eqc

#endif // EQC_LOWERING_ENTRY_NETWORKENTRY_H
