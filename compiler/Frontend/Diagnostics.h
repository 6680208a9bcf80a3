//===- Diagnostics.h - Errors of the front end ------------------*- C++ -*-===//
//
// The table of stable error ids and the engine that collects located errors,
// with notes and suggested fixes, and prints them as text or as JSON.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_DIAGNOSTICS_H
#define EQC_FRONTEND_DIAGNOSTICS_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Frontend/SourceText.h"

#include "llvm/ADT/ArrayRef.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace eqc {

enum class DiagId {
#define EQC_DIAG(Code, Name, Status, Title, Explanation) Name,
#include "compiler/Frontend/Diagnostics.def"
};

/// One row of the table of ids.
struct DiagnosticInfo {
  DiagId id;
  const char *code;        ///< "E0012", stable for ever
  int status;              ///< the exit status it leads to: 1 or 4
  const char *title;       ///< a short line
  const char *explanation; ///< what it means and what to do, several lines
};

/// All rows, by code.
llvm::ArrayRef<DiagnosticInfo> allDiagnostics();
const DiagnosticInfo &diagnosticInfo(DiagId id);
/// The row of a code such as "E0012", or null. What `eqc explain E0012` prints.
const DiagnosticInfo *lookupDiagnostic(llvm::StringRef code);

/// A replacement of source text that would mend an error.
struct FixIt {
  SourceRange range;
  std::string replacement;
};

/// One error with all that is said about it.
struct Diagnostic {
  struct Note {
    std::optional<SourceRange> range; ///< none: about no place of the source
    std::string message;
  };
  struct Help {
    std::string message;
    std::optional<FixIt> fix;
  };

  DiagId id = DiagId::NoLayer;
  SourceRange range;
  std::string message; ///< lower case, no full stop
  std::vector<Note> notes;
  std::vector<Help> helps;

  /// Adds a note about another place.
  Diagnostic &note(SourceRange where, const llvm::Twine &message);
  /// Adds a note about no place.
  Diagnostic &note(const llvm::Twine &message);
  /// Says how to mend it.
  Diagnostic &help(const llvm::Twine &message);
  /// Says how to mend it, with the very replacement.
  Diagnostic &fix(SourceRange where, const llvm::Twine &replacement,
                  const llvm::Twine &message);
};

/// Collects the errors of one source.
class DiagnosticEngine {
public:
  /// Errors beyond this many are counted, not kept.
  static constexpr size_t maxErrors = 20;

  /// The source that locations mean. It must outlive the printing.
  void setSource(llvm::StringRef text, llvm::StringRef displayName);
  const SourceText &source() const { return text; }

  /// Reports an error; the result takes notes and fixes at once.
  Diagnostic &error(DiagId id, SourceRange range, const llvm::Twine &message);
  /// The same for stages that only know lines and columns.
  Diagnostic &error(DiagId id, const SourcePosition &where,
                    const llvm::Twine &message);

  bool hasErrors() const { return count != 0; }
  size_t errorCount() const { return count; }
  /// 0, 1, 3 or 4: the exit status of what was reported. A file that cannot be
  /// read (3) outranks refused input (1), and that a limit (4).
  int status() const { return worst; }
  /// Nothing further would be printed, nor change the status.
  bool saturated() const { return count >= maxErrors && worst == 1; }

  /// The errors kept, in the order of the source.
  std::vector<const Diagnostic *> sorted() const;

  /// Prints `FILE:LINE:COL: error: MESSAGE [E0123]`, the line, a caret, notes
  /// and fixes, in the order of the source.
  void print(llvm::raw_ostream &os) const;
  /// Prints one JSON object per line and error.
  void printJson(llvm::raw_ostream &os) const;

private:
  SourceText text;
  std::deque<Diagnostic> kept;
  Diagnostic discarded;
  size_t count = 0;
  int worst = 0;
};

/// The candidate that `word` is most likely a misspelling of, if any is near.
std::optional<llvm::StringRef>
closestWord(llvm::StringRef word, llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace eqc

#endif // EQC_FRONTEND_DIAGNOSTICS_H
