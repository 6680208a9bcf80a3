//===- Draw.h - Diagrams as pictures ----------------------------*- C++ -*-===//

#ifndef EQC_DRIVER_DRAW_H
#define EQC_DRIVER_DRAW_H

#include "compiler/Algebra/LayerSpec.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace eqc {

/// The layers' diagrams as one SVG picture, layer below layer, diagrams in the
/// order of the weights.
std::string drawLayers(llvm::ArrayRef<LayerSpec> layers);

} // namespace eqc

#endif // EQC_DRIVER_DRAW_H
