//===- RenderDiagnostics.cpp - Errors as text and as JSON -----------------===//
//
// What a user reads: position, message, source line, caret, notes and fixes.
// Nothing of a source reaches the terminal unescaped.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Diagnostics.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/Unicode.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace eqc;
using llvm::raw_ostream;
using llvm::StringRef;

namespace {

/// The printed form of a piece of a line and what goes under it: spaces as wide
/// as the piece, tabs as tabs so that the caret lines up.
struct Echo {
  std::string text;
  std::string below;
};

} // namespace

static Echo echo(StringRef piece, char under) {
  Echo result;
  while (!piece.empty()) {
    if (piece.front() == '\t') {
      result.text += '\t';
      result.below += '\t';
      piece = piece.drop_front();
      continue;
    }
    std::string shown = takePrintable(piece);
    int width = llvm::sys::unicode::columnWidthUTF8(shown);
    result.text += shown;
    result.below.append(std::max(width, 0), under);
  }
  return result;
}

/// How much of a long line is shown on each side of the error.
static constexpr size_t contextBytes = 100;

static size_t codePointBoundary(StringRef line, size_t index) {
  while (index < line.size() &&
         (static_cast<uint8_t>(line[index]) & 0xC0) == 0x80)
    ++index;
  return std::min(index, line.size());
}

/// Prints the line of `range` and a caret under its start, `~` under the rest.
static void printLine(raw_ostream &os, const SourceText &source,
                      SourceRange range) {
  if (!source.text().data()) // larger than what is read
    return;
  LineColumn position = source.lineColumn(range.begin);
  StringRef line = source.line(position.line);
  size_t start = std::min<size_t>(position.column - 1, line.size());
  size_t length = range.end > range.begin ? range.end - range.begin : 0;
  size_t end = std::min(start + std::min(length, contextBytes), line.size());

  size_t from = 0, to = line.size();
  if (start > contextBytes)
    from = codePointBoundary(line, start - contextBytes);
  if (to - end > contextBytes)
    to = codePointBoundary(line, end + contextBytes);

  Echo before = echo(line.slice(from, start), ' ');
  Echo marked = echo(line.slice(start, end), '~');
  Echo after = echo(line.slice(end, to), ' ');
  StringRef cut = "...";
  os << "  " << (from ? cut : "") << before.text << marked.text << after.text
     << (to != line.size() ? cut : "") << "\n";
  os << "  " << (from ? "   " : "") << before.below << "^";
  os << StringRef(marked.below).drop_front(!marked.below.empty()) << "\n";
}

static void printPosition(raw_ostream &os, const SourceText &source,
                          SourceRange range) {
  LineColumn position = source.lineColumn(range.begin);
  os << printable(source.name()) << ":" << position.line << ":"
     << position.column << ": ";
}

void DiagnosticEngine::print(raw_ostream &os) const {
  for (const Diagnostic *diagnostic : sorted()) {
    printPosition(os, text, diagnostic->range);
    os << "error: " << printable(diagnostic->message) << " ["
       << diagnosticInfo(diagnostic->id).code << "]\n";
    printLine(os, text, diagnostic->range);
    for (const Diagnostic::Note &note : diagnostic->notes) {
      if (note.range)
        printPosition(os, text, *note.range);
      os << "note: " << printable(note.message) << "\n";
      if (note.range)
        printLine(os, text, *note.range);
    }
    for (const Diagnostic::Help &help : diagnostic->helps)
      os << "help: " << printable(help.message) << "\n";
  }
  if (count > kept.size())
    os << "note: further errors are not shown; only " << kept.size()
       << " are listed\n";
}

static llvm::json::Object jsonRange(const SourceText &source,
                                    SourceRange range) {
  LineColumn begin = source.lineColumn(range.begin);
  LineColumn end = source.lineColumn(std::max(range.begin, range.end));
  return llvm::json::Object{{"file", printable(source.name())},
                            {"line", begin.line},
                            {"column", begin.column},
                            {"end_line", end.line},
                            {"end_column", end.column}};
}

void DiagnosticEngine::printJson(raw_ostream &os) const {
  for (const Diagnostic *diagnostic : sorted()) {
    llvm::json::Object object = jsonRange(text, diagnostic->range);
    object["severity"] = "error";
    object["id"] = diagnosticInfo(diagnostic->id).code;
    object["message"] = printable(diagnostic->message);
    llvm::json::Array notes, helps;
    for (const Diagnostic::Note &note : diagnostic->notes) {
      llvm::json::Object entry;
      if (note.range)
        entry = jsonRange(text, *note.range);
      entry["message"] = printable(note.message);
      notes.push_back(std::move(entry));
    }
    for (const Diagnostic::Help &help : diagnostic->helps) {
      llvm::json::Object entry;
      if (help.fix) {
        entry = jsonRange(text, help.fix->range);
        entry["replacement"] = printable(help.fix->replacement);
      }
      entry["message"] = printable(help.message);
      helps.push_back(std::move(entry));
    }
    object["notes"] = std::move(notes);
    object["help"] = std::move(helps);
    os << llvm::json::Value(std::move(object)) << "\n";
  }
}
