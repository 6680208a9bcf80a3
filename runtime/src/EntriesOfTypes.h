/*===- EntriesOfTypes.h - Entries.h for both types of numbers ------- C99 -===*\
|*                                                                            *|
|* Included once for each kind of CPU: TARGET says which, and VARIANT is what *|
|* names end with. The functions are called f_f32 and f_f64, then VARIANT.    *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#define JOIN_NAME(f, type, variant) f##type##variant
#define MAKE_NAME(f, type, variant) JOIN_NAME(f, type, variant)

#define T float
#define NAME(f) MAKE_NAME(f, _f32, VARIANT)
#define MATH(function) function##f
#define FAST(function) eqc_rt_##function##f
#include "Entries.h"
#undef T
#undef NAME
#undef MATH
#undef FAST

#define T double
#define NAME(f) MAKE_NAME(f, _f64, VARIANT)
#define MATH(function) function
#define FAST(function) function
#include "Entries.h"
#undef T
#undef NAME
#undef MATH
#undef FAST

#undef JOIN_NAME
#undef MAKE_NAME
