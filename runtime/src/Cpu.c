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

/* A feature is a bit of a word that the CPU or the kernel fills in. */
typedef struct feature {
  const char *names; /* as in /proc/cpuinfo and as in LLVM, separated by a
                        space, with a space at both ends */
  unsigned char word, bit;
  unsigned char level;    /* the x86-64 level that it comes with, or would */
  unsigned char required; /* belongs to the definition of that level */
  unsigned char state;    /* registers the kernel must save */
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
    {" fpu x87 ", L1 + EDX, 0, 1, 1, STATE_NONE},
    {" cx8 ", L1 + EDX, 8, 1, 1, STATE_NONE},
    {" cmov ", L1 + EDX, 15, 1, 1, STATE_NONE},
    {" mmx ", L1 + EDX, 23, 1, 1, STATE_NONE},
    {" fxsr ", L1 + EDX, 24, 1, 1, STATE_NONE},
    {" sse ", L1 + EDX, 25, 1, 1, STATE_NONE},
    {" sse2 ", L1 + EDX, 26, 1, 1, STATE_NONE},
    {" lm 64bit ", LEXT + EDX, 29, 1, 1, STATE_NONE},
    {" pni sse3 ", L1 + ECX, 0, 2, 1, STATE_NONE},
    {" ssse3 ", L1 + ECX, 9, 2, 1, STATE_NONE},
    {" cx16 ", L1 + ECX, 13, 2, 1, STATE_NONE},
    {" sse4_1 sse4.1 ", L1 + ECX, 19, 2, 1, STATE_NONE},
    {" sse4_2 sse4.2 crc32 ", L1 + ECX, 20, 2, 1, STATE_NONE},
    {" popcnt ", L1 + ECX, 23, 2, 1, STATE_NONE},
    {" lahf_lm sahf ", LEXT + ECX, 0, 2, 1, STATE_NONE},
    {" fma ", L1 + ECX, 12, 3, 1, STATE_AVX},
    {" movbe ", L1 + ECX, 22, 3, 1, STATE_NONE},
    {" osxsave ", L1 + ECX, 27, 3, 1, STATE_NONE},
    {" avx ", L1 + ECX, 28, 3, 1, STATE_AVX},
    {" f16c ", L1 + ECX, 29, 3, 1, STATE_AVX},
    {" bmi1 bmi ", L7 + EBX, 3, 3, 1, STATE_NONE},
    {" avx2 ", L7 + EBX, 5, 3, 1, STATE_AVX},
    {" bmi2 ", L7 + EBX, 8, 3, 1, STATE_NONE},
    {" abm lzcnt ", LEXT + ECX, 5, 3, 1, STATE_NONE},
    {" avx512f evex512 ", L7 + EBX, 16, 4, 1, STATE_AVX512},
    {" avx512dq ", L7 + EBX, 17, 4, 1, STATE_AVX512},
    {" avx512cd ", L7 + EBX, 28, 4, 1, STATE_AVX512},
    {" avx512bw ", L7 + EBX, 30, 4, 1, STATE_AVX512},
    {" avx512vl ", L7 + EBX, 31, 4, 1, STATE_AVX512},
    {" pclmulqdq pclmul ", L1 + ECX, 1, 3, 0, STATE_NONE},
    {" aes ", L1 + ECX, 25, 3, 0, STATE_NONE},
    {" xsave ", L1 + ECX, 26, 3, 0, STATE_NONE},
    {" rdrand rdrnd ", L1 + ECX, 30, 3, 0, STATE_NONE},
    {" fsgsbase ", L7 + EBX, 0, 3, 0, STATE_NONE},
    {" invpcid ", L7 + EBX, 10, 3, 0, STATE_NONE},
    {" rdseed ", L7 + EBX, 18, 3, 0, STATE_NONE},
    {" adx ", L7 + EBX, 19, 3, 0, STATE_NONE},
    {" clflushopt ", L7 + EBX, 23, 3, 0, STATE_NONE},
    {" clwb ", L7 + EBX, 24, 3, 0, STATE_NONE},
    {" sha_ni sha ", L7 + EBX, 29, 3, 0, STATE_NONE},
    {" avx512ifma ", L7 + EBX, 21, 4, 0, STATE_AVX512},
    {" avx512vbmi ", L7 + ECX, 1, 4, 0, STATE_AVX512},
    {" avx512_vbmi2 avx512vbmi2 ", L7 + ECX, 6, 4, 0, STATE_AVX512},
    {" gfni ", L7 + ECX, 8, 3, 0, STATE_NONE},
    {" vaes ", L7 + ECX, 9, 3, 0, STATE_AVX},
    {" vpclmulqdq ", L7 + ECX, 10, 3, 0, STATE_AVX},
    {" avx512_vnni avx512vnni ", L7 + ECX, 11, 4, 0, STATE_AVX512},
    {" avx512_bitalg avx512bitalg ", L7 + ECX, 12, 4, 0, STATE_AVX512},
    {" avx512_vpopcntdq avx512vpopcntdq ", L7 + ECX, 14, 4, 0, STATE_AVX512},
    {" rdpid ", L7 + ECX, 22, 3, 0, STATE_NONE},
    {" cldemote ", L7 + ECX, 25, 3, 0, STATE_NONE},
    {" movdiri ", L7 + ECX, 27, 3, 0, STATE_NONE},
    {" movdir64b ", L7 + ECX, 28, 3, 0, STATE_NONE},
    {" fsrm ", L7 + EDX, 4, 3, 0, STATE_NONE},
    {" avx512_vp2intersect avx512vp2intersect ", L7 + EDX, 8, 4, 0,
     STATE_AVX512},
    {" serialize ", L7 + EDX, 14, 3, 0, STATE_NONE},
    {" avx512_fp16 avx512fp16 ", L7 + EDX, 23, 4, 0, STATE_AVX512},
    {" avx_vnni avxvnni ", L7_1 + EAX, 4, 3, 0, STATE_AVX},
    {" avx512_bf16 avx512bf16 ", L7_1 + EAX, 5, 4, 0, STATE_AVX512},
    {" avx_ifma avxifma ", L7_1 + EAX, 23, 3, 0, STATE_AVX},
    {" avx_vnni_int8 avxvnniint8 ", L7_1 + EDX, 4, 3, 0, STATE_AVX},
    {" avx_ne_convert avxneconvert ", L7_1 + EDX, 5, 3, 0, STATE_AVX},
    {" avx_vnni_int16 avxvnniint16 ", L7_1 + EDX, 10, 3, 0, STATE_AVX},
    {" sse4a ", LEXT + ECX, 6, 3, 0, STATE_NONE},
    {" 3dnowprefetch prfchw ", LEXT + ECX, 8, 3, 0, STATE_NONE},
    {" xop ", LEXT + ECX, 11, 3, 0, STATE_AVX},
    {" fma4 ", LEXT + ECX, 16, 3, 0, STATE_AVX},
    {" tbm ", LEXT + ECX, 21, 3, 0, STATE_NONE},
    {" mwaitx ", LEXT + ECX, 29, 3, 0, STATE_NONE},
    {" xsaveopt ", LXSAVE + EAX, 0, 3, 0, STATE_NONE},
    {" xsavec ", LXSAVE + EAX, 1, 3, 0, STATE_NONE},
    {" xsaves ", LXSAVE + EAX, 3, 3, 0, STATE_NONE},
    {" clzero ", LEXT8 + EBX, 0, 3, 0, STATE_NONE},
    {" wbnoinvd ", LEXT8 + EBX, 9, 3, 0, STATE_NONE},
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

/* Words: AT_HWCAP low and high, AT_HWCAP2 low and high. */
static const feature features[] = {
    {" fp fp-armv8 ", 0, 0, 0, 0, STATE_NONE},
    {" asimd neon ", 0, 1, 0, 0, STATE_NONE},
    {" aes ", 0, 3, 0, 0, STATE_NONE},
    {" pmull ", 0, 4, 0, 0, STATE_NONE},
    {" sha1 ", 0, 5, 0, 0, STATE_NONE},
    {" sha2 ", 0, 6, 0, 0, STATE_NONE},
    {" crc32 crc ", 0, 7, 0, 0, STATE_NONE},
    {" atomics lse ", 0, 8, 0, 0, STATE_NONE},
    {" fphp ", 0, 9, 0, 0, STATE_NONE},
    {" asimdhp fullfp16 ", 0, 10, 0, 0, STATE_NONE},
    {" asimdrdm rdm ", 0, 12, 0, 0, STATE_NONE},
    {" jscvt jsconv ", 0, 13, 0, 0, STATE_NONE},
    {" fcma complxnum ", 0, 14, 0, 0, STATE_NONE},
    {" lrcpc rcpc ", 0, 15, 0, 0, STATE_NONE},
    {" asimddp dotprod ", 0, 20, 0, 0, STATE_NONE},
    {" sve ", 0, 22, 0, 0, STATE_NONE},
    {" asimdfhm fp16fml ", 0, 23, 0, 0, STATE_NONE},
    {" sve2 ", 2, 1, 0, 0, STATE_NONE},
    {" i8mm ", 2, 13, 0, 0, STATE_NONE},
    {" bf16 ", 2, 14, 0, 0, STATE_NONE},
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
