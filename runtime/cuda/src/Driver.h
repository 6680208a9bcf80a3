/*===- Driver.h - The part of the CUDA driver that is used ---------- C99 -===*\
|*                                                                            *|
|* The types and numbers of cuda.h that the calls need, so that no part of    *|
|* CUDA is needed to build. They are a binary interface: they never change.   *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_CUDA_DRIVER_H
#define EQC_RT_CUDA_DRIVER_H

#include <stddef.h>
#include <stdint.h>

/* CUDA 12.0: the first whose contexts have numbers that are not used again. */
#define EQC_CUDA_LEAST_DRIVER 12000

/* CUresult */
enum {
  EQC_CU_OUT_OF_MEMORY = 2,
  EQC_CU_STUB_LIBRARY = 34,
  EQC_CU_NO_DEVICE = 100,
  EQC_CU_INVALID_DEVICE = 101,
  EQC_CU_INVALID_IMAGE = 200,
  EQC_CU_INVALID_CONTEXT = 201,
  EQC_CU_NO_BINARY_FOR_GPU = 209,
  EQC_CU_INVALID_PTX = 218,
  EQC_CU_JIT_COMPILER_NOT_FOUND = 221,
  EQC_CU_UNSUPPORTED_PTX_VERSION = 222,
  EQC_CU_JIT_COMPILATION_DISABLED = 223,
  EQC_CU_INVALID_SOURCE = 300,
  EQC_CU_NOT_READY = 600,
  EQC_CU_SYSTEM_NOT_READY = 802,
  EQC_CU_SYSTEM_DRIVER_MISMATCH = 803,
  EQC_CU_COMPAT_NOT_SUPPORTED_ON_DEVICE = 804,
  EQC_CU_INVALID_CLUSTER_SIZE = 912
};

/* CUdevice_attribute */
enum {
  EQC_CU_MAX_GRID_DIM_X = 5,
  EQC_CU_MULTIPROCESSOR_COUNT = 16,
  EQC_CU_L2_CACHE_SIZE = 38,
  EQC_CU_COMPUTE_CAPABILITY_MAJOR = 75,
  EQC_CU_COMPUTE_CAPABILITY_MINOR = 76,
  EQC_CU_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR = 81,
  EQC_CU_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
  EQC_CU_MEMORY_POOLS_SUPPORTED = 115,
  EQC_CU_CLUSTER_LAUNCH = 120
};

/* CUfunction_attribute */
enum {
  EQC_CU_SHARED_SIZE_BYTES = 1,
  EQC_CU_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
  EQC_CU_NON_PORTABLE_CLUSTER_SIZE_ALLOWED = 14
};

/* CUjit_option */
enum { EQC_CU_ERROR_LOG_BUFFER = 5, EQC_CU_ERROR_LOG_BUFFER_SIZE_BYTES = 6 };

/* CUstreamCaptureMode, CUstreamCaptureStatus, CUevent_flags */
enum { EQC_CU_CAPTURE_MODE_RELAXED = 2 };
enum { EQC_CU_CAPTURE_STATUS_NONE = 0 };
enum { EQC_CU_EVENT_DISABLE_TIMING = 2 };

/* CUlaunchAttribute */
enum { EQC_CU_CLUSTER_DIMENSION = 4 };

typedef struct eqc_cuda_attribute {
  int id;
  int padding;
  union {
    char bytes[64];
    unsigned cluster[3];
  } value;
} eqc_cuda_attribute;

/* CUlaunchConfig */
typedef struct eqc_cuda_config {
  unsigned grid[3], block[3];
  unsigned shared;
  void *stream;
  eqc_cuda_attribute *attributes;
  unsigned num_attributes;
} eqc_cuda_config;

typedef struct eqc_cuda_driver {
/* NOLINTBEGIN(bugprone-macro-parentheses): a declaration. */
#define EQC_CUDA_CALL(name, symbol, parameters) int(*name) parameters;
#include "Driver.def"
  /* NOLINTEND(bugprone-macro-parentheses) */
} eqc_cuda_driver;

#endif /* EQC_RT_CUDA_DRIVER_H */
