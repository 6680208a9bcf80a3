/*===- UnloadLibrary.c - A library with a GPU layer and its runtimes ------===*/

#include <eqc/cuda_kernel.h>

__attribute__((visibility("default"))) int test_prepare(void);

static const char ptx[] __attribute__((aligned(8))) =
    ".version 7.0\n.target sm_75\n.address_size 64\n.entry k()\n{ ret; }\n";
static const eqc_cuda_function function = {"k", 32, 0};
static const eqc_cuda_code code = {1, &function, {{0, NULL}}};
static const eqc_cuda_image image = {75, EQC_IMAGE_PTX, 0, ptx, &code};
static const eqc_layer_info info = {.struct_size = sizeof(eqc_layer_info),
                                    .abi = 1,
                                    .name = "none",
                                    .group = "S",
                                    .n = 5};
static void *state;
static const eqc_cuda_kernel kernel = {sizeof(eqc_cuda_kernel),
                                       EQC_CUDA_ABI,
                                       &info,
                                       sizeof(float),
                                       1,
                                       0,
                                       1,
                                       &image,
                                       &state};

int test_prepare(void) { return eqc_rt_cuda_prepare(&kernel, NULL); }
