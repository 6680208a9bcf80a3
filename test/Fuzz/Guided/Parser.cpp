//===- Parser.cpp - Any bytes as a source ---------------------------------===//
//
// The front end gives layers or errors, never both; errors lie within the
// source; what it accepted survives being printed and read again.
//
//===----------------------------------------------------------------------===//

#include "test/Fuzz/Guided/Read.h"

using namespace eqc::test;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Parsed run(llvm::StringRef(reinterpret_cast<const char *>(data), size));
  requireReadRight(run, size);
  return 0;
}
