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
