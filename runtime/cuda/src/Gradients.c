/*===- Gradients.c - Gradients of a layer, and how much workspace --- C99 -===*/

#include "Cuda.h"

static int check_has_backward(const eqc_cuda_call *call) {
  if (call->kernel->info->has_backward)
    return EQC_OK;
  return eqc_rt_fail(EQC_ERR_ARG,
                     "%s_%s: the layer was compiled without gradients",
                     call->args.layer, call->args.suffix);
}

/* Sums over no samples. */
static int clear_sums(const eqc_cuda_call *call, const eqc_rt_array *arrays) {
  int i;
  for (i = EQC_RT_GRAD_WEIGHT; i <= EQC_RT_GRAD_BIAS; ++i) {
    int error =
        arrays[i].data && arrays[i].bytes > 0
            ? CU(cuMemsetD8Async)((uint64_t)(uintptr_t)arrays[i].data, 0,
                                  (size_t)arrays[i].bytes, call->stream)
            : 0;
    if (error)
      return eqc_rt_cuda_fail(&call->args, error, "cuMemsetD8Async of '%s'",
                              arrays[i].name);
  }
  return EQC_OK;
}

static int set_arrays(eqc_cuda_call *call, const eqc_rt_array *arrays) {
  static const int places[EQC_RT_NUM_ARRAYS] = {
      EQC_ARRAY_X,      EQC_ARRAY_WEIGHT,      EQC_ARRAY_GRAD_Y,
      EQC_ARRAY_GRAD_X, EQC_ARRAY_GRAD_WEIGHT, EQC_ARRAY_GRAD_BIAS};
  int i, status = EQC_OK;
  for (i = 0; i < EQC_RT_NUM_ARRAYS && status == EQC_OK; ++i)
    status =
        eqc_rt_cuda_set_array(call, places[i], arrays[i].name, arrays[i].data);
  return status;
}

/* Arrays that no gradient reads do not count, whatever they are. */
static void drop_unread(eqc_rt_array *arrays) {
  if (!arrays[EQC_RT_GRAD_WEIGHT].data)
    arrays[EQC_RT_X].data = NULL;
  if (!arrays[EQC_RT_GRAD_X].data)
    arrays[EQC_RT_WEIGHT].data = NULL;
}

static int backward(eqc_cuda_call *call, int64_t n, int64_t batch,
                    eqc_rt_array *arrays, const eqc_cuda_source *from) {
  int programs[EQC_CUDA_MOST_PROGRAMS], count = 0, sums, status;
  status = check_has_backward(call);
  if (status == EQC_OK)
    status = eqc_rt_check_backward(&call->args, n, batch, arrays);
  if (status != EQC_OK)
    return status;
  sums = (arrays[EQC_RT_GRAD_WEIGHT].data ? EQC_CUDA_SUM_WEIGHT : 0) |
         (arrays[EQC_RT_GRAD_BIAS].data ? EQC_CUDA_SUM_BIAS : 0);
  if (arrays[EQC_RT_GRAD_X].data)
    programs[count++] = EQC_PROGRAM_GRAD_X;
  if (sums)
    programs[count++] = EQC_PROGRAM_GRAD_SUMS;
  call->vars[EQC_VAR_SUMS] = sums;
  drop_unread(arrays);
  if (batch > 0 && count > 0)
    status = set_arrays(call, arrays);
  if (status != EQC_OK)
    return status;
  status = eqc_rt_cuda_enter(call);
  if (status == EQC_OK)
    status = batch > 0 ? eqc_rt_cuda_perform(call, programs, count, from)
                       : clear_sums(call, arrays);
  return eqc_rt_cuda_leave(call, status);
}

static int counted_backward(const char *suffix, const eqc_cuda_kernel *kernel,
                            int64_t n, int64_t batch, eqc_rt_array *arrays,
                            const eqc_cuda_source *from, void *stream) {
  eqc_cuda_call call;
  int status = eqc_rt_cuda_begin_call(&call, kernel, suffix, stream);
  if (status != EQC_OK)
    return status;
  status = backward(&call, n, batch, arrays, from);
  eqc_rt_cuda_end();
  return status;
}

int eqc_rt_cuda_backward(const eqc_cuda_kernel *kernel, int64_t n,
                         int64_t batch, const void *x, const void *weight,
                         const void *grad_y, void *grad_x, void *grad_weight,
                         void *grad_bias, void *stream) {
  const eqc_cuda_source from = {0, NULL};
  eqc_rt_array arrays[EQC_RT_NUM_ARRAYS] = {
      {NULL, x, 0},      {NULL, weight, 0},      {NULL, grad_y, 0},
      {NULL, grad_x, 0}, {NULL, grad_weight, 0}, {NULL, grad_bias, 0}};
  return counted_backward("backward", kernel, n, batch, arrays, &from, stream);
}

int eqc_rt_cuda_backward_in(const eqc_cuda_kernel *kernel, int64_t n,
                            int64_t batch, const void *x, const void *weight,
                            const void *grad_y, void *grad_x, void *grad_weight,
                            void *grad_bias, void *workspace, void *stream) {
  const eqc_cuda_source from = {1, workspace};
  eqc_rt_array arrays[EQC_RT_NUM_ARRAYS] = {
      {NULL, x, 0},      {NULL, weight, 0},      {NULL, grad_y, 0},
      {NULL, grad_x, 0}, {NULL, grad_weight, 0}, {NULL, grad_bias, 0}};
  return counted_backward("backward_in", kernel, n, batch, arrays, &from,
                          stream);
}

/*===-- How much workspace a caller brings
 * ---------------------------------===*/

/* The most over alignments of the arrays and choices of gradients. */
static int most_bytes(eqc_cuda_call *call, const int *programs, int count,
                      int64_t *most) {
  static const uint64_t widths[] = {4, 8, 16, EQC_CUDA_ALIGN};
  const int num_widths = sizeof widths / sizeof *widths;
  eqc_cuda_choice choices[EQC_CUDA_MOST_PROGRAMS];
  int64_t bytes;
  int i, samples, weights, sums;
  *most = 0;
  for (samples = 0; samples < num_widths; ++samples)
    for (weights = 0; weights < num_widths; ++weights)
      for (sums = 1; sums <= EQC_CUDA_SUM_WEIGHT + EQC_CUDA_SUM_BIAS; ++sums) {
        int status;
        for (i = 0; i < EQC_ARRAY_WORKSPACE; ++i)
          call->arrays[i] =
              widths[eqc_rt_cuda_is_of_samples(i) ? samples : weights];
        call->vars[EQC_VAR_SUMS] = sums;
        status = eqc_rt_cuda_choose_all(call, programs, count, choices, &bytes);
        if (status != EQC_OK)
          return status;
        if (bytes > *most)
          *most = bytes;
      }
  return EQC_OK;
}

static int workspace_bytes(eqc_cuda_call *call, int64_t n, int64_t batch,
                           int backward, int64_t *most) {
  static const int forward_programs[] = {EQC_PROGRAM_FORWARD};
  static const int backward_programs[] = {EQC_PROGRAM_GRAD_X,
                                          EQC_PROGRAM_GRAD_SUMS};
  int status = backward ? check_has_backward(call) : EQC_OK;
  if (status == EQC_OK)
    status = eqc_rt_check_sizes(&call->args, n, batch, "x",
                                backward ? "grad_y" : "y");
  *most = 0;
  if (status != EQC_OK)
    return status;
  status = eqc_rt_cuda_enter(call);
  if (status == EQC_OK && batch > 0)
    status = backward ? most_bytes(call, backward_programs, 2, most)
                      : most_bytes(call, forward_programs, 1, most);
  return eqc_rt_cuda_leave(call, status);
}

int64_t eqc_rt_cuda_workspace_bytes(const eqc_cuda_kernel *kernel, int64_t n,
                                    int64_t batch, int backward) {
  eqc_cuda_call call;
  int64_t bytes = 0;
  int status = eqc_rt_cuda_begin_call(&call, kernel, "workspace_bytes", NULL);
  if (status != EQC_OK)
    return status;
  status = workspace_bytes(&call, n, batch, backward, &bytes);
  eqc_rt_cuda_end();
  if (status != EQC_OK)
    return status;
  /* The caller's may begin anywhere. */
  return bytes == 0 ? 0
         : bytes > INT64_MAX - EQC_CUDA_ALIGN
             ? eqc_rt_fail(EQC_ERR_SIZE,
                           "%s_workspace_bytes: the bytes overflow",
                           kernel->info->name)
             : bytes + EQC_CUDA_ALIGN - 1;
}
