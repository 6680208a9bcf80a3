//===- Language.h - The words of the language -------------------*- C++ -*-===//
//
// For the checks, and for editors: completion, hover, colours.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_LANGUAGE_H
#define EQC_FRONTEND_LANGUAGE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace eqc {

enum class FieldKind {
#define EQC_FIELD(ID, NAME, WORDS, HELP) ID,
#include "compiler/Frontend/Fields.def"
};

struct FieldInfo {
  llvm::StringRef name;
  std::vector<llvm::StringRef> words; ///< that its value may be, if only these
  llvm::StringRef help;
};
/// In the order of FieldKind.
llvm::ArrayRef<FieldInfo> fieldInfos();
inline const FieldInfo &infoOf(FieldKind kind) {
  return fieldInfos()[static_cast<size_t>(kind)];
}

/// The field that is meant by a name that other libraries give it.
std::optional<llvm::StringRef> fieldMeantBy(llvm::StringRef written);
/// The word that is meant by one that is no value of a field.
std::optional<llvm::StringRef> wordMeantBy(FieldKind kind,
                                           llvm::StringRef written);
/// What to do about a value that is not there, or is written otherwise; empty
/// where there is nothing to say.
llvm::StringRef adviceOn(FieldKind kind, llvm::StringRef written);

/// What a declaration starts with.
inline constexpr llvm::StringLiteral declarationWords[] = {"layer", "space",
                                                           "network"};
/// What may be called in a network, beside functions of entries and layers, and
/// what it does.
struct CallInfo {
  llvm::StringRef name, help;
};
llvm::ArrayRef<CallInfo> networkCalls();

} // namespace eqc

#endif // EQC_FRONTEND_LANGUAGE_H
