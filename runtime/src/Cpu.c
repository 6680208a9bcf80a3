/*===- Cpu.c - Which variant of a kernel this CPU can run ----------- C99 -===*\
|*                                                                            *|
|* Asks the CPU itself: the compiler's own __builtin_cpu_supports needs its   *|
|* support library, and layers depend on libc, libm and threads only. A       *|
|* feature counts when the CPU has it and the kernel saves its registers.     *|
|* EQC_CPU_LEVEL=1..4 in the environment hides what is above x86-64-vN.       *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#include "Internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A feature is a bit of a word that the CPU or the kernel fills in; see
   CpuFeatures.def. */
typedef struct feature {
  const char *names; /* with a space at both ends */
  unsigned char word, bit, level, required, state;
} feature;

enum { STATE_NONE, STATE_AVX, STATE_AVX512 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint32_t words[24];
static int states[3] = {1, 0, 0};
static int64_t cpu_level;

#if defined(__x86_64__)
#include <cpuid.h>

enum { L1 = 0, L7 = 4, L7_1 = 8, LEXT = 12, LXSAVE = 16, LEXT8 = 20 };
enum { EAX, EBX, ECX, EDX };

static const feature features[] = {
#define EQC_X86_FEATURE(names, word, bit, level, required, state, code)        \
  {" " names " ", word, bit, level, required, state},
#include "CpuFeatures.def"
};

static void read_leaf(int word, uint32_t leaf, uint32_t subleaf) {
  uint32_t *w = &words[word];
  if (!__get_cpuid_count(leaf, subleaf, w, w + 1, w + 2, w + 3))
    memset(w, 0, 4 * sizeof *w);
}

static void read_cpu(void) {
  uint32_t low = 0, high;
  read_leaf(L1, 1, 0);
  read_leaf(L7, 7, 0);
  if (words[L7 + EAX] >= 1)
    read_leaf(L7_1, 7, 1);
  read_leaf(LEXT, 0x80000001u, 0);
  read_leaf(LXSAVE, 13, 1);
  read_leaf(LEXT8, 0x80000008u, 0);
  if (words[L1 + ECX] >> 27 & 1)
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  states[STATE_AVX] = (low & 0x6) == 0x6;
  states[STATE_AVX512] = (low & 0xe6) == 0xe6;
}

#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

static const feature features[] = {
#define EQC_AARCH64_FEATURE(names, word, bit, code)                            \
  {" " names " ", word, bit, 0, 0, STATE_NONE},
#include "CpuFeatures.def"
};

static void read_cpu(void) {
  uint64_t low = getauxval(AT_HWCAP), high = getauxval(AT_HWCAP2);
  words[0] = (uint32_t)low;
  words[1] = (uint32_t)(low >> 32);
  words[2] = (uint32_t)high;
  words[3] = (uint32_t)(high >> 32);
}

#else
static const feature features[] = {{"", 0, 0, 0, 0, STATE_NONE}};
static void read_cpu(void) {}
#endif

#define NUM_FEATURES (sizeof features / sizeof *features)

static int has(const feature *f) {
  return f->level <= cpu_level && states[f->state] &&
         (words[f->word] >> f->bit & 1);
}

static void read_once(void) {
  const char *limit = getenv("EQC_CPU_LEVEL");
  int64_t level = 4;
  size_t i;
  read_cpu();
  cpu_level = 4; /* so that has() hides nothing yet */
  for (i = 0; i < NUM_FEATURES; ++i)
    if (features[i].required && !has(&features[i]) &&
        features[i].level <= level)
      level = features[i].level - 1;
#if !defined(__x86_64__)
  level = 0;
#endif
  if (limit && *limit >= '0' && *limit <= '4' && !limit[1] &&
      *limit - '0' < level)
    level = *limit - '0';
  cpu_level = level;
}

/* Whether the CPU has the feature whose name is the length bytes at name. */
static int has_name(const char *name, size_t length) {
  size_t i;
  for (i = 0; i < NUM_FEATURES; ++i) {
    const char *at = features[i].names;
    while ((at = strchr(at, ' ')) && at[1]) {
      ++at;
      if (strncmp(at, name, length) == 0 && at[length] == ' ')
        return has(&features[i]);
    }
  }
  return 0;
}

/* names is a comma-separated list; empty entries ask for nothing. */
static int has_all(const char *names) {
  while (names && *names) {
    size_t length = strcspn(names, ",");
    if (length > 0 && !has_name(names, length))
      return 0;
    names += length;
    names += *names == ',';
  }
  return 1;
}

static int fits(const eqc_variant *variant) {
  return variant->cpu_level < 0 ? has_all(variant->cpu_features)
                                : variant->cpu_level <= cpu_level;
}

const eqc_variant *eqc_rt_choose(const eqc_kernel *kernel) {
  int64_t i = 0;
  /* 0: not chosen yet; -1: none fits; else 1 + the index. */
  if (kernel->chosen)
    i = __atomic_load_n(kernel->chosen, __ATOMIC_RELAXED);
  if (i == 0) {
    pthread_once(&once, read_once);
    for (i = kernel->num_variants; i > 0 && !fits(&kernel->variants[i - 1]);)
      --i;
    if (i == 0)
      i = -1;
    if (kernel->chosen)
      __atomic_store_n(kernel->chosen, i, __ATOMIC_RELAXED);
  }
  return i > 0 ? &kernel->variants[i - 1] : NULL;
}

int64_t eqc_rt_cpu_level(void) {
  pthread_once(&once, read_once);
  return cpu_level;
}
