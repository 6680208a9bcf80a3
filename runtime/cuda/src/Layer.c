/*===- Layer.c - What the functions of a generated header do -------- C99 -===*\
|*                                                                            *|
|* Arguments are checked first, by the same code as those of a CPU's layers,  *|
|* then the device is looked for. All choices are made, and the workspace is  *|
|* there, before the first launch.                                            *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Cuda.h"

#include <stdlib.h>
#include <string.h>

/* Where a call's workspace comes from. */
typedef struct source {
  int is_given; /* by the caller, else from the device */
  void *workspace;
} source;

/* Fills in the layer, and checks that this runtime can read it. */
static int begin(eqc_cuda_call *call, const eqc_cuda_kernel *kernel,
                 const char *suffix, void *stream) {
  if (kernel->abi != EQC_CUDA_ABI ||
      kernel->struct_size < sizeof(eqc_cuda_kernel))
    return eqc_rt_fail(EQC_ERR_ARG,
                       "the layer was compiled for another runtime "
                       "(CUDA abi %u, this is eqc_rt_cuda %s with abi %d)",
                       (unsigned)kernel->abi, eqc_version(), EQC_CUDA_ABI);
  memset(call, 0, sizeof *call);
  call->kernel = kernel;
  call->stream = stream;
  call->record.info = kernel->info;
  call->record.element_bytes = kernel->element_bytes;
  call->record.size_unit = kernel->size_unit;
  call->args.kernel = &call->record;
  call->args.layer = kernel->info->name;
  call->args.suffix = suffix;
  call->args.n = kernel->info->n;
  return EQC_OK;
}

/* An address that no element may have would make the device give up its whole
   context. */
static int set_array(eqc_cuda_call *call, int array, const char *name,
                     const void *data) {
  uint64_t address = (uint64_t)(uintptr_t)data;
  call->arrays[array] = address;
  if (address % (uint64_t)call->kernel->element_bytes == 0)
    return EQC_OK;
  return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: '%s' is not aligned to %lld bytes",
                     call->args.layer, call->args.suffix, name,
                     (long long)call->kernel->element_bytes);
}

static int is_of_samples(int array) {
  return array == EQC_ARRAY_X || array == EQC_ARRAY_Y ||
         array == EQC_ARRAY_GRAD_X || array == EQC_ARRAY_GRAD_Y;
}

static void set_variables(eqc_cuda_call *call) {
  const eqc_cuda_device *device = &call->loaded->device;
  int64_t *vars = call->vars;
  uint64_t samples = EQC_CUDA_ALIGN, weights = EQC_CUDA_ALIGN;
  int i;
  for (i = 0; i < EQC_ARRAY_WORKSPACE; ++i)
    *(is_of_samples(i) ? &samples : &weights) |= call->arrays[i];
  vars[EQC_VAR_N] = call->args.n;
  vars[EQC_VAR_BATCH] = call->args.batch;
  vars[EQC_VAR_CHIP] = device->chip;
  vars[EQC_VAR_PROCESSORS] = device->processors;
  vars[EQC_VAR_SHARED_BLOCK] = device->shared_block;
  vars[EQC_VAR_SHARED_PROCESSOR] = device->shared_processor;
  vars[EQC_VAR_L2] = device->l2;
  vars[EQC_VAR_ALIGN_SAMPLES] = (int64_t)(samples & -samples);
  vars[EQC_VAR_ALIGN_WEIGHTS] = (int64_t)(weights & -weights);
}

/*===-- Work on the device
 * ------------------------------------------------===*/

/* The workspace that the caller gave begins where it is aligned. */
static int take_given(eqc_cuda_call *call, void *workspace, int64_t bytes) {
  const eqc_rt_call *args = &call->args;
  char *begin = workspace;
  const struct {
    int array;
    const char *name;
    int64_t bytes;
  } others[] = {
      {EQC_ARRAY_X, "x", args->x_bytes},
      {EQC_ARRAY_WEIGHT, "weight", args->weight_bytes},
      {EQC_ARRAY_BIAS, "bias", args->bias_bytes},
      {EQC_ARRAY_Y, "y", args->y_bytes},
      {EQC_ARRAY_GRAD_Y, "grad_y", args->y_bytes},
      {EQC_ARRAY_GRAD_X, "grad_x", args->x_bytes},
      {EQC_ARRAY_GRAD_WEIGHT, "grad_weight", args->weight_bytes},
      {EQC_ARRAY_GRAD_BIAS, "grad_bias", args->bias_bytes},
  };
  size_t i;
  if (!workspace)
    return eqc_rt_fail_null(args, "workspace");
  begin += -(uintptr_t)begin % EQC_CUDA_ALIGN;
  for (i = 0; i < sizeof others / sizeof *others; ++i) {
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the device. */
    const void *other = (void *)(uintptr_t)call->arrays[others[i].array];
    if (other && eqc_rt_overlap(begin, bytes, other, others[i].bytes))
      return eqc_rt_fail_alias(args, "workspace", others[i].name);
  }
  call->arrays[EQC_ARRAY_WORKSPACE] = (uint64_t)(uintptr_t)begin;
  return EQC_OK;
}

static int choose_all(eqc_cuda_call *call, const int *programs, int count,
                      eqc_cuda_choice *choices, int64_t *bytes) {
  int i, status = EQC_OK;
  *bytes = 0;
  set_variables(call);
  for (i = 0; i < count && status == EQC_OK; ++i) {
    status = eqc_rt_cuda_choose(call, programs[i], &choices[i]);
    if (choices[i].workspace > *bytes)
      *bytes = choices[i].workspace;
  }
  return status;
}

#define MOST_PROGRAMS 2

/* Several pieces of work, one after the other in the same workspace. */
static int perform(eqc_cuda_call *call, const int *programs, int count,
                   const source *from) {
  eqc_cuda_choice choices[MOST_PROGRAMS];
  eqc_cuda_memory memory = {0, NULL};
  int64_t bytes;
  int i, status = choose_all(call, programs, count, choices, &bytes);
  int acquires = bytes > 0 && !from->is_given;
  if (status == EQC_OK && acquires)
    status = eqc_rt_cuda_acquire(call, bytes, &memory);
  else if (status == EQC_OK && bytes > 0)
    status = take_given(call, from->workspace, bytes);
  if (status != EQC_OK)
    return status;
  if (acquires)
    call->arrays[EQC_ARRAY_WORKSPACE] = memory.address;
  for (i = 0; i < count && status == EQC_OK; ++i)
    status = eqc_rt_cuda_run(call, &choices[i]);
  return acquires ? eqc_rt_cuda_give_back(call, &memory, status) : status;
}

/*===-- Forward
 * -----------------------------------------------------------===*/

static int forward(eqc_cuda_call *call, int64_t n, int64_t batch, const void *x,
                   const void *weight, const void *bias, void *y, int is_packed,
                   const source *from) {
  const char *weight_name = is_packed ? "packed" : "weight";
  const int program =
      is_packed ? EQC_PROGRAM_FORWARD_PACKED : EQC_PROGRAM_FORWARD;
  int status =
      eqc_rt_check_forward(&call->args, n, batch, x, weight_name, weight,
                           is_packed ? call->kernel->packed_bytes : 0, bias, y);
  if (status == EQC_OK && batch > 0) {
    status = set_array(call, EQC_ARRAY_X, "x", x);
    if (status == EQC_OK)
      status = set_array(call, is_packed ? EQC_ARRAY_PACKED : EQC_ARRAY_WEIGHT,
                         weight_name, weight);
    if (status == EQC_OK && call->args.bias_bytes > 0)
      status = set_array(call, EQC_ARRAY_BIAS, "bias", bias);
    if (status == EQC_OK)
      status = set_array(call, EQC_ARRAY_Y, "y", y);
  }
  if (status != EQC_OK)
    return status;
  status = eqc_rt_cuda_enter(call);
  if (status == EQC_OK && batch > 0)
    status = perform(call, &program, 1, from);
  return eqc_rt_cuda_leave(call, status);
}

/* Every function of the header: its layer filled in, and counted. */
static int begin_counted(eqc_cuda_call *call, const eqc_cuda_kernel *kernel,
                         const char *suffix, void *stream) {
  int status = begin(call, kernel, suffix, stream);
  if (status == EQC_OK && !eqc_rt_cuda_begin())
    status = eqc_rt_fail(EQC_ERR_CUDA, "%s_%s: the runtime is being unloaded",
                         call->args.layer, suffix);
  return status;
}

static int counted_forward(const char *suffix, const eqc_cuda_kernel *kernel,
                           int64_t n, int64_t batch, const void *x,
                           const void *weight, const void *bias, void *y,
                           int is_packed, const source *from, void *stream) {
  eqc_cuda_call call;
  int status = begin_counted(&call, kernel, suffix, stream);
  if (status != EQC_OK)
    return status;
  status = forward(&call, n, batch, x, weight, bias, y, is_packed, from);
  eqc_rt_cuda_end();
  return status;
}

int eqc_rt_cuda_forward(const eqc_cuda_kernel *kernel, int64_t n, int64_t batch,
                        const void *x, const void *weight, const void *bias,
                        void *y, void *stream) {
  const source from = {0, NULL};
  return counted_forward("forward", kernel, n, batch, x, weight, bias, y,
                         /*is_packed=*/0, &from, stream);
}

int eqc_rt_cuda_forward_in(const eqc_cuda_kernel *kernel, int64_t n,
                           int64_t batch, const void *x, const void *weight,
                           const void *bias, void *y, void *workspace,
                           void *stream) {
  const source from = {1, workspace};
  return counted_forward("forward_in", kernel, n, batch, x, weight, bias, y,
                         /*is_packed=*/0, &from, stream);
}

int eqc_rt_cuda_forward_packed(const eqc_cuda_kernel *kernel, int64_t n,
                               int64_t batch, const void *x, const void *packed,
                               const void *bias, void *y, void *stream) {
  const source from = {0, NULL};
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
  const source from = {0, NULL};
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
  status = set_array(call, EQC_ARRAY_WEIGHT, "weight", weight);
  if (status == EQC_OK)
    status = set_array(call, EQC_ARRAY_PACKED, "packed", packed);
  if (status != EQC_OK)
    return status;
  status = eqc_rt_cuda_enter(call);
  if (status == EQC_OK)
    status = call->loaded->code->programs[program].num_forms > 0
                 ? perform(call, &program, 1, &from)
                 : copy(call, bytes);
  return eqc_rt_cuda_leave(call, status);
}

int eqc_rt_cuda_pack(const eqc_cuda_kernel *kernel, int64_t n,
                     const void *weight, void *packed, void *stream) {
  eqc_cuda_call call;
  int status = begin_counted(&call, kernel, "pack", stream);
  (void)n;
  if (status != EQC_OK)
    return status;
  status = pack(&call, weight, packed);
  eqc_rt_cuda_end();
  return status;
}

int eqc_rt_cuda_prepare(const eqc_cuda_kernel *kernel, void *stream) {
  eqc_cuda_call call;
  int status = begin_counted(&call, kernel, "prepare", stream);
  if (status != EQC_OK)
    return status;
  status = eqc_rt_cuda_leave(&call, eqc_rt_cuda_enter(&call));
  eqc_rt_cuda_end();
  return status;
}

/*===-- Backward
 * ----------------------------------------------------------===*/

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
    status = set_array(call, places[i], arrays[i].name, arrays[i].data);
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
                    eqc_rt_array *arrays, const source *from) {
  int programs[MOST_PROGRAMS], count = 0, sums, status;
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
    status = batch > 0 ? perform(call, programs, count, from)
                       : clear_sums(call, arrays);
  return eqc_rt_cuda_leave(call, status);
}

static int counted_backward(const char *suffix, const eqc_cuda_kernel *kernel,
                            int64_t n, int64_t batch, eqc_rt_array *arrays,
                            const source *from, void *stream) {
  eqc_cuda_call call;
  int status = begin_counted(&call, kernel, suffix, stream);
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
  const source from = {0, NULL};
  eqc_rt_array arrays[EQC_RT_NUM_ARRAYS] = {
      {NULL, x, 0},      {NULL, weight, 0},      {NULL, grad_y, 0},
      {NULL, grad_x, 0}, {NULL, grad_weight, 0}, {NULL, grad_bias, 0}};
  return counted_backward("backward", kernel, n, batch, arrays, &from, stream);
}

int eqc_rt_cuda_backward_in(const eqc_cuda_kernel *kernel, int64_t n,
                            int64_t batch, const void *x, const void *weight,
                            const void *grad_y, void *grad_x, void *grad_weight,
                            void *grad_bias, void *workspace, void *stream) {
  const source from = {1, workspace};
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
  eqc_cuda_choice choices[MOST_PROGRAMS];
  int64_t bytes;
  int i, samples, weights, sums;
  *most = 0;
  for (samples = 0; samples < num_widths; ++samples)
    for (weights = 0; weights < num_widths; ++weights)
      for (sums = 1; sums <= EQC_CUDA_SUM_WEIGHT + EQC_CUDA_SUM_BIAS; ++sums) {
        int status;
        for (i = 0; i < EQC_ARRAY_WORKSPACE; ++i)
          call->arrays[i] = widths[is_of_samples(i) ? samples : weights];
        call->vars[EQC_VAR_SUMS] = sums;
        status = choose_all(call, programs, count, choices, &bytes);
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
  int status = begin_counted(&call, kernel, "workspace_bytes", NULL);
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
