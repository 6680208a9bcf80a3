//===- GradientPlan.h - The gradients of a layer ----------------*- C++ -*-===//
//
// math: with D_d = E_top P_sigma C_bottom,
//   <grad_y, D_d x> = sum over kept indices j of (C_top grad_y)[j] *
//                     (P_sigma C_bottom x)[j],
// since E_top is the transpose of C_top. So the gradient of weight d is a
// product of rows read from grad_y and of rows read from x, summed over j and
// the batch, and that of a bias the sum of rows read from grad_y. The gradient
// of x is a layer of its own, that of the flipped diagrams.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_GRADIENT_GRADIENTPLAN_H
#define EQC_PLAN_GRADIENT_GRADIENTPLAN_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Shared/SharedPlan.h"

#include <string>
#include <vector>

namespace eqc {

/// grad_weight[diagram, ci, co] = sum over samples and rows of
/// x[row, ci] * grad_y[row, co].
struct GradientTerm {
  int diagram = 0;
  RowView x, gradY; ///< rows in the order of the kept blocks of outputs
};
/// All terms over index spaces of one shape: axes of these lengths, one for
/// each kept block, then `subsets` entries that lie next to each other. Their
/// rows of one side are all in the same array.
struct GradientStage {
  int kept = 0;
  std::vector<Poly> lengths; ///< in the order of the outputs
  int64_t subsets = 1;
  std::vector<GradientTerm> terms;
};
/// grad_bias[row, co] = sum over samples of one row of grad_y.
struct BiasTerm {
  int row = 0;
  RowView gradY;
};

struct GradientPlan {
  /// How the rows of either side are read; these plans only read.
  SharedPlan x, gradY;
  std::vector<GradientStage> stages;
  std::vector<BiasTerm> bias;
};

/// The plan of grad_weight and grad_bias of `spec`.
GradientPlan buildGradientPlan(const LayerSpec &spec);

/// The layer that takes grad_y to grad_x: diagram d is the flip of d, and its
/// weights are weight[d] with the channels exchanged, times `flipFactor`.
LayerSpec gradientLayer(const LayerSpec &spec);

/// What the layer from grad_y to grad_x is called, and what the gradients of
/// weight and bias are.
std::string gradientOfXName(const std::string &layer);
std::string gradientOfWeightName(const std::string &layer);

/// What weights of a diagram are multiplied by on the way to its flip:
/// sign / n^divisions; there may be less than no divisions. Of a product `of`
/// has the divisions by the size of each of its spaces.
struct FlipFactor {
  int sign = 1;
  int divisions = 0;
  std::vector<int> of;
};
FlipFactor flipFactor(const LayerSpec &spec, const Diagram &diagram);

} // namespace eqc

#endif // EQC_PLAN_GRADIENT_GRADIENTPLAN_H
