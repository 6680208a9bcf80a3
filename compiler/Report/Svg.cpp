//===- Svg.cpp - What pictures are made of --------------------------------===//

#include "compiler/Report/Svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

using namespace eqc;

static constexpr std::string_view colours[] = {"#0072b2", "#d55e00", "#009e73",
                                               "#cc79a7", "#b8860b", "#56b4e9",
                                               "#7a5195", "#8c564b"};

std::string_view eqc::colourOf(size_t number) {
  return colours[number % std::size(colours)];
}

std::string eqc::escapeXml(std::string_view text) {
  std::string result;
  for (char c : text)
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    default:
      result += c;
    }
  return result;
}

int eqc::widthOfText(std::string_view text) {
  // The monospace font's letters are 7.2 wide, and no font's are wider.
  return static_cast<int>(text.size() * 29 / 4);
}

void Svg::text(Point at, std::string_view style, std::string_view content) {
  fmt::format_to(std::back_inserter(body),
                 "<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>\n", at.x, at.y,
                 style, escapeXml(content));
}

void Svg::append(const Svg &other) {
  body += other.body;
  reach(other.width, other.height);
}

void Svg::reach(int x, int y) {
  width = std::max(width, x);
  height = std::max(height, y);
}

std::string Svg::document(int margin) const {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\">\n"
      "<style>\n"
      "text {{ font-family: sans-serif; fill: #222; }}\n"
      ".title {{ font-size: 16px; font-weight: bold; }}\n"
      ".note {{ font-size: 12px; fill: #555; }}\n"
      ".vertex {{ font-size: 10px; fill: #777; text-anchor: middle; }}\n"
      ".index {{ font-size: 12px; text-anchor: middle; }}\n"
      ".small {{ font-size: 11px; fill: #555; text-anchor: middle; }}\n"
      ".edge {{ font-size: 10px; fill: #555; text-anchor: end; "
      "stroke: white; stroke-width: 3; paint-order: stroke; }}\n"
      ".caption {{ font-family: monospace; font-size: 12px; "
      "text-anchor: middle; white-space: pre; }}\n"
      ".cell {{ fill: none; stroke: #ddd; rx: 6; }}\n"
      ".through, .inside, .free {{ fill: none; stroke-width: 3; "
      "stroke-linecap: round; }}\n"
      ".inside {{ stroke-dasharray: 2 6; }}\n"
      ".free {{ stroke-width: 2; stroke-dasharray: 9 4; }}\n"
      ".link {{ fill: none; stroke: #777; stroke-width: 1.5; }}\n"
      ".tip {{ fill: #777; }}\n"
      ".hidden {{ fill: white; stroke: #777; stroke-width: 1.5; }}\n"
      ".node {{ stroke-width: 2; rx: 8; }}\n"
      ".flow {{ fill: none; stroke: #888; stroke-width: 1; }}\n"
      ".spread {{ stroke-dasharray: 4 3; }}\n"
      "</style>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n"
      "{2}</svg>\n",
      width + margin, height + margin, body);
}
