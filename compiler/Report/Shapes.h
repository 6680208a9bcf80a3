//===- Shapes.h - Shapes of a layer's arrays in words -----------*- C++ -*-===//

#ifndef EQC_REPORT_SHAPES_H
#define EQC_REPORT_SHAPES_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Bilinear/BilinearRole.h"

#include <string>

namespace eqc {

/// The shape of an array as a comment writes it: `[batch, n, n, 16]`.
std::string arrayShape(const LayerSpec &layer, BilinearRow row);
std::string weightShape(const LayerSpec &layer);

/// "order 2 -> 1, channels 16 -> 32", "orders 2 * 1 -> 1, channels 16".
std::string ordersAndChannels(const LayerSpec &layer);

} // namespace eqc

#endif // EQC_REPORT_SHAPES_H
