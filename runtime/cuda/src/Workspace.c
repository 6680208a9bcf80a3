/*===- Workspace.c - Device memory in stream order ------------------ C99 -===*\
|*                                                                            *|
|* The memory of a call comes from the device's pool, and goes back to it, in *|
|* stream order, also into a graph that is being captured. Devices without    *|
|* pools have buffers that are kept: each carries an event that says when its *|
|* last user is done, for which the next one's stream waits, not the host.    *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Cuda.h"

#include <pthread.h>
#include <stdlib.h>

/* A call waits for the least used buffer rather than have more than these. */
#define MOST_BUFFERS 4

struct eqc_cuda_buffer {
  eqc_cuda_buffer *next;
  unsigned long long context_id;
  uint64_t address;
  int64_t bytes;
  void *event;
  int busy; /* a call is enqueuing its work */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static eqc_cuda_buffer *buffers; /* under the lock */

void eqc_rt_cuda_forget_buffers(void) {
  eqc_cuda_buffer *next;
  for (; buffers; buffers = next) {
    next = buffers->next;
    free(buffers);
  }
}

static int is_usable(const eqc_cuda_call *call, const eqc_cuda_buffer *buffer,
                     int64_t bytes) {
  return !buffer->busy && buffer->context_id == call->context_id &&
         buffer->bytes >= bytes;
}

/* Under the lock: a buffer whose last user is done; else, if there are many,
   any, for which the stream then waits; else NULL. */
static int find_buffer(const eqc_cuda_call *call, int64_t bytes,
                       eqc_cuda_buffer **found) {
  eqc_cuda_buffer *buffer, *unfinished = NULL;
  int count = 0, error;
  *found = NULL;
  for (buffer = buffers; buffer; buffer = buffer->next) {
    if (!is_usable(call, buffer, bytes))
      continue;
    error = CU(cuEventQuery)(buffer->event);
    if (error && error != EQC_CU_NOT_READY)
      return eqc_rt_cuda_fail(&call->args, error, "cuEventQuery");
    if (!error) {
      *found = buffer;
      return EQC_OK;
    }
    unfinished = buffer;
    ++count;
  }
  if (count >= MOST_BUFFERS) {
    error = CU(cuStreamWaitEvent)(call->stream, unfinished->event, 0);
    if (error)
      return eqc_rt_cuda_fail(&call->args, error, "cuStreamWaitEvent");
    *found = unfinished;
  }
  return EQC_OK;
}

/* Under the lock: a new buffer, larger than asked for, so that growing sizes
   do not leave many behind. */
static int new_buffer(const eqc_cuda_call *call, int64_t bytes,
                      eqc_cuda_buffer **result) {
  eqc_cuda_buffer *buffer = calloc(1, sizeof *buffer);
  const char *doing = "cuEventCreate";
  int error;
  if (!buffer)
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s_%s: no memory for a buffer's record",
                       call->args.layer, call->args.suffix);
  buffer->bytes = EQC_CUDA_ALIGN;
  while (buffer->bytes < bytes && buffer->bytes <= INT64_MAX / 2)
    buffer->bytes *= 2;
  if (buffer->bytes < bytes)
    buffer->bytes = bytes;
  buffer->context_id = call->context_id;
  error = CU(cuEventCreate)(&buffer->event, EQC_CU_EVENT_DISABLE_TIMING);
  if (!error) {
    doing = "cuMemAlloc";
    error = CU(cuMemAlloc)(&buffer->address, (size_t)buffer->bytes);
    if (error)
      CU(cuEventDestroy)(buffer->event);
  }
  if (error) {
    int status =
        eqc_rt_cuda_fail(&call->args, error, "%s for %lld bytes of workspace",
                         doing, (long long)buffer->bytes);
    free(buffer);
    return status;
  }
  buffer->next = buffers;
  buffers = buffer;
  *result = buffer;
  return EQC_OK;
}

static int acquire_buffer(const eqc_cuda_call *call, int64_t bytes,
                          eqc_cuda_memory *memory) {
  int mode, capturing = 0, status;
  int error = CU(cuStreamIsCapturing)(call->stream, &capturing);
  if (error)
    return eqc_rt_cuda_fail(&call->args, error, "cuStreamIsCapturing");
  /* A graph would use the buffer whenever it is launched. */
  if (capturing != EQC_CU_CAPTURE_STATUS_NONE)
    return eqc_rt_fail(EQC_ERR_NOMEM,
                       "%s_%s: this GPU has no memory pools, and a graph is "
                       "being captured: call the function that ends in _in, "
                       "with %lld bytes of workspace",
                       call->args.layer, call->args.suffix,
                       (long long)(bytes + EQC_CUDA_ALIGN - 1));
  pthread_mutex_lock(&lock);
  status = eqc_rt_cuda_relax(call, &mode);
  if (status == EQC_OK) {
    status = find_buffer(call, bytes, &memory->buffer);
    if (status == EQC_OK && !memory->buffer)
      status = new_buffer(call, bytes, &memory->buffer);
    if (status == EQC_OK)
      memory->buffer->busy = 1;
    status = eqc_rt_cuda_restore(call, &mode, status);
    if (status != EQC_OK && memory->buffer)
      memory->buffer->busy = 0;
  }
  pthread_mutex_unlock(&lock);
  if (status == EQC_OK)
    memory->address = memory->buffer->address;
  return status;
}

int eqc_rt_cuda_acquire(const eqc_cuda_call *call, int64_t bytes,
                        eqc_cuda_memory *memory) {
  int error;
  memory->buffer = NULL;
  if (!call->loaded->device.has_pools)
    return acquire_buffer(call, bytes, memory);
  error = CU(cuMemAllocAsync)(&memory->address, (size_t)bytes, call->stream);
  return error ? eqc_rt_cuda_fail(&call->args, error,
                                  "cuMemAllocAsync of %lld bytes of workspace",
                                  (long long)bytes)
               : EQC_OK;
}

int eqc_rt_cuda_give_back(const eqc_cuda_call *call, eqc_cuda_memory *memory,
                          int status) {
  const char *doing = memory->buffer ? "cuEventRecord" : "cuMemFreeAsync";
  int error;
  if (memory->buffer) {
    error = CU(cuEventRecord)(memory->buffer->event, call->stream);
    pthread_mutex_lock(&lock);
    /* Without the event nobody could know when the buffer is free: it never
       is. */
    memory->buffer->busy = error != 0;
    pthread_mutex_unlock(&lock);
  } else {
    error = CU(cuMemFreeAsync)(memory->address, call->stream);
  }
  return error && status == EQC_OK
             ? eqc_rt_cuda_fail(&call->args, error, "%s of the workspace",
                                doing)
             : status;
}
