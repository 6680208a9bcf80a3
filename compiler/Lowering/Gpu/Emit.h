//===- Emit.h - The stages of plans as kernels ------------------*- C++ -*-===//
//
// Each adds kernels and their launches to a program. Arrays are rows of
// channels; arrays of layers with channels first are copied to that form.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_GPU_EMIT_H
#define EQC_LOWERING_GPU_EMIT_H

#include "compiler/Lowering/Gpu/Program.h"
#include "compiler/Lowering/Nests/GatherNest.h"
#include "compiler/Lowering/Nests/MixNest.h"
#include "compiler/Lowering/Nests/SegmentNest.h"
#include "compiler/Lowering/Nests/StrandNest.h"
#include "compiler/Lowering/Nests/WalkNest.h"

#include <optional>

namespace eqc::device {

/// The arrays of a plan.
struct LayerArrays {
  DeviceArray input, stored, nodes, output, bias;
  const DeviceArray &operator[](PlanArray which) const {
    switch (which) {
    case PlanArray::Input:
      return input;
    case PlanArray::Stored:
      return stored;
    case PlanArray::Nodes:
      return nodes;
    case PlanArray::Bias:
      return bias;
    case PlanArray::Output:
      break;
    }
    return output;
  }
};

/// target[sample, row, channel] = source[sample, channel, row], or the other
/// way round.
void emitToRows(Program &program, const DeviceArray &source,
                const DeviceArray &target);
void emitFromRows(Program &program, const DeviceArray &source,
                  const DeviceArray &target);

/// target = source, to shared memory.
void emitCopy(Program &program, const DeviceArray &source,
              const DeviceArray &target);

void emitRead(Program &program, const LayerArrays &arrays,
              const SharedPlan &plan, const ReadStage &stage);

/// `weights` are matrices of c_in rows; those of a term are at its kWeight.
/// With `gathered`, rows of the target are sums of those nodes too.
void emitMix(Program &program, const LayerArrays &arrays,
             const DeviceArray &weights, const MixNest &nest,
             const GatherNest *gathered = nullptr);

/// Whether some of the nodes are subtracted.
bool subtracts(const GatherNest &nest);

/// A mix in Fourier space, of weights that are packed for it.
void emitStrands(Program &program, const LayerArrays &arrays,
                 const DeviceArray &weights, const StrandNest &nest);

void emitWrite(Program &program, const LayerArrays &arrays,
               const WriteStage &stage);
/// A step of a graph map.
void emitSegments(Program &program, const DeviceArray &source,
                  const DeviceArray &target, const SegmentNest &nest);
/// What adds a walk of `nest` to rows of `target`: a launch for each walk, none
/// of them in the program yet.
std::vector<Launch> emitWalks(Program &program, const DeviceArray &source,
                              const DeviceArray &target, const WalkNest &nest);

/// The published algorithm; `matrices` says which one of the weights a diagram
/// has.
void emitFactored(Program &program, const LayerArrays &arrays,
                  const DeviceArray &weights, llvm::ArrayRef<int64_t> matrices,
                  const FactoredPlan &plan);

/// A sparse change of basis.
void emitRows(Program &program, const RowTransform &transform,
              const DeviceArray &source, const DeviceArray &target);

/// Sums of matrices of `rows` rows, where the condition is not 0.
void emitUnpack(Program &program, llvm::ArrayRef<PackedTerm> terms,
                int64_t rows, const DeviceArray &sums,
                const DeviceArray &target, const Formula &condition);

/// Sums of weights.
void emitPack(Program &program, llvm::ArrayRef<PackedTerm> packed,
              const DeviceArray &weight, const DeviceArray &target);
/// The weights of the layer from grad_y to grad_x, of those of the layer: with
/// channels exchanged, times the sign and over the powers of the sizes of
/// spaces, or of n, that `flips` has for each diagram.
void emitFlip(Program &program, llvm::ArrayRef<int64_t> flips,
              const DeviceArray &weight, const DeviceArray &target);

/// The matrix of a layer and, if it has one, its bias, of one row each.
void emitMatrix(Program &program, const DensePlan &plan,
                const std::vector<DenseEntry> &entries, bool isBias,
                const DeviceArray &weight, const DeviceArray &target);

/// grad_weight and grad_bias, in two stages.
void emitGradientSums(Program &program, const GradientPlan &plan,
                      const LayerArrays &x, const LayerArrays &gradY);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_EMIT_H
