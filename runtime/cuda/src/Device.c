/*===- Device.c - What programs ask of devices ---------------------- C99 -===*\
|*                                                                            *|
|* Beside the functions of layers: which devices there are, and being in      *|
|* their primary contexts.                                                    *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Cuda.h"

static int open_for(eqc_rt_call *c, const char *suffix) {
  const eqc_rt_call none = {0};
  *c = none;
  c->layer = "eqc_cuda";
  c->suffix = suffix;
  return eqc_rt_cuda_open(c);
}

int eqc_cuda_device_count(void) {
  eqc_rt_call c;
  int count = 0, error, status = open_for(&c, "device_count");
  if (status != EQC_OK)
    return status;
  error = CU(cuDeviceGetCount)(&count);
  if (error == 0 && count < 1)
    error = EQC_CU_NO_DEVICE;
  return error ? eqc_rt_cuda_fail(&c, error, "cuDeviceGetCount") : count;
}

/* The driver's name for a device. */
static int find_device(const eqc_rt_call *c, int number, int *device) {
  int error = CU(cuDeviceGet)(device, number);
  return error ? eqc_rt_cuda_fail(c, error, "device %d", number) : EQC_OK;
}

int eqc_cuda_device_chip(int number) {
  eqc_rt_call c;
  int device, major = 0, minor = 0, error;
  int status = open_for(&c, "device_chip");
  if (status == EQC_OK)
    status = find_device(&c, number, &device);
  if (status != EQC_OK)
    return status;
  error =
      CU(cuDeviceGetAttribute)(&major, EQC_CU_COMPUTE_CAPABILITY_MAJOR, device);
  if (!error)
    error = CU(cuDeviceGetAttribute)(&minor, EQC_CU_COMPUTE_CAPABILITY_MINOR,
                                     device);
  return error ? eqc_rt_cuda_fail(&c, error, "cuDeviceGetAttribute")
               : 10 * major + minor;
}

int eqc_cuda_push_device(int number) {
  eqc_rt_call c;
  void *context = NULL;
  int device, error, status = open_for(&c, "push_device");
  if (status == EQC_OK)
    status = find_device(&c, number, &device);
  if (status != EQC_OK)
    return status;
  error = CU(cuDevicePrimaryCtxRetain)(&context, device);
  if (error)
    return eqc_rt_cuda_fail(&c, error, "cuDevicePrimaryCtxRetain");
  error = CU(cuCtxPushCurrent)(context);
  if (!error)
    return EQC_OK;
  status = eqc_rt_cuda_fail(&c, error, "cuCtxPushCurrent");
  CU(cuDevicePrimaryCtxRelease)(device);
  return status;
}

int eqc_cuda_pop_device(int number) {
  eqc_rt_call c;
  void *context;
  int device, current = -1, error, status = open_for(&c, "pop_device");
  if (status == EQC_OK)
    status = find_device(&c, number, &device);
  if (status != EQC_OK)
    return status;
  error = CU(cuCtxGetDevice)(&current);
  if (!error && current != device)
    return eqc_rt_fail(EQC_ERR_ARG,
                       "eqc_cuda_pop_device: device %d is not current", number);
  if (!error)
    error = CU(cuCtxPopCurrent)(&context);
  if (error)
    return eqc_rt_cuda_fail(&c, error, "cuCtxPopCurrent");
  error = CU(cuDevicePrimaryCtxRelease)(device);
  return error ? eqc_rt_cuda_fail(&c, error, "cuDevicePrimaryCtxRelease")
               : EQC_OK;
}
