/*===- _xla.c - Layers as foreign functions of XLA ------------------ C11 -===*\
|*                                                                            *|
|* Handlers for XLA's foreign function interface on CPUs, and on NVIDIA GPUs, *|
|* where a call also has a stream, a device and memory of XLA's for a         *|
|* workspace. Which layer a call means is an attribute, a name under which    *|
|* the process registered the layer's functions; Python registers what is not *|
|* known yet from a second attribute, the layer's source. So compiled XLA     *|
|* programs hold no addresses, and may be kept on disk and run by other       *|
|* processes.                                                                 *|
|*                                                                            *|
|* Every array has `mapped` axes in front, each of its full size, or of size  *|
|* 1 where the array does not depend on it: one point of them is one call.    *|
|* x, y and their gradients then have any number of axes of the batch; so     *|
|* have the sizes of padded samples, which come first.                        *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "xla/ffi/api/c_api.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int forward_fixed(int64_t, const void *, const void *, const void *,
                          void *);
typedef int forward_sized(int64_t, int64_t, const void *, const void *,
                          const void *, void *);
typedef int backward_fixed(int64_t, const void *, const void *, const void *,
                           void *, void *, void *);
typedef int backward_sized(int64_t, int64_t, const void *, const void *,
                           const void *, void *, void *, void *);
typedef int forward_each(int64_t, int64_t, const void *, const void *,
                         const void *, const void *, void *);
typedef int backward_each(int64_t, int64_t, const void *, const void *,
                          const void *, const void *, void *, void *, void *);
/* On GPUs, with a workspace and a stream at the end. */
typedef int forward_in_fixed(int64_t, const void *, const void *, const void *,
                             void *, void *, void *);
typedef int forward_in_sized(int64_t, int64_t, const void *, const void *,
                             const void *, void *, void *, void *);
typedef int backward_in_fixed(int64_t, const void *, const void *, const void *,
                              void *, void *, void *, void *, void *);
typedef int backward_in_sized(int64_t, int64_t, const void *, const void *,
                              const void *, void *, void *, void *, void *,
                              void *);
typedef int64_t workspace_bytes_fixed(int64_t, int);
typedef int64_t workspace_bytes_sized(int64_t, int64_t, int);

/* What Python says of a layer. */
typedef struct eqc_xla_layer {
  char name[80];
  char chip[16];            /* of the GPU; empty for the CPU */
  void *forward, *backward; /* with n before the batch if `sized` */
  void *workspace_bytes;    /* of GPUs; the two are those with a workspace */
  void *forward_padded, *backward_padded; /* NULL where there are none */
  int64_t sized;
  int64_t k, l;
  int64_t x_axis, y_axis; /* one that is as long as n; -1 where there is none */
  int64_t channels_first;
  int64_t element_bytes; /* of x, y and their gradients */
  int64_t weight_bytes;  /* of the weight, the bias and their gradients */
} eqc_xla_layer;

/* Compiles and registers the layer of a source; 0 and why if that fails. */
typedef int resolve_layer(const char *source, int64_t size, const char *chip,
                          char *message, int64_t message_size);

/* What libeqc has for GPUs. */
typedef struct eqc_xla_gpu {
  int (*push_device)(int), (*pop_device)(int), (*device_chip)(int);
  const char *(*chip)(int64_t);
} eqc_xla_gpu;

typedef struct entry {
  eqc_xla_layer layer;
  struct entry *next;
} entry;

static _Atomic(entry *) entries; /* never shrinks */
static const char *(*status_string)(int);
static const char *(*last_error)(void);
static resolve_layer *resolve;
static eqc_xla_gpu gpu;

void eqc_xla_setup(const char *(*status)(int), const char *(*error)(void),
                   resolve_layer *resolve_source, const eqc_xla_gpu *gpus) {
  gpu = *gpus;
  status_string = status;
  last_error = error;
  resolve = resolve_source;
}

/* 0 when there is no memory. A name that is known stays as it is. */
int eqc_xla_register(const eqc_xla_layer *layer) {
  entry *added, *head = atomic_load(&entries), *e;
  for (e = head; e; e = e->next)
    if (strcmp(e->layer.name, layer->name) == 0 &&
        strcmp(e->layer.chip, layer->chip) == 0)
      return 1;
  added = malloc(sizeof *added);
  if (!added)
    return 0;
  added->layer = *layer;
  do
    added->next = head;
  while (!atomic_compare_exchange_weak(&entries, &head, added));
  return 1;
}

static XLA_FFI_Error *fail(XLA_FFI_CallFrame *frame, XLA_FFI_Error_Code code,
                           const char *message) {
  XLA_FFI_Error_Create_Args args = {0};
  args.struct_size = XLA_FFI_Error_Create_Args_STRUCT_SIZE;
  args.message = message;
  args.errc = code;
  return frame->api->XLA_FFI_Error_Create(&args);
}

static XLA_FFI_Error *fail_status(XLA_FFI_CallFrame *frame, int status) {
  char message[512];
  snprintf(message, sizeof message, "%s (%s)", status_string(status),
           last_error());
  return fail(frame, XLA_FFI_Error_Code_INTERNAL, message);
}

/* XLA first asks a handler what it is. */
static int answers_metadata(XLA_FFI_CallFrame *frame) {
  XLA_FFI_Extension_Base *extension = frame->extension_start;
  XLA_FFI_Metadata *metadata;
  if (!extension || extension->type != XLA_FFI_Extension_Metadata)
    return 0;
  metadata = ((XLA_FFI_Metadata_Extension *)extension)->metadata;
  metadata->api_version.major_version = XLA_FFI_API_MAJOR;
  metadata->api_version.minor_version = XLA_FFI_API_MINOR;
  metadata->traits = 0;
  return 1;
}

static void *find_attribute(const XLA_FFI_Attrs *attributes, const char *name,
                            XLA_FFI_AttrType type) {
  int64_t i;
  for (i = 0; i < attributes->size; ++i) {
    const XLA_FFI_ByteSpan *span = attributes->names[i];
    if (span->len == strlen(name) && memcmp(span->ptr, name, span->len) == 0)
      return attributes->types[i] == type ? attributes->attrs[i] : NULL;
  }
  return NULL;
}

/* Where a call computes. */
typedef struct place {
  XLA_FFI_CallFrame *frame;
  const char *chip; /* empty on the CPU, where the rest has no meaning */
  int device;
  void *stream;
  int padded;           /* whether samples have sizes of their own */
  XLA_FFI_Error *error; /* of XLA's allocator */
} place;

static const eqc_xla_layer *find_registered(const XLA_FFI_ByteSpan *name,
                                            const char *chip) {
  const entry *e;
  for (e = atomic_load(&entries); e; e = e->next)
    if (strlen(e->layer.name) == name->len &&
        memcmp(e->layer.name, name->ptr, name->len) == 0 &&
        strcmp(e->layer.chip, chip) == 0)
      return &e->layer;
  return NULL;
}

/* The layer that a call means; NULL with an error if there is none. */
static const eqc_xla_layer *find_layer(const place *where,
                                       XLA_FFI_Error **error) {
  XLA_FFI_CallFrame *frame = where->frame;
  const XLA_FFI_ByteSpan *name =
      find_attribute(&frame->attrs, "layer", XLA_FFI_AttrType_STRING);
  const XLA_FFI_ByteSpan *source =
      find_attribute(&frame->attrs, "source", XLA_FFI_AttrType_STRING);
  const eqc_xla_layer *layer;
  char message[4096] = "eqc: a call that names no layer";
  if (name && source) {
    layer = find_registered(name, where->chip);
    if (!layer && resolve(source->ptr, (int64_t)source->len, where->chip,
                          message, (int64_t)sizeof message))
      layer = find_registered(name, where->chip);
    if (layer)
      return layer;
  }
  *error = fail(frame, XLA_FFI_Error_Code_NOT_FOUND, message);
  return NULL;
}

static int64_t find_integer(const XLA_FFI_Attrs *attributes, const char *name) {
  const XLA_FFI_Scalar *scalar =
      find_attribute(attributes, name, XLA_FFI_AttrType_SCALAR);
  return scalar && scalar->dtype == XLA_FFI_DataType_S64
             ? *(int64_t *)scalar->value
             : 0;
}

static int64_t product(const int64_t *dims, int64_t count) {
  int64_t result = 1;
  while (count > 0)
    result *= dims[--count];
  return result;
}

/* An array of a call: where its part for one point of the mapped axes is. */
typedef struct operand {
  const XLA_FFI_Buffer *buffer; /* NULL: none */
  int64_t mapped;               /* axes */
  int64_t bytes;                /* of one part */
} operand;

static operand make_operand(void *buffer, int64_t mapped,
                            int64_t element_bytes) {
  operand result = {buffer, mapped, 0};
  if (buffer)
    result.bytes =
        product(result.buffer->dims + mapped, result.buffer->rank - mapped) *
        element_bytes;
  return result;
}

/* The sizes of samples, as integers of 64 bits. */
typedef struct sample_sizes {
  operand each; /* its buffer is `wide`, or NULL where there are none */
  XLA_FFI_Buffer wide;
  int64_t *copied;
} sample_sizes;

/* Of the first array of a call on padded samples. Freed by the caller. */
static XLA_FFI_Error *read_sizes(place *where, int64_t mapped,
                                 sample_sizes *sizes) {
  XLA_FFI_CallFrame *frame = where->frame;
  int64_t count, i;
  memset(sizes, 0, sizeof *sizes);
  if (!where->padded)
    return NULL;
  sizes->wide = *(XLA_FFI_Buffer *)frame->args.args[0];
  count = product(sizes->wide.dims, sizes->wide.rank);
  if (sizes->wide.dtype == XLA_FFI_DataType_S32) {
    const int32_t *narrow = sizes->wide.data;
    sizes->copied = malloc((size_t)count * sizeof *sizes->copied + 1);
    if (!sizes->copied)
      return fail(frame, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED,
                  "eqc: no memory for the sizes of samples");
    for (i = 0; i < count; ++i)
      sizes->copied[i] = narrow[i];
    sizes->wide.data = sizes->copied;
  } else if (sizes->wide.dtype != XLA_FFI_DataType_S64) {
    return fail(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT,
                "eqc: sizes of samples are integers of 32 or 64 bits");
  }
  sizes->each = make_operand(&sizes->wide, mapped, sizeof *sizes->copied);
  return NULL;
}

/* The batch of one part of an x (order k) or a y (order l). */
static int64_t batch_of(operand o, int64_t order) {
  return product(o.buffer->dims + o.mapped,
                 o.buffer->rank - o.mapped - order - 1);
}

/* n, which an x or a y with an axis of it shows. */
static int64_t size_of(const eqc_xla_layer *layer,
                       const XLA_FFI_Attrs *attributes, operand x, operand y) {
  const int of_x = layer->x_axis >= 0 && x.buffer;
  operand o = of_x ? x : y;
  const int64_t order = of_x ? layer->k : layer->l;
  const int64_t axis = of_x ? layer->x_axis : layer->y_axis;
  if (!layer->sized || axis < 0 || !o.buffer)
    return find_integer(attributes, "n");
  return o.buffer->dims[o.buffer->rank - order - !layer->channels_first + axis];
}

static int64_t parts(operand o) { return product(o.buffer->dims, o.mapped); }

/* The part at a point of the mapped axes whose full sizes are `dims`. */
static void *part(operand o, int64_t point, const int64_t *dims) {
  int64_t offset = 0, stride = 1, axis;
  if (!o.buffer)
    return NULL;
  for (axis = o.mapped - 1; axis >= 0; --axis) {
    if (o.buffer->dims[axis] != 1)
      offset += point % dims[axis] * stride;
    stride *= o.buffer->dims[axis];
    point /= dims[axis];
  }
  return (char *)o.buffer->data + offset * o.bytes;
}

/* Memory for a call; 0 where there is none, with the error in `where`. */
static int find_workspace(const eqc_xla_layer *layer, place *where, int64_t n,
                          int64_t batch, int backward, void **workspace,
                          int *status) {
  XLA_FFI_DeviceMemory_Allocate_Args args = {0};
  int64_t bytes =
      layer->sized
          ? ((workspace_bytes_sized *)layer->workspace_bytes)(n, batch,
                                                              backward)
          : ((workspace_bytes_fixed *)layer->workspace_bytes)(batch, backward);
  *workspace = NULL;
  *status = bytes < 0 ? (int)bytes : 0;
  if (bytes <= 0)
    return bytes == 0;
  args.struct_size = XLA_FFI_DeviceMemory_Allocate_Args_STRUCT_SIZE;
  args.ctx = where->frame->ctx;
  args.size = (size_t)bytes;
  args.alignment = 256;
  where->error = where->frame->api->XLA_FFI_DeviceMemory_Allocate(&args);
  *workspace = args.data;
  return !where->error;
}

static int call_forward(const eqc_xla_layer *layer, place *where, int64_t n,
                        int64_t batch, const void *sizes, const void *x,
                        const void *weight, const void *bias, void *y) {
  void *workspace;
  int status;
  if (where->padded)
    return ((forward_each *)layer->forward_padded)(n, batch, sizes, x, weight,
                                                   bias, y);
  if (!*where->chip)
    return layer->sized
               ? ((forward_sized *)layer->forward)(n, batch, x, weight, bias, y)
               : ((forward_fixed *)layer->forward)(batch, x, weight, bias, y);
  if (!find_workspace(layer, where, n, batch, 0, &workspace, &status))
    return status;
  return layer->sized
             ? ((forward_in_sized *)layer->forward)(n, batch, x, weight, bias,
                                                    y, workspace, where->stream)
             : ((forward_in_fixed *)layer->forward)(batch, x, weight, bias, y,
                                                    workspace, where->stream);
}

static int call_backward(const eqc_xla_layer *layer, place *where, int64_t n,
                         int64_t batch, const void *sizes, const void *x,
                         const void *weight, const void *grad_y, void *grad_x,
                         void *grad_weight, void *grad_bias) {
  void *workspace;
  int status;
  if (where->padded)
    return ((backward_each *)layer->backward_padded)(
        n, batch, sizes, x, weight, grad_y, grad_x, grad_weight, grad_bias);
  if (!*where->chip)
    return layer->sized
               ? ((backward_sized *)layer->backward)(n, batch, x, weight,
                                                     grad_y, grad_x,
                                                     grad_weight, grad_bias)
               : ((backward_fixed *)layer->backward)(
                     batch, x, weight, grad_y, grad_x, grad_weight, grad_bias);
  if (!find_workspace(layer, where, n, batch, 1, &workspace, &status))
    return status;
  return layer->sized ? ((backward_in_sized *)layer->backward)(
                            n, batch, x, weight, grad_y, grad_x, grad_weight,
                            grad_bias, workspace, where->stream)
                      : ((backward_in_fixed *)layer->backward)(
                            batch, x, weight, grad_y, grad_x, grad_weight,
                            grad_bias, workspace, where->stream);
}

/* [sizes,] x, weight[, bias] -> y. */
static XLA_FFI_Error *run_forward(const eqc_xla_layer *layer, place *where,
                                  int64_t mapped, const sample_sizes *sizes) {
  XLA_FFI_CallFrame *frame = where->frame;
  void **args = frame->args.args + where->padded;
  operand x = make_operand(args[0], mapped, layer->element_bytes);
  operand weight = make_operand(args[1], mapped, layer->weight_bytes);
  operand bias =
      make_operand(frame->args.size > 2 + where->padded ? args[2] : NULL,
                   mapped, layer->weight_bytes);
  operand y = make_operand(frame->rets.rets[0], mapped, layer->element_bytes);
  int64_t n = size_of(layer, &frame->attrs, x, y);
  int64_t batch = batch_of(x, layer->k), count = parts(y), i;
  if (parts(weight) == 1 && (!bias.buffer || parts(bias) == 1) &&
      parts(x) == count && (!where->padded || parts(sizes->each) == count)) {
    batch *= count; /* one batch, however it is split into axes */
    count = batch > 0;
  }
  for (i = 0; i < count; ++i) {
    const int64_t *dims = y.buffer->dims;
    int status = call_forward(
        layer, where, n, batch, part(sizes->each, i, dims), part(x, i, dims),
        part(weight, i, dims), part(bias, i, dims), part(y, i, dims));
    if (where->error || status)
      return where->error ? where->error : fail_status(frame, status);
  }
  return NULL;
}

/* [sizes,] [x,] [weight,] grad_y -> the gradients of x (bit 0 of `needs`), of
   the weight (bit 1) and of the bias (bit 2) that are needed, at least one. x
   comes with the gradient of the weight, the weight with that of x. */
static XLA_FFI_Error *run_backward(const eqc_xla_layer *layer, place *where,
                                   int64_t mapped, const sample_sizes *sizes) {
  XLA_FFI_CallFrame *frame = where->frame;
  int64_t needs = find_integer(&frame->attrs, "needs");
  int64_t n, batch, count = 0, given = where->padded, used = 0, i;
  const int64_t *dims = NULL;
  operand x, weight, grad_y, grads[3];
  if (frame->args.size != 1 + where->padded + (needs >> 1 & 1) + (needs & 1))
    return fail(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT,
                "eqc: a call with a wrong number of arrays");
  x = make_operand(needs & 2 ? frame->args.args[given++] : NULL, mapped,
                   layer->element_bytes);
  weight = make_operand(needs & 1 ? frame->args.args[given++] : NULL, mapped,
                        layer->weight_bytes);
  grad_y = make_operand(frame->args.args[given], mapped, layer->element_bytes);
  for (i = 0; i < 3; ++i) {
    int wanted = (needs >> i & 1) && used < frame->rets.size;
    grads[i] =
        make_operand(wanted ? frame->rets.rets[used++] : NULL, mapped,
                     i == 0 ? layer->element_bytes : layer->weight_bytes);
    if (wanted) {
      dims = grads[i].buffer->dims;
      count = parts(grads[i]);
    }
  }
  if (!dims)
    return fail(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT,
                "eqc: no gradient was asked for");

  n = size_of(layer, &frame->attrs, grads[0].buffer ? grads[0] : x, grad_y);
  batch = batch_of(grad_y, layer->l);
  if (needs == 1 && parts(weight) == 1 && parts(grad_y) == count &&
      (!where->padded || parts(sizes->each) == count)) {
    batch *= count; /* nothing is summed over the batch, and x is not read */
    count = batch > 0;
  }
  for (i = 0; i < count; ++i) {
    int status = call_backward(
        layer, where, n, batch, part(sizes->each, i, dims), part(x, i, dims),
        part(weight, i, dims), part(grad_y, i, dims), part(grads[0], i, dims),
        part(grads[1], i, dims), part(grads[2], i, dims));
    if (where->error || status)
      return where->error ? where->error : fail_status(frame, status);
  }
  return NULL;
}

/* Finds the layer and the sizes of a call, and makes it. */
static XLA_FFI_Error *compute(place *where, int backward) {
  XLA_FFI_CallFrame *frame = where->frame;
  int64_t mapped = find_integer(&frame->attrs, "mapped");
  XLA_FFI_Error *error = NULL;
  const eqc_xla_layer *layer = find_layer(where, &error);
  sample_sizes sizes;
  if (!layer)
    return error;
  if (frame->args.size < where->padded + (backward ? 1 : 2) ||
      (!backward && frame->rets.size != 1))
    return fail(frame, XLA_FFI_Error_Code_INVALID_ARGUMENT,
                "eqc: a call with a wrong number of arrays");
  if (where->padded &&
      !(backward ? layer->backward_padded : layer->forward_padded))
    return fail(frame, XLA_FFI_Error_Code_UNIMPLEMENTED,
                "eqc: the layer has no functions for samples of different "
                "sizes");
  error = read_sizes(where, mapped, &sizes);
  if (!error)
    error =
        (backward ? run_backward : run_forward)(layer, where, mapped, &sizes);
  free(sizes.copied);
  return error;
}

static XLA_FFI_Error *on_cpu(XLA_FFI_CallFrame *frame, int backward,
                             int padded) {
  place where = {frame, "", 0, NULL, padded, NULL};
  return answers_metadata(frame) ? NULL : compute(&where, backward);
}

/* In the primary context of the device, which XLA's stream is of. */
static XLA_FFI_Error *on_gpu(XLA_FFI_CallFrame *frame, int backward) {
  XLA_FFI_Stream_Get_Args stream = {0};
  XLA_FFI_DeviceOrdinal_Get_Args device = {0};
  place where = {frame, "", 0, NULL, 0, NULL};
  XLA_FFI_Error *error;
  int status;
  if (answers_metadata(frame))
    return NULL;
  stream.struct_size = XLA_FFI_Stream_Get_Args_STRUCT_SIZE;
  stream.ctx = frame->ctx;
  device.struct_size = XLA_FFI_DeviceOrdinal_Get_Args_STRUCT_SIZE;
  device.ctx = frame->ctx;
  error = frame->api->XLA_FFI_Stream_Get(&stream);
  if (!error)
    error = frame->api->XLA_FFI_DeviceOrdinal_Get(&device);
  if (error)
    return error;
  where.stream = stream.stream;
  where.device = (int)device.device_ordinal;
  status = gpu.device_chip(where.device);
  if (status > 0) {
    where.chip = gpu.chip(status);
    if (!where.chip)
      return fail(frame, XLA_FFI_Error_Code_UNIMPLEMENTED,
                  "eqc: layers are compiled for GPUs of compute capability 7.5 "
                  "and newer");
    status = gpu.push_device(where.device);
  }
  if (status)
    return fail_status(frame, status);
  error = compute(&where, backward);
  gpu.pop_device(where.device);
  return error;
}

XLA_FFI_Error *eqc_xla_forward(XLA_FFI_CallFrame *frame) {
  return on_cpu(frame, 0, 0);
}
XLA_FFI_Error *eqc_xla_backward(XLA_FFI_CallFrame *frame) {
  return on_cpu(frame, 1, 0);
}
XLA_FFI_Error *eqc_xla_forward_padded(XLA_FFI_CallFrame *frame) {
  return on_cpu(frame, 0, 1);
}
XLA_FFI_Error *eqc_xla_backward_padded(XLA_FFI_CallFrame *frame) {
  return on_cpu(frame, 1, 1);
}
XLA_FFI_Error *eqc_xla_cuda_forward(XLA_FFI_CallFrame *frame) {
  return on_gpu(frame, 0);
}
XLA_FFI_Error *eqc_xla_cuda_backward(XLA_FFI_CallFrame *frame) {
  return on_gpu(frame, 1);
}
