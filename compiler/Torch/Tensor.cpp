//===- Tensor.cpp - Tensors and texts of libtorch's C interface -----------===//

#include "compiler/Torch/Tensor.h"

#include <stdexcept>
#include <utility>

using namespace eqc::torch;

Functions eqc::torch::call;

void eqc::torch::check(Code code) {
  if (code != 0)
    throw std::runtime_error(call.torch_exception_get_what_without_backtrace());
}

static std::string describe(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

Tensor &Tensor::operator=(Tensor &&other) noexcept {
  std::swap(handle, other.handle);
  return *this;
}

Tensor::~Tensor() {
  if (handle)
    call.aoti_torch_delete_tensor_object(handle);
}

Handle Tensor::release() { return std::exchange(handle, nullptr); }

Tensor Tensor::ofType(const std::vector<int64_t> &shape, int32_t type,
                      Place place) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    if (__builtin_mul_overflow(stride, shape[i] > 0 ? shape[i] : 1, &stride))
      throw std::runtime_error("a result of shape " + describe(shape) +
                               " is too large");
  }
  Handle handle = nullptr;
  check(call.aoti_torch_empty_strided(
      static_cast<int64_t>(shape.size()), shape.data(), strides.data(), type,
      place.isCuda ? call.aoti_torch_device_type_cuda()
                   : call.aoti_torch_device_type_cpu(),
      place.index, &handle));
  return Tensor(handle);
}

static int32_t typeOf(Element type) {
  switch (type) {
  case Element::F32:
    break;
  case Element::F64:
    return call.aoti_torch_dtype_float64();
  case Element::BF16:
    return call.aoti_torch_dtype_bfloat16();
  case Element::F16:
    return call.aoti_torch_dtype_float16();
  }
  return call.aoti_torch_dtype_float32();
}

static const char *nameOf(Element type) {
  switch (type) {
  case Element::F32:
    break;
  case Element::F64:
    return "torch.float64";
  case Element::BF16:
    return "torch.bfloat16";
  case Element::F16:
    return "torch.float16";
  }
  return "torch.float32";
}

int64_t eqc::torch::bytesOf(Element type) {
  return type == Element::F64 ? 8 : type == Element::F32 ? 4 : 2;
}

Tensor Tensor::empty(const std::vector<int64_t> &shape, Element type,
                     Place place) {
  return ofType(shape, typeOf(type), place);
}

Tensor Tensor::zeros(const std::vector<int64_t> &shape, Element type,
                     Place place) {
  Tensor tensor = empty(shape, type, place);
  check(call.aoti_torch_zero_(tensor.handle));
  return tensor;
}

Tensor Tensor::ofBytes(int64_t bytes, Place place) {
  return ofType({bytes}, call.aoti_torch_dtype_uint8(), place);
}

Place Tensor::place() const {
  int32_t type = 0, index = 0;
  check(call.aoti_torch_get_device_type(handle, &type));
  if (type == call.aoti_torch_device_type_cpu())
    return {};
  if (type != call.aoti_torch_device_type_cuda())
    throw std::runtime_error("layers compute on CPUs and CUDA devices");
  check(call.aoti_torch_get_device_index(handle, &index));
  return {true, index};
}

static std::string describe(Place place) {
  return place.isCuda ? "cuda:" + std::to_string(place.index) : "cpu";
}

std::vector<int64_t> Tensor::shape() const {
  int64_t rank = 0, *sizes = nullptr;
  check(call.aoti_torch_get_dim(handle, &rank));
  check(call.aoti_torch_get_sizes(handle, &sizes));
  return {sizes, sizes + rank};
}

void Tensor::require(const char *name, const std::vector<int64_t> &expected,
                     Element type, Place place) {
  if (const Place found = this->place(); !(found == place))
    throw std::runtime_error(
        "the tensors of a layer are on several devices: " + describe(place) +
        ", and " + name + " is on " + describe(found));
  int32_t found = 0;
  check(call.aoti_torch_get_dtype(handle, &found));
  if (found != typeOf(type))
    throw std::runtime_error(std::string(name) + " is not of " + nameOf(type) +
                             ", which the layer computes in");
  if (std::vector<int64_t> found = shape(); found != expected)
    throw std::runtime_error(std::string(name) + " has shape " +
                             describe(found) + "; expected " +
                             describe(expected));
  bool isContiguous = false;
  check(call.aoti_torch_is_contiguous(handle, &isContiguous));
  if (isContiguous)
    return;
  Tensor copy = empty(expected, type, place);
  check(call.aoti_torch_copy_(copy.handle, handle, /*non_blocking=*/0));
  *this = std::move(copy);
}

void *Tensor::data() const {
  void *data = nullptr;
  if (handle)
    check(call.aoti_torch_get_data_ptr(handle, &data));
  return data;
}

Tensor eqc::torch::takeOptional(Value value) {
  auto *inner = toPointer<Value>(value);
  if (!inner)
    return {};
  Tensor tensor(toPointer<void>(*inner));
  check(call.torch_delete_stable_ivalue(inner));
  return tensor;
}

std::string eqc::torch::takeString(Value value) {
  auto *handle = toPointer<void>(value);
  size_t length = 0;
  const char *data = "";
  check(call.torch_string_length(handle, &length));
  check(call.torch_string_c_str(handle, &data));
  std::string text(data, length);
  check(call.torch_delete_string(handle));
  return text;
}
