/*===- cuda.h - What programs may ask of the CUDA runtime ----------- C99 -===*\
|*                                                                            *|
|* The library eqc_rt_cuda runs layers on NVIDIA GPUs. It finds the driver,   *|
|* libcuda.so.1, when it is first needed: a program that links the library    *|
|* starts on machines without one.                                            *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_CUDA_H
#define EQC_CUDA_H

#include <eqc/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many GPUs the driver sees, at least 1, or a negative status:
   EQC_ERR_NO_DEVICE without a driver or a GPU, and eqc_last_error() says which
   of them is missing. Creates no context. */
EQC_API int eqc_cuda_device_count(void);

/* What code a device runs, 90 for sm_90, or a negative status. */
EQC_API int eqc_cuda_device_chip(int device);

/* Makes the primary context of a device, which is the one that the CUDA runtime
   and frameworks work in, current for the calling thread until it calls
   eqc_cuda_pop_device with the same device. May nest. Layers that are called
   with the legacy stream NULL, and NAME_workspace_bytes, act on the current
   context, which not every thread of a program has. */
EQC_API int eqc_cuda_push_device(int device);
EQC_API int eqc_cuda_pop_device(int device);

#ifdef __cplusplus
}
#endif

#endif /* EQC_CUDA_H */
