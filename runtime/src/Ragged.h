/*===- Ragged.h - Batches whose samples differ in size -------------- C99 -===*\
|*                                                                            *|
|* The kernels know one n at a time. A ragged batch is cut into pieces:       *|
|* samples of one n, next to each other, that are one block of a kernel call. *|
|* Pieces so large that one thread would be busy with one while the others    *|
|* have nothing left are shared: all threads take part in each. The others    *|
|* are handed out in tasks, ranges of pieces of about equal work. What is a   *|
|* piece, and what is large, depends on the sizes alone, so that results do   *|
|* not depend on the number of threads.                                       *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef EQC_RT_RAGGED_H
#define EQC_RT_RAGGED_H

#include "Call.h"

/* The arrays of x, and of y. */
enum { EQC_RT_SIDE_X, EQC_RT_SIDE_Y };

/* The sizes of a batch, and how its arrays lie in memory. */
typedef struct eqc_rt_sizes {
  const int64_t *n; /* of each sample */
  int64_t batch;
  int64_t extent; /* of the axes of padded arrays; 0: arrays are packed */
  int64_t order[2], channels[2];
  int64_t element_bytes; /* of what kernels see */
  int storage;           /* of the arrays, see Storage.h */
  int64_t stored_bytes;  /* of an element of theirs */
  int channels_last;
  int64_t unit; /* what sizes are multiples of */
  int any_n;    /* no axis has the size, so that it does not matter */
  int runs;     /* some sample is of use to a kernel */
} eqc_rt_sizes;

/* Samples of one size that follow each other: one block of a kernel. */
typedef struct eqc_rt_piece {
  int64_t n; /* 0: samples without entries */
  int64_t samples;
  int64_t offset[2]; /* bytes from the start of x, of y */
} eqc_rt_piece;

/* The size of a sample as far as it matters. */
int64_t eqc_rt_size_of(const eqc_rt_sizes *s, int64_t sample);

/*===-- Corners.c: samples as kernels want them
 * -----------------------------===*/

/* The bytes of one sample of size n as kernels want it, and as the array has
   it. */
int64_t eqc_rt_corner_bytes(const eqc_rt_sizes *s, int side, int64_t n);
int64_t eqc_rt_sample_bytes(const eqc_rt_sizes *s, int side, int64_t n);

/* Whether kernels can work on a piece where it lies in its array. */
int eqc_rt_in_place(const eqc_rt_sizes *s, int side, const eqc_rt_piece *piece);

/* Samples are copied by lines: all entries of one index of the first axis. */
int64_t eqc_rt_lines_read(const eqc_rt_sizes *s, int side,
                          const eqc_rt_piece *piece);
int64_t eqc_rt_lines_written(const eqc_rt_sizes *s, int side,
                             const eqc_rt_piece *piece);
/* Some lines of a piece that lies at `array` to dense samples. */
void eqc_rt_read_lines(const eqc_rt_sizes *s, int side,
                       const eqc_rt_piece *piece, const char *array,
                       char *dense, int64_t first, int64_t end);
/* The other way, with zeros outside the corners. `dense` is NULL where what
   counts is in its place already. */
void eqc_rt_write_lines(const eqc_rt_sizes *s, int side,
                        const eqc_rt_piece *piece, const char *dense,
                        char *array, int64_t first, int64_t end);

/*===-- Pieces.c: a batch as work
 * -------------------------------------------===*/

#define EQC_RT_MAX_TASKS 256
/* A large piece is more than this part of all work. */
#define EQC_RT_MAX_LARGE 16
#define EQC_RT_KNOWN_SCHEDULES 32

/* A batch in pieces, for one kernel. */
typedef struct eqc_rt_work {
  const eqc_rt_sizes *sizes;
  void (*schedule)(int64_t, int64_t, eqc_schedule *);
  int copied[2]; /* whether the kernel touches a side, through scratch where it
                    cannot work in place */
  int64_t empty; /* the n of kernel calls for samples without entries; 0: there
                    are none, but the piece; -1: not even that */
  int64_t room;  /* bytes that each worker has besides scratch */
  double total;  /* operations, roughly */
  int64_t num_pieces;
  eqc_rt_piece *pieces; /* those that are not large */
  int64_t num_large;
  eqc_rt_piece large[EQC_RT_MAX_LARGE];
  int64_t piece_bytes, large_bytes; /* most scratch of one */
  int64_t num_tasks;
  int64_t tasks[EQC_RT_MAX_TASKS + 1]; /* where the pieces of each begin */
  struct {
    int64_t n, samples;
    eqc_schedule schedule;
  } known[EQC_RT_KNOWN_SCHEDULES];
} eqc_rt_work;

/* Finds large pieces, counts the others and all scratch. What comes before
   `total` is set, all else zero. */
void eqc_rt_count_pieces(eqc_rt_work *w);
/* Fills in the pieces, of which there is room for num_pieces; by_size: all of
   one n one after the other. */
void eqc_rt_list_pieces(eqc_rt_work *w, int by_size);
/* Cuts the pieces into at most so many tasks of about equal work. */
void eqc_rt_cut_tasks(eqc_rt_work *w, int64_t most);
/* How a kernel wants to be called for a large piece. */
void eqc_rt_schedule_piece(const eqc_rt_work *w, const eqc_rt_piece *piece,
                           eqc_schedule *out);

/* The scratch of a piece: samples of either side, where they are copied, then
   the kernel's own. */
char *eqc_rt_copy_of(const eqc_rt_work *w, const eqc_rt_piece *piece, int side,
                     char *scratch);
char *eqc_rt_kernel_scratch(const eqc_rt_work *w, const eqc_rt_piece *piece,
                            char *scratch);

/* Where a kernel finds a side of a piece whose array begins at `array`: there,
   or copied to scratch; NULL for a side that it does not touch. Threads share
   the copying if width is more than 1. */
const void *eqc_rt_read_piece(const eqc_rt_work *w, const eqc_rt_call *c,
                              const eqc_rt_piece *piece, int side,
                              const void *array, char *scratch, int64_t width,
                              int *status);
/* Copies a side of a piece of another array like it to where kernels find the
   piece. */
int eqc_rt_copy_piece(const eqc_rt_work *w, const eqc_rt_call *c,
                      const eqc_rt_piece *piece, int side, const void *array,
                      void *to, int64_t width);
/* Brings what a kernel wrote to its place. */
int eqc_rt_write_piece(const eqc_rt_work *w, const eqc_rt_call *c,
                       const eqc_rt_piece *piece, int side, void *array,
                       char *scratch, int64_t width);

/*===-- Ragged.c: checks and forward calls
 * ----------------------------------===*/

/* Checks the sizes and counts all bytes; fills in *s. extent: of the axes of
   padded arrays. */
int eqc_rt_check_ragged(eqc_rt_call *c, eqc_rt_sizes *s, int padded,
                        int64_t extent, int64_t batch, const int64_t *n);
/* Whether an output overlaps the sizes. */
int eqc_rt_check_sizes_alias(const eqc_rt_call *c, const eqc_rt_sizes *s,
                             const char *name, const void *array,
                             int64_t bytes);

/* A kernel applied to every piece: that of the layer, or of the gradient of
   x. */
typedef struct eqc_rt_map {
  eqc_rt_call call; /* x, y, packed, bias as the kernel has them */
  eqc_rt_work work;
  int in, out; /* sides */
  /* Packed weights for n, kept in the worker's room, which begins with 0 where
     it holds none; NULL: call.packed. */
  const void *(*weights)(void *context, int64_t n, char *room);
  void *context;
  int by_size;     /* such weights are made once for all pieces of an n */
  int64_t threads; /* that may share a piece */
  /* The large piece that threads share. */
  const eqc_rt_piece *piece;
  const void *piece_in, *piece_packed;
  void *piece_out;
} eqc_rt_map;

/* The bytes that a map needs after the first `head`, added to *total; then the
   work in them. */
int eqc_rt_prepare_map(eqc_rt_map *m, int64_t head, int64_t *total);
int eqc_rt_perform_map(eqc_rt_map *m, char *memory);

/* How many threads could share so much work. */
int64_t eqc_rt_threads_for(const eqc_rt_call *c, double operations);

#endif /* EQC_RT_RAGGED_H */
