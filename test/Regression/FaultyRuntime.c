/*===- FaultyRuntime.c - Kernels that go wrong on purpose ----------- C99 -===*\
|*                                                                            *|
|* Stands in front of eqc_rt_forward and eqc_rt_backward (the linker's        *|
|* --wrap): the right computation, then the fault that EQC_TEST_FAULT names.  *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include <eqc/kernel.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

int __real_eqc_rt_forward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                          const void *x, const void *weight, const void *bias,
                          void *y);
int __wrap_eqc_rt_forward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                          const void *x, const void *weight, const void *bias,
                          void *y);

int __real_eqc_rt_backward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                           const void *x, const void *weight,
                           const void *grad_y, void *grad_x, void *grad_weight,
                           void *grad_bias);
int __wrap_eqc_rt_backward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                           const void *x, const void *weight,
                           const void *grad_y, void *grad_x, void *grad_weight,
                           void *grad_bias);

static int is_fault(const char *name) {
  const char *fault = getenv("EQC_TEST_FAULT");
  return fault && strcmp(fault, name) == 0;
}

int __wrap_eqc_rt_forward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                          const void *x, const void *weight, const void *bias,
                          void *y) {
  static int calls = 0;
  const eqc_layer_info *info = kernel->info;
  float *result = y;
  int64_t size = batch * info->c_out, i;
  int status = __real_eqc_rt_forward(kernel, n, batch, x, weight, bias, y);
  for (i = 0; i < info->l; ++i)
    size *= info->n;
  ++calls;
  if (status || batch == 0)
    return status;
  if (is_fault("wrong-number"))
    result[size - 1] = -result[size - 1];
  if (is_fault("small-error"))
    for (i = 0; i < size; ++i)
      result[i] *= 1 + 1e-4f * (float)(i % 2);
  if (is_fault("one-layer") && strcmp(info->group, "O") == 0)
    result[0] += 0.01f;
  if (is_fault("beyond-the-end"))
    result[size] = 0;
  if (is_fault("changing-bits"))
    result[0] = nextafterf(result[0], (float)(calls % 2));
  if (is_fault("error-status") && batch > 2)
    return EQC_ERR_NOMEM;
  return EQC_OK;
}

int __wrap_eqc_rt_backward(const eqc_kernel *kernel, int64_t n, int64_t batch,
                           const void *x, const void *weight,
                           const void *grad_y, void *grad_x, void *grad_weight,
                           void *grad_bias) {
  float *of_x = grad_x, *of_weight = grad_weight;
  int status = __real_eqc_rt_backward(kernel, n, batch, x, weight, grad_y,
                                      grad_x, grad_weight, grad_bias);
  if (status || batch == 0)
    return status;
  if (is_fault("wrong-grad-x") && of_x)
    of_x[0] += 0.01f;
  if (is_fault("wrong-grad-weight") && of_weight)
    of_weight[1] *= -1;
  if (is_fault("gradients-together") && of_weight && !of_x)
    of_weight[0] = nextafterf(of_weight[0], 2);
  return EQC_OK;
}
