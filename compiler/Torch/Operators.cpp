//===- Operators.cpp - eqc::linear and eqc::linear_backward ---------------===//
//
// The schemas and their meaning are those of python/eqc/torch.py, whose
// exported programs name these operators.
//
//===----------------------------------------------------------------------===//

#include "compiler/Torch/Layers.h"
#include "compiler/Torch/Tensor.h"

#include <eqc/torch.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <utility>

using namespace eqc::torch;

static const char *const schemas[] = {
    "linear(Tensor x, Tensor weight, Tensor? bias, str layer, SymInt n) -> "
    "Tensor",
    "linear_backward(Tensor x, Tensor weight, Tensor grad_y, str layer, "
    "SymInt n, bool need_x, bool need_weight, bool need_bias) -> "
    "(Tensor, Tensor, Tensor)"};

static void checkStatus(int status) {
  if (status != EQC_OK)
    throw std::runtime_error(std::string(call.eqc_status_string(status)) +
                             " (" + call.eqc_last_error() + ")");
}

namespace {

/// A layer where the tensors of a call are, and how it is called there.
class Caller {
public:
  Caller(const std::string &key, int64_t n, Place place)
      : place(place), layer(findLayer(call, key, chipOf(place))), n(n) {
    if (layer.numSizes() > 1)
      throw std::runtime_error("the layer takes several sizes: call it from "
                               "Python, or by its own functions");
    if (layer.numSizes() == 0 ? n != layer.info.n : n < 1)
      throw std::runtime_error("n is " + std::to_string(n) + "; expected " +
                               (layer.numSizes() == 0
                                    ? std::to_string(layer.info.n)
                                    : "a positive number"));
    if (!place.isCuda)
      return;
    check(call.aoti_torch_get_current_cuda_stream(place.index, &stream));
  }

  /// Calls NAME_forward or NAME_backward.
  template <typename... Arrays>
  void run(void *function, int64_t batch, Arrays... arrays) const {
    if (!place.isCuda)
      return checkStatus(withSize<int>(function, batch, arrays...));
    const OnDevice current(place.index);
    const bool isBackward = function == layer.backward;
    const int64_t bytes =
        withSize<int64_t>(layer.workspaceBytes, batch, int(isBackward));
    checkStatus(static_cast<int>(std::min<int64_t>(bytes, 0)));
    const Tensor workspace =
        bytes > 0 ? Tensor::ofBytes(bytes, place) : Tensor();
    checkStatus(
        withSize<int>(function, batch, arrays..., workspace.data(), stream));
  }

  const Place place;
  const Layer &layer;

private:
  /// The context that libtorch works in.
  class OnDevice {
  public:
    explicit OnDevice(int device) : device(device) {
      checkStatus(call.eqc_cuda_push_device(device));
    }
    ~OnDevice() { call.eqc_cuda_pop_device(device); }
    OnDevice(const OnDevice &) = delete;
    OnDevice &operator=(const OnDevice &) = delete;

  private:
    int device;
  };

  /// "sm_90"; empty for the CPU.
  static std::string chipOf(Place place) {
    if (!place.isCuda)
      return "";
    if (const std::string why = findCudaFunctions(call); !why.empty())
      throw std::runtime_error(why);
    const int number = call.eqc_cuda_device_chip(place.index);
    checkStatus(std::min(number, 0));
    const char *chip = call.eqc_cuda_chip(number);
    if (!chip)
      throw std::runtime_error(
          "GPU " + std::to_string(place.index) + " has compute capability " +
          std::to_string(number / 10) + "." + std::to_string(number % 10) +
          "; layers are compiled for 7.5 and newer");
    return chip;
  }

  /// With n before the batch where the layer has none.
  template <typename Result, typename... Arguments>
  Result withSize(void *function, int64_t batch, Arguments... arguments) const {
    using Sized = Result(int64_t, int64_t, Arguments...);
    using Fixed = Result(int64_t, Arguments...);
    return layer.numSizes() == 1
               ? reinterpret_cast<Sized *>(function)(n, batch, arguments...)
               : reinterpret_cast<Fixed *>(function)(batch, arguments...);
  }

  int64_t n;
  void *stream = nullptr;
};

} // namespace

using Shape = std::vector<int64_t>;

/// The axes in front of all tensors of a call (those of vmap over weights):
/// each point of them is a layer with its own weights, and a batch.
static Shape frontOf(const Tensor &weight) {
  const Shape shape = weight.shape();
  return {shape.begin(), shape.end() - std::min<size_t>(3, shape.size())};
}

static Shape operator+(Shape front, const Shape &shape) {
  front.insert(front.end(), shape.begin(), shape.end());
  return front;
}

static int64_t volume(const Shape &shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                         std::multiplies<>());
}

static int64_t batchOf(const Tensor &tensor, const char *name,
                       const Shape &front) {
  const Shape shape = tensor.shape();
  if (shape.size() <= front.size())
    throw std::runtime_error(std::string(name) + " has no batch axis");
  return shape[front.size()];
}

namespace {

/// The parts of an array for the points of the axes in front; all null if the
/// array is.
class Parts {
public:
  Parts(void *data, Element type, const Shape &shape)
      : data(static_cast<char *>(data)),
        bytes(data ? volume(shape) * bytesOf(type) : 0) {}
  void *operator[](int64_t point) const { return data + point * bytes; }

private:
  char *data;
  int64_t bytes;
};

} // namespace

static Tensor linear(Tensor x, Tensor weight, Tensor bias,
                     const std::string &key, int64_t n) {
  const Place place = x.place();
  const Caller caller(key, n, place);
  const Layer &layer = caller.layer;
  const Shape front = frontOf(weight);
  const int64_t batch = batchOf(x, "x", front);
  const Shape xShape = layer.xShape(batch, n), yShape = layer.yShape(batch, n);
  x.require("x", front + xShape, layer.stored, place);
  weight.require("weight", front + layer.weightShape(), layer.computed, place);
  const bool hasBias = layer.info.bias_diagrams > 0 && bias.isThere();
  if (hasBias)
    bias.require("bias", front + layer.biasShape(), layer.computed, place);
  Tensor y = Tensor::empty(front + yShape, layer.stored, place);
  const bool needsZeros =
      place.isCuda && !hasBias && layer.info.bias_diagrams > 0;
  const Tensor zeros =
      needsZeros ? Tensor::zeros(layer.biasShape(), layer.computed, place)
                 : Tensor();
  const void *noBias = place.isCuda ? zeros.data() : layer.zeroBias.data();
  const Parts xs(x.data(), layer.stored, xShape),
      ys(y.data(), layer.stored, yShape),
      weights(weight.data(), layer.computed, layer.weightShape()),
      biases(hasBias ? bias.data() : nullptr, layer.computed,
             layer.biasShape());
  for (int64_t i = 0, count = volume(front); i < count; ++i)
    caller.run(layer.forward, batch, (const void *)xs[i],
               (const void *)weights[i],
               hasBias ? (const void *)biases[i] : noBias, ys[i]);
  return y;
}

struct Gradients {
  Tensor x, weight, bias;
};

static Gradients linearBackward(Tensor x, Tensor weight, Tensor gradY,
                                const std::string &key, int64_t n, bool needX,
                                bool needWeight, bool needBias) {
  const Place place = gradY.place();
  const Caller caller(key, n, place);
  const Layer &layer = caller.layer;
  if (!layer.backward)
    throw std::runtime_error("the layer was compiled without gradients");
  const Shape front = frontOf(weight);
  const int64_t batch = batchOf(gradY, "grad_y", front);
  const Shape xShape = layer.xShape(batch, n), yShape = layer.yShape(batch, n),
              weightShape = layer.weightShape(), biasShape = layer.biasShape();
  const bool readsX =
      needWeight || (needX && std::string_view(layer.info.pool) != "sum");
  if (readsX)
    x.require("x", front + xShape, layer.stored, place);
  if (needX)
    weight.require("weight", front + weightShape, layer.computed, place);
  gradY.require("grad_y", front + yShape, layer.stored, place);
  const Element stored = layer.stored, computed = layer.computed;
  auto make = [&](bool need, const Shape &shape, Element type) {
    return Tensor::empty(need ? front + shape : Shape{0}, type, place);
  };
  Gradients grads = {make(needX, xShape, stored),
                     make(needWeight, weightShape, computed),
                     make(needBias, biasShape, computed)};
  auto parts = [](bool need, const Tensor &tensor, const Shape &shape,
                  Element type) {
    return Parts(need ? tensor.data() : nullptr, type, shape);
  };
  const Parts xs = parts(readsX, x, xShape, stored),
              weights = parts(needX, weight, weightShape, computed),
              gradYs = parts(true, gradY, yShape, stored),
              gradXs = parts(needX, grads.x, xShape, stored),
              gradWeights =
                  parts(needWeight, grads.weight, weightShape, computed),
              gradBiases = parts(needBias, grads.bias, biasShape, computed);
  const int64_t count = needX || needWeight || needBias ? volume(front) : 0;
  for (int64_t i = 0; i < count; ++i)
    caller.run(layer.backward, batch, (const void *)xs[i],
               (const void *)weights[i], (const void *)gradYs[i], gradXs[i],
               gradWeights[i], gradBiases[i]);
  return grads;
}

static Tensor takeTensor(Value value) { return Tensor(toPointer<void>(value)); }
static Value give(Tensor tensor) {
  return reinterpret_cast<Value>(tensor.release());
}
static bool isTrue(Value value) { return (value & 0xff) != 0; }

static void linearBoxed(Value *stack, uint64_t, uint64_t) {
  // Everything is taken before anything can fail.
  Tensor x = takeTensor(stack[0]), weight = takeTensor(stack[1]);
  Tensor bias = takeOptional(stack[2]);
  const std::string key = takeString(stack[3]);
  stack[0] = give(linear(std::move(x), std::move(weight), std::move(bias), key,
                         static_cast<int64_t>(stack[4])));
}

static void linearBackwardBoxed(Value *stack, uint64_t, uint64_t) {
  Tensor x = takeTensor(stack[0]), weight = takeTensor(stack[1]);
  Tensor gradY = takeTensor(stack[2]);
  const std::string key = takeString(stack[3]);
  Gradients grads =
      linearBackward(std::move(x), std::move(weight), std::move(gradY), key,
                     static_cast<int64_t>(stack[4]), isTrue(stack[5]),
                     isTrue(stack[6]), isTrue(stack[7]));
  stack[0] = give(std::move(grads.x));
  stack[1] = give(std::move(grads.weight));
  stack[2] = give(std::move(grads.bias));
}

namespace {

/// What was registered; deleting a library takes its part back.
struct Registration {
  std::mutex mutex;
  Handle definitions = nullptr, kernels = nullptr, cudaKernels = nullptr;
  std::string error;
};

} // namespace

static Registration &registration() {
  static auto *const kept = new Registration; // outlives every destructor
  return *kept;
}

static void takeBack(Handle &library) {
  if (library)
    call.aoti_torch_delete_library_object(library);
  library = nullptr;
}

/// Where libtorch's messages say that the operators come from.
static const char *const origin = "libeqc_torch";

/// Empty, or why not.
static std::string registerOperators(Registration &to) {
  if (std::string why = findFunctions(call); !why.empty())
    return why;
  check(
      call.aoti_torch_library_init_fragment("eqc", origin, 0, &to.definitions));
  const int32_t tag = call.torch_tag_pt2_compliant_tag();
  for (const char *schema : schemas)
    if (call.torch_library_def_with_tags(to.definitions, schema, &tag, 1)) {
      // Python was first: its operators do the same.
      takeBack(to.definitions);
      return "";
    }
  for (auto [device, library] :
       {std::pair("CPU", &to.kernels), std::pair("CUDA", &to.cudaKernels)}) {
    check(call.aoti_torch_library_init_impl("eqc", device, origin, 0, library));
    check(call.torch_library_impl(*library, "linear", linearBoxed,
                                  interfaceVersion));
    check(call.torch_library_impl(*library, "linear_backward",
                                  linearBackwardBoxed, interfaceVersion));
  }
  return "";
}

const char *eqc_torch_register(void) {
  Registration &mine = registration();
  const std::lock_guard<std::mutex> lock(mine.mutex);
  if (mine.kernels)
    return nullptr;
  try {
    mine.error = registerOperators(mine);
  } catch (const std::exception &error) {
    mine.error = error.what();
  }
  return mine.error.empty() ? nullptr : mine.error.c_str();
}

void eqc_torch_unregister(void) {
  Registration &mine = registration();
  const std::lock_guard<std::mutex> lock(mine.mutex);
  takeBack(mine.cudaKernels);
  takeBack(mine.kernels);
  takeBack(mine.definitions);
}

/// Whoever wants to know whether it worked calls it again.
__attribute__((constructor)) static void tryToRegister() {
  eqc_torch_register();
}
