//===- Format.cpp - Sources in one style ----------------------------------===//
//
// Tokens are gathered into lines, whose columns are then made even. Comments
// are found between tokens, since the lexer drops them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/Format.h"

#include "compiler/Frontend/Lexer.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <vector>

using namespace eqc;
using llvm::StringRef;

namespace {

constexpr size_t kLongestLine = 100;

struct Comment {
  std::string text;
  bool onOwnLine = true;    ///< no token stands before it in its line
  bool blankBefore = false; ///< an empty line does
};

/// A token with what stands before it.
struct Piece {
  Token token;
  std::vector<Comment> comments;
  bool newline = false;     ///< a line ended between the last token and this
  bool blankBefore = false; ///< the line before it is empty
};

struct Line {
  int indent = 0;
  std::string code, comment;
  size_t equal = StringRef::npos; ///< where the '=' of a field stands
  bool blankBefore = false;
};

/// The comments and line ends of `text`, which stands before a piece.
void readTrivia(StringRef text, bool afterToken, Piece &piece) {
  bool lineHasToken = afterToken;
  int ends = 0; // since the last token or comment
  while (!text.empty()) {
    const char c = text.front();
    if (c == '\n' || c == '\r') {
      text = text.drop_front(text.starts_with("\r\n") ? 2 : 1);
      ++ends;
      piece.newline = true;
      lineHasToken = false;
    } else if (c == '#') {
      const StringRef comment =
          text.take_until([](char end) { return end == '\n' || end == '\r'; });
      piece.comments.push_back(
          {comment.rtrim().str(), !lineHasToken, ends > 1});
      text = text.drop_front(comment.size());
      ends = 0;
    } else {
      text = text.drop_front();
    }
  }
  piece.blankBefore = ends > 1;
}

class Formatter {
public:
  explicit Formatter(const SourceText &source) {
    Lexer lexer(source, nullptr);
    size_t end = source.begin();
    do {
      Piece piece;
      piece.token = lexer.lex();
      const size_t begin = std::max(piece.token.range.begin, end);
      readTrivia(source.text().slice(end, begin), !pieces.empty(), piece);
      end = std::max(piece.token.range.end, begin);
      pieces.push_back(std::move(piece));
    } while (!pieces.back().token.is(TokenKind::Eof));
  }

  std::string run() {
    while (!at(TokenKind::Eof)) {
      if (startsBlock())
        formatBlock();
      else
        formatStatement();
    }
    takeComments();
    return print();
  }

private:
  const Piece &piece(size_t ahead = 0) const {
    return pieces[std::min(next + ahead, pieces.size() - 1)];
  }
  bool at(TokenKind kind) const { return piece().token.is(kind); }
  bool startsBlock() const {
    return (piece().token.isWord("layer") || piece().token.isWord("network")) &&
           piece(1).token.is(TokenKind::Word) &&
           piece(2).token.is(TokenKind::LeftBrace);
  }
  /// Declarations need nothing between them.
  bool startsDeclaration() const {
    return depth == 0 && (piece().token.isWord("space") || startsBlock()) &&
           piece(1).token.is(TokenKind::Word);
  }
  bool endsStatement() const {
    return brackets == 0 &&
           (piece().newline || !piece().comments.empty() ||
            at(TokenKind::Semicolon) || at(TokenKind::RightBrace) ||
            at(TokenKind::Eof) || startsDeclaration());
  }

  void begin(bool blank) {
    lines.emplace_back();
    lines.back().indent = depth + (brackets > 0 ? 1 : 0);
    // No empty line first, or next to a brace.
    lines.back().blankBefore =
        lines.size() > 1 && (blank || isAfterBlock) && !isAfterBrace;
    isAfterBlock = isAfterBrace = false;
    last = nullptr;
  }
  /// Writes the comments before the next token.
  void takeComments() {
    for (const Comment &comment : piece().comments) {
      if (!comment.onOwnLine && !lines.empty()) {
        lines.back().comment = comment.text;
        continue;
      }
      begin(comment.blankBefore);
      lines.back().comment = comment.text;
    }
  }
  bool wantsSpace(const Token &token) const {
    if (!last)
      return false;
    switch (token.kind) {
    case TokenKind::Comma:
    case TokenKind::Semicolon:
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
      return false;
    case TokenKind::LeftParen:
      return !last->is(TokenKind::Word);
    default:
      break;
    }
    if (last->is(TokenKind::LeftParen) || last->is(TokenKind::LeftBracket))
      return false;
    // O(1,3) is one word to a reader, a call in a network is none.
    return !last->is(TokenKind::Comma) || token.is(TokenKind::String) ||
           inNetwork || inList;
  }
  /// Appends the next token to the line.
  void take() {
    const Token &token = piece().token;
    std::string &code = lines.back().code;
    if (wantsSpace(token))
      code += ' ';
    if (token.is(TokenKind::Equal) && brackets == 0 && depth > 0 &&
        !inNetwork && lines.back().equal == StringRef::npos)
      lines.back().equal = code.size();
    code += token.text;
    if (token.is(TokenKind::LeftBracket))
      inList = true;
    if (token.is(TokenKind::LeftBracket) || token.is(TokenKind::LeftParen))
      ++brackets;
    if ((token.is(TokenKind::RightBracket) ||
         token.is(TokenKind::RightParen)) &&
        brackets > 0)
      --brackets;
    if (token.is(TokenKind::RightBracket))
      inList = false;
    last = &token;
    ++next;
  }

  /// A field, a statement of a network, or a space.
  void formatStatement() {
    takeComments();
    begin(piece().blankBefore);
    do {
      take();
      if (brackets > 0 && (piece().newline || !piece().comments.empty()) &&
          !at(TokenKind::Eof)) {
        takeComments();
        const bool closes = at(TokenKind::RightBracket) && brackets == 1;
        begin(false);
        lines.back().indent -= closes ? 1 : 0;
      }
    } while (!endsStatement());
    while (at(TokenKind::Semicolon) && depth > 0 && piece().comments.empty())
      skipSeparator();
  }
  /// A line's end separates as well.
  void skipSeparator() {
    Piece &after = pieces[next + 1];
    after.newline |= piece().newline;
    after.blankBefore |= piece().blankBefore;
    ++next;
  }

  /// The number of the piece that closes the block whose brace is next.
  size_t endOfBlock() const {
    size_t end = next;
    while (!pieces[end].token.is(TokenKind::RightBrace) &&
           !pieces[end].token.is(TokenKind::Eof))
      ++end;
    return end;
  }
  bool staysInOneLine(size_t end) const {
    size_t width = 0;
    for (size_t i = next; i <= end; ++i) {
      // What is before the first word of the block is not within it.
      if (i > next && (pieces[i].newline || !pieces[i].comments.empty()))
        return false;
      width += pieces[i].token.text.size() + 1;
    }
    return width <= kLongestLine;
  }

  void formatBlock() {
    const size_t end = endOfBlock();
    const bool isShort = staysInOneLine(end);
    takeComments();
    begin(piece().blankBefore);
    inNetwork = piece().token.isWord("network");
    for (int word = 0; word < 3; ++word) {
      // Comments within the head go behind it.
      if (word > 0)
        for (const Comment &comment : piece().comments)
          lines.back().comment +=
              (lines.back().comment.empty() ? "" : " ") + comment.text;
      take();
    }
    ++depth;
    if (isShort) {
      takeShortBlock();
    } else {
      isAfterBrace = true;
      while (!at(TokenKind::RightBrace) && !at(TokenKind::Eof)) {
        if (at(TokenKind::Semicolon) && piece().comments.empty())
          skipSeparator();
        else if (at(TokenKind::Semicolon)) {
          takeComments();
          ++next;
        } else
          formatStatement();
      }
      takeComments();
    }
    --depth;
    if (!isShort) {
      begin(false);
      lines.back().blankBefore = false;
    }
    if (at(TokenKind::RightBrace))
      take();
    inNetwork = false;
    isAfterBlock = !isShort;
  }
  void takeShortBlock() {
    bool separated = true;
    const size_t noEqual = lines.back().equal;
    while (!at(TokenKind::RightBrace) && !at(TokenKind::Eof)) {
      if (at(TokenKind::Semicolon)) {
        // Several count as one, and none is needed at the ends.
        if (!separated && !piece(1).token.is(TokenKind::RightBrace) &&
            !piece(1).token.is(TokenKind::Semicolon)) {
          take();
          separated = true;
        } else {
          ++next;
        }
        continue;
      }
      take();
      separated = false;
    }
    lines.back().equal = noEqual;
  }

  std::string print();
  void alignFields();
  void alignComments(std::vector<std::string> &texts);

  std::vector<Piece> pieces;
  size_t next = 0;
  std::vector<Line> lines;
  const Token *last = nullptr; ///< of the line
  int depth = 0, brackets = 0;
  bool inNetwork = false, inList = false;
  bool isAfterBlock = false, isAfterBrace = false;
};

/// The '=' of fields that follow each other stand below each other.
void Formatter::alignFields() {
  for (size_t first = 0; first < lines.size();) {
    size_t end = first + 1, column = lines[first].equal;
    if (column != StringRef::npos)
      for (; end < lines.size() && !lines[end].blankBefore; ++end) {
        const bool isComment = lines[end].code.empty();
        if (!isComment && lines[end].equal == StringRef::npos &&
            lines[end].indent == lines[first].indent)
          break;
        if (lines[end].equal != StringRef::npos)
          column = std::max(column, lines[end].equal);
      }
    for (size_t i = first; i < end; ++i)
      if (lines[i].equal != StringRef::npos)
        lines[i].code.insert(lines[i].equal, column - lines[i].equal, ' ');
    first = end;
  }
}

/// Comments behind code do, too.
void Formatter::alignComments(std::vector<std::string> &texts) {
  for (size_t first = 0; first < lines.size();) {
    size_t end = first, column = 0;
    do {
      if (!lines[end].code.empty() && !lines[end].comment.empty())
        column = std::max(column, texts[end].size() + 2);
      ++end;
    } while (end < lines.size() && !lines[end].blankBefore);
    for (size_t i = first; i < end; ++i) {
      if (lines[i].comment.empty())
        continue;
      if (!lines[i].code.empty())
        texts[i].resize(column, ' ');
      texts[i] += lines[i].comment;
    }
    first = end;
  }
}

std::string Formatter::print() {
  alignFields();
  std::vector<std::string> texts;
  for (const Line &line : lines)
    texts.push_back(std::string(2 * line.indent, ' ') + line.code);
  alignComments(texts);
  std::string result;
  for (size_t i = 0; i < lines.size(); ++i)
    result += (lines[i].blankBefore ? "\n" : "") + texts[i] + "\n";
  return result;
}

} // namespace

std::string eqc::formatSource(const SourceText &source) {
  return Formatter(source).run();
}
