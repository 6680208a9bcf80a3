//===- CheckCases.h - On which sizes a layer is checked ---------*- C++ -*-===//
//
// Chooses sizes and batches, and reduces what the oracle could not do in time.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_CHECKCASES_H
#define EQC_CHECK_CHECKCASES_H

#include "compiler/Check/Check.h"

namespace eqc {

/// One call to compare with the oracle. A layer is linear in x and in its
/// weights, so a case too large for the oracle is still checked exactly on a
/// part: input channels other than `cIn` random ones are zero, output channels
/// other than `cOut` random ones are not compared, and all but `diagrams`
/// random diagrams have zero weights.
struct CheckCase {
  int64_t n = 1;
  int64_t batch = 1;
  int64_t samples = 1;
  int64_t cIn = 1;
  int64_t cOut = 1;
  int64_t diagrams = 0;
  bool skipped = false;
  std::string note; ///< what was reduced, or why it was skipped
};

std::vector<CheckCase> planCases(const LayerSpec &spec,
                                 const CheckOptions &options);

} // namespace eqc

#endif // EQC_CHECK_CHECKCASES_H
