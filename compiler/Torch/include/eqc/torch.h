/*===- torch.h - Layers as operators of libtorch, without Python ---- C99 -===*\
|*                                                                            *|
|* libeqc_torch registers eqc::linear and eqc::linear_backward with a         *|
|* libtorch (2.13 or later) that the process has loaded, so that models which *|
|* Python exported run in a C++ program:                                      *|
|*                                                                            *|
|*   dlopen("libeqc_torch.so.0", RTLD_NOW);    registers, or does nothing     *|
|*   torch::inductor::AOTIModelPackageLoader model("model.pt2");              *|
|*                                                                            *|
|* Layers are compiled on first use by libeqc, which lies beside it.          *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_TORCH_H
#define EQC_TORCH_H

#include <eqc/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Registers the operators, which loading the library does too. NULL when they
   are registered, by this library or by Python, else a text that says why they
   are not: no libtorch is loaded, it is too old, or libeqc is missing. */
EQC_API const char *eqc_torch_register(void);

/* Takes them back, so that others may register operators of these names. No
   call of them may be in progress. */
EQC_API void eqc_torch_unregister(void);

#ifdef __cplusplus
}
#endif

#endif /* EQC_TORCH_H */
