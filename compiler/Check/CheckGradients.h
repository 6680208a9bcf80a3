//===- CheckGradients.h - Are the gradients of a layer right? ---*- C++ -*-===//

#ifndef EQC_CHECK_CHECKGRADIENTS_H
#define EQC_CHECK_CHECKGRADIENTS_H

#include "compiler/Check/CheckCases.h"
#include "compiler/Check/CheckValues.h"
#include "compiler/Check/KernelRunner.h"

namespace eqc {

/// One case: x is zero in the input channels that were not chosen, the weights
/// of the diagrams that are not used are zero.
struct GradientCase {
  const LayerSpec &spec;
  const CheckOptions &options;
  const CheckCase &test;
  const Values &x, &weight;
  const std::vector<int64_t> &samples, &inputChannels, &outputChannels;
  const std::vector<bool> &diagramUsed;
};

/// Compares all gradients of a random grad_y with the oracle, on the chosen
/// part; then, bit by bit, each subset of them with all; then what a NaN in
/// grad_y does to grad_x. Appends the results to `table`.
void checkGradients(const GradientCase &test, KernelRunner &runner,
                    Random &random, std::vector<CheckRow> &table);

} // namespace eqc

#endif // EQC_CHECK_CHECKGRADIENTS_H
