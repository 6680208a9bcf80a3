//===- Draw.cpp - Diagrams as pictures ------------------------------------===//
//
// A diagram is two rows of dots. Blocks have colours: solid lines for those
// that run through from row to row, dashed ones and hollow dots for those that
// stay in a row. All coordinates are integers, so that the bytes depend on no
// locale or rounding.
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Draw.h"
#include "compiler/Interface/LayerInfo.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string_view>

using namespace eqc;

/// More pictures than anybody looks at, and than browsers take quickly.
static constexpr size_t maxDrawn = 512;

// Okabe and Ito's colours, told apart by colour-blind readers too.
static constexpr std::string_view colours[] = {"#0072b2", "#d55e00", "#009e73",
                                               "#cc79a7", "#b8860b", "#56b4e9",
                                               "#7a5195", "#8c564b"};
static constexpr std::string_view freeColour = "#000000";

namespace {

constexpr int dotStep = 36, rowGap = 72, cellMargin = 16, captionLine = 16;
constexpr int topRow = 38, pageMargin = 24, pageWidth = 1100;
constexpr int cellHeight = topRow + rowGap + 26 + 2 * captionLine + 14;

struct Point {
  int x = 0, y = 0;
};

class Picture {
public:
  std::string render(llvm::ArrayRef<LayerSpec> layers);

private:
  void text(int x, int y, std::string_view style, std::string_view content);
  void drawLayer(const LayerSpec &layer);
  void drawGrid(const LayerSpec &layer, std::string_view array,
                const std::vector<Diagram> &diagrams);
  void drawDiagram(const Diagram &diagram, Point origin, int width);
  void drawHead(const Diagram &diagram, Point origin, int width);
  void drawStar(Point at, std::string_view colour);
  void drawBlock(const Diagram &diagram, const std::vector<int> &vertices,
                 std::string_view colour, bool free, Point origin, int width);
  void drawDot(const Diagram &diagram, int vertex, std::string_view colour,
               bool free, bool through, Point at);

  std::string body;
  int bottom = pageMargin; ///< how far down the page is used
  int right = 0;
};

} // namespace

static std::string escapeXml(std::string_view text) {
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

void Picture::text(int x, int y, std::string_view style,
                   std::string_view content) {
  fmt::format_to(std::back_inserter(body),
                 "<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>\n", x, y,
                 style, escapeXml(content));
  // Half an em is wider than the letters of captions and titles are on average.
  right = std::max(right, x + 8 * static_cast<int>(content.size()));
}

/// Where a vertex's dot is; rows are centred in the cell.
static Point position(const Diagram &diagram, int vertex, Point origin,
                      int width) {
  bool top = vertex < diagram.l;
  int count = top ? diagram.l : diagram.k;
  int index = top ? vertex : vertex - diagram.l;
  int left = origin.x + (width - (count - 1) * dotStep) / 2;
  return {left + index * dotStep, origin.y + topRow + (top ? 0 : rowGap)};
}

/// A gentle S between the rows.
static std::string connection(Point a, Point b) {
  int middle = (a.y + b.y) / 2;
  return fmt::format("M{} {}C{} {} {} {} {} {}", a.x, a.y, a.x, middle, b.x,
                     middle, b.x, b.y);
}

/// An arc within a row, bulging towards the other row, the deeper the longer,
/// so that arcs do not coincide.
static std::string arc(Point a, Point b, bool top) {
  int depth = std::min(12 + (b.x - a.x) / 5, rowGap * 2 / 3);
  int y = top ? a.y + depth : a.y - depth;
  return fmt::format("M{} {}C{} {} {} {} {} {}", a.x, a.y, a.x, y, b.x, y, b.x,
                     b.y);
}

void Picture::drawBlock(const Diagram &diagram,
                        const std::vector<int> &vertices,
                        std::string_view colour, bool free, Point origin,
                        int width) {
  std::vector<Point> top, under;
  for (int vertex : vertices)
    (vertex < diagram.l ? top : under)
        .push_back(position(diagram, vertex, origin, width));
  std::string path;
  for (size_t i = 1; i < top.size(); ++i)
    path += arc(top[i - 1], top[i], true);
  for (size_t i = 1; i < under.size(); ++i)
    path += arc(under[i - 1], under[i], false);
  // One line between the rows is enough; the straightest one is the clearest.
  if (!top.empty() && !under.empty()) {
    std::pair<Point, Point> best{top.front(), under.front()};
    for (const Point &a : top)
      for (const Point &b : under)
        if (std::abs(a.x - b.x) < std::abs(best.first.x - best.second.x))
          best = {a, b};
    path += connection(best.first, best.second);
  }
  if (path.empty())
    return;
  bool through = !top.empty() && !under.empty();
  std::string_view style = free ? "free" : through ? "through" : "inside";
  fmt::format_to(std::back_inserter(body),
                 "<path class=\"{}\" stroke=\"{}\" d=\"{}\"/>\n", style, colour,
                 path);
}

void Picture::drawDot(const Diagram &diagram, int vertex,
                      std::string_view colour, bool free, bool through,
                      Point at) {
  auto out = std::back_inserter(body);
  if (free)
    drawStar(at, colour);
  else
    fmt::format_to(out,
                   "<circle cx=\"{}\" cy=\"{}\" r=\"5\" fill=\"{}\" "
                   "stroke=\"{}\" stroke-width=\"2\"/>\n",
                   at.x, at.y, through ? colour : "#ffffff", colour);
  fmt::format_to(out, "<text x=\"{}\" y=\"{}\" class=\"vertex\">{}</text>\n",
                 at.x, at.y + (vertex < diagram.l ? -11 : 19),
                 vertexName(diagram.l, vertex));
}

/// The head of a jellyfish, a star beside the rows, with a tentacle to the
/// first vertex of each leg.
void Picture::drawHead(const Diagram &diagram, Point origin, int width) {
  if (diagram.head < 0)
    return;
  const Point head{origin.x + width / 2 -
                       (std::max(diagram.l, diagram.k) + 1) * dotStep / 2,
                   origin.y + topRow + rowGap / 2};
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  for (int leg : diagram.legs())
    fmt::format_to(std::back_inserter(body),
                   "<path class=\"free\" stroke=\"{}\" d=\"{}\"/>\n",
                   freeColour,
                   connection(head, position(diagram, blocks[leg].front(),
                                             origin, width)));
  drawStar(head, freeColour);
}

void Picture::drawStar(Point at, std::string_view colour) {
  fmt::format_to(std::back_inserter(body),
                 "<path fill=\"{0}\" d=\"M{1} {2}l2 5 6 0 -5 4 2 6 -5 -4 -5 4 "
                 "2 -6 -5 -4 6 0z\"/>\n",
                 colour, at.x, at.y - 8);
}

void Picture::drawDiagram(const Diagram &diagram, Point origin, int width) {
  std::vector<std::vector<int>> blocks = diagram.blocks();
  drawHead(diagram, origin, width);
  // Lines first: dots lie on top of them.
  for (bool dots : {false, true})
    for (size_t b = 0; b < blocks.size(); ++b) {
      bool free = static_cast<int>(b) == diagram.free;
      std::string_view colour =
          free ? freeColour : colours[b % std::size(colours)];
      if (!dots) {
        drawBlock(diagram, blocks[b], colour, free, origin, width);
        continue;
      }
      // Vertices ascend, so the ends tell whether a block is in both rows.
      bool through =
          blocks[b].front() < diagram.l && blocks[b].back() >= diagram.l;
      for (int vertex : blocks[b])
        drawDot(diagram, vertex, colour, free, through,
                position(diagram, vertex, origin, width));
    }
}

/// How wide a caption is; the monospace font is 12 pixels high, 7.2 wide.
static int captionWidth(std::string_view caption) {
  return static_cast<int>(caption.size() * 29 / 4);
}

/// `weight[2]`, with the size of the orbit that it multiplies.
static std::string indexText(const LayerSpec &layer, std::string_view array,
                             const std::vector<Diagram> &diagrams, size_t d) {
  std::string text = fmt::format("{}[{}]", array, d);
  const size_t members =
      orbitOf(diagrams[d], layer.group, layer.symmetry).members.size();
  return members == 1 ? text : text + fmt::format(", an orbit of {}", members);
}

void Picture::drawGrid(const LayerSpec &layer, std::string_view array,
                       const std::vector<Diagram> &diagrams) {
  size_t shown = std::min(diagrams.size(), maxDrawn);
  int width = 0;
  for (size_t d = 0; d < shown; ++d)
    width = std::max({width, captionWidth(toString(diagrams[d])),
                      captionWidth(indexText(layer, array, diagrams, d)),
                      (std::max(diagrams[d].l, diagrams[d].k) +
                       2 * (diagrams[d].head >= 0)) *
                          dotStep});
  width += 2 * cellMargin;
  int columns = std::max(1, (pageWidth - 2 * pageMargin) / width);
  for (size_t d = 0; d < shown; ++d) {
    Point origin{pageMargin + static_cast<int>(d % columns) * width,
                 bottom + static_cast<int>(d / columns) * cellHeight};
    fmt::format_to(std::back_inserter(body),
                   "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" "
                   "class=\"cell\"/>\n",
                   origin.x + 4, origin.y + 4, width - 8, cellHeight - 8);
    drawDiagram(diagrams[d], origin, width);
    int caption = origin.y + topRow + rowGap + 26 + captionLine;
    std::string notation = toString(diagrams[d]);
    std::string index = indexText(layer, array, diagrams, d);
    int centre = origin.x + width / 2;
    fmt::format_to(std::back_inserter(body),
                   "<text x=\"{0}\" y=\"{1}\" class=\"index\">{2}</text>\n"
                   "<text x=\"{0}\" y=\"{3}\" class=\"caption\">{4}</text>\n",
                   centre, caption, index, caption + captionLine,
                   escapeXml(notation));
    right = std::max(right, origin.x + width);
  }
  int rows = static_cast<int>((shown + columns - 1) / columns);
  bottom += rows * cellHeight + 8;
  if (shown < diagrams.size()) {
    text(pageMargin, bottom + 14, "note",
         fmt::format("and {} more, not drawn; eqc explain lists them",
                     diagrams.size() - shown));
    bottom += 30;
  }
}

void Picture::drawLayer(const LayerSpec &layer) {
  std::string size =
      layer.dynamicN() ? "n at run time" : fmt::format("n = {}", layer.n);
  std::string acting =
      fmt::format("group {}, {}", groupName(layer.group), size);
  if (layer.typed)
    acting = layer.spaces().empty() ? "no axes"
                                    : "axes of " + textOf(layer.spaces());
  text(pageMargin, bottom + 18, "title",
       fmt::format("{}: {}, order {} to {}", layer.name, acting,
                   layer.isBilinear()
                       ? fmt::format("{} * {}", layer.k1(), layer.k2)
                       : std::to_string(layer.k),
                   layer.l));
  bottom += 30;
  drawGrid(layer, "weight", layer.diagrams);
  if (!layer.biasDiagrams.empty())
    drawGrid(layer, "bias", layer.biasDiagrams);
  bottom += 12;
}

std::string Picture::render(llvm::ArrayRef<LayerSpec> layers) {
  text(pageMargin, bottom + 12, "note",
       "top row: output axes, bottom row: input axes; axes joined by lines "
       "have one index");
  text(
      pageMargin, bottom + 28, "note",
      "solid: runs through; hollow: summed over (input) or spread over "
      "(output); black stars: the Levi-Civita symbol, the head of a jellyfish");
  bottom += 40;
  for (const LayerSpec &layer : layers)
    drawLayer(layer);
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
      ".caption {{ font-family: monospace; font-size: 12px; "
      "text-anchor: middle; white-space: pre; }}\n"
      ".cell {{ fill: none; stroke: #ddd; rx: 6; }}\n"
      ".through, .inside, .free {{ fill: none; stroke-width: 3; "
      "stroke-linecap: round; }}\n"
      ".inside {{ stroke-dasharray: 2 6; }}\n"
      ".free {{ stroke-width: 2; stroke-dasharray: 9 4; }}\n"
      "</style>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n"
      "{2}</svg>\n",
      right + pageMargin, bottom + pageMargin, body);
}

std::string eqc::drawLayers(llvm::ArrayRef<LayerSpec> layers) {
  return Picture().render(layers);
}
