//===- Target.h - What is called with any bytes -----------------*- C++ -*-===//

#ifndef EQC_TEST_FUZZ_GUIDED_TARGET_H
#define EQC_TEST_FUZZ_GUIDED_TARGET_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

/// libFuzzer calls it with what it makes up, the tests with files.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// Ends the process where something does not hold: a finding.
inline void require(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

#endif // EQC_TEST_FUZZ_GUIDED_TARGET_H
