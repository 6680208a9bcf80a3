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
#include "compiler/Plan/Isotypic/IsotypicPlan.h"
#include "compiler/Plan/Shared/SharedPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eqc {

/// sums[number, ci, co] = sum over samples and rows of
/// x[row, ci] * grad_y[row, co].
struct GradientTerm {
  int number =
      0; ///< of a diagram, of orbits too; in another basis of a packed weight
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
  /// In place of terms: the sums of the packed weights of a mix in Fourier
  /// space, in their order from `firstSum` on. The sources are rows of x, the
  /// targets rows of grad_y.
  std::optional<StrandStage> strands;
  int firstSum = 0;

  /// The matrices that are summed.
  int64_t sums() const {
    return static_cast<int64_t>(strands ? strands->packed.size()
                                        : terms.size());
  }
};
/// grad_bias[row, co] = sum over samples of one row of grad_y.
struct BiasTerm {
  int row = 0;
  RowView gradY;
};

/// The sums in an isotypic basis are those of the packed weights of the
/// layer's plan: y = write(mix(read(x))), so that they pair the rows of read(x)
/// with those of the transpose of write, of grad_y.
struct GradientBasis {
  /// Instead of reads, from Input to Stored: the copies in x, and in y.
  RowTransform x, gradY;
};

/// The transpose of packing, where sums are not gradients yet.
struct GradientUnpack {
  /// Of each weight the sums that its gradient is made of.
  std::vector<PackedTerm> weight;
  /// Of each row of the bias the same.
  std::vector<PackedTerm> bias;
};

struct GradientPlan {
  /// How the rows of either side are read; these plans only read.
  SharedPlan x, gradY;
  std::optional<GradientBasis> basis; ///< then nothing is read
  std::optional<GradientUnpack> unpack;
  std::vector<GradientStage> stages;
  std::vector<BiasTerm> bias;

  /// The matrices of c_in x c_out that are summed.
  int64_t numTerms() const;
  /// Whether any of them is in another basis than that of diagrams.
  bool changesBasis() const;
};

/// The plan of grad_weight and grad_bias of `spec`.
GradientPlan buildGradientPlan(const LayerSpec &spec);

/// The same in the basis of the layer's own plan.
GradientPlan buildGradientPlan(const LayerSpec &spec, const IsotypicPlan &plan);

/// The same with sums over strands in Fourier space wherever that is predicted
/// to take less time: as many as irreps have entries, cubed, in place of t!^2
/// for the t! entries of some letters.
GradientPlan buildStrandGradientPlan(const LayerSpec &spec);

/// Sums of multiples of rows as sums of multiples of matrices.
std::vector<PackedTerm> packedTermsOf(const std::vector<SparseVector> &rows);

/// Operations at a size n: of one sample, and of a call once, after the sums.
struct GradientFlops {
  double sample = 0, call = 0;
};
GradientFlops flopsOf(const GradientPlan &plan, const LayerSpec &spec,
                      int64_t n);

/// The plan of a layer whose channels are mixed in the basis of that name, or
/// none: in the same basis where calls of `batch` samples take fewer operations
/// in it.
GradientPlan chooseGradientPlan(const LayerSpec &spec, std::string_view basis,
                                BuiltPlans &built, int64_t batch);

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
