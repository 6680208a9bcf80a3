/*===- main.c - An equivariant layer on Zachary's karate club ------- C99 -===*\
|*                                                                            *|
|* Runs the layer of karate.eq on the club's graph and on the same graph with *|
|* its members renumbered at random, and shows that renumbering the members   *|
|* renumbers the output and changes nothing else.                             *|
|*                                                                            *|
|*   karate [edges.txt [seed]]                                                *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "karate.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  MEMBERS = karate_N,
  MAX_TIES = MEMBERS * (MEMBERS - 1) / 2,
  RELABELLINGS = 20,
  GRAPHS = 1 + RELABELLINGS, /* the club as it is, then the renumbered ones */
  COUNTING_CHANNEL = 0 /* the output channel whose weights are set by hand */
};

/* What the layer reads about each ordered pair of members. */
enum { TIE, TIES_OF_MEMBER, COMMON_FRIENDS, ALWAYS_ONE, FEATURES };

/* The map y[o1][o2] = sum over j of x[o1][j], in the canonical order of maps
   that `eqc explain` prints. */
enum { ROW_SUM = 7 }; /* o1 i1 | o2 | i2 */

typedef float graph_input[MEMBERS][MEMBERS][karate_C_IN];
typedef float graph_output[MEMBERS][MEMBERS][karate_C_OUT];

struct ties {
  int count;
  int from[MAX_TIES], to[MAX_TIES]; /* members, from 0 */
};

static uint64_t random_state;

/* splitmix64: the same numbers on every machine, unlike rand(). */
static uint64_t random_bits(void) {
  uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* Uniform in [-1, 1). */
static float random_weight(void) {
  return (float)(random_bits() >> 40) / (float)(1 << 23) - 1.0f;
}

/* Reads one tie per line, two members from 1; `#` starts a comment. */
static int read_ties(const char *path, struct ties *ties) {
  FILE *file = fopen(path, "r");
  char line[256];
  if (!file) {
    perror(path);
    return 0;
  }
  ties->count = 0;
  while (fgets(line, sizeof line, file)) {
    int a, b;
    if (line[0] == '#' || line[0] == '\n')
      continue;
    if (sscanf(line, "%d %d", &a, &b) != 2 || a < 1 || a > MEMBERS || b < 1 ||
        b > MEMBERS || a == b || ties->count == MAX_TIES) {
      fprintf(stderr, "%s: not a tie between two of %d members: %s", path,
              MEMBERS, line);
      fclose(file);
      return 0;
    }
    ties->from[ties->count] = a - 1;
    ties->to[ties->count] = b - 1;
    ++ties->count;
  }
  fclose(file);
  return 1;
}

/* The layer's input for the club when member m carries the number number[m]. */
static void describe(const struct ties *ties, const int *number,
                     graph_input x) {
  for (int i = 0; i < MEMBERS; ++i)
    for (int j = 0; j < MEMBERS; ++j) {
      for (int c = 0; c < FEATURES; ++c)
        x[i][j][c] = 0;
      x[i][j][ALWAYS_ONE] = 1;
    }
  for (int t = 0; t < ties->count; ++t) {
    int a = number[ties->from[t]], b = number[ties->to[t]];
    x[a][b][TIE] = x[b][a][TIE] = 1;
    x[a][a][TIES_OF_MEMBER] += 1;
    x[b][b][TIES_OF_MEMBER] += 1;
  }
  for (int i = 0; i < MEMBERS; ++i)
    for (int j = 0; j < MEMBERS; ++j)
      for (int m = 0; m < MEMBERS; ++m)
        x[i][j][COMMON_FRIENDS] += x[i][m][TIE] * x[m][j][TIE];
}

/* An untrained layer: random weights, except that one channel counts ties. */
static void
set_parameters(float weight[karate_DIAGRAMS][FEATURES][karate_C_OUT],
               float bias[karate_BIAS_DIAGRAMS][karate_C_OUT]) {
  for (int c = 0; c < karate_C_OUT; ++c) {
    int by_hand = c == COUNTING_CHANNEL;
    for (int d = 0; d < karate_DIAGRAMS; ++d)
      for (int f = 0; f < FEATURES; ++f)
        weight[d][f][c] =
            by_hand ? (float)(d == ROW_SUM && f == TIE) : random_weight();
    for (int e = 0; e < karate_BIAS_DIAGRAMS; ++e)
      bias[e][c] = by_hand ? 0.0f : random_weight();
  }
}

/* The largest |relabelled[number i][number j] - original[i][j]|; NaN if any. */
static float largest_difference(graph_output original, graph_output relabelled,
                                const int *number) {
  float largest = 0;
  for (int i = 0; i < MEMBERS; ++i)
    for (int j = 0; j < MEMBERS; ++j)
      for (int c = 0; c < karate_C_OUT; ++c) {
        float difference =
            fabsf(relabelled[number[i]][number[j]][c] - original[i][j][c]);
        if (!(difference <= largest))
          largest = difference;
      }
  return largest;
}

static float largest_entry(graph_output y) {
  static graph_output zero;
  int same[MEMBERS];
  for (int m = 0; m < MEMBERS; ++m)
    same[m] = m;
  return largest_difference(zero, y, same);
}

/* The best connected members as the layer counts them. Returns how many of all
   members it counts wrong. */
static int show_members(const struct ties *ties, graph_output y) {
  int count[MEMBERS] = {0}, wrong = 0, shown[MEMBERS] = {0};
  for (int t = 0; t < ties->count; ++t) {
    ++count[ties->from[t]];
    ++count[ties->to[t]];
  }
  printf("Ties of the five best connected, counted by output channel %d:\n",
         COUNTING_CHANNEL);
  for (int rank = 0; rank < 5; ++rank) {
    int best = -1;
    for (int m = 0; m < MEMBERS; ++m)
      if (!shown[m] && (best < 0 || y[m][m][COUNTING_CHANNEL] >
                                        y[best][best][COUNTING_CHANNEL]))
        best = m;
    shown[best] = 1;
    printf("  member %2d  %4.0f  ", best + 1, y[best][best][COUNTING_CHANNEL]);
    for (int i = 0; i < MEMBERS && i < y[best][best][COUNTING_CHANNEL]; ++i)
      putchar('#');
    putchar('\n');
  }
  for (int m = 0; m < MEMBERS; ++m)
    for (int j = 0; j < MEMBERS; ++j)
      if (!(fabsf(y[m][j][COUNTING_CHANNEL] - (float)count[m]) < 1e-3f)) {
        ++wrong;
        break;
      }
  return wrong;
}

static int verdict(const char *what, double value, int ok, const char *wanted) {
  printf("  %-52s %9.2g  %-9s %s\n", what, value, wanted, ok ? "ok" : "FAILED");
  return ok;
}

int main(int argc, char **argv) {
  static struct ties ties;
  static graph_input x[GRAPHS];
  static graph_output y[GRAPHS];
  static float weight[karate_DIAGRAMS][FEATURES][karate_C_OUT];
  static float bias[karate_BIAS_DIAGRAMS][karate_C_OUT];
  static int number[GRAPHS][MEMBERS];
  const eqc_layer_info *info = karate_info();
  int same[MEMBERS];

  random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1977;
  if (!read_ties(argc > 1 ? argv[1] : "edges.txt", &ties))
    return 2;
  if (karate_C_IN != FEATURES ||
      sizeof weight / sizeof(float) != karate_WEIGHT_SIZE) {
    fprintf(stderr,
            "karate.eq is not the layer this program was written for\n");
    return 2;
  }

  for (int m = 0; m < MEMBERS; ++m)
    same[m] = m;
  for (int g = 0; g < GRAPHS; ++g) {
    for (int m = 0; m < MEMBERS; ++m)
      number[g][m] = m;
    for (int m = MEMBERS - 1; g > 0 && m > 0; --m) { /* Fisher and Yates */
      int other = (int)(random_bits() % (uint64_t)(m + 1));
      int kept = number[g][m];
      number[g][m] = number[g][other];
      number[g][other] = kept;
    }
    describe(&ties, number[g], x[g]);
  }
  set_parameters(weight, bias);

  int status = karate_forward(GRAPHS, &x[0][0][0][0], &weight[0][0][0],
                              &bias[0][0], &y[0][0][0][0]);
  if (status != EQC_OK) {
    fprintf(stderr, "karate_forward: %s: %s\n", eqc_status_string(status),
            eqc_last_error());
    return 1;
  }

  printf("Zachary's karate club: %d members, %d ties\n", MEMBERS, ties.count);
  printf("Layer %s: %s_%d, order %d -> %d, channels %d -> %d, %d diagrams and "
         "%d for the bias, plan %s\n\n",
         info->name, karate_GROUP, MEMBERS, karate_K, karate_L, karate_C_IN,
         karate_C_OUT, karate_DIAGRAMS, karate_BIAS_DIAGRAMS, info->plan);
  int wrong = show_members(&ties, y[0]);

  printf("\nThe same club with its members renumbered at random, %d times;\n"
         "the first time 1, 2, 3, 4, .. become ",
         RELABELLINGS);
  for (int m = 0; m < 4; ++m)
    printf("%d, ", number[1][m] + 1);
  printf("..:\n");

  /* The worst relabelling counts: largest first difference, smallest second. */
  float scale = largest_entry(y[0]), moved = 0, unmoved = INFINITY;
  for (int g = 1; g < GRAPHS; ++g) {
    float after = largest_difference(y[0], y[g], number[g]) / scale;
    float before = largest_difference(y[0], y[g], same) / scale;
    if (!(after <= moved))
      moved = after;
    if (!(before >= unmoved))
      unmoved = before;
  }

  printf("\n  %-52s %9s  %s\n", "checked", "found", "wanted");
  int ok = verdict("new output against old output, renumbered alike", moved,
                   moved <= 3e-5f, "<= 3e-5");
  ok &= verdict("new output against old output, as it was", unmoved,
                unmoved > 1e-2f, "> 0.01");
  ok &= verdict("members whose ties are counted wrong", wrong, wrong == 0, "0");
  printf("\n%s\n", ok ? "Renumbering the members renumbers the output, and "
                        "does nothing else."
                      : "The layer is not equivariant.");
  return ok ? 0 : 1;
}
