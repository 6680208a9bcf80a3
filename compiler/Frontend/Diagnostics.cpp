//===- Diagnostics.cpp - Errors of the front end --------------------------===//
//
// The table of ids and the collection of errors. Printing:
// RenderDiagnostics.cpp.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Diagnostics.h"

#include <algorithm>

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

static const DiagnosticInfo table[] = {
#define EQC_DIAG(Code, Name, Status, Title, Explanation)                       \
  {DiagId::Name, Code, Status, Title, Explanation},
#include "compiler/Frontend/Diagnostics.def"
};

llvm::ArrayRef<DiagnosticInfo> eqc::allDiagnostics() { return table; }

const DiagnosticInfo &eqc::diagnosticInfo(DiagId id) {
  return table[static_cast<size_t>(id)];
}

const DiagnosticInfo *eqc::lookupDiagnostic(StringRef code) {
  for (const DiagnosticInfo &info : table)
    if (code == info.code)
      return &info;
  return nullptr;
}

Diagnostic &Diagnostic::note(SourceRange where, const Twine &message) {
  notes.push_back({where, message.str()});
  return *this;
}

Diagnostic &Diagnostic::note(const Twine &message) {
  notes.push_back({std::nullopt, message.str()});
  return *this;
}

Diagnostic &Diagnostic::help(const Twine &message) {
  helps.push_back({message.str(), std::nullopt});
  return *this;
}

Diagnostic &Diagnostic::fix(SourceRange where, const Twine &replacement,
                            const Twine &message) {
  helps.push_back({message.str(), FixIt{where, replacement.str()}});
  return *this;
}

void DiagnosticEngine::setSource(StringRef newText, StringRef displayName) {
  text = SourceText(newText, displayName);
}

Diagnostic &DiagnosticEngine::error(DiagId id, SourceRange range,
                                    const Twine &message) {
  // What cannot be read outranks what is refused, and that a limit.
  int status = diagnosticInfo(id).status;
  if (worst != 3 && (worst != 1 || status == 3))
    worst = status;
  if (++count > maxErrors) {
    discarded = Diagnostic();
    return discarded;
  }
  Diagnostic &diagnostic = kept.emplace_back();
  diagnostic.id = id;
  diagnostic.range = range;
  diagnostic.message = message.str();
  return diagnostic;
}

Diagnostic &DiagnosticEngine::error(DiagId id, const SourcePosition &where,
                                    const Twine &message) {
  size_t offset = text.offset({where.line, where.column});
  return error(id, SourceRange::at(offset), message);
}

std::vector<const Diagnostic *> DiagnosticEngine::sorted() const {
  // By place, then as reported (libstdc++'s stable_sort is deprecated in part).
  std::vector<std::pair<size_t, size_t>> order;
  for (size_t i = 0; i != kept.size(); ++i)
    order.emplace_back(kept[i].range.begin, i);
  std::sort(order.begin(), order.end());
  std::vector<const Diagnostic *> result;
  for (auto [begin, index] : order)
    result.push_back(&kept[index]);
  return result;
}

std::optional<StringRef>
eqc::closestWord(StringRef word, llvm::ArrayRef<StringRef> candidates) {
  // Longer words are no misspellings of ours, and distances would cost.
  if (word.size() > 32)
    return std::nullopt;
  unsigned best = (word.size() + 2) / 3 + 1;
  std::optional<StringRef> result;
  for (StringRef candidate : candidates) {
    unsigned distance = word.edit_distance_insensitive(candidate);
    // A single letter is a misspelling only of itself in the other case.
    if (candidate.size() == 1 && distance != 0)
      continue;
    if (distance < best && distance < candidate.size()) {
      best = distance;
      result = candidate;
    }
  }
  return result;
}
