//===- Packed.cpp - Layers by their packed weights ------------------------===//

#include "compiler/Fuzz/Packed.h"

#include "compiler/Check/GuardedArray.h"

using namespace eqc;

/// What is no status of the runtime: the packed weights were written beside, or
/// there are no such functions.
static constexpr int kStray = -1000;
static constexpr int kMissing = -1001;

template <typename T, bool Dynamic>
static KernelFunctions packedKernel(const LayerSpec &spec,
                                    const LoadedLibrary &library,
                                    int64_t elements, KernelFunctions kernel) {
  using Pack = CFunctionPointer<T, kPack, Dynamic>;
  using Forward = CFunctionPointer<T, kForwardPacked, Dynamic>;
  auto pack =
      reinterpret_cast<Pack>(library.function(nameOf(kPack, spec.name)));
  auto forward = reinterpret_cast<Forward>(
      library.function(nameOf(kForwardPacked, spec.name)));
  const DType dtype = spec.dtype;
  kernel.forward = [=](int64_t n, int64_t batch, const void *x,
                       const void *weight, const void *bias, void *y) {
    if (!pack || !forward)
      return kMissing;
    GuardedArray packed(dtype, elements, Placement::Last);
    auto *weights = static_cast<T *>(packed.data());
    if (int code = pack(static_cast<const T *>(weight), weights))
      return code;
    auto call = [&](auto... sizes) {
      return forward(sizes..., static_cast<const T *>(x), weights,
                     static_cast<const T *>(bias), static_cast<T *>(y));
    };
    int code;
    if constexpr (Dynamic)
      code = call(n, batch);
    else
      code = call(batch);
    const bool isGood = packed.guardsIntact() && packed.touched().empty();
    return isGood ? code : kStray;
  };
  return kernel;
}

KernelFunctions eqc::throughPacked(const LayerSpec &spec,
                                   const LoadedLibrary &library,
                                   int64_t elements, KernelFunctions kernel) {
  if (spec.numSizes() > 1)
    return kernel;
  const bool isFloat = spec.dtype == DType::F32;
  auto *make =
      spec.dynamicN()
          ? (isFloat ? packedKernel<float, true> : packedKernel<double, true>)
          : (isFloat ? packedKernel<float, false>
                     : packedKernel<double, false>);
  return make(spec, library, elements, std::move(kernel));
}
