//===- OnGpu.cpp - Layers of a GPU as layers of the host ------------------===//

#include "compiler/Check/Gpu/OnGpu.h"

#include "compiler/Check/Oracle.h"

#include <eqc/runtime.h>

using namespace eqc;

namespace {

/// The arrays of one call: copied there, and all of them back, so that a change
/// of one that is only read is seen.
class Arrays {
public:
  Arrays(Gpu &gpu, const LayerSpec &spec, int64_t n, int64_t batch)
      : gpu(gpu), spec(spec), n(n), batch(batch) {}
  ~Arrays() {
    for (const Copy &copy : copies)
      gpu.release(copy.device);
  }
  Arrays(const Arrays &) = delete;
  Arrays &operator=(const Arrays &) = delete;

  template <typename Pointer> Pointer samples(Pointer host, bool isOutput) {
    const int order = isOutput ? spec.l : spec.k;
    const int64_t channels = isOutput ? spec.cOut : spec.cIn;
    const int64_t rows = spec.group.isProduct()
                             ? numPositions(isOutput ? lengthsOfOutput(spec)
                                                     : lengthsOfInput(spec))
                             : integerPower(n, order);
    return add(host, batch * rows * channels);
  }
  template <typename Pointer> Pointer weight(Pointer host) {
    return add(host, static_cast<int64_t>(spec.diagrams.size()) * spec.cIn *
                         spec.cOut);
  }
  template <typename Pointer> Pointer bias(Pointer host) {
    return add(host,
               static_cast<int64_t>(spec.biasDiagrams.size()) * spec.cOut);
  }

  template <typename Call> int run(const Call &call) {
    if (!isComplete)
      return EQC_ERR_NOMEM;
    int status = call();
    if (!gpu.wait() && status == EQC_OK)
      status = EQC_ERR_CUDA;
    for (const Copy &copy : copies)
      if (!gpu.read(copy.host, copy.device, copy.bytes) && status == EQC_OK)
        status = EQC_ERR_CUDA;
    return status;
  }

private:
  struct Copy {
    void *host, *device;
    size_t bytes;
  };

  template <typename Pointer> Pointer add(Pointer host, int64_t elements) {
    if (!host)
      return nullptr;
    Copy copy = {const_cast<void *>(static_cast<const void *>(host)), nullptr,
                 static_cast<size_t>(elements) * (spec.dtype == DType::F32
                                                      ? sizeof(float)
                                                      : sizeof(double))};
    copy.device =
        gpu.allocate(copy.bytes, reinterpret_cast<uintptr_t>(host) % 256);
    if (!copy.device) {
      isComplete = false;
      return nullptr;
    }
    copies.push_back(copy);
    isComplete &= gpu.write(copy.device, copy.host, copy.bytes);
    return copy.device;
  }

  Gpu &gpu;
  const LayerSpec &spec;
  const int64_t n, batch;
  std::vector<Copy> copies;
  bool isComplete = true;
};

} // namespace

KernelFunctions eqc::asHostLayer(const LayerSpec &spec,
                                 const KernelFunctions &kernel, Gpu &gpu) {
  KernelFunctions result;
  result.forward = [&spec, &gpu, forward = kernel.forward](
                       int64_t n, int64_t batch, const void *x,
                       const void *weight, const void *bias, void *y) {
    Arrays arrays(gpu, spec, n, batch);
    const void *dx = arrays.samples(x, /*isOutput=*/false),
               *dw = arrays.weight(weight), *db = arrays.bias(bias);
    void *dy = arrays.samples(y, /*isOutput=*/true);
    return arrays.run([&] { return forward(n, batch, dx, dw, db, dy); });
  };
  if (kernel.backward)
    result.backward = [&spec, &gpu, backward = kernel.backward](
                          int64_t n, int64_t batch, const void *x,
                          const void *weight, const void *gradY, void *gradX,
                          void *gradWeight, void *gradBias) {
      Arrays arrays(gpu, spec, n, batch);
      const void *dx = arrays.samples(x, /*isOutput=*/false),
                 *dw = arrays.weight(weight),
                 *dy = arrays.samples(gradY, /*isOutput=*/true);
      void *gx = arrays.samples(gradX, /*isOutput=*/false),
           *gw = arrays.weight(gradWeight), *gb = arrays.bias(gradBias);
      return arrays.run(
          [&] { return backward(n, batch, dx, dw, dy, gx, gw, gb); });
    };
  result.problems = [&gpu] { return gpu.takeProblems(); };
  return result;
}
