//===- NotationLexer.h - Tokens of the diagram notation ---------*- C++ -*-===//
//
// What the notations of diagrams and of row patterns share.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_NOTATIONLEXER_H
#define EQC_ALGEBRA_NOTATIONLEXER_H

#include "compiler/Algebra/RowPattern.h"

#include <functional>
#include <optional>

namespace eqc {

/// `|`, `*`, `~`, or a word up to the next blank or mark.
struct NotationToken {
  std::string_view text;
  size_t offset = 0;

  /// An error that points at this token.
  DiagramError error(std::string message) const;
  /// The token in quotes, fit for a message: shortened, control characters
  /// escaped.
  std::string quoted() const;
};

/// Splits a notation into tokens.
class NotationLexer {
public:
  explicit NotationLexer(std::string_view text) : text(text) {}
  /// Reads the next token; false at the end, `token` is then untouched.
  bool next(NotationToken &token);
  /// That of the whole text.
  size_t size() const { return text.size(); }

private:
  std::string_view text;
  size_t position = 0;
};

/// The number of a space, or kBadSpace.
int parseSpace(std::string_view number);
/// Takes `:1`, the number of a space, or of a sum where it `maybeSum`, off the
/// end of a token.
int takeSpace(NotationToken &token, bool maybeSum = false);
/// Takes `/2`, the number of a part of a sum, off the end of a token.
int takePart(NotationToken &token);
constexpr int kNoSpace = -1, kBadSpace = -2;

/// Blocks by number with bars between them, each behind what `markOf` says. The
/// legs of an orbit, alone in theirs, stand together and have `values`.
std::string textOfBlocks(const std::vector<std::vector<int>> &blocks,
                         const std::vector<int> &values,
                         const std::function<bool(int block)> &isLeg,
                         const std::function<std::string(int vertex)> &nameOf,
                         const std::function<std::string(int block)> &markOf);

/// Orbits of diagrams and of row patterns, which have values behind '='; see
/// OrbitNotation.cpp. What stands behind the blocks, and the whole where all
/// axes are of one space.
std::string tailOfOrbit(const TupleOrbit &orbit);
std::string tailOfOrbit(const RowOrbit &orbit);
std::variant<Diagram, DiagramError> parseOrbit(std::string_view text, int l,
                                               int k, bool typed);
std::variant<RowPattern, DiagramError> parseRowOfOrbit(std::string_view text,
                                                       int size);
/// Read what stands behind the blocks from `token` on, null where nothing does;
/// the error, if there is one.
std::optional<DiagramError>
parseTail(NotationLexer &lexer, const NotationToken *token, TupleOrbit &orbit);
std::optional<DiagramError>
parseTail(NotationLexer &lexer, const NotationToken *token, RowOrbit &orbit);
/// Takes `=3`, the value of a vertex, off the end of a token; kBadSpace where
/// that is none, kNoSpace without one.
int takeValue(NotationToken &token);

/// Graph maps, which have letters behind '=' and edges behind ':', and rows of
/// them; see GraphMapNotation.cpp.
std::string textOfGraphMap(const Diagram &diagram, bool typed);
std::string textOfSteps(const RowPattern &pattern);
std::variant<Diagram, DiagramError> parseGraphMap(std::string_view text, int l,
                                                  int k, bool typed);
std::variant<RowPattern, DiagramError> parseRowWithSteps(std::string_view text,
                                                         int size);

/// A positive decimal number without leading zeros, saturated far above any
/// vertex number; 0 for anything else.
long long parseIndex(std::string_view digits);

} // namespace eqc

#endif // EQC_ALGEBRA_NOTATIONLEXER_H
