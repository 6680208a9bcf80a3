/* Objects that say they test themselves. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A description of another version of eqc, of which nothing is known. */
static const unsigned info[2];
const void *aborts_info(void) { return info; }
const void *crashes_info(void) { return info; }
const void *exits_info(void) { return info; }
const void *loops_info(void) { return info; }

int aborts_selftest(char *report, size_t size) { abort(); }
int crashes_selftest(char *report, size_t size) { return *(volatile int *)8; }
int exits_selftest(char *report, size_t size) {
  strcpy(report, "exits: NOT TESTED: it says so\n");
  return -3;
}
int loops_selftest(char *report, size_t size) {
  for (;;)
    *(volatile char *)report = 0;
}
