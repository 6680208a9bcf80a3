//===- Functions.h - What is called of libtorch and of libeqc ---*- C++ -*-===//
//
// Neither is linked: eqc is built without torch, and one build serves every
// libtorch whose stable C interface (torch/csrc/inductor/aoti_torch/c/shim.h,
// torch/csrc/stable/c/shim.h) has the functions below. They are looked up in
// the libtorch that the process has loaded.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TORCH_FUNCTIONS_H
#define EQC_TORCH_FUNCTIONS_H

#include <eqc/compiler.h>
#include <eqc/cuda.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace eqc::torch {

/// An argument or result of an operator: a number, or a handle it owns.
using Value = uint64_t;
using Handle = void *;
/// What nearly every function of libtorch returns: 0 when it worked.
using Code = int32_t;
using BoxedKernel = void(Value *stack, uint64_t inputs, uint64_t outputs);

/// The version of the interface that boxed values follow here: 2.13.
constexpr uint64_t interfaceVersion = uint64_t(2) << 56 | uint64_t(13) << 48;

// FUNCTION(name, type)
#define EQC_TORCH_FUNCTIONS(FUNCTION)                                          \
  FUNCTION(aoti_torch_library_init_fragment,                                   \
           Code(const char *, const char *, uint32_t, Handle *))               \
  FUNCTION(aoti_torch_library_init_impl,                                       \
           Code(const char *, const char *, const char *, uint32_t, Handle *)) \
  FUNCTION(torch_library_def_with_tags,                                        \
           Code(Handle, const char *, const int32_t *, int32_t))               \
  FUNCTION(torch_tag_pt2_compliant_tag, int32_t())                             \
  FUNCTION(torch_library_impl,                                                 \
           Code(Handle, const char *, BoxedKernel *, uint64_t))                \
  FUNCTION(aoti_torch_delete_library_object, Code(Handle))                     \
  FUNCTION(aoti_torch_delete_tensor_object, Code(Handle))                      \
  FUNCTION(aoti_torch_get_data_ptr, Code(Handle, void **))                     \
  FUNCTION(aoti_torch_get_dim, Code(Handle, int64_t *))                        \
  FUNCTION(aoti_torch_get_sizes, Code(Handle, int64_t **))                     \
  FUNCTION(aoti_torch_get_dtype, Code(Handle, int32_t *))                      \
  FUNCTION(aoti_torch_is_contiguous, Code(Handle, bool *))                     \
  FUNCTION(aoti_torch_copy_, Code(Handle, Handle, int32_t))                    \
  FUNCTION(aoti_torch_empty_strided,                                           \
           Code(int64_t, const int64_t *, const int64_t *, int32_t, int32_t,   \
                int32_t, Handle *))                                            \
  FUNCTION(aoti_torch_dtype_bfloat16, int32_t())                               \
  FUNCTION(aoti_torch_dtype_float16, int32_t())                                \
  FUNCTION(aoti_torch_dtype_float32, int32_t())                                \
  FUNCTION(aoti_torch_dtype_float64, int32_t())                                \
  FUNCTION(aoti_torch_dtype_uint8, int32_t())                                  \
  FUNCTION(aoti_torch_device_type_cpu, int32_t())                              \
  FUNCTION(aoti_torch_device_type_cuda, int32_t())                             \
  FUNCTION(aoti_torch_get_device_type, Code(Handle, int32_t *))                \
  FUNCTION(aoti_torch_get_device_index, Code(Handle, int32_t *))               \
  FUNCTION(aoti_torch_zero_, Code(Handle))                                     \
  FUNCTION(torch_string_length, Code(Handle, size_t *))                        \
  FUNCTION(torch_string_c_str, Code(Handle, const char **))                    \
  FUNCTION(torch_delete_string, Code(Handle))                                  \
  FUNCTION(torch_delete_stable_ivalue, Code(Value *))                          \
  FUNCTION(torch_exception_get_what_without_backtrace, const char *())

// Of a libtorch with CUDA, looked up when there is a tensor of a GPU.
#define EQC_TORCH_CUDA_FUNCTIONS(FUNCTION)                                     \
  FUNCTION(aoti_torch_get_current_cuda_stream, Code(int32_t, void **))

#define EQC_COMPILER_FUNCTIONS(FUNCTION)                                       \
  FUNCTION(eqc_compile_json, decltype(::eqc_compile_json))                     \
  FUNCTION(eqc_program_free, decltype(::eqc_program_free))                     \
  FUNCTION(eqc_program_status, decltype(::eqc_program_status))                 \
  FUNCTION(eqc_program_messages, decltype(::eqc_program_messages))             \
  FUNCTION(eqc_program_num_layers, decltype(::eqc_program_num_layers))         \
  FUNCTION(eqc_program_layer, decltype(::eqc_program_layer))                   \
  FUNCTION(eqc_program_function, decltype(::eqc_program_function))             \
  FUNCTION(eqc_status_string, decltype(::eqc_status_string))                   \
  FUNCTION(eqc_last_error, decltype(::eqc_last_error))                         \
  FUNCTION(eqc_cuda_chip, decltype(::eqc_cuda_chip))                           \
  FUNCTION(eqc_cuda_device_chip, decltype(::eqc_cuda_device_chip))             \
  FUNCTION(eqc_cuda_push_device, decltype(::eqc_cuda_push_device))             \
  FUNCTION(eqc_cuda_pop_device, decltype(::eqc_cuda_pop_device))

// NOLINTBEGIN(readability-identifier-naming): theirs.
struct Functions {
#define EQC_DECLARE(name, ...)                                                 \
  using name##_type = __VA_ARGS__;                                             \
  name##_type *name = nullptr;
  EQC_TORCH_FUNCTIONS(EQC_DECLARE)
  EQC_TORCH_CUDA_FUNCTIONS(EQC_DECLARE)
  EQC_COMPILER_FUNCTIONS(EQC_DECLARE)
#undef EQC_DECLARE
};
// NOLINTEND(readability-identifier-naming)

/// Looks all up. Empty, or why some are not to be had.
std::string findFunctions(Functions &found);
/// The same of those of a libtorch with CUDA, where they are not there yet.
std::string findCudaFunctions(Functions &found);

} // namespace eqc::torch

#endif // EQC_TORCH_FUNCTIONS_H
