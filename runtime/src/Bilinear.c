/*===- Bilinear.c - Layers of two inputs ---------------------------- C99 -===*\
|*                                                                            *|
|* Their kernels are called as those of other layers are, with the two inputs *|
|* as a pair. The gradient of either input is a kernel of its own on grad_y   *|
|* and the other input; those of weights and bias are sums over the batch.    *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Sums.h"

/*===-- Arguments
 * ----------------------------------------------------------===*/

/* Checks n, the batch and the bytes of all arrays. */
static int check_sizes(eqc_rt_call *c, int64_t n, int64_t batch, const char *y,
                       int64_t *z_bytes) {
  const eqc_layer_info *info = c->kernel->info;
  int status = eqc_rt_check_sizes(c, n, batch, "x", y);
  if (status == EQC_OK)
    status = eqc_rt_count_bytes(
        c, "z", c->stored_bytes, c->batch, info->c_in2, info->k2,
        info->n == -2 ? info->x_axes + info->k : NULL, z_bytes);
  return status;
}

/*===-- Forward
 * ------------------------------------------------------------===*/

static int forward(const eqc_bilinear *layer, const char *suffix, int64_t n,
                   int64_t batch, const void *x, const void *z,
                   const char *weight_name, const void *weight,
                   const void *bias, void *y) {
  eqc_rt_call c;
  eqc_pair pair;
  int64_t z_bytes = 0;
  int i, status = eqc_rt_begin(&c, &layer->kernel, suffix);
  if (status == EQC_OK)
    status = check_sizes(&c, n, batch, "y", &z_bytes);
  if (status != EQC_OK || batch == 0)
    return status;
  const eqc_rt_array arrays[] = {
      {"x", x, c.x_bytes},
      {"z", z, z_bytes},
      {weight_name, weight, c.weight_bytes},
      {"bias", c.bias_bytes > 0 ? bias : NULL, c.bias_bytes},
      {"y", y, c.y_bytes}};
  for (i = 0; i < 5; ++i)
    if (!arrays[i].data && (i != 3 || c.bias_bytes > 0))
      return eqc_rt_fail_null(&c, arrays[i].name);
  status = eqc_rt_check_aliases(&c, arrays, 5, 4);
  if (status != EQC_OK)
    return status;
  c.variant = eqc_rt_choose(c.kernel);
  if (!c.variant)
    return eqc_rt_fail_cpu(&c);
  pair.x = x;
  pair.z = z;
  c.x = &pair;
  c.bias = arrays[3].data;
  c.y = y;
  return eqc_rt_execute(&c, weight);
}

int eqc_rt_bilinear_forward(const eqc_bilinear *layer, int64_t n, int64_t batch,
                            const void *x, const void *z, const void *weight,
                            const void *bias, void *y) {
  return forward(layer, "forward", n, batch, x, z, "weight", weight, bias, y);
}

int eqc_rt_bilinear_forward_packed(const eqc_bilinear *layer, int64_t n,
                                   int64_t batch, const void *x, const void *z,
                                   const void *packed, const void *bias,
                                   void *y) {
  return forward(layer, "forward_packed", n, batch, x, z, "packed", packed,
                 bias, y);
}

/*===-- Backward
 * -----------------------------------------------------------===*/

enum {
  X,
  Z,
  WEIGHT,
  GRAD_Y,
  GRAD_X,
  GRAD_Z,
  GRAD_WEIGHT,
  GRAD_BIAS,
  NUM_ARRAYS
};

/* out[d][c3][c2][c1] = weight[d][c1][c2][c3], or out[d][c3][c1][c2]: the
   channels of grad_y, of the other input and of the result. */
#define DEFINE_TURN(NAME, T)                                                   \
  static void NAME(const eqc_layer_info *info, int of_x, const T *weight,      \
                   T *out) {                                                   \
    const int64_t n1 = info->c_in, n2 = info->c_in2, n3 = info->c_out;         \
    int64_t d, c1, c2, c3;                                                     \
    for (d = 0; d < info->diagrams; ++d, out += n1 * n2 * n3)                  \
      for (c1 = 0; c1 < n1; ++c1)                                              \
        for (c2 = 0; c2 < n2; ++c2)                                            \
          for (c3 = 0; c3 < n3; ++c3)                                          \
            out[of_x ? (c3 * n2 + c2) * n1 + c1 : (c3 * n1 + c1) * n2 + c2] =  \
                *weight++;                                                     \
  }
DEFINE_TURN(turn_f32, float)
DEFINE_TURN(turn_f64, double)

void eqc_rt_turn(const eqc_kernel *kernel, int of_x, const void *weight,
                 void *out) {
  if (kernel->element_bytes == sizeof(float))
    turn_f32(kernel->info, of_x, weight, out);
  else
    turn_f64(kernel->info, of_x, weight, out);
}

/* The gradient of one input. */
typedef struct input_call {
  eqc_rt_call call;
  eqc_pair pair;
  int of_x;
  int64_t turned; /* bytes of weights in the kernel's order; 0: as they are */
} input_call;

static int prepare_input(input_call *g, const eqc_rt_array *arrays, int of_x,
                         const eqc_variant *variant, int64_t *total) {
  eqc_rt_call *c = &g->call;
  const eqc_rt_array *other = &arrays[of_x ? Z : X];
  const eqc_rt_array *result = &arrays[of_x ? GRAD_X : GRAD_Z];
  g->of_x = of_x;
  g->pair.x = arrays[GRAD_Y].data;
  g->pair.z = other->data;
  g->turned = c->kernel->info->depthwise ? 0 : eqc_rt_aligned(c->weight_bytes);
  c->variant = variant;
  c->x = &g->pair;
  c->bias = NULL;
  c->y = (void *)result->data;
  c->x_bytes = arrays[GRAD_Y].bytes;
  c->y_bytes = result->bytes;
  *total += g->turned;
  return eqc_rt_prepare(c, arrays[WEIGHT].data, total);
}

static int perform_input(input_call *g, const void *weight, char *memory) {
  eqc_rt_call *c = &g->call;
  if (g->turned > 0) {
    eqc_rt_turn(c->kernel, g->of_x, weight, memory);
    c->packed = memory;
    memory += g->turned;
  }
  return eqc_rt_perform(c, weight, memory);
}

/* Everything after the checks. The gradients are made one after the other in
   the same memory. */
static int execute(const eqc_bilinear *layer, const eqc_rt_call *c,
                   const eqc_rt_array *arrays) {
  const eqc_bilinear_gradient *gradient =
      &layer->gradients[c->variant - c->kernel->variants];
  void *grad_weight = (void *)arrays[GRAD_WEIGHT].data;
  void *grad_bias = (void *)arrays[GRAD_BIAS].data;
  const eqc_pair pair = {arrays[X].data, arrays[Z].data};
  input_call inputs[2] = {0};
  eqc_rt_sums sums = {0};
  eqc_rt_block memory = {0};
  int64_t total = 0, bytes;
  int i, status = EQC_OK;
  for (i = 0; i < 2 && status == EQC_OK; ++i) {
    inputs[i].call = *c;
    bytes = 0;
    if (arrays[i == 0 ? GRAD_X : GRAD_Z].data)
      status = prepare_input(&inputs[i], arrays, i == 0,
                             i == 0 ? &gradient->x : &gradient->z, &bytes);
    total = total > bytes ? total : bytes;
  }
  if (status == EQC_OK && (grad_weight || grad_bias)) {
    eqc_rt_begin_sums(&sums, c, &gradient->sums, grad_weight, grad_bias);
    sums.x = &pair;
    sums.grad_y = arrays[GRAD_Y].data;
    bytes = 0;
    status = eqc_rt_prepare_sums(&sums, &bytes);
    total = total > bytes ? total : bytes;
  }
  if (status == EQC_OK && total > 0)
    status = eqc_rt_acquire((size_t)total, c->layer, &memory);
  if (status != EQC_OK)
    return status;
  for (i = 0; i < 2 && status == EQC_OK; ++i)
    if (inputs[i].call.y)
      status = perform_input(&inputs[i], arrays[WEIGHT].data, memory.data);
  if (status == EQC_OK && sums.which)
    status = eqc_rt_perform_sums(&sums, memory.data);
  if (total > 0)
    eqc_rt_release(&memory);
  return status;
}

/* What each gradient reads besides grad_y. */
static int check_given(const eqc_rt_call *c, const eqc_rt_array *arrays) {
  static const int reads[3][3] = {
      {GRAD_X, Z, WEIGHT}, {GRAD_Z, X, WEIGHT}, {GRAD_WEIGHT, X, Z}};
  int i, j;
  for (i = 0; i < 3; ++i)
    for (j = 1; j < 3; ++j)
      if (arrays[reads[i][0]].data && !arrays[reads[i][j]].data)
        return eqc_rt_fail_null(c, arrays[reads[i][j]].name);
  return arrays[GRAD_Y].data ? EQC_OK : eqc_rt_fail_null(c, "grad_y");
}

int eqc_rt_bilinear_backward(const eqc_bilinear *layer, int64_t n,
                             int64_t batch, const void *x, const void *z,
                             const void *weight, const void *grad_y,
                             void *grad_x, void *grad_z, void *grad_weight,
                             void *grad_bias) {
  eqc_rt_call c;
  int64_t z_bytes = 0;
  int status = eqc_rt_begin(&c, &layer->kernel, "backward");
  if (status == EQC_OK)
    status = eqc_rt_check_gradients(&c, layer->gradients);
  if (status == EQC_OK)
    status = check_sizes(&c, n, batch, "grad_y", &z_bytes);
  if (status != EQC_OK)
    return status;
  if (c.bias_bytes == 0)
    grad_bias = NULL; /* ignored */
  if (!grad_x && !grad_z && !grad_weight && !grad_bias)
    return EQC_OK;
  const eqc_rt_array arrays[NUM_ARRAYS] = {
      {"x", x, c.x_bytes},
      {"z", z, z_bytes},
      {"weight", weight, c.weight_bytes},
      {"grad_y", grad_y, c.y_bytes},
      {"grad_x", grad_x, c.x_bytes},
      {"grad_z", grad_z, z_bytes},
      {"grad_weight", grad_weight, c.weight_bytes},
      {"grad_bias", grad_bias, c.bias_bytes}};
  if (batch > 0)
    status = check_given(&c, arrays);
  if (status == EQC_OK)
    status = eqc_rt_check_aliases(&c, arrays, NUM_ARRAYS, GRAD_X);
  if (status != EQC_OK)
    return status;
  if (batch == 0)
    return eqc_rt_sum_nothing(&c, grad_weight, grad_bias);
  c.variant = eqc_rt_choose(c.kernel);
  if (!c.variant)
    return eqc_rt_fail_cpu(&c);
  return execute(layer, &c, arrays);
}
