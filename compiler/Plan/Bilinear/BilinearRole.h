//===- BilinearRole.h - A bilinear layer and its gradients ------*- C++ -*-===//
//
// Which of the three arrays of a trilinear form are given, and what is made of
// them.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_BILINEAR_BILINEARROLE_H
#define EQC_PLAN_BILINEAR_BILINEARROLE_H

#include "compiler/Algebra/LayerSpec.h"

#include <string>
#include <vector>

namespace eqc {

/// What is computed of a bilinear layer.
enum class BilinearRole {
  Forward,    ///< y of x and z
  GradX,      ///< the gradient of x, of grad_y and z
  GradZ,      ///< the gradient of z, of grad_y and x
  GradWeight, ///< sums over the batch, of x, z and grad_y
};
inline constexpr BilinearRole kBilinearRoles[] = {
    BilinearRole::Forward, BilinearRole::GradX, BilinearRole::GradZ,
    BilinearRole::GradWeight};

/// The rows of a diagram.
enum class BilinearRow { Y, X, Z };

/// The two rows that a role joins, and the third one.
struct BilinearRows {
  BilinearRow a, b, third;
};
BilinearRows rowsOf(BilinearRole role);

/// The order, the spaces, the axes of duals (empty: none) and the channels of a
/// row.
int orderOf(const LayerSpec &spec, BilinearRow row);
std::vector<int> axesOf(const LayerSpec &spec, BilinearRow row);
std::vector<bool> dualsOf(const LayerSpec &spec, BilinearRow row);
int64_t channelsOf(const LayerSpec &spec, BilinearRow row);

/// What the functions of the gradients of a layer are called.
std::string nameOf(const std::string &layer, BilinearRole role);

} // namespace eqc

#endif // EQC_PLAN_BILINEAR_BILINEARROLE_H
