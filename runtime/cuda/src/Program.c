/*===- Program.c - Which kernels do a piece of work, and their launch  C99
-===*\
|*                                                                            *|
|* Everything that a launch needs is a formula of the layer's record. A form  *|
|* is taken or passed over by what the device has; nothing is tried out.      *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Cuda.h"

#include <string.h>

/* Why a form was passed over; the last reason is told if none is left. */
typedef struct refusal {
  enum { SIZES, SHARED, CLUSTER, GRID } reason;
  const char *function;
  int64_t wanted, limit;
} refusal;

typedef struct extent {
  int64_t grid, shared, cluster;
} extent;

static int evaluate_extent(const eqc_cuda_call *call,
                           const eqc_cuda_launch *launch, extent *e) {
  int status = eqc_rt_cuda_evaluate(call, launch->grid, &e->grid);
  if (status == EQC_OK)
    status = eqc_rt_cuda_evaluate(call, launch->shared, &e->shared);
  if (status == EQC_OK)
    status = eqc_rt_cuda_evaluate(call, launch->cluster, &e->cluster);
  if (status == EQC_OK && e->shared < 0)
    status = eqc_rt_cuda_damaged(call, "shared memory of a launch");
  if (status == EQC_OK && e->cluster > 1 && e->grid > 0 &&
      e->grid % e->cluster != 0)
    status = eqc_rt_cuda_damaged(call, "blocks of a launch by clusters");
  return status;
}

static void configure(const eqc_cuda_call *call, const eqc_cuda_launch *launch,
                      const extent *e, eqc_cuda_config *config,
                      eqc_cuda_attribute *attribute) {
  memset(config, 0, sizeof *config);
  memset(attribute, 0, sizeof *attribute);
  config->grid[0] = (unsigned)e->grid;
  config->block[0] =
      (unsigned)call->loaded->code->functions[launch->function].threads;
  config->grid[1] = config->grid[2] = config->block[1] = config->block[2] = 1;
  config->shared = (unsigned)e->shared;
  config->stream = call->stream;
  attribute->id = EQC_CU_CLUSTER_DIMENSION;
  attribute->value.cluster[0] = (unsigned)e->cluster;
  attribute->value.cluster[1] = attribute->value.cluster[2] = 1;
  config->attributes = attribute;
  config->num_attributes = 1;
}

/*===-- Choosing
 * ----------------------------------------------------------===*/

/* Whether a cluster of so many blocks with so much shared memory ever finds
   room. The last answer is kept, since the question takes longer than a launch:
   the size of the cluster, the bytes, and the answer, in one word. */
static int fits_cluster(const eqc_cuda_call *call,
                        const eqc_cuda_launch *launch, const extent *e,
                        int *fits) {
  eqc_cuda_loaded_function *function =
      &call->loaded->functions[launch->function];
  int64_t question = e->cluster << 33 | e->shared << 1;
  int64_t known = __atomic_load_n(&function->fitting, __ATOMIC_RELAXED);
  eqc_cuda_config config;
  eqc_cuda_attribute attribute;
  int clusters = 0, error;
  *fits = 0;
  if (!call->loaded->device.has_clusters || e->cluster > 64)
    return EQC_OK;
  if (known >> 1 == question >> 1) {
    *fits = (int)(known & 1);
    return EQC_OK;
  }
  configure(call, launch, e, &config, &attribute);
  error =
      CU(cuOccupancyMaxActiveClusters)(&clusters, function->handle, &config);
  if (error && error != EQC_CU_INVALID_CLUSTER_SIZE)
    return eqc_rt_cuda_fail(
        &call->args, error, "cuOccupancyMaxActiveClusters of '%s'",
        call->loaded->code->functions[launch->function].name);
  *fits = !error && clusters > 0;
  __atomic_store_n(&function->fitting, question | *fits, __ATOMIC_RELAXED);
  return EQC_OK;
}

/* Whether the device has room for the launch. */
static int fits_launch(const eqc_cuda_call *call, const eqc_cuda_launch *launch,
                       const extent *e, refusal *why, int *fits) {
  const eqc_cuda_device *device = &call->loaded->device;
  int64_t room = device->shared_block -
                 call->loaded->functions[launch->function].static_shared;
  int status = EQC_OK;
  why->function = call->loaded->code->functions[launch->function].name;
  *fits = e->shared <= room;
  if (!*fits) {
    why->reason = SHARED;
    why->wanted = e->shared;
    why->limit = room;
  } else if (e->cluster > 1) {
    status = fits_cluster(call, launch, e, fits);
    why->reason = CLUSTER;
    why->wanted = e->cluster;
  }
  return status;
}

/* Whether its blocks may be several grids. */
static int is_divisible(const eqc_cuda_launch *launch, const extent *e) {
  int64_t i;
  for (i = 0; i < launch->num_params && e->cluster < 2; ++i)
    if (launch->params[i].kind == EQC_PARAM_BLOCK)
      return 1;
  return 0;
}

/* About half of the chunk, or 0. */
static int64_t smaller_chunk(const eqc_cuda_form *form, int64_t chunk) {
  int64_t granules;
  if (form->granule < 1 || chunk <= form->granule)
    return 0;
  granules = ((chunk + 1) / 2 + form->granule - 1) / form->granule;
  return granules * form->granule;
}

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* Looks at every launch of the form. *chunk becomes smaller where it has to. */
static int fits_form(eqc_cuda_call *call, const eqc_cuda_form *form,
                     int64_t *chunk, refusal *why, int *fits) {
  const int64_t batch = call->args.batch;
  int64_t i;
  int status = EQC_OK;
  *fits = 1;
  for (i = 0; i < form->num_launches && *fits && status == EQC_OK; ++i) {
    const eqc_cuda_launch *launch = &form->launches[i];
    extent e;
    if (launch->function < 0 ||
        launch->function >= call->loaded->code->num_functions ||
        launch->num_params < 0 || launch->num_params > EQC_CUDA_MAX_PARAMS)
      return eqc_rt_cuda_damaged(call, "a launch");
    call->vars[EQC_VAR_FIRST] = 0;
    call->vars[EQC_VAR_COUNT] = launch->loop ? min64(*chunk, batch) : batch;
    call->vars[EQC_VAR_CHUNK] = *chunk;
    status = evaluate_extent(call, launch, &e);
    if (status != EQC_OK || e.grid < 1)
      continue;
    if (e.grid <= call->loaded->device.max_grid || is_divisible(launch, &e)) {
      status = fits_launch(call, launch, &e, why, fits);
      continue;
    }
    why->reason = GRID;
    why->wanted = e.grid;
    why->limit = call->loaded->device.max_grid;
    *chunk = launch->loop ? smaller_chunk(form, *chunk) : 0;
    *fits = *chunk > 0;
    i = -1;
  }
  return status;
}

static int fail_refused(const eqc_cuda_call *call, const refusal *why) {
  const char *layer = call->args.layer, *suffix = call->args.suffix;
  switch (why->reason) {
  case SHARED:
    return eqc_rt_fail(EQC_ERR_NO_DEVICE,
                       "%s_%s: '%s' needs %lld bytes of shared memory in a "
                       "block, and this GPU (sm_%lld) has %lld",
                       layer, suffix, why->function, (long long)why->wanted,
                       (long long)call->loaded->device.chip,
                       (long long)why->limit);
  case CLUSTER:
    return eqc_rt_fail(EQC_ERR_NO_DEVICE,
                       "%s_%s: '%s' needs clusters of %lld blocks, for which "
                       "this GPU (sm_%lld) has no room",
                       layer, suffix, why->function, (long long)why->wanted,
                       (long long)call->loaded->device.chip);
  case GRID:
    return eqc_rt_fail(EQC_ERR_SIZE,
                       "%s_%s: a launch of %lld blocks for n = %lld and batch "
                       "= %lld, and this GPU takes %lld",
                       layer, suffix, (long long)why->wanted,
                       (long long)call->args.n, (long long)call->args.batch,
                       (long long)why->limit);
  default:
    return eqc_rt_fail(EQC_ERR_NO_DEVICE,
                       "%s_%s: the layer has no kernel for n = %lld on this "
                       "GPU (sm_%lld)",
                       layer, suffix, (long long)call->args.n,
                       (long long)call->loaded->device.chip);
  }
}

static int evaluate_chunk(eqc_cuda_call *call, const eqc_cuda_form *form,
                          int64_t *chunk) {
  int status = eqc_rt_cuda_evaluate(call, form->chunk, chunk);
  if (*chunk < 1 || *chunk > call->args.batch)
    *chunk = call->args.batch;
  return status;
}

int eqc_rt_cuda_choose(eqc_cuda_call *call, int program,
                       eqc_cuda_choice *choice) {
  const eqc_cuda_program *p = &call->loaded->code->programs[program];
  refusal why = {SIZES, NULL, 0, 0};
  int64_t i, holds;
  int status, fits;
  memset(choice, 0, sizeof *choice);
  for (i = 0; i < p->num_forms; ++i) {
    const eqc_cuda_form *form = &p->forms[i];
    holds = 1;
    status = form->condition
                 ? eqc_rt_cuda_evaluate(call, form->condition, &holds)
                 : EQC_OK;
    if (status == EQC_OK && !holds)
      continue;
    if (status == EQC_OK)
      status = evaluate_chunk(call, form, &choice->chunk);
    if (status == EQC_OK)
      status = fits_form(call, form, &choice->chunk, &why, &fits);
    if (status == EQC_OK && !fits)
      continue;
    call->vars[EQC_VAR_CHUNK] = choice->chunk;
    if (status == EQC_OK)
      status = eqc_rt_cuda_evaluate(call, form->workspace, &choice->workspace);
    if (status == EQC_OK && choice->workspace < 0)
      status = eqc_rt_cuda_damaged(call, "the workspace of a form");
    choice->form = form;
    return status;
  }
  return p->num_forms ? fail_refused(call, &why) : EQC_OK;
}

/*===-- Launching
 * ---------------------------------------------------------===*/

/* The values of the kernel's parameters, and where each of them is. */
typedef struct params {
  union {
    uint64_t address;
    int64_t i64;
    int32_t i32;
  } values[EQC_CUDA_MAX_PARAMS];
  void *places[EQC_CUDA_MAX_PARAMS + 1]; /* ends with NULL */
} params;

static int evaluate_params(const eqc_cuda_call *call,
                           const eqc_cuda_launch *launch, int64_t first_block,
                           params *result) {
  int64_t i, value;
  result->places[launch->num_params] = NULL;
  for (i = 0; i < launch->num_params; ++i) {
    const eqc_cuda_param *param = &launch->params[i];
    int status = eqc_rt_cuda_evaluate(call, param->value, &value);
    if (status != EQC_OK)
      return status;
    result->places[i] = &result->values[i];
    if (param->kind == EQC_PARAM_I64) {
      result->values[i].i64 = value;
    } else if (param->kind == EQC_PARAM_BLOCK) {
      result->values[i].i64 = first_block;
    } else if (param->kind == EQC_PARAM_I32) {
      result->values[i].i32 = (int32_t)value;
      if (value < INT32_MIN || value > INT32_MAX)
        return eqc_rt_cuda_damaged(call, "a parameter of 32 bits");
    } else if (param->kind == EQC_PARAM_ARRAY && param->array >= 0 &&
               param->array < EQC_NUM_ARRAYS) {
      uint64_t address = call->arrays[param->array];
      result->values[i].address = address ? address + (uint64_t)value : 0;
    } else {
      return eqc_rt_cuda_damaged(call, "a parameter");
    }
  }
  return EQC_OK;
}

/* One grid of a launch, from a block on. */
static int run_grid(const eqc_cuda_call *call, const eqc_cuda_launch *launch,
                    const extent *e, int64_t first_block) {
  const eqc_cuda_function *function =
      &call->loaded->code->functions[launch->function];
  void *handle = call->loaded->functions[launch->function].handle;
  params p;
  int error, status = evaluate_params(call, launch, first_block, &p);
  if (status != EQC_OK)
    return status;
  if (e->cluster > 1) {
    eqc_cuda_config config;
    eqc_cuda_attribute attribute;
    configure(call, launch, e, &config, &attribute);
    error = CU(cuLaunchKernelEx)(&config, handle, p.places, NULL);
  } else {
    error = CU(cuLaunchKernel)(
        handle, (unsigned)e->grid, 1, 1, (unsigned)function->threads, 1, 1,
        (unsigned)e->shared, call->stream, p.places, NULL);
  }
  return error ? eqc_rt_cuda_fail(&call->args, error, "%s of '%s'",
                                  e->cluster > 1 ? "cuLaunchKernelEx"
                                                 : "cuLaunchKernel",
                                  function->name)
               : EQC_OK;
}

static int run_launch(const eqc_cuda_call *call,
                      const eqc_cuda_launch *launch) {
  const int64_t most = call->loaded->device.max_grid;
  int64_t first = 0, blocks;
  extent e;
  int status = evaluate_extent(call, launch, &e);
  if (status != EQC_OK || e.grid < 1)
    return status;
  if (e.shared > call->loaded->device.shared_block ||
      (e.grid > most && !is_divisible(launch, &e)))
    return eqc_rt_cuda_damaged(call, "a later chunk is larger");
  for (blocks = e.grid; first < blocks && status == EQC_OK; first += most) {
    e.grid = min64(most, blocks - first);
    status = run_grid(call, launch, &e, first);
  }
  return status;
}

static int run_range(eqc_cuda_call *call, const eqc_cuda_form *form,
                     int64_t begin, int64_t end, int64_t first, int64_t count) {
  int status = EQC_OK;
  call->vars[EQC_VAR_FIRST] = first;
  call->vars[EQC_VAR_COUNT] = count;
  for (; begin < end && status == EQC_OK; ++begin)
    status = run_launch(call, &form->launches[begin]);
  return status;
}

int eqc_rt_cuda_run(eqc_cuda_call *call, const eqc_cuda_choice *choice) {
  const eqc_cuda_form *form = choice->form;
  const int64_t batch = call->args.batch;
  int64_t begin, end, first, step;
  int status = EQC_OK;
  call->vars[EQC_VAR_CHUNK] = choice->chunk;
  for (begin = 0; form && begin < form->num_launches; begin = end) {
    int64_t loop = form->launches[begin].loop;
    for (end = begin + 1;
         end < form->num_launches && form->launches[end].loop == loop;)
      ++end;
    step = loop ? choice->chunk : batch;
    for (first = 0; first < batch && status == EQC_OK; first += step)
      status =
          run_range(call, form, begin, end, first, min64(step, batch - first));
  }
  return status;
}
