//===- Positions.h - How many positions tensors have ------------*- C++ -*-===//

#ifndef EQC_PLAN_POSITIONS_H
#define EQC_PLAN_POSITIONS_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Walk.h"

namespace eqc {

/// The positions of a sample of x, of y: n^k and n^l where all axes are alike.
inline Poly positionsOfInput(const LayerSpec &spec) {
  return productOf(lengthsOfAxes(spec.group, spec.k, spec.xAxes));
}
inline Poly positionsOfOutput(const LayerSpec &spec) {
  return productOf(lengthsOfAxes(spec.group, spec.l, spec.yAxes));
}

/// Whether each channel of a sample has its positions side by side. Where there
/// is one of either, both layouts are the same in memory.
inline bool channelsComeFirst(const LayerSpec &spec, const Poly &positions,
                              int64_t channels) {
  const bool isOne = positions.isConstant() && positions.at(1) == 1;
  return spec.layout == Layout::ChannelsFirst && channels > 1 && !isOne;
}
inline bool inputChannelsComeFirst(const LayerSpec &spec) {
  return channelsComeFirst(spec, positionsOfInput(spec), spec.cIn);
}
inline bool outputChannelsComeFirst(const LayerSpec &spec) {
  return channelsComeFirst(spec, positionsOfOutput(spec), spec.cOut);
}

} // namespace eqc

#endif // EQC_PLAN_POSITIONS_H
