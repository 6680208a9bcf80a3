//===- SourceText.cpp - Lines, columns and safe echoes of a source --------===//
//
// The line table, the UTF-8 decoder and the escaping of echoed text.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/SourceText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Unicode.h"

#include <algorithm>

using namespace eqc;
using llvm::StringRef;

SourceText::SourceText(StringRef text, StringRef displayName)
    : contents(text), displayName(displayName.str()) {
  // Columns count after the mark: an editor does not show it.
  lineStarts.push_back(text.starts_with(byteOrderMark) ? byteOrderMark.size()
                                                       : 0);
  for (size_t i = 0, e = text.size(); i != e; ++i) {
    bool crlf = text[i] == '\r' && i + 1 != e && text[i + 1] == '\n';
    if (text[i] == '\n' || (text[i] == '\r' && !crlf))
      lineStarts.push_back(i + 1);
  }
}

LineColumn SourceText::lineColumn(size_t offset) const {
  offset = std::max(std::min(offset, contents.size()), begin());
  auto next = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  LineColumn result;
  result.line = static_cast<unsigned>(next - lineStarts.begin());
  result.column = static_cast<unsigned>(offset - *std::prev(next)) + 1;
  return result;
}

size_t SourceText::lineStart(unsigned number) const {
  if (number == 0)
    return begin();
  return number <= lineStarts.size() ? lineStarts[number - 1] : contents.size();
}

size_t SourceText::offset(LineColumn position) const {
  size_t start = lineStart(position.line);
  size_t column = std::max(position.column, 1u) - 1;
  return start + std::min(column, line(position.line).size());
}

StringRef SourceText::line(unsigned number) const {
  size_t start = lineStart(number);
  size_t end = contents.find_first_of("\r\n", start);
  return contents.slice(start, end);
}

std::optional<CodePoint> eqc::decodeUtf8(StringRef text) {
  if (text.empty())
    return std::nullopt;
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t lead = byte(0);
  if (lead < 0x80)
    return CodePoint{lead, 1};
  unsigned length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length)
    return std::nullopt;
  uint32_t value = lead & (0x7F >> length);
  for (unsigned i = 1; i != length; ++i) {
    if ((byte(i) & 0xC0) != 0x80)
      return std::nullopt;
    value = (value << 6) | (byte(i) & 0x3F);
  }
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest[length] || value > 0x10FFFF || surrogate)
    return std::nullopt;
  return CodePoint{value, length};
}

std::string eqc::codePointName(uint32_t value) {
  std::string digits = llvm::utohexstr(value);
  if (digits.size() < 4)
    digits.insert(0, 4 - digits.size(), '0');
  return "U+" + digits;
}

std::string eqc::takePrintable(StringRef &text) {
  std::optional<CodePoint> point = decodeUtf8(text);
  if (!point) {
    std::string hex =
        llvm::utohexstr(static_cast<uint8_t>(text.front()), false, 2);
    text = text.drop_front();
    return "<" + hex + ">";
  }
  StringRef bytes = text.take_front(point->length);
  text = text.drop_front(point->length);
  bool plain = point->value < 0x80
                   ? llvm::isPrint(bytes.front())
                   : llvm::sys::unicode::isPrintable(point->value);
  return plain ? bytes.str() : "<" + codePointName(point->value) + ">";
}

std::string eqc::printable(StringRef text) {
  std::string result;
  while (!text.empty())
    result += takePrintable(text);
  return result;
}

std::string eqc::quoted(StringRef text) {
  constexpr size_t longest = 64;
  std::string result = "'";
  while (!text.empty()) {
    if (result.size() > longest) {
      result += "...";
      break;
    }
    result += takePrintable(text);
  }
  return result + "'";
}
