//===- Tensor.h - Tensors and texts of libtorch's C interface ---*- C++ -*-===//
//
// What a kernel was given is its to release. Errors are exceptions here, as
// libtorch expects of kernels.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TORCH_TENSOR_H
#define EQC_TORCH_TENSOR_H

#include "compiler/Torch/Functions.h"

#include <vector>

namespace eqc::torch {

/// What a value of pointer size stands for.
template <typename Pointee> Pointee *toPointer(Value value) {
  return reinterpret_cast<Pointee *>(
      value); // NOLINT(performance-no-int-to-ptr)
}

/// The functions, once the operators are registered.
extern Functions call;

/// Throws what libtorch says of its latest error unless `code` is 0.
void check(Code code);

/// Where a tensor is.
struct Place {
  bool isCuda = false;
  int32_t index = 0; ///< of the device
  bool operator==(const Place &other) const {
    return isCuda == other.isCuda && index == other.index;
  }
};

/// The types of tensors of layers.
enum class Element { F32, F64, BF16, F16 };
int64_t bytesOf(Element type);

class Tensor {
public:
  Tensor() = default;
  explicit Tensor(Handle handle) : handle(handle) {}
  Tensor(Tensor &&other) noexcept : handle(other.release()) {}
  Tensor &operator=(Tensor &&other) noexcept;
  ~Tensor();

  static Tensor empty(const std::vector<int64_t> &shape, Element type,
                      Place place);
  static Tensor zeros(const std::vector<int64_t> &shape, Element type,
                      Place place);
  /// Memory of libtorch's allocator. Others who get it when the tensor is gone
  /// work after whatever the current stream has been given by then.
  static Tensor ofBytes(int64_t bytes, Place place);

  bool isThere() const { return handle != nullptr; }
  std::vector<int64_t> shape() const;
  /// Throws where that is neither the CPU nor a GPU of NVIDIA's.
  Place place() const;
  /// Throws unless it is there, of this type and shape; then makes it
  /// contiguous.
  void require(const char *name, const std::vector<int64_t> &expected,
               Element type, Place place);
  void *data() const;
  Handle release();

private:
  static Tensor ofType(const std::vector<int64_t> &shape, int32_t type,
                       Place place);

  Handle handle = nullptr;
};

/// The tensor of a `Tensor?`, and the text of a `str`.
Tensor takeOptional(Value value);
std::string takeString(Value value);

} // namespace eqc::torch

#endif // EQC_TORCH_TENSOR_H
