//===- Depfile.cpp - What a run read, for build systems -------------------===//

#include "compiler/Driver/Depfile.h"

using namespace eqc;

/// As compilers write it for `-MD`: Make, Ninja and CMake read that.
static std::string escaped(const std::string &path) {
  std::string text;
  for (char c : path) {
    if (c == ' ' || c == '#')
      text += '\\';
    if (c == '$')
      text += '$';
    text += c;
  }
  return text;
}

std::string eqc::emitDepfile(llvm::ArrayRef<std::string> written,
                             llvm::ArrayRef<std::string> read) {
  std::string text;
  for (const std::string &path : written)
    text += (text.empty() ? "" : " ") + escaped(path);
  text += ":";
  for (const std::string &path : read)
    text += " \\\n  " + escaped(path);
  return text + "\n";
}
