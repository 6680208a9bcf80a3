//===- ObjectEmitter.h - LLVM IR to machine code ----------------*- C++ -*-===//

#ifndef EQC_TARGET_OBJECTEMITTER_H
#define EQC_TARGET_OBJECTEMITTER_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace eqc {

/// Makes LLVM's targets known, once.
void initializeTargets();

/// A machine for `triple`; functions name their own CPU. Null with `error` if
/// the triple is not one this LLVM can compile for.
std::unique_ptr<llvm::TargetMachine>
makeTargetMachine(const std::string &triple, int optLevel, std::string &error);

/// Runs LLVM's default optimisations for `optLevel` (0..3).
void optimizeModule(llvm::Module &module, llvm::TargetMachine &machine,
                    int optLevel);

/// Appends an object file or assembly text to `out`.
bool emitCode(llvm::Module &module, llvm::TargetMachine &machine, bool assembly,
              llvm::SmallVectorImpl<char> &out);

} // namespace eqc

#endif // EQC_TARGET_OBJECTEMITTER_H
