//===- FakeTorch.cpp - The C interface of a libtorch with a GPU -----------===//

#include "test/Torch/FakeTorch.h"

#include "compiler/Check/StandIn/StandIn.h"

#include <cstdlib>
#include <cstring>
#include <map>

using namespace fake;

void *fake::stream = nullptr;
int32_t fake::deviceOfStream = -1;

static int64_t live = 0;
static std::map<std::string, Kernel *> kernels;
static std::string problem;

size_t Tensor::bytes() const {
  size_t size = type == kUint8                       ? 1
                : type == kHalf || type == kBFloat16 ? 2
                : type == kFloat                     ? 4
                                                     : 8;
  for (int64_t extent : sizes)
    size *= static_cast<size_t>(extent);
  return size;
}

Tensor *fake::make(const std::vector<int64_t> &sizes, int32_t type,
                   int32_t device, int32_t index) {
  auto *tensor = new Tensor{sizes, type, device, index, nullptr};
  const size_t bytes = tensor->bytes() > 0 ? tensor->bytes() : 1;
  tensor->data = static_cast<char *>(
      device == kCuda ? eqc::standin::allocate(bytes) : std::malloc(bytes));
  ++live;
  return tensor;
}

void fake::destroy(Tensor *tensor) {
  if (tensor->device == kCuda)
    eqc::standin::release(tensor->data);
  else
    std::free(tensor->data);
  delete tensor;
  --live;
}

int64_t fake::numTensors() { return live; }

Kernel *fake::kernelOf(const std::string &device, const std::string &name) {
  const auto found = kernels.find(device + " " + name);
  return found == kernels.end() ? nullptr : found->second;
}

uint64_t fake::boxOptional(Tensor *tensor) {
  return tensor ? reinterpret_cast<uint64_t>(
                      new uint64_t(reinterpret_cast<uint64_t>(tensor)))
                : 0;
}
uint64_t fake::boxString(const std::string &text) {
  return reinterpret_cast<uint64_t>(new std::string(text));
}

// NOLINTBEGIN(readability-identifier-naming): theirs.
using Code = int32_t;
static Tensor *of(void *handle) { return static_cast<Tensor *>(handle); }

extern "C" {
Code aoti_torch_library_init_fragment(const char *, const char *, uint32_t,
                                      void **library) {
  *library = new std::string("definitions");
  return 0;
}
Code aoti_torch_library_init_impl(const char *, const char *device,
                                  const char *, uint32_t, void **library) {
  *library = new std::string(device);
  return 0;
}
Code aoti_torch_delete_library_object(void *library) {
  delete static_cast<std::string *>(library);
  return 0;
}
Code torch_library_def_with_tags(void *, const char *, const int32_t *,
                                 int32_t) {
  return 0;
}
int32_t torch_tag_pt2_compliant_tag() { return 0; }
Code torch_library_impl(void *library, const char *name, Kernel *kernel,
                        uint64_t) {
  kernels[*static_cast<std::string *>(library) + " " + name] = kernel;
  return 0;
}

Code aoti_torch_delete_tensor_object(void *tensor) {
  destroy(of(tensor));
  return 0;
}
Code aoti_torch_get_data_ptr(void *tensor, void **data) {
  *data = of(tensor)->data;
  return 0;
}
Code aoti_torch_get_dim(void *tensor, int64_t *rank) {
  *rank = static_cast<int64_t>(of(tensor)->sizes.size());
  return 0;
}
Code aoti_torch_get_sizes(void *tensor, int64_t **sizes) {
  *sizes = of(tensor)->sizes.data();
  return 0;
}
Code aoti_torch_get_dtype(void *tensor, int32_t *type) {
  *type = of(tensor)->type;
  return 0;
}
Code aoti_torch_get_device_type(void *tensor, int32_t *type) {
  *type = of(tensor)->device;
  return 0;
}
Code aoti_torch_get_device_index(void *tensor, int32_t *index) {
  *index = of(tensor)->index;
  return 0;
}
Code aoti_torch_is_contiguous(void *, bool *is) {
  *is = true;
  return 0;
}
Code aoti_torch_copy_(void *, void *, int32_t) {
  problem = "nothing is to be copied";
  return 1;
}
Code aoti_torch_zero_(void *tensor) {
  std::memset(of(tensor)->data, 0, of(tensor)->bytes());
  return 0;
}
Code aoti_torch_empty_strided(int64_t rank, const int64_t *sizes,
                              const int64_t *, int32_t type, int32_t device,
                              int32_t index, void **tensor) {
  *tensor = make({sizes, sizes + rank}, type, device, index);
  return 0;
}
int32_t aoti_torch_dtype_bfloat16() { return kBFloat16; }
int32_t aoti_torch_dtype_float16() { return kHalf; }
int32_t aoti_torch_dtype_float32() { return kFloat; }
int32_t aoti_torch_dtype_float64() { return kDouble; }
int32_t aoti_torch_dtype_uint8() { return kUint8; }
int32_t aoti_torch_device_type_cpu() { return kCpu; }
int32_t aoti_torch_device_type_cuda() { return kCuda; }

Code torch_string_length(void *text, size_t *length) {
  *length = static_cast<std::string *>(text)->size();
  return 0;
}
Code torch_string_c_str(void *text, const char **data) {
  *data = static_cast<std::string *>(text)->c_str();
  return 0;
}
Code torch_delete_string(void *text) {
  delete static_cast<std::string *>(text);
  return 0;
}
Code torch_delete_stable_ivalue(uint64_t *value) {
  delete value;
  return 0;
}
const char *torch_exception_get_what_without_backtrace() {
  return problem.c_str();
}
}
// NOLINTEND(readability-identifier-naming)
