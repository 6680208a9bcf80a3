//===- Operators.cpp - eqc::linear and eqc::linear_backward on CPU --------===//
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

/// Calls a function that takes n before the batch where the layer has none.
template <typename... Arrays>
static void run(const Layer &layer, void *function, int64_t n, int64_t batch,
                Arrays... arrays) {
  using Sized = int(int64_t, int64_t, Arrays...);
  using Fixed = int(int64_t, Arrays...);
  checkStatus(layer.info.n == -1
                  ? reinterpret_cast<Sized *>(function)(n, batch, arrays...)
                  : reinterpret_cast<Fixed *>(function)(batch, arrays...));
}

static const Layer &layerFor(const std::string &key, int64_t n) {
  const Layer &layer = findLayer(call, key);
  if (layer.info.n != -1 ? n != layer.info.n : n < 1)
    throw std::runtime_error("n is " + std::to_string(n) + "; expected " +
                             (layer.info.n != -1 ? std::to_string(layer.info.n)
                                                 : "a positive number"));
  return layer;
}

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
  Parts(void *data, const Layer &layer, const Shape &shape)
      : data(static_cast<char *>(data)),
        bytes(data ? volume(shape) * (layer.isDouble ? 8 : 4) : 0) {}
  void *operator[](int64_t point) const { return data + point * bytes; }

private:
  char *data;
  int64_t bytes;
};

} // namespace

static Tensor linear(Tensor x, Tensor weight, Tensor bias,
                     const std::string &key, int64_t n) {
  const Layer &layer = layerFor(key, n);
  const Shape front = frontOf(weight);
  const int64_t batch = batchOf(x, "x", front);
  const Shape xShape = layer.xShape(batch, n), yShape = layer.yShape(batch, n);
  x.require("x", front + xShape, layer.isDouble);
  weight.require("weight", front + layer.weightShape(), layer.isDouble);
  const bool hasBias = layer.info.bias_diagrams > 0 && bias.isThere();
  if (hasBias)
    bias.require("bias", front + layer.biasShape(), layer.isDouble);
  Tensor y = Tensor::empty(front + yShape, layer.isDouble);
  const Parts xs(x.data(), layer, xShape), ys(y.data(), layer, yShape),
      weights(weight.data(), layer, layer.weightShape()),
      biases(hasBias ? bias.data() : nullptr, layer, layer.biasShape());
  for (int64_t i = 0, count = volume(front); i < count; ++i)
    run(layer, layer.forward, n, batch, (const void *)xs[i],
        (const void *)weights[i],
        hasBias ? (const void *)biases[i] : layer.zeroBias.data(), ys[i]);
  return y;
}

struct Gradients {
  Tensor x, weight, bias;
};

static Gradients linearBackward(Tensor x, Tensor weight, Tensor gradY,
                                const std::string &key, int64_t n, bool needX,
                                bool needWeight, bool needBias) {
  const Layer &layer = layerFor(key, n);
  if (!layer.backward)
    throw std::runtime_error("the layer was compiled without gradients");
  const Shape front = frontOf(weight);
  const int64_t batch = batchOf(gradY, "grad_y", front);
  const Shape xShape = layer.xShape(batch, n), yShape = layer.yShape(batch, n),
              weightShape = layer.weightShape(), biasShape = layer.biasShape();
  if (needWeight)
    x.require("x", front + xShape, layer.isDouble);
  if (needX)
    weight.require("weight", front + weightShape, layer.isDouble);
  gradY.require("grad_y", front + yShape, layer.isDouble);
  auto make = [&](bool need, const Shape &shape) {
    return Tensor::empty(need ? front + shape : Shape{0}, layer.isDouble);
  };
  Gradients grads = {make(needX, xShape), make(needWeight, weightShape),
                     make(needBias, biasShape)};
  auto parts = [&](bool need, const Tensor &tensor, const Shape &shape) {
    return Parts(need ? tensor.data() : nullptr, layer, shape);
  };
  const Parts xs = parts(needWeight, x, xShape),
              weights = parts(needX, weight, weightShape),
              gradYs = parts(true, gradY, yShape),
              gradXs = parts(needX, grads.x, xShape),
              gradWeights = parts(needWeight, grads.weight, weightShape),
              gradBiases = parts(needBias, grads.bias, biasShape);
  const int64_t count = needX || needWeight || needBias ? volume(front) : 0;
  for (int64_t i = 0; i < count; ++i)
    run(layer, layer.backward, n, batch, (const void *)xs[i],
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
  Handle definitions = nullptr, kernels = nullptr;
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
  check(
      call.aoti_torch_library_init_impl("eqc", "CPU", origin, 0, &to.kernels));
  check(call.torch_library_impl(to.kernels, "linear", linearBoxed,
                                interfaceVersion));
  check(call.torch_library_impl(to.kernels, "linear_backward",
                                linearBackwardBoxed, interfaceVersion));
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
  takeBack(mine.kernels);
  takeBack(mine.definitions);
}

/// Whoever wants to know whether it worked calls it again.
__attribute__((constructor)) static void tryToRegister() {
  eqc_torch_register();
}
