/* For LD_PRELOAD: what does a program do where it gets no memory? At each
   EVERY-th request a copy of the process is told that there is none, from then
   on or, with ONCE set, this time. The process itself waits for it and goes on.
   The file LOG has, in its first line, how many requests there were, how many
   copies, and how many did not end with status 4; then a line for each of
   these. With AT set it is the process itself that has no memory from this
   request on. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

/* 1: all fail; -1: none is tried any more. */
static int failing, once, file = -1, inside;
static long count, every, at, copies, others;

static long number(const char *name, long without) {
  const char *text = getenv(name);
  return text ? atol(text) : without;
}

static void write_line(long at, const char *format, long a, long b, long c) {
  char line[80];
  int length = snprintf(line, sizeof line, format, a, b, c);
  if (pwrite(file, line, (size_t)length, at) != length)
    _exit(99);
}

/* Whether this request fails: in a copy of the process. */
static int fails(void) {
  int status = 0;
  pid_t copy;
  if (failing > 0)
    return !once;
  if (failing < 0 || __atomic_exchange_n(&inside, 1, __ATOMIC_SEQ_CST))
    return 0;
  if (every == 0) {
    every = number("EVERY", 1);
    at = number("AT", 0);
    once = number("ONCE", 0) != 0;
    file = open(getenv("LOG"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    unsetenv("LD_PRELOAD"); /* programs that it starts have memory */
  }
  ++count;
  if (at > 0 && count == at) {
    failing = 1;
    errno = ENOMEM;
    inside = 0;
    return 1;
  }
  if (at > 0 || (count - 1) % every != 0) {
    write_line(0, "%9ld %9ld %9ld \n", count, copies, others);
    inside = 0;
    return 0;
  }
  copy = fork();
  if (copy == 0) {
    const int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, 1);
    if (!getenv("LOUD"))
      dup2(nothing, 2);
    alarm(60);
    failing = 1;
    errno = ENOMEM;
    inside = 0;
    return 1;
  }
  if (copy < 0 || waitpid(copy, &status, 0) != copy)
    _exit(98);
  ++copies;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 4) {
    ++others;
    write_line(32 * others, "request %9ld status %4ld%.0ld   \n", count,
               WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), 0);
  }
  write_line(0, "%9ld %9ld %9ld \n", count, copies, others);
  inside = 0;
  return 0;
}

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t n, size_t size) {
  return fails() ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t size) {
  return fails() ? NULL : __libc_realloc(p, size);
}
void *memalign(size_t align, size_t size) {
  return fails() ? NULL : __libc_memalign(align, size);
}
void *aligned_alloc(size_t align, size_t size) { return memalign(align, size); }
int posix_memalign(void **p, size_t align, size_t size) {
  void *got = memalign(align, size);
  if (!got)
    return ENOMEM;
  *p = got;
  return 0;
}
