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

#ifdef __cplusplus
}
#endif

#endif /* EQC_CUDA_H */
