/*===- Driver.c - Finding the CUDA driver, and what it says --------- C99 -===*\
|*                                                                            *|
|* The driver is opened by the first call that needs it. A call that finds    *|
|* none fails and says why, and the next one looks again.                     *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "Cuda.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

eqc_cuda_driver eqc_rt_cuda_driver;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int ready; /* atomic; set when all of the above is filled in */
static pid_t opened_by;
static void *library; /* once it is known to be a driver; never closed */
static eqc_cuda_find *stand_in; /* instead of a library */

/* Where each function of the driver goes. */
static const struct {
  const char *symbol;
  size_t offset;
} functions[] = {
#define EQC_CUDA_CALL(name, symbol, parameters)                                \
  {symbol, offsetof(eqc_cuda_driver, name)},
#include "Driver.def"
};

/* Conditions of the machine, not of a call. */
static int is_no_device(int error) {
  return error == EQC_CU_NO_DEVICE || error == EQC_CU_INVALID_DEVICE ||
         error == EQC_CU_STUB_LIBRARY || error == EQC_CU_SYSTEM_NOT_READY ||
         error == EQC_CU_SYSTEM_DRIVER_MISMATCH ||
         error == EQC_CU_COMPAT_NOT_SUPPORTED_ON_DEVICE;
}

int eqc_rt_cuda_fail(const eqc_rt_call *c, int error, const char *format, ...) {
  const char *name = NULL, *text = NULL;
  char what[EQC_RT_TEXT / 2];
  int status = error == EQC_CU_OUT_OF_MEMORY ? EQC_ERR_NOMEM
               : is_no_device(error)         ? EQC_ERR_NO_DEVICE
                                             : EQC_ERR_CUDA;
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  if (CU(cuGetErrorName)(error, &name) != 0 || !name)
    name = "error";
  if (CU(cuGetErrorString)(error, &text) != 0 || !text)
    text = "the driver does not know the error";
  return eqc_rt_fail(status, "%s_%s: %s: %s (%s, %d)", c->layer, c->suffix,
                     what, text, name, error);
}

/* The driver, or what stands in for it. */
static const char *library_name(void) {
#if defined(__GLIBC__)
  const char *name = secure_getenv("EQC_CUDA_DRIVER");
#else
  const char *name = getenv("EQC_CUDA_DRIVER");
#endif
  return name && *name ? name : "libcuda.so.1";
}

static void *find_symbol(void *candidate, const char *symbol) {
  return stand_in ? stand_in(symbol) : dlsym(candidate, symbol);
}

/* A driver that is too old lacks functions, so its version comes first. */
static int check_version(const eqc_rt_call *c, void *candidate) {
  int (*get_version)(int *version) = NULL;
  void *symbol = find_symbol(candidate, "cuDriverGetVersion");
  int version = 0;
  memcpy((void *)&get_version, (const void *)&symbol, sizeof symbol);
  if (!get_version || get_version(&version) != 0)
    return eqc_rt_fail(EQC_ERR_NO_DEVICE,
                       "%s_%s: '%s' does not tell its version: it is no CUDA "
                       "driver",
                       c->layer, c->suffix, library_name());
  if (version < EQC_CUDA_LEAST_DRIVER)
    return eqc_rt_fail(EQC_ERR_NO_DEVICE,
                       "%s_%s: the CUDA driver is of version %d.%d, and %d.%d "
                       "or newer is needed",
                       c->layer, c->suffix, version / 1000, version / 10 % 100,
                       EQC_CUDA_LEAST_DRIVER / 1000,
                       EQC_CUDA_LEAST_DRIVER / 10 % 100);
  return EQC_OK;
}

static int find_functions(const eqc_rt_call *c, void *candidate) {
  size_t i;
  for (i = 0; i < sizeof functions / sizeof *functions; ++i) {
    void *symbol = find_symbol(candidate, functions[i].symbol);
    if (!symbol)
      return eqc_rt_fail(EQC_ERR_NO_DEVICE, "%s_%s: the CUDA driver has no %s",
                         c->layer, c->suffix, functions[i].symbol);
    memcpy((char *)&eqc_rt_cuda_driver + functions[i].offset,
           (const void *)&symbol, sizeof symbol);
  }
  return EQC_OK;
}

static int open_library(const eqc_rt_call *c) {
  const char *reason;
  int status;
  void *candidate =
      stand_in ? NULL : dlopen(library_name(), RTLD_NOW | RTLD_LOCAL);
  if (!candidate && !stand_in) {
    reason = dlerror();
    return eqc_rt_fail(EQC_ERR_NO_DEVICE, "%s_%s: no CUDA driver: %s", c->layer,
                       c->suffix, reason ? reason : library_name());
  }
  status = check_version(c, candidate);
  if (status == EQC_OK)
    status = find_functions(c, candidate);
  if (status == EQC_OK)
    library = candidate;
  else if (candidate)
    dlclose(candidate);
  return status;
}

void eqc_rt_cuda_use(eqc_cuda_find *find) {
  pthread_mutex_lock(&lock);
  stand_in = find;
  library = NULL;
  __atomic_store_n(&ready, 0, __ATOMIC_RELEASE);
  pthread_mutex_unlock(&lock);
}

void *eqc_rt_cuda_function(const char *symbol) {
  eqc_rt_call c = {0};
  void *function;
  c.layer = "eqc_cuda";
  c.suffix = "function";
  if (eqc_rt_cuda_open(&c) != EQC_OK)
    return NULL;
  function = find_symbol(library, symbol);
  if (!function)
    eqc_rt_fail(EQC_ERR_NO_DEVICE, "the CUDA driver has no %s", symbol);
  return function;
}

int eqc_rt_cuda_open(const eqc_rt_call *c) {
  int status = EQC_OK, error;
  if (__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) {
    /* The driver does not survive fork: it would answer with "not
       initialized", or not at all. */
    if (opened_by == getpid())
      return EQC_OK;
    return eqc_rt_fail(EQC_ERR_CUDA,
                       "%s_%s: CUDA was in use before this process was forked, "
                       "and cannot be used in it; start it without fork",
                       c->layer, c->suffix);
  }
  pthread_mutex_lock(&lock);
  if (!ready) {
    if (!library)
      status = open_library(c);
    error = status == EQC_OK ? CU(cuInit)(0) : 0;
    if (error)
      status = eqc_rt_cuda_fail(c, error, "cuInit");
    if (status == EQC_OK) {
      opened_by = getpid();
      __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
    }
  }
  pthread_mutex_unlock(&lock);
  return status;
}

int eqc_rt_cuda_is_open(void) {
  return __atomic_load_n(&ready, __ATOMIC_ACQUIRE) && opened_by == getpid();
}
