//===- CheckBilinear.h - Checks of layers of two inputs ---------*- C++ -*-===//

#ifndef EQC_CHECK_CHECKBILINEAR_H
#define EQC_CHECK_CHECKBILINEAR_H

#include "compiler/Check/Check.h"

namespace eqc {

/// The functions of a layer of two inputs, as KernelFunctions.
struct BilinearFunctions {
  std::function<int(int64_t n, int64_t batch, const void *x, const void *z,
                    const void *weight, const void *bias, void *y)>
      forward;
  /// Empty for a layer without gradients.
  std::function<int(int64_t n, int64_t batch, const void *x, const void *z,
                    const void *weight, const void *gradY, void *gradX,
                    void *gradZ, void *gradWeight, void *gradBias)>
      backward;
};

/// Checks one layer against its definition, a linear map on the products of x
/// and z, which no plan has; its gradients the same; and that a group element
/// on x and z, and on y, gives the same.
CheckReport runCheck(const LayerSpec &spec, const BilinearFunctions &kernel,
                     const CheckOptions &options = {});

} // namespace eqc

#endif // EQC_CHECK_CHECKBILINEAR_H
