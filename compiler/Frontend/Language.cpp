//===- Language.cpp - The words of the language ---------------------------===//

#include "compiler/Frontend/Language.h"

#include "llvm/ADT/StringExtras.h"

using namespace eqc;
using llvm::StringRef;

static FieldInfo makeInfo(StringRef name, StringRef words, StringRef help) {
  FieldInfo info{name, {}, help};
  for (StringRef word : llvm::split(words, ' '))
    if (!word.empty())
      info.words.push_back(word);
  return info;
}

llvm::ArrayRef<FieldInfo> eqc::fieldInfos() {
  static const std::vector<FieldInfo> infos = {
#define EQC_FIELD(ID, NAME, WORDS, HELP) makeInfo(NAME, WORDS, HELP),
#include "compiler/Frontend/Fields.def"
  };
  return infos;
}

std::optional<StringRef> eqc::fieldMeantBy(StringRef written) {
#define EQC_FIELD_SYNONYM(WRITTEN, FIELD)                                      \
  if (written.equals_insensitive(WRITTEN))                                     \
    return StringRef(FIELD);
#include "compiler/Frontend/Synonyms.def"
  return std::nullopt;
}

std::optional<StringRef> eqc::wordMeantBy(FieldKind kind, StringRef written) {
#define EQC_WORD_SYNONYM(FIELD, WRITTEN, WORD)                                 \
  if (kind == FieldKind::FIELD && written.equals_insensitive(WRITTEN))         \
    return StringRef(WORD);
#include "compiler/Frontend/Synonyms.def"
  return std::nullopt;
}

StringRef eqc::adviceOn(FieldKind kind, StringRef written) {
#define EQC_WORD_ADVICE(FIELD, WRITTEN, ADVICE)                                \
  if (kind == FieldKind::FIELD && written.equals_insensitive(WRITTEN))         \
    return ADVICE;
#include "compiler/Frontend/Synonyms.def"
  return {};
}

llvm::ArrayRef<CallInfo> eqc::networkCalls() {
  static constexpr CallInfo calls[] = {
      {"norm",
       "`norm(x, SPACE, ..)`: norms over the axes of some spaces, or over "
       "all"},
      {"scale", "`scale(s, x)`: entries of x times those of s, which lacks all "
                "axes of some spaces"},
      {"concat", "`concat(a, b, ..)`: their channels, one after the other"}};
  return calls;
}
