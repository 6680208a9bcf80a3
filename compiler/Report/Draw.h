//===- Draw.h - Layers, networks and plans as pictures ----------*- C++ -*-===//

#ifndef EQC_REPORT_DRAW_H
#define EQC_REPORT_DRAW_H

#include "compiler/Pipelines/Compile.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>
#include <vector>

namespace eqc {

struct DrawOptions {
  /// All diagrams, on as many pages of one size as they take; else one picture,
  /// which leaves out those that nobody would look at.
  bool pages = false;
};

/// Layers' diagrams, layer below layer, in the order of the weights, then
/// networks; as SVG pictures, one unless there are pages.
std::vector<std::string> drawProgram(llvm::ArrayRef<LayerSpec> layers,
                                     llvm::ArrayRef<NetworkSpec> networks,
                                     const DrawOptions &options = {});

/// How layers are carried out: the lattice of what is read, mixed and written,
/// as the IR has it, layer below layer. False, with `failure` filled in, as
/// reportLayer.
bool drawPlans(llvm::ArrayRef<LayerSpec> layers, const CompileOptions &options,
               std::string &picture, CompileFailure &failure);

} // namespace eqc

#endif // EQC_REPORT_DRAW_H
