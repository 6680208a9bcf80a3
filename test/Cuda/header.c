/* The headers alone, as C99 with every warning. */
#include <eqc/cuda_kernel.h>

int cuda_header_as_c(void);
int cuda_header_as_c(void) {
  eqc_cuda_kernel kernel = {0};
  kernel.abi = EQC_CUDA_ABI;
  return (int)kernel.abi;
}
