//===- SourceText.h - Lines, columns and safe echoes of a source -*- C++
//-*-===//
//
// Byte offsets to lines and columns (LF, CR and CRLF all end a line), strict
// UTF-8 decoding, and escaping of text that goes to a terminal.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_SOURCETEXT_H
#define EQC_FRONTEND_SOURCETEXT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace eqc {

/// Bytes [begin, end) of the source, counted from its very first byte.
struct SourceRange {
  size_t begin = 0;
  size_t end = 0;

  static SourceRange at(size_t offset) { return {offset, offset}; }
};

/// Line and column count from 1, columns in bytes.
struct LineColumn {
  unsigned line = 1;
  unsigned column = 1;
};

/// The byte order mark of UTF-8, which a source may start with.
inline constexpr llvm::StringLiteral byteOrderMark = "\xEF\xBB\xBF";

/// A source and where its lines start. llvm::SourceMgr only knows LF, hence
/// our own table. Does not own the text.
class SourceText {
public:
  SourceText() : SourceText("", "") {}
  SourceText(llvm::StringRef text, llvm::StringRef displayName);

  llvm::StringRef text() const { return contents; }
  llvm::StringRef name() const { return displayName; }
  /// Where the source starts after its byte order mark, if any.
  size_t begin() const { return lineStarts.front(); }

  LineColumn lineColumn(size_t offset) const;
  /// The inverse of `lineColumn`; clamped to the source.
  size_t offset(LineColumn position) const;
  /// The line without its end.
  llvm::StringRef line(unsigned number) const;
  /// The offset of the first byte of a line.
  size_t lineStart(unsigned number) const;

private:
  llvm::StringRef contents;
  std::string displayName;
  std::vector<size_t> lineStarts;
};

/// The code point at the start of `text` and its length in bytes, or nothing
/// when the bytes are not well-formed (overlong forms and surrogates are not).
struct CodePoint {
  uint32_t value = 0;
  unsigned length = 1;
};
std::optional<CodePoint> decodeUtf8(llvm::StringRef text);

/// How a code point is named in messages: `U+202E`.
std::string codePointName(uint32_t value);

/// One code point, or one ill-formed byte, as it may be printed: printable ones
/// as they are, others as `<U+001B>` or `<FF>`. Consumes it from `text`.
std::string takePrintable(llvm::StringRef &text);

/// All of `text` made printable.
std::string printable(llvm::StringRef text);

/// Text of the source as messages quote it: printable, in single quotes,
/// shortened when long.
std::string quoted(llvm::StringRef text);

} // namespace eqc

#endif // EQC_FRONTEND_SOURCETEXT_H
