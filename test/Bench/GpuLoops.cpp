//===- GpuLoops.cpp - Prints the kernels that measure a GPU ---------------===//

#include "compiler/Bench/GpuLoops.h"

#include <cstdio>

int main() {
  const std::string text = eqc::gpuLoops();
  return std::fputs(text.c_str(), stdout) < 0;
}
