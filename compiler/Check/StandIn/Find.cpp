//===- Find.cpp - The functions of the stand-in by their names ------------===//

#include "compiler/Check/StandIn/StandIn.h"

#include <cstring>

/// Each under a name of its own: the driver's may stand for another function
/// here, which is declared where it is defined.
extern "C" {
#include "runtime/cuda/src/Driver.h"
#define EQC_CUDA_CALL(name, symbol, parameters)                                \
  int standin_##name parameters __asm__(symbol);
#include "runtime/cuda/src/Driver.def"
#define EQC_CUDA_CALL(name, symbol, parameters)                                \
  int standin_##name parameters __asm__(symbol);
#include "compiler/Check/Gpu/Driver.def"
}

static const struct {
  const char *name;
  void *function;
} functions[] = {
#define EQC_CUDA_CALL(name, symbol, parameters)                                \
  {symbol, reinterpret_cast<void *>(&standin_##name)},
#include "runtime/cuda/src/Driver.def"
#define EQC_CUDA_CALL(name, symbol, parameters)                                \
  {symbol, reinterpret_cast<void *>(&standin_##name)},
#include "compiler/Check/Gpu/Driver.def"
};

void *eqc::standin::find(const char *name) {
  for (const auto &each : functions)
    if (std::strcmp(each.name, name) == 0)
      return each.function;
  return nullptr;
}
