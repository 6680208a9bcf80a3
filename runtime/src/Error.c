/*===- Error.c - Status names, error texts, the version ------------- C99 -===*/

#include "Internal.h"

#include <stdarg.h>
#include <stdio.h>

int eqc_rt_fail(int status, const char *format, ...) {
  char *text = eqc_rt_text(/*create=*/1);
  if (text) {
    va_list args;
    va_start(args, format);
    vsnprintf(text, EQC_RT_TEXT, format, args);
    va_end(args);
  }
  return status;
}

const char *eqc_last_error(void) {
  const char *text = eqc_rt_text(/*create=*/0);
  return text ? text : "";
}

const char *eqc_status_string(int status) {
  switch (status) {
  case EQC_OK:
    return "EQC_OK: done";
  case EQC_ERR_NULL:
    return "EQC_ERR_NULL: a needed pointer is NULL";
  case EQC_ERR_ARG:
    return "EQC_ERR_ARG: an argument is out of range";
  case EQC_ERR_SIZE:
    return "EQC_ERR_SIZE: the size of an array overflows";
  case EQC_ERR_ALIAS:
    return "EQC_ERR_ALIAS: an output overlaps another array";
  case EQC_ERR_NOMEM:
    return "EQC_ERR_NOMEM: out of memory";
  case EQC_ERR_UNSUPPORTED_CPU:
    return "EQC_ERR_UNSUPPORTED_CPU: compiled for another CPU";
  case EQC_ERR_HOOK:
    return "EQC_ERR_HOOK: the parallel-for hook failed";
  case EQC_ERR_NO_DEVICE:
    return "EQC_ERR_NO_DEVICE: no usable GPU";
  case EQC_ERR_CUDA:
    return "EQC_ERR_CUDA: the CUDA driver reported an error";
  case EQC_ERR_SELFTEST:
    return "EQC_ERR_SELFTEST: a kernel does not compute what its layer is";
  }
  return "unknown eqc status";
}

const char *eqc_version(void) { return EQC_RT_VERSION; }

int eqc_rt_check_abi(const char *what, uint32_t abi, uint32_t size,
                     size_t expected) {
  const uint32_t more = abi - EQC_KERNEL_ABI;
  if (more < EQC_KERNEL_ABI_END && more % 100 == 0 && size >= expected)
    return EQC_OK;
  return eqc_rt_fail(EQC_ERR_ARG,
                     "the %s was compiled for another runtime (abi %u, this is "
                     "eqc_rt %s with abi %d)",
                     what, (unsigned)abi, eqc_version(), EQC_KERNEL_ABI);
}
