/*===- Memory.c - What a thread keeps between calls ----------------- C99 -===*\
|*                                                                            *|
|* Each thread keeps the block of its last call, so that a program which      *|
|* calls the same layers again does not allocate again, and its error text.   *|
|*                                                                            *|
|* The record of a thread hangs on a pthread key rather than on __thread:     *|
|* libc may abort when it cannot allocate a library's __thread variables, and *|
|* a key can be taken back before the library is unloaded. Records come from  *|
|* a table in the image, so that one that another thread still looks at while *|
|* the process exits is never freed.                                          *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "Internal.h"

#include <pthread.h>
#include <stdlib.h>

#define TABLE 256
/* What a thread keeps; the memory of larger calls goes back at their end. */
#define KEEP ((size_t)256 << 20)
#define PAGE ((size_t)4096)

struct eqc_rt_thread {
  int busy;           /* atomic: who set it may touch block */
  int used;           /* under the lock */
  eqc_rt_block block; /* data is NULL when there is none, or it is lent */
  eqc_rt_thread *next;
  char text[EQC_RT_TEXT];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static eqc_rt_thread table[TABLE];
static eqc_rt_thread *more; /* records past the table, from the heap */
static pthread_key_t key;

void eqc_rt_memory_lock(void) { pthread_mutex_lock(&lock); }
void eqc_rt_memory_unlock(void) { pthread_mutex_unlock(&lock); }

static void put_back(eqc_rt_block *block) {
  if (block->data)
    block->from.put(block->data, block->size, block->from.ctx);
  block->data = NULL;
}

/* Takes the thread's idle block, if it has one and nobody is using it. */
static eqc_rt_block detach(eqc_rt_thread *thread, int all) {
  eqc_rt_block block = {0};
  if (__atomic_exchange_n(&thread->busy, 1, __ATOMIC_SEQ_CST))
    return block;
  if (thread->block.data && (all || !eqc_rt_is_current(&thread->block.from))) {
    block = thread->block;
    thread->block.data = NULL;
  }
  __atomic_store_n(&thread->busy, 0, __ATOMIC_SEQ_CST);
  return block;
}

static void thread_exit(void *p) {
  eqc_rt_thread *thread = p;
  eqc_rt_block block;
  eqc_rt_memory_lock();
  block = detach(thread, /*all=*/1);
  /* A thread cancelled inside a call leaves its record busy: never reuse it. */
  if (!__atomic_load_n(&thread->busy, __ATOMIC_SEQ_CST))
    thread->used = 0;
  eqc_rt_memory_unlock();
  put_back(&block);
}

/* A free record, marked used; NULL without memory. */
static eqc_rt_thread *new_record(void) {
  eqc_rt_thread *thread = NULL;
  int i;
  eqc_rt_memory_lock();
  for (i = 0; i < TABLE && !thread; ++i)
    if (!table[i].used)
      thread = &table[i];
  if (!thread)
    for (thread = more; thread && thread->used;)
      thread = thread->next;
  if (!thread && (thread = calloc(1, sizeof *thread))) {
    thread->next = more;
    more = thread;
  }
  if (thread) {
    thread->used = 1;
    thread->text[0] = 0;
  }
  eqc_rt_memory_unlock();
  return thread;
}

/* The calling thread's record, or NULL. */
static eqc_rt_thread *self(int create) {
  eqc_rt_thread *thread;
  if (!eqc_rt_setup())
    return NULL;
  thread = pthread_getspecific(key);
  if (thread || !create)
    return thread;
  thread = new_record();
  if (thread && pthread_setspecific(key, thread) != 0) {
    thread_exit(thread);
    return NULL;
  }
  return thread;
}

char *eqc_rt_text(int create) {
  eqc_rt_thread *thread = self(create);
  return thread ? thread->text : NULL;
}

int eqc_rt_acquire(size_t size, const char *layer, eqc_rt_block *out) {
  eqc_rt_thread *thread = self(/*create=*/1);
  eqc_rt_block block = {0};
  /* Busy: this call is nested in another one's hook. */
  if (thread && __atomic_exchange_n(&thread->busy, 1, __ATOMIC_SEQ_CST))
    thread = NULL;
  if (thread) {
    block = thread->block;
    thread->block.data = NULL;
  }
  if (block.data && (block.size < size || !eqc_rt_is_current(&block.from)))
    put_back(&block);
  if (!block.data) {
    block.from = eqc_rt_current_allocator();
    block.size =
        size <= PTRDIFF_MAX - PAGE ? (size + PAGE - 1) & ~(PAGE - 1) : 0;
    if (block.size)
      block.data = block.from.get(block.size, EQC_RT_ALIGN, block.from.ctx);
  }
  if (block.data && (uintptr_t)block.data % EQC_RT_ALIGN == 0) {
    block.owner = thread;
    *out = block;
    return EQC_OK;
  }
  if (thread)
    __atomic_store_n(&thread->busy, 0, __ATOMIC_SEQ_CST);
  if (!block.data)
    return eqc_rt_fail(EQC_ERR_NOMEM, "%s: no memory for %zu bytes of scratch",
                       layer, size);
  put_back(&block);
  return eqc_rt_fail(EQC_ERR_NOMEM,
                     "%s: the allocator hook returned memory that is not "
                     "aligned to %d bytes",
                     layer, EQC_RT_ALIGN);
}

void eqc_rt_release(eqc_rt_block *block) {
  eqc_rt_thread *thread = block->owner;
  eqc_rt_block stale;
  if (thread && block->size <= KEEP) {
    thread->block = *block;
    block->data = NULL;
  }
  put_back(block);
  if (!thread)
    return;
  __atomic_store_n(&thread->busy, 0, __ATOMIC_SEQ_CST);
  /* eqc_set_allocator may have passed by while the record was busy. It changes
     the allocator first and looks at the record then, and we the other way
     round, so one of us sees the other. */
  stale = detach(thread, /*all=*/0);
  put_back(&stale);
}

void eqc_rt_flush(int all) {
  eqc_rt_thread *thread;
  int i = 0;
  if (!all && !eqc_rt_setup())
    return;
  /* The user's put is called without the lock. Records only ever join. */
  for (i = 0; i < TABLE; ++i) {
    eqc_rt_block block = detach(&table[i], all);
    put_back(&block);
  }
  eqc_rt_memory_lock();
  thread = more;
  eqc_rt_memory_unlock();
  for (; thread; thread = thread->next) {
    eqc_rt_block block = detach(thread, all);
    put_back(&block);
  }
}

int eqc_rt_memory_setup(void) { return pthread_key_create(&key, thread_exit); }

void eqc_rt_memory_teardown(void) {
  eqc_rt_thread *thread, *next;
  pthread_key_delete(key);
  eqc_rt_flush(/*all=*/1);
  for (thread = more, more = NULL; thread; thread = next) {
    next = thread->next;
    if (!__atomic_load_n(&thread->busy, __ATOMIC_SEQ_CST))
      free(thread);
  }
}
