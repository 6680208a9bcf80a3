//===- Print.h - Layers back to source text ---------------------*- C++ -*-===//
//
// The canonical source of a layer: what `NAME_info()->spec` shows.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_PRINT_H
#define EQC_FRONTEND_PRINT_H

#include "compiler/Algebra/NetworkSpec.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace eqc {

/// The layer as a source with every field written out, in a fixed order. Read
/// again it gives the same layer.
std::string toSource(const LayerSpec &spec);

/// The axes of its inputs and of its output as a source has them: "V V' -> V".
std::string sidesText(const LayerSpec &spec);

/// The symmetries of its axes: "x is the same under (1 2)"; empty without.
std::string symmetryWords(const LayerSpec &spec);

/// What the matrix of a weight has beside that of its diagram, the first of its
/// orbit: "- o1 i2 | o2 i1"; the first few, and how many there are.
std::string orbitText(const LayerSpec &spec, const Diagram &diagram);

/// The network with the spaces of its axes and the layers that it calls, of
/// all `layers` of its source, in the same way.
std::string networkSource(const NetworkSpec &network,
                          llvm::ArrayRef<LayerSpec> layers);

} // namespace eqc

#endif // EQC_FRONTEND_PRINT_H
