//===- Bundle.h - Code objects of several chips in one ----------*- C++ -*-===//

#ifndef EQC_LOWERING_ROCM_BUNDLE_H
#define EQC_LOWERING_ROCM_BUNDLE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <utility>

namespace eqc::rocm {

/// Code objects by their chips, as clang's offload bundler puts them together
/// and HIP's loader chooses from them.
void writeBundle(llvm::ArrayRef<std::pair<std::string, std::string>> objects,
                 llvm::SmallVectorImpl<char> &bundle);

} // namespace eqc::rocm

#endif // EQC_LOWERING_ROCM_BUNDLE_H
