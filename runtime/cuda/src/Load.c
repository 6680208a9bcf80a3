/*===- Load.c - Contexts, and the layers that are loaded into them -- C99 -===*\
|*                                                                            *|
|* What is loaded hangs on a word of the layer's own object: an object that   *|
|* comes to lie where another one was finds nothing of it. Contexts are known *|
|* by their numbers, since their addresses are used again. Looking takes no   *|
|* lock; loading does, and publishes what is complete.                        *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Cuda.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static eqc_cuda_loaded *registry;   /* everything, under the lock */
static int64_t in_progress, closed; /* atomic */

/*===-- Calls in progress
 * -------------------------------------------------===*/

int eqc_rt_cuda_begin(void) {
  __atomic_add_fetch(&in_progress, 1, __ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&closed, __ATOMIC_SEQ_CST))
    return 1;
  eqc_rt_cuda_end();
  return 0;
}

void eqc_rt_cuda_end(void) {
  __atomic_sub_fetch(&in_progress, 1, __ATOMIC_SEQ_CST);
}

/* Runs at dlclose, when no call may be in progress, and at exit, when other
   threads may still be inside one: what they look at is left to them. The
   driver may be gone already, so modules stay in their contexts, which take
   them along. */
__attribute__((destructor)) static void teardown(void) {
  eqc_cuda_loaded *loaded, *next;
  __atomic_store_n(&closed, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&in_progress, __ATOMIC_SEQ_CST) != 0)
    return;
  for (loaded = registry, registry = NULL; loaded; loaded = next) {
    next = loaded->registered;
    free(loaded);
  }
  eqc_rt_cuda_forget_buffers();
}

/*===-- Contexts
 * ----------------------------------------------------------===*/

int eqc_rt_cuda_relax(const eqc_cuda_call *call, int *mode) {
  int error;
  *mode = EQC_CU_CAPTURE_MODE_RELAXED;
  error = CU(cuThreadExchangeStreamCaptureMode)(mode);
  return error ? eqc_rt_cuda_fail(&call->args, error,
                                  "cuThreadExchangeStreamCaptureMode")
               : EQC_OK;
}

int eqc_rt_cuda_restore(const eqc_cuda_call *call, int *mode, int status) {
  int error = CU(cuThreadExchangeStreamCaptureMode)(mode);
  return error && status == EQC_OK
             ? eqc_rt_cuda_fail(&call->args, error,
                                "cuThreadExchangeStreamCaptureMode")
             : status;
}

static int fail_no_context(const eqc_cuda_call *call) {
  return eqc_rt_fail(EQC_ERR_NO_DEVICE,
                     "%s_%s: no CUDA context is current in this thread",
                     call->args.layer, call->args.suffix);
}

/* The stream's context, else the current one, becomes current. */
static int find_context(eqc_cuda_call *call) {
  void *current = NULL;
  int error = CU(cuCtxGetCurrent)(&current);
  if (error)
    return eqc_rt_cuda_fail(&call->args, error, "cuCtxGetCurrent");
  call->context = current;
  if (call->stream) {
    error = CU(cuStreamGetCtx)(call->stream, &call->context);
    if (error == EQC_CU_INVALID_CONTEXT && !current)
      return fail_no_context(call);
    if (error)
      return eqc_rt_cuda_fail(&call->args, error, "cuStreamGetCtx");
  }
  if (!call->context)
    return fail_no_context(call);
  if (call->context != current) {
    error = CU(cuCtxPushCurrent)(call->context);
    if (error)
      return eqc_rt_cuda_fail(&call->args, error, "cuCtxPushCurrent");
    call->pushed = 1;
  }
  error = CU(cuCtxGetId)(call->context, &call->context_id);
  return error ? eqc_rt_cuda_fail(&call->args, error, "cuCtxGetId") : EQC_OK;
}

int eqc_rt_cuda_leave(eqc_cuda_call *call, int status) {
  void *context;
  int error = call->pushed ? CU(cuCtxPopCurrent)(&context) : 0;
  call->pushed = 0;
  return error && status == EQC_OK
             ? eqc_rt_cuda_fail(&call->args, error, "cuCtxPopCurrent")
             : status;
}

/*===-- Loading
 * -----------------------------------------------------------===*/

static int read_device(const eqc_cuda_call *call, eqc_cuda_device *device) {
  int64_t major = 0, minor = 0;
  const struct {
    int attribute;
    int64_t *value;
  } wanted[] = {
      {EQC_CU_COMPUTE_CAPABILITY_MAJOR, &major},
      {EQC_CU_COMPUTE_CAPABILITY_MINOR, &minor},
      {EQC_CU_MULTIPROCESSOR_COUNT, &device->processors},
      {EQC_CU_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, &device->shared_block},
      {EQC_CU_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, &device->shared_processor},
      {EQC_CU_L2_CACHE_SIZE, &device->l2},
      {EQC_CU_MAX_GRID_DIM_X, &device->max_grid},
      {EQC_CU_MEMORY_POOLS_SUPPORTED, &device->has_pools},
      {EQC_CU_CLUSTER_LAUNCH, &device->has_clusters},
  };
  size_t i;
  int number, value, error = CU(cuCtxGetDevice)(&number);
  if (error)
    return eqc_rt_cuda_fail(&call->args, error, "cuCtxGetDevice");
  for (i = 0; i < sizeof wanted / sizeof *wanted; ++i) {
    value = 0;
    error = CU(cuDeviceGetAttribute)(&value, wanted[i].attribute, number);
    if (error)
      return eqc_rt_cuda_fail(&call->args, error,
                              "cuDeviceGetAttribute of attribute %d",
                              wanted[i].attribute);
    *wanted[i].value = value;
  }
  device->chip = major * 10 + minor;
  return EQC_OK;
}

/* How well an image suits a chip: more is better, 0 is not at all. */
static int64_t rank_of(const eqc_cuda_image *image, int64_t chip) {
  int is_cubin = image->kind == EQC_IMAGE_CUBIN;
  if (image->exact ? image->chip != chip : image->chip > chip)
    return 0;
  if (is_cubin && image->chip / 10 != chip / 10)
    return 0;
  return (int64_t)is_cubin << 32 | image->chip << 1 | (image->exact != 0);
}

/* The best image that ranks below `below`, or NULL. */
static const eqc_cuda_image *next_image(const eqc_cuda_kernel *kernel,
                                        int64_t chip, int64_t below) {
  const eqc_cuda_image *best = NULL;
  int64_t i, rank, best_rank = 0;
  for (i = 0; i < kernel->num_images; ++i) {
    rank = rank_of(&kernel->images[i], chip);
    if (rank > best_rank && rank < below) {
      best = &kernel->images[i];
      best_rank = rank;
    }
  }
  return best;
}

static int fail_no_image(const eqc_cuda_call *call, int64_t chip) {
  char list[256] = "";
  size_t used = 0;
  int64_t i;
  for (i = 0; i < call->kernel->num_images && used < sizeof list - 24; ++i) {
    const eqc_cuda_image *image = &call->kernel->images[i];
    used += (size_t)snprintf(list + used, sizeof list - used, "%ssm_%lld%s%s",
                             i ? ", " : "", (long long)image->chip,
                             image->exact ? "a" : "",
                             image->kind == EQC_IMAGE_PTX ? "+" : "");
  }
  return eqc_rt_fail(EQC_ERR_NO_DEVICE,
                     "%s_%s: this GPU is an sm_%lld, and the layer was "
                     "compiled for %s (+: and newer)",
                     call->args.layer, call->args.suffix, (long long)chip,
                     list);
}

/* Another image may do where one fails like this. */
static int concerns_the_image(int error) {
  return error == EQC_CU_INVALID_IMAGE || error == EQC_CU_NO_BINARY_FOR_GPU ||
         error == EQC_CU_INVALID_PTX || error == EQC_CU_INVALID_SOURCE ||
         error == EQC_CU_JIT_COMPILER_NOT_FOUND ||
         error == EQC_CU_UNSUPPORTED_PTX_VERSION ||
         error == EQC_CU_JIT_COMPILATION_DISABLED;
}

/* What the driver's compiler wrote, as one line. */
static void join_lines(char *log) {
  char *end = log + strlen(log);
  while (end > log && (end[-1] == '\n' || end[-1] == ' '))
    *--end = 0;
  for (; *log; ++log)
    if (*log == '\n' || *log == '\r' || *log == '\t')
      *log = ' ';
}

static int load_image(const eqc_cuda_call *call, const eqc_cuda_image *image,
                      void **module, int *error) {
  char log[EQC_RT_TEXT / 4] = "";
  int options[] = {EQC_CU_ERROR_LOG_BUFFER, EQC_CU_ERROR_LOG_BUFFER_SIZE_BYTES};
  /* The size stands in the pointer itself.
     NOLINTNEXTLINE(performance-no-int-to-ptr) */
  void *values[] = {log, (void *)(uintptr_t)(sizeof log - 1)};
  *module = NULL;
  *error = CU(cuModuleLoadDataEx)(module, image->data, 2, options, values);
  if (!*error)
    return EQC_OK;
  join_lines(log);
  return eqc_rt_cuda_fail(
      &call->args, *error, "cuModuleLoadDataEx of %s for sm_%lld%s%s%s%s",
      image->kind == EQC_IMAGE_PTX ? "PTX" : "a cubin", (long long)image->chip,
      image->exact ? "a" : "", *log ? ": " : "", log,
      *error == EQC_CU_UNSUPPORTED_PTX_VERSION
          ? " (the driver is older than the code)"
          : "");
}

static int find_function(const eqc_cuda_call *call,
                         const eqc_cuda_loaded *loaded,
                         const eqc_cuda_function *function,
                         eqc_cuda_loaded_function *result) {
  const char *doing = "cuModuleGetFunction";
  int shared = 0;
  int error =
      CU(cuModuleGetFunction)(&result->handle, loaded->module, function->name);
  if (!error) {
    /* This loads functions that the driver would load when they are first
       launched, which it cannot do during a capture. */
    doing = "cuFuncGetAttribute";
    error = CU(cuFuncGetAttribute)(&shared, EQC_CU_SHARED_SIZE_BYTES,
                                   result->handle);
    result->static_shared = shared;
  }
  if (!error && (function->flags & EQC_CUDA_LARGE_SHARED)) {
    doing = "cuFuncSetAttribute for shared memory";
    error = CU(cuFuncSetAttribute)(result->handle,
                                   EQC_CU_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                   (int)loaded->device.shared_block - shared);
  }
  if (!error && (function->flags & EQC_CUDA_LARGE_CLUSTER) &&
      loaded->device.has_clusters) {
    doing = "cuFuncSetAttribute for clusters";
    error = CU(cuFuncSetAttribute)(result->handle,
                                   EQC_CU_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, 1);
  }
  return error ? eqc_rt_cuda_fail(&call->args, error, "%s of '%s'", doing,
                                  function->name)
               : EQC_OK;
}

/* Loads an image and all its functions. *error is that of the driver if the
   image is to blame, else 0. */
static int load_code(const eqc_cuda_call *call, const eqc_cuda_image *image,
                     const eqc_cuda_device *device, eqc_cuda_loaded **result,
                     int *error) {
  const eqc_cuda_code *code = image->code;
  int64_t i;
  int status;
  eqc_cuda_loaded *loaded =
      calloc(1, sizeof *loaded +
                    (size_t)code->num_functions * sizeof *loaded->functions);
  *error = 0;
  if (!loaded)
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s_%s: no memory to load the layer",
                       call->args.layer, call->args.suffix);
  loaded->context = call->context;
  loaded->context_id = call->context_id;
  loaded->code = code;
  loaded->device = *device;
  status = load_image(call, image, &loaded->module, error);
  if (status != EQC_OK) {
    free(loaded);
    return status;
  }
  for (i = 0; i < code->num_functions && status == EQC_OK; ++i)
    status =
        find_function(call, loaded, &code->functions[i], &loaded->functions[i]);
  if (status == EQC_OK) {
    *result = loaded;
  } else {
    CU(cuModuleUnload)(loaded->module);
    free(loaded);
  }
  return status;
}

/* The best image that loads. */
static int load_best(const eqc_cuda_call *call, eqc_cuda_loaded **result) {
  eqc_cuda_device device = {0};
  const eqc_cuda_image *image;
  int64_t below = INT64_MAX;
  int error, status = read_device(call, &device);
  if (status != EQC_OK)
    return status;
  image = next_image(call->kernel, device.chip, below);
  if (!image)
    return fail_no_image(call, device.chip);
  do {
    status = load_code(call, image, &device, result, &error);
    below = rank_of(image, device.chip);
    image = next_image(call->kernel, device.chip, below);
  } while (status != EQC_OK && concerns_the_image(error) && image);
  return status;
}

static eqc_cuda_loaded *find_loaded(const eqc_cuda_call *call) {
  eqc_cuda_loaded *loaded =
      __atomic_load_n(call->kernel->state, __ATOMIC_ACQUIRE);
  while (loaded && loaded->context_id != call->context_id)
    loaded = loaded->next;
  return loaded;
}

static void publish(const eqc_cuda_call *call, eqc_cuda_loaded *loaded) {
  void **state = call->kernel->state;
  loaded->registered = registry;
  registry = loaded;
  loaded->next = *state;
  __atomic_store_n(state, loaded, __ATOMIC_RELEASE);
}

static int load(eqc_cuda_call *call) {
  eqc_cuda_loaded *loaded;
  int mode, status = EQC_OK;
  pthread_mutex_lock(&lock);
  /* Another thread may have come first. */
  loaded = find_loaded(call);
  if (!loaded) {
    status = eqc_rt_cuda_relax(call, &mode);
    if (status == EQC_OK) {
      status = load_best(call, &loaded);
      if (status == EQC_OK)
        publish(call, loaded);
      status = eqc_rt_cuda_restore(call, &mode, status);
    }
  }
  pthread_mutex_unlock(&lock);
  call->loaded = loaded;
  return status;
}

int eqc_rt_cuda_enter(eqc_cuda_call *call) {
  int status = eqc_rt_cuda_open(&call->args);
  if (status == EQC_OK)
    status = find_context(call);
  if (status != EQC_OK)
    return status;
  call->loaded = find_loaded(call);
  return call->loaded ? EQC_OK : load(call);
}

/*===-- Unloading
 * ---------------------------------------------------------===*/

/* The context may be gone, and its address be that of another one. */
static void unload(const eqc_cuda_loaded *loaded) {
  unsigned long long id = 0;
  void *context;
  int mode = EQC_CU_CAPTURE_MODE_RELAXED;
  if (CU(cuCtxGetId)(loaded->context, &id) != 0 || id != loaded->context_id ||
      CU(cuCtxPushCurrent)(loaded->context) != 0)
    return;
  /* A failure here is nobody's: the module stays in its context. */
  CU(cuThreadExchangeStreamCaptureMode)(&mode);
  CU(cuModuleUnload)(loaded->module);
  CU(cuThreadExchangeStreamCaptureMode)(&mode);
  CU(cuCtxPopCurrent)(&context);
}

void eqc_rt_cuda_release(const eqc_cuda_kernel *kernel) {
  eqc_cuda_loaded *loaded, *next, **link;
  if (kernel->abi != EQC_CUDA_ABI || !eqc_rt_cuda_begin())
    return;
  pthread_mutex_lock(&lock);
  loaded = __atomic_exchange_n(kernel->state, NULL, __ATOMIC_ACQ_REL);
  for (; loaded; loaded = next) {
    next = loaded->next;
    for (link = &registry; *link != loaded;)
      link = &(*link)->registered;
    *link = loaded->registered;
    if (eqc_rt_cuda_is_open())
      unload(loaded);
    free(loaded);
  }
  pthread_mutex_unlock(&lock);
  eqc_rt_cuda_end();
}
