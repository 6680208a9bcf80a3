/* The public header alone, as C99 with every warning. */
#include <eqc/runtime.h>

int header_as_c(void);
int header_as_c(void) {
  eqc_layer_info info = {sizeof(eqc_layer_info), 1};
  eqc_status status = EQC_OK;
  return (int)info.abi + (int)status;
}
