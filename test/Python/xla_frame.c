/*===- xla_frame.c - Calls of handlers as XLA makes them ------------ C11 -===*\
|*                                                                            *|
|* For tests: what XLA hands to a handler on a GPU, with a device, the legacy *|
|* stream and memory that the test says.                                      *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "xla/ffi/api/c_api.h"

#include <stdio.h>
#include <string.h>

struct XLA_FFI_Error {
  char message[4096];
};

typedef struct frame_array {
  void *data;
  int64_t rank, dims[8];
} frame_array;

typedef struct frame_call {
  const char *layer, *source;
  int64_t n, mapped, needs;
  int64_t num_args, num_rets;
  frame_array arrays[8]; /* arguments, then results */
  int32_t device;
  void *(*allocate)(size_t bytes); /* NULL: there is no memory */
} frame_call;

static const frame_call *current;
static XLA_FFI_Error failure;

static XLA_FFI_Error *fail(const char *message) {
  snprintf(failure.message, sizeof failure.message, "%s", message);
  return &failure;
}
static XLA_FFI_Error *create(XLA_FFI_Error_Create_Args *args) {
  return fail(args->message);
}
static XLA_FFI_Error *get_stream(XLA_FFI_Stream_Get_Args *args) {
  args->stream = NULL;
  return NULL;
}
static XLA_FFI_Error *get_device(XLA_FFI_DeviceOrdinal_Get_Args *args) {
  args->device_ordinal = current->device;
  return NULL;
}
static XLA_FFI_Error *allocate(XLA_FFI_DeviceMemory_Allocate_Args *args) {
  if (!current->allocate)
    return fail("XLA has no memory");
  args->data = current->allocate(args->size);
  return NULL;
}

/* Empty, or what the handler answers. */
const char *frame_run(XLA_FFI_Handler *handler, const frame_call *call) {
  XLA_FFI_Api api;
  XLA_FFI_CallFrame frame;
  XLA_FFI_Buffer buffers[8];
  void *pointers[8];
  const char *const names[] = {"layer", "source", "n", "mapped", "needs"};
  XLA_FFI_ByteSpan spans[5], texts[2];
  XLA_FFI_ByteSpan *span_pointers[5];
  XLA_FFI_Scalar scalars[3];
  XLA_FFI_AttrType types[5];
  int64_t values[3] = {call->n, call->mapped, call->needs};
  void *attributes[5];
  XLA_FFI_Error *error;
  int64_t i;
  memset(&api, 0, sizeof api);
  memset(&frame, 0, sizeof frame);
  memset(buffers, 0, sizeof buffers);
  api.XLA_FFI_Error_Create = create;
  api.XLA_FFI_Stream_Get = get_stream;
  api.XLA_FFI_DeviceOrdinal_Get = get_device;
  api.XLA_FFI_DeviceMemory_Allocate = allocate;
  for (i = 0; i < call->num_args + call->num_rets; ++i) {
    buffers[i].data = call->arrays[i].data;
    buffers[i].rank = call->arrays[i].rank;
    buffers[i].dims = (int64_t *)call->arrays[i].dims;
    pointers[i] = &buffers[i];
  }
  for (i = 0; i < 5; ++i) {
    spans[i].ptr = names[i];
    spans[i].len = strlen(names[i]);
    span_pointers[i] = &spans[i];
    types[i] = i < 2 ? XLA_FFI_AttrType_STRING : XLA_FFI_AttrType_SCALAR;
  }
  texts[0].ptr = call->layer;
  texts[0].len = strlen(call->layer);
  texts[1].ptr = call->source;
  texts[1].len = strlen(call->source);
  for (i = 0; i < 2; ++i)
    attributes[i] = &texts[i];
  for (i = 0; i < 3; ++i) {
    scalars[i].dtype = XLA_FFI_DataType_S64;
    scalars[i].value = &values[i];
    attributes[2 + i] = &scalars[i];
  }
  frame.api = &api;
  frame.stage = XLA_FFI_ExecutionStage_EXECUTE;
  frame.args.size = call->num_args;
  frame.args.args = pointers;
  frame.rets.size = call->num_rets;
  frame.rets.rets = pointers + call->num_args;
  frame.attrs.size = 5;
  frame.attrs.types = types;
  frame.attrs.names = span_pointers;
  frame.attrs.attrs = attributes;
  current = call;
  error = handler(&frame);
  return error ? error->message : "";
}
