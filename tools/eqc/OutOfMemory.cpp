//===- OutOfMemory.cpp - Nobody goes on without memory --------------------===//
//
// The linker sends calls of malloc in eqc, MLIR and LLVM here (--wrap), since
// some of MLIR's use what they get without a look. Nothing here may allocate.
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Process.h"

#include <cstddef>

extern "C" {
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
}

static void *checked(void *got, bool asked) {
  if (!got && asked)
    eqc::endOutOfMemory();
  return got;
}

void *__wrap_malloc(size_t size) { return checked(__real_malloc(size), size); }

void *__wrap_calloc(size_t count, size_t size) {
  return checked(__real_calloc(count, size), count && size);
}

void *__wrap_realloc(void *old, size_t size) {
  return checked(__real_realloc(old, size), size);
}

/// Before LLVM's constructors, which need memory, too: 101 is the first that is
/// not the C library's.
__attribute__((constructor(101))) static void beforeConstructors() {
  eqc::catchOutOfMemory();
}
