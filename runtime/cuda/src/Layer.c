/*===- Layer.c - What the functions of a generated header do -------- C99 -===*\
|*                                                                            *|
|* Arguments are checked first, by the same code as those of a CPU's layers,  *|
|* then the device is looked for. All choices are made, and the workspace is  *|
|* there, before the first launch.                                            *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Cuda.h"

static int forward(eqc_cuda_call *call, int64_t n, int64_t batch, const void *x,
                   const void *weight, const void *bias, void *y, int is_packed,
                   const eqc_cuda_source *from) {
  const char *weight_name = is_packed ? "packed" : "weight";
  const int program =
      is_packed ? EQC_PROGRAM_FORWARD_PACKED : EQC_PROGRAM_FORWARD;
  int status =
      eqc_rt_check_forward(&call->args, n, batch, x, weight_name, weight,
                           is_packed ? call->kernel->packed_bytes : 0, bias, y);
  if (status == EQC_OK && batch > 0) {
    status = eqc_rt_cuda_set_array(call, EQC_ARRAY_X, "x", x);
    if (status == EQC_OK)
      status = eqc_rt_cuda_set_array(
          call, is_packed ? EQC_ARRAY_PACKED : EQC_ARRAY_WEIGHT, weight_name,
          weight);
    if (status == EQC_OK && call->args.bias_bytes > 0)
      status = eqc_rt_cuda_set_array(call, EQC_ARRAY_BIAS, "bias", bias);
    if (status == EQC_OK)
      status = eqc_rt_cuda_set_array(call, EQC_ARRAY_Y, "y", y);
  }
  if (status != EQC_OK)
    return status;
  status = eqc_rt_cuda_enter(call);
  if (status == EQC_OK && batch > 0)
    status = eqc_rt_cuda_perform(call, &program, 1, from);
  return eqc_rt_cuda_leave(call, status);
}

static int counted_forward(const char *suffix, const eqc_cuda_kernel *kernel,
                           int64_t n, int64_t batch, const void *x,
                           const void *weight, const void *bias, void *y,
                           int is_packed, const eqc_cuda_source *from,
                           void *stream) {
  eqc_cuda_call call;
  int status = eqc_rt_cuda_begin_call(&call, kernel, suffix, stream);
  if (status != EQC_OK)
    return status;
  status = forward(&call, n, batch, x, weight, bias, y, is_packed, from);
  eqc_rt_cuda_end();
  return status;
}

int eqc_rt_cuda_forward(const eqc_cuda_kernel *kernel, int64_t n, int64_t batch,
                        const void *x, const void *weight, const void *bias,
                        void *y, void *stream) {
  const eqc_cuda_source from = {0, NULL};
  return counted_forward("forward", kernel, n, batch, x, weight, bias, y,
                         /*is_packed=*/0, &from, stream);
}

int eqc_rt_cuda_forward_in(const eqc_cuda_kernel *kernel, int64_t n,
                           int64_t batch, const void *x, const void *weight,
                           const void *bias, void *y, void *workspace,
                           void *stream) {
  const eqc_cuda_source from = {1, workspace};
  return counted_forward("forward_in", kernel, n, batch, x, weight, bias, y,
                         /*is_packed=*/0, &from, stream);
}

int eqc_rt_cuda_forward_packed(const eqc_cuda_kernel *kernel, int64_t n,
                               int64_t batch, const void *x, const void *packed,
                               const void *bias, void *y, void *stream) {
  const eqc_cuda_source from = {0, NULL};
  return counted_forward("forward_packed", kernel, n, batch, x, packed, bias, y,
                         /*is_packed=*/1, &from, stream);
}

/*===-- Packed weights, and what comes before calls
 * ------------------------===*/

static int copy(const eqc_cuda_call *call, int64_t bytes) {
  int error = CU(cuMemcpyDtoDAsync)(call->arrays[EQC_ARRAY_PACKED],
                                    call->arrays[EQC_ARRAY_WEIGHT],
                                    (size_t)bytes, call->stream);
  return error ? eqc_rt_cuda_fail(&call->args, error, "cuMemcpyDtoDAsync")
               : EQC_OK;
}

static int pack(eqc_cuda_call *call, const void *weight, void *packed) {
  const eqc_cuda_kernel *kernel = call->kernel;
  const eqc_cuda_source from = {0, NULL};
  const int program = EQC_PROGRAM_PACK;
  const int64_t bytes = kernel->info->weight_size * kernel->element_bytes;
  const int64_t packed_bytes =
      kernel->packed_bytes > 0 ? kernel->packed_bytes : bytes;
  int status;
  call->args.batch = 1;
  if (!weight)
    return eqc_rt_fail_null(&call->args, "weight");
  if (!packed)
    return eqc_rt_fail_null(&call->args, "packed");
  if (eqc_rt_overlap(packed, packed_bytes, weight, bytes))
    return eqc_rt_fail_alias(&call->args, "packed", "weight");
  status = eqc_rt_cuda_set_array(call, EQC_ARRAY_WEIGHT, "weight", weight);
  if (status == EQC_OK)
    status = eqc_rt_cuda_set_array(call, EQC_ARRAY_PACKED, "packed", packed);
  if (status != EQC_OK)
    return status;
  status = eqc_rt_cuda_enter(call);
  if (status == EQC_OK)
    status = call->loaded->code->programs[program].num_forms > 0
                 ? eqc_rt_cuda_perform(call, &program, 1, &from)
                 : copy(call, bytes);
  return eqc_rt_cuda_leave(call, status);
}

int eqc_rt_cuda_pack(const eqc_cuda_kernel *kernel, int64_t n,
                     const void *weight, void *packed, void *stream) {
  eqc_cuda_call call;
  int status = eqc_rt_cuda_begin_call(&call, kernel, "pack", stream);
  (void)n;
  if (status != EQC_OK)
    return status;
  status = pack(&call, weight, packed);
  eqc_rt_cuda_end();
  return status;
}

int eqc_rt_cuda_prepare(const eqc_cuda_kernel *kernel, void *stream) {
  eqc_cuda_call call;
  int status = eqc_rt_cuda_begin_call(&call, kernel, "prepare", stream);
  if (status != EQC_OK)
    return status;
  status = eqc_rt_cuda_leave(&call, eqc_rt_cuda_enter(&call));
  eqc_rt_cuda_end();
  return status;
}
