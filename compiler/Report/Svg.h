//===- Svg.h - What pictures are made of ------------------------*- C++ -*-===//
//
// All coordinates are integers, so that the bytes depend on no locale or
// rounding.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_REPORT_SVG_H
#define EQC_REPORT_SVG_H

#include <string>
#include <string_view>

namespace eqc {

struct Point {
  int x = 0, y = 0;
};

/// Colours of blocks or of spaces, by number: Okabe and Ito's, told apart by
/// colour-blind readers too.
std::string_view colourOf(size_t number);

/// Text as a document may hold it.
std::string escapeXml(std::string_view text);

/// How wide a text of 12 pixels' height is, at least.
int widthOfText(std::string_view text);

/// A picture that grows.
class Svg {
public:
  void text(Point at, std::string_view style, std::string_view content);
  /// Any element: its right and lower ends are up to the caller.
  void add(const std::string &element) { body += element; }
  void append(const Svg &other);
  /// Makes room for something that ends there.
  void reach(int x, int y);
  int right() const { return width; }
  int bottom() const { return height; }

  /// The document, with some room to the right and below.
  std::string document(int margin) const;

private:
  std::string body;
  int width = 0, height = 0;
};

} // namespace eqc

#endif // EQC_REPORT_SVG_H
