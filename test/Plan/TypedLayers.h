//===- TypedLayers.h - Layers of axes of spaces, for tests ------*- C++ -*-===//

#ifndef EQC_TEST_PLAN_TYPEDLAYERS_H
#define EQC_TEST_PLAN_TYPEDLAYERS_H

#include "Support.h"

#include "compiler/Algebra/LayerSpec.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>
#include <vector>

namespace eqc::test {

using Values = std::vector<double>;

/// All diagrams, 2 -> 3 channels, and a bias where there is one. Axes are of
/// spaces or, by the numbers after theirs, of sums; those of duals have
/// kDualAxis added.
LayerSpec makeLayer(const std::vector<Space> &spaces,
                    const std::vector<SpaceSum> &sums, std::vector<int> outputs,
                    std::vector<int> inputs);
inline LayerSpec makeLayer(const std::vector<Space> &spaces,
                           std::vector<int> outputs, std::vector<int> inputs) {
  return makeLayer(spaces, {}, std::move(outputs), std::move(inputs));
}

/// For messages: the group and the axes.
std::string name(const LayerSpec &spec);

/// Sums and means of random numbers: the layer, x, weight, bias, and y by the
/// definition.
void forLayers(
    const std::vector<LayerSpec> &layers,
    llvm::function_ref<void(const LayerSpec &, const Values &, const Values &,
                            const Values &, const Values &)>
        check);

/// The faster oracle is the definition.
void expectOraclesAgree(const std::vector<LayerSpec> &layers);
void expectSharedAgrees(const std::vector<LayerSpec> &layers);
void expectDenseAgrees(const std::vector<LayerSpec> &layers);
/// The transposed layer, with weights that the flips lead to.
void expectGradientsOfXAgree(const std::vector<LayerSpec> &layers);

} // namespace eqc::test

#endif // EQC_TEST_PLAN_TYPEDLAYERS_H
