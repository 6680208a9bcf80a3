/*===- Perform.c - What the functions of a generated header share --- C99 -===*/

#include "Cuda.h"

#include <string.h>

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
  eqc_rt_describe(&call->args, &call->record, suffix);
  call->args.n = kernel->info->n;
  return EQC_OK;
}

/* Every function of the header: its layer filled in, and counted. */
int eqc_rt_cuda_begin_call(eqc_cuda_call *call, const eqc_cuda_kernel *kernel,
                           const char *suffix, void *stream) {
  int status = begin(call, kernel, suffix, stream);
  if (status == EQC_OK && !eqc_rt_cuda_begin())
    status = eqc_rt_fail(EQC_ERR_CUDA, "%s_%s: the runtime is being unloaded",
                         call->args.layer, suffix);
  return status;
}

/* An address that no element may have would make the device give up its whole
   context. */
int eqc_rt_cuda_set_array(eqc_cuda_call *call, int array, const char *name,
                          const void *data) {
  uint64_t address = (uint64_t)(uintptr_t)data;
  call->arrays[array] = address;
  if (address % (uint64_t)call->kernel->element_bytes == 0)
    return EQC_OK;
  return eqc_rt_fail(EQC_ERR_ARG, "%s_%s: '%s' is not aligned to %lld bytes",
                     call->args.layer, call->args.suffix, name,
                     (long long)call->kernel->element_bytes);
}

int eqc_rt_cuda_is_of_samples(int array) {
  return array == EQC_ARRAY_X || array == EQC_ARRAY_Y ||
         array == EQC_ARRAY_GRAD_X || array == EQC_ARRAY_GRAD_Y;
}

static void set_variables(eqc_cuda_call *call) {
  const eqc_cuda_device *device = &call->loaded->device;
  int64_t *vars = call->vars;
  uint64_t samples = EQC_CUDA_ALIGN, weights = EQC_CUDA_ALIGN;
  int i;
  for (i = 0; i < EQC_ARRAY_WORKSPACE; ++i)
    *(eqc_rt_cuda_is_of_samples(i) ? &samples : &weights) |= call->arrays[i];
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

int eqc_rt_cuda_choose_all(eqc_cuda_call *call, const int *programs, int count,
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

/* Several pieces of work, one after the other in the same workspace. */
int eqc_rt_cuda_perform(eqc_cuda_call *call, const int *programs, int count,
                        const eqc_cuda_source *from) {
  eqc_cuda_choice choices[EQC_CUDA_MOST_PROGRAMS];
  eqc_cuda_memory memory = {0, NULL};
  int64_t bytes;
  int i,
      status = eqc_rt_cuda_choose_all(call, programs, count, choices, &bytes);
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
