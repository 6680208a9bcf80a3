/* Calls layers on arrays with more than 2^31 elements. Little of them needs
   memory: what is read is one page of zeros but for a few entries, and what is
   written goes to the same two megabytes over and over, but for windows around
   those entries. Built and run by scripts/huge-layers.sh. */
#define _GNU_SOURCE
#include "huge.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK ((size_t)2 << 20)
#define PAST ((int64_t)1 << 31)

static int wrong;

static void expect(const char *what, double got, double expected) {
  if (got == expected)
    return;
  printf("%s is %.17g, not %.17g\n", what, got, expected);
  wrong = 1;
}

static void require(int holds, const char *what) {
  if (holds)
    return;
  perror(what);
  exit(2);
}

static size_t whole(size_t bytes) {
  return (bytes + CHUNK - 1) / CHUNK * CHUNK;
}

/* Zeros that need no memory until they are written. */
static void *zeros(size_t bytes) {
  void *at = mmap(NULL, whole(bytes), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  require(at != MAP_FAILED, "mmap");
  return at;
}

/* An array to be written, of which only chunks at `places` are kept. */
static void *scroll(size_t bytes, const size_t *places, int count) {
  const int file = memfd_create("scroll", 0);
  char *at = zeros(bytes);
  size_t i;
  require(file >= 0 && ftruncate(file, (off_t)CHUNK) == 0, "memfd");
  for (i = 0; i < whole(bytes); i += CHUNK)
    require(mmap(at + i, CHUNK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                 file, 0) != MAP_FAILED,
            "mmap of a chunk");
  for (i = 0; i < (size_t)count; ++i)
    require(mmap(at + places[i] / CHUNK * CHUNK, CHUNK, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED,
            "mmap of a window");
  close(file);
  return at;
}

static void drop(void *array, size_t bytes) { munmap(array, whole(bytes)); }

/* y = w0 sum(x), and y_i = w0 x_i + w1 sum(x) or the other way round. */
static void vectors(void) {
  const int64_t n = PAST + 5;
  const int64_t at[] = {0, 1, PAST - 1, PAST, PAST + 1, n - 1};
  const size_t bytes = (size_t)n * sizeof(float);
  size_t places[6];
  float *x = zeros(bytes), y, weight = 3, grad_y = 2, *all, *grad_x;
  float weights[2] = {1, 1}, grad_weight = 0;
  int i;
  for (i = 0; i < 6; ++i) {
    x[at[i]] = (float)(i + 1); /* 21 together */
    places[i] = (size_t)at[i] * sizeof(float);
  }
  expect("status", total_forward(n, 1, x, &weight, NULL, &y), 0);
  expect("total", y, 63);
  grad_x = scroll(bytes, places, 6);
  expect("status",
         total_backward(n, 1, x, &weight, &grad_y, grad_x, &grad_weight, NULL),
         0);
  expect("grad_weight of total", grad_weight, 42);
  for (i = 0; i < 6; ++i)
    expect("grad_x of total", grad_x[at[i]], 6);
  drop(grad_x, bytes);
  all = scroll(bytes, places, 6);
  expect("status", spread_forward(n, 1, x, weights, NULL, all), 0);
  for (i = 0; i < 6; ++i)
    expect("y of spread", all[at[i]], 21 + (i + 1));
  drop(all, bytes);
  drop(x, bytes);
}

/* All weights are 1, so that their order does not matter. */
static void matrices(void) {
  const int64_t n = 46342, last = n - 1; /* n^2 is 2^31 + 97316 */
  const int64_t row = PAST / n;          /* with element 2^31 */
  const int64_t count = n * n;
  const int64_t at[] = {0, 1, PAST - 1, PAST, row * n + row, count - 1};
  const size_t bytes = (size_t)count * sizeof(float);
  const size_t bytes64 = (size_t)count * sizeof(double);
  size_t places[6], places64[6];
  float *x = zeros(bytes), weight[2] = {1, 1}, bias = 5, y, grad_y = 2;
  float grad_weight[2] = {0, 0}, grad_bias = 0, *grad_x;
  double *x64 = zeros(bytes64), weight64[5] = {1, 1, 1, 1, 1};
  double *y64 = malloc((size_t)n * sizeof(double)), diagonal = 0, sum = 0;
  double row_sum, column_sum, *gy64, *gx64, gw64[5];
  int i, j;
  for (i = 0; i < 6; ++i) {
    x[at[i]] = (float)(i + 1);
    x64[at[i]] = i + 1;
    places[i] = (size_t)at[i] * sizeof(float);
    places64[i] = (size_t)at[i] * sizeof(double);
    sum += i + 1;
    diagonal += at[i] / n == at[i] % n ? i + 1 : 0;
  }
  require(n * n > PAST && y64, "sizes");
  expect("status", matrix_forward(n, 1, x, weight, &bias, &y), 0);
  expect("matrix", y, sum + diagonal + 5);
  grad_x = scroll(bytes, places, 6);
  expect("status",
         matrix_backward(n, 1, x, weight, &grad_y, grad_x, grad_weight,
                         &grad_bias),
         0);
  expect("grad_weight of matrix", grad_weight[0] + grad_weight[1],
         2 * (sum + diagonal));
  expect("grad_bias of matrix", grad_bias, 2);
  for (i = 0; i < 6; ++i)
    expect("grad_x of matrix", grad_x[at[i]], at[i] / n == at[i] % n ? 4 : 2);
  drop(grad_x, bytes);
  drop(x, bytes);

  expect("status", rows_forward(n, 1, x64, weight64, NULL, y64), 0);
  for (i = 0; i < n; ++i) {
    double own = 0;
    row_sum = column_sum = 0;
    for (j = 0; j < 6; ++j) {
      row_sum += at[j] / n == i ? j + 1 : 0;
      column_sum += at[j] % n == i ? j + 1 : 0;
      own += at[j] / n == i && at[j] % n == i ? j + 1 : 0;
    }
    expect("y of rows", y64[i], sum + diagonal + row_sum + column_sum + own);
  }
  gy64 = calloc((size_t)n, sizeof(double));
  require(gy64 != NULL, "gy");
  gy64[last] = 1;
  gx64 = scroll(bytes64, places64, 6);
  expect("status", rows_backward(n, 1, x64, weight64, gy64, gx64, gw64, NULL),
         0);
  /* The last entry of x is in all five sums, the others in one or two. */
  expect("grad_x of rows at the end", gx64[count - 1], 5);
  expect("grad_x of rows at the beginning", gx64[0], 2);
  expect("grad_x of rows at 2^31", gx64[PAST], 1 + (PAST % n == last));
  expect("grad_weight of rows", gw64[0] + gw64[1] + gw64[2] + gw64[3] + gw64[4],
         y64[last]);
  drop(gx64, bytes64);
  drop(x64, bytes64);
  free(gy64);
  free(y64);
}

int main(void) {
  vectors();
  matrices();
  puts(wrong ? "FAILED"
             : "arrays of more than 2^31 elements are indexed right");
  return wrong;
}
