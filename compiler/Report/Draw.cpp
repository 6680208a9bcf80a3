//===- Draw.cpp - Diagrams as pictures ------------------------------------===//
//
// A diagram is two rows of dots. Blocks have colours, of their own or, where
// axes are of several spaces, of theirs: solid lines for those that run through
// from row to row, dashed ones and hollow dots for those that stay in a row. An
// orbit of tuples of points is drawn on the points; a graph map has its edges,
// and dots between the rows for letters without a vertex.
//
//===----------------------------------------------------------------------===//

#include "compiler/Report/Draw.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Report/GraphPicture.h"
#include "compiler/Report/NetworkGraph.h"

#include "llvm/ADT/STLExtras.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string_view>

using namespace eqc;

/// More pictures than anybody looks at at once, and than browsers take quickly.
static constexpr size_t maxDrawn = 512;

static constexpr std::string_view freeColour = "#000000";

namespace {

/// In short lines: pictures of few diagrams are to be small.
constexpr const char *legendOfDiagrams[] = {
    "top row: output axes, bottom row: input axes",
    "axes joined by lines have one index; solid: runs through",
    "hollow: summed over (input) or spread over (output)",
    "black stars: the Levi-Civita symbol, the head of a jellyfish"};
constexpr const char *legendOfOrbits[] = {
    "dots: the points, from the top on clockwise",
    "named: the smallest tuple of an orbit; solid: its outputs, hollow: inputs",
    "lines: all tuples of the orbit, where these are pairs"};

constexpr const char *legendOfPools[] = {
    "pool: of inputs that are hollow the largest or smallest entry is taken"};

constexpr const char *legendOfMaps[] = {
    "grey lines: edges, each a factor of the adjacency matrix at its ends",
    "small dots between the rows: indices that are summed"};

constexpr int dotStep = 36, rowGap = 72, cellMargin = 16, captionLine = 16;
constexpr int topRow = 38, pageMargin = 24, pageWidth = 1100;
constexpr int orbitRadius = 38, orbitNames = orbitRadius + 15;
constexpr int orbitWidth = 2 * orbitRadius + 60;
constexpr int cellHeight = topRow + rowGap + 26 + 2 * captionLine + 14;
/// Pages are as high as paper of the A series is.
constexpr int pageHeight = pageWidth * 99 / 70;

class Picture {
public:
  Picture(const DrawOptions &options, llvm::ArrayRef<LayerSpec> layers);
  void drawLayer(const LayerSpec &layer);
  void drawNetwork(const NetworkSpec &network);
  std::vector<std::string> finish();

private:
  void begin();
  void end();
  /// Goes on on the next page where `height` does not fit on this one.
  void need(int height);
  void text(int x, int y, std::string_view style, std::string_view content);
  void drawSpaces(const std::vector<Space> &spaces);
  void drawGrid(const LayerSpec &layer, std::string_view array,
                const std::vector<Diagram> &diagrams);
  void drawCell(const Diagram &diagram, const std::string &name,
                const std::string &index, Point origin, int width,
                int secondInput);
  void drawDiagram(const Diagram &diagram, Point origin, int width);
  void drawOrbit(const Diagram &diagram, Point centre);
  void drawBlocks(const Diagram &diagram, Point origin, int width);
  void drawEdges(const Diagram &diagram, Point origin, int width);
  void drawHead(const Diagram &diagram, Point origin, int width);
  void drawStar(Point at, std::string_view colour);
  void drawBlock(const Diagram &diagram, const std::vector<int> &vertices,
                 std::string_view colour, bool free, Point origin, int width);
  void drawDot(const Diagram &diagram, int vertex, std::string_view colour,
               bool free, bool through, Point at);

  const DrawOptions &options;
  std::vector<const char *> legend; ///< on top of every page
  std::vector<std::string> pages;
  Group group = Group::S; ///< of the layer that is drawn
  Svg svg;
  int bottom = 0; ///< how far down the page is used
};

} // namespace

void Picture::text(int x, int y, std::string_view style,
                   std::string_view content) {
  svg.text({x, y}, style, content);
  // Wider than the letters of notes and titles are on average.
  svg.reach(x + 8 * static_cast<int>(content.size()), y);
}

Picture::Picture(const DrawOptions &options, llvm::ArrayRef<LayerSpec> layers)
    : options(options) {
  auto hasMaps = [](const LayerSpec &layer) {
    return !layer.diagrams.empty() && layer.diagrams.front().map.exists();
  };
  auto hasOrbits = [](const LayerSpec &layer) {
    auto isOrbit = [](const Diagram &diagram) {
      return diagram.orbit.exists();
    };
    return llvm::any_of(layer.diagrams, isOrbit) ||
           llvm::any_of(layer.biasDiagrams, isOrbit);
  };
  auto hasRows = [&](const LayerSpec &layer) {
    return layer.group.action() == nullptr || hasMaps(layer);
  };
  if (layers.empty() || llvm::any_of(layers, hasRows))
    llvm::append_range(legend, legendOfDiagrams);
  if (llvm::any_of(layers, [](const LayerSpec &l) { return l.pools(); }))
    llvm::append_range(legend, legendOfPools);
  if (llvm::any_of(layers, hasMaps))
    llvm::append_range(legend, legendOfMaps);
  if (llvm::any_of(layers, hasOrbits))
    llvm::append_range(legend, legendOfOrbits);
  begin();
}

void Picture::begin() {
  svg = Svg();
  bottom = pageMargin;
  for (const char *line : legend) {
    text(pageMargin, bottom + 12, "note", line);
    bottom += 16;
  }
  bottom += 8;
}

void Picture::end() {
  svg.reach(options.pages ? pageWidth - pageMargin : 0,
            options.pages ? pageHeight - pageMargin : bottom);
  pages.push_back(svg.document(pageMargin));
}

void Picture::need(int height) {
  if (!options.pages || bottom + height <= pageHeight - pageMargin)
    return;
  end();
  begin();
}

std::vector<std::string> Picture::finish() {
  end();
  return std::move(pages);
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
static int pullOfArc(Point a, Point b, bool top) {
  const int depth = std::min(12 + std::abs(b.x - a.x) / 5, rowGap * 2 / 3);
  return top ? depth : -depth;
}

static std::string arc(Point a, Point b, bool top) {
  const int y = a.y + pullOfArc(a, b, top);
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
  svg.add(fmt::format("<path class=\"{}\" stroke=\"{}\" d=\"{}\"/>\n", style,
                      colour, path));
}

void Picture::drawDot(const Diagram &diagram, int vertex,
                      std::string_view colour, bool free, bool through,
                      Point at) {
  if (free)
    drawStar(at, colour);
  else
    svg.add(fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"5\" fill=\"{}\" "
                        "stroke=\"{}\" stroke-width=\"2\"/>\n",
                        at.x, at.y, through ? colour : "#ffffff", colour));
  svg.text({at.x, at.y + (vertex < diagram.l ? -11 : 19)}, "vertex",
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
    svg.add(fmt::format("<path class=\"free\" stroke=\"{}\" d=\"{}\"/>\n",
                        freeColour,
                        connection(head, position(diagram, blocks[leg].front(),
                                                  origin, width))));
  drawStar(head, freeColour);
}

void Picture::drawStar(Point at, std::string_view colour) {
  svg.add(fmt::format("<path fill=\"{0}\" d=\"M{1} {2}l2 5 6 0 -5 4 2 6 -5 -4 "
                      "-5 4 2 -6 -5 -4 6 0z\"/>\n",
                      colour, at.x, at.y - 8));
}

/// All points on a circle, those of the smallest tuple with the names of its
/// axes; where these are two, lines for all tuples of the orbit.
void Picture::drawOrbit(const Diagram &diagram, Point centre) {
  const Action &action = *group.of(diagram.head).action();
  const auto n = static_cast<int>(action.n());
  const std::string_view colour = colourOf(diagram.head);
  std::vector<int> vertices; // those with values
  for (int vertex = 0; vertex < diagram.l + diagram.k; ++vertex)
    if (diagram.isLegOf(vertex))
      vertices.push_back(vertex);
  auto place = [&](int point, int radius) {
    const double angle = 2 * 3.14159265358979 * point / n;
    return Point{
        centre.x + static_cast<int>(std::lround(radius * std::sin(angle))),
        centre.y - static_cast<int>(std::lround(radius * std::cos(angle)))};
  };
  const std::vector<int> &values = diagram.orbit.values;
  if (values.size() == 2) {
    const TupleOrbits &all = action.orbits(2);
    const int32_t number = all.orbitOf[action.numberOf(values)];
    std::string path;
    for (int32_t at = all.start[number]; at < all.start[number + 1]; ++at) {
      const std::vector<int> pair = action.tupleOf(all.tuples[at], 2);
      const Point a = place(pair[0], orbitRadius),
                  b = place(pair[1], orbitRadius);
      path += fmt::format("M{} {}L{} {}", a.x, a.y, b.x, b.y);
    }
    svg.add(fmt::format("<path class=\"through\" stroke=\"{}\" d=\"{}\"/>\n",
                        colour, path));
  }
  for (int point = 0; point < n; ++point) {
    std::string names;
    bool isOutput = false;
    for (size_t v = 0; v < values.size(); ++v)
      if (values[v] == point) {
        const int vertex = vertices[v];
        names += (names.empty() ? "" : " ") + vertexName(diagram.l, vertex);
        isOutput |= vertex < diagram.l;
      }
    const Point at = place(point, orbitRadius);
    svg.add(fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\" "
                        "stroke=\"{}\" stroke-width=\"2\"/>\n",
                        at.x, at.y, names.empty() ? 2 : 5,
                        isOutput || names.empty() ? colour : "#ffffff",
                        colour));
    if (names.empty())
      continue;
    const Point beside = place(point, orbitNames);
    svg.text({beside.x, beside.y + 4}, "vertex", names);
  }
}

/// The width of a row with a dot for each letter without a vertex.
static int widthOfHidden(const Diagram &diagram) {
  return std::max(0, diagram.map.letters - diagram.numBlocks()) * dotStep;
}

/// Edges between the first vertices of letters. Letters without a vertex stand
/// on an arc between the rows, so that no three of them are in one line.
/// Whether a dot at `at` would lie on the line from `a` to `b`.
static bool isNear(Point at, Point a, Point b) {
  const int dx = b.x - a.x, dy = b.y - a.y;
  const int along = (at.x - a.x) * dx + (at.y - a.y) * dy;
  const int across = (at.x - a.x) * dy - (at.y - a.y) * dx;
  const int length = dx * dx + dy * dy;
  return along > 0 && along < length && across * across < 64 * length;
}

void Picture::drawEdges(const Diagram &diagram, Point origin, int width) {
  if (!diagram.map.exists())
    return;
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  const int hidden = diagram.map.letters - static_cast<int>(blocks.size());
  auto place = [&](int letter) {
    if (letter < static_cast<int>(blocks.size()))
      return position(diagram, blocks[letter].front(), origin, width);
    const int index = letter - static_cast<int>(blocks.size());
    const int left = origin.x + (width - (hidden - 1) * dotStep) / 2;
    return Point{left + index * dotStep,
                 origin.y + topRow + rowGap / 2 + (index % 2 == 0 ? -8 : 8)};
  };
  // An edge that would run through another letter goes around it: it would
  // look like two.
  auto meetsAnother = [&](int from, int to) {
    for (int letter = 0; letter < diagram.map.letters; ++letter)
      if (letter != from && letter != to &&
          isNear(place(letter), place(from), place(to)))
        return true;
    return false;
  };
  std::map<LetterEdge, int> times;
  for (auto [from, to] : diagram.map.edges) {
    const Point a = place(from), b = place(to);
    const int again = times[{std::min(from, to), std::max(from, to)}]++;
    const int aside = 10 * again + (meetsAnother(from, to) ? 36 : 0);
    Point middle{(a.x + b.x) / 2 + aside / 2, (a.y + b.y) / 2};
    std::string path;
    if (from == to) {
      path = fmt::format("M{} {}c-14 -12 -14 12 0 0", a.x, a.y);
    } else if (a.y == b.y) {
      // Into the picture; between dots that are in its middle, away from the
      // others there.
      const bool within = std::min(from, to) >= static_cast<int>(blocks.size());
      const bool top = (a.y < origin.y + topRow + rowGap / 2) != within;
      path = arc(a.x < b.x ? a : b, a.x < b.x ? b : a, top);
      middle = {(a.x + b.x) / 2, a.y + pullOfArc(a, b, top) * 3 / 4};
    } else {
      path = fmt::format("M{} {}Q{} {} {} {}", a.x, a.y,
                         (a.x + b.x) / 2 + aside, (a.y + b.y) / 2, b.x, b.y);
    }
    svg.add(fmt::format("<path class=\"link\" d=\"{}\"/>\n", path));
    if (diagram.map.symmetric || from == to)
      continue;
    // A head in the middle, where nothing else is.
    const double angle = std::atan2(b.y - a.y, b.x - a.x) * 180 / 3.14159265;
    svg.add(fmt::format("<path class=\"tip\" transform=\"translate({} {}) "
                        "rotate({:.0f})\" d=\"M-4 -4L4 0L-4 4z\"/>\n",
                        middle.x, middle.y, angle));
  }
  for (int letter = static_cast<int>(blocks.size());
       letter < diagram.map.letters; ++letter) {
    const Point at = place(letter);
    svg.add(fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"4\" "
                        "class=\"hidden\"/>\n",
                        at.x, at.y));
  }
}

/// How wide the rows of a diagram are drawn, beside an orbit if there is one.
static int widthOfRows(const Diagram &diagram) {
  const bool isAlone = diagram.orbit.exists() && diagram.space.empty();
  return isAlone ? 0
                 : (std::max(diagram.l, diagram.k) +
                    2 * (diagram.head >= 0 && !diagram.orbit.exists())) *
                       dotStep;
}

void Picture::drawDiagram(const Diagram &diagram, Point origin, int width) {
  if (!diagram.orbit.exists())
    return drawBlocks(diagram, origin, width);
  const int ofRows = widthOfRows(diagram);
  const int left = origin.x + (width - orbitWidth - ofRows) / 2;
  drawOrbit(diagram,
            {left + orbitWidth / 2, origin.y + topRow + rowGap / 2 - 2});
  drawBlocks(diagram, {left + orbitWidth, origin.y}, ofRows);
}

void Picture::drawBlocks(const Diagram &diagram, Point origin, int width) {
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  if (!diagram.orbit.exists())
    drawHead(diagram, origin, width);
  drawEdges(diagram, origin, width);
  // Lines first: dots lie on top of them.
  for (bool dots : {false, true})
    for (size_t b = 0; b < blocks.size(); ++b) {
      if (diagram.orbit.exists() && diagram.isLegOf(blocks[b].front()))
        continue;
      const bool free = static_cast<int>(b) == diagram.free;
      const std::string_view colour =
          free ? freeColour
               : colourOf(diagram.space.empty()
                              ? b
                              : diagram.spaceOf(blocks[b].front()));
      if (!dots) {
        drawBlock(diagram, blocks[b], colour, free, origin, width);
        continue;
      }
      // Vertices ascend, so the ends tell whether a block is in both rows.
      const bool through =
          blocks[b].front() < diagram.l && blocks[b].back() >= diagram.l;
      for (int vertex : blocks[b])
        drawDot(diagram, vertex, colour, free, through,
                position(diagram, vertex, origin, width));
    }
}

/// `weight[2]`, with the size of the orbit that it multiplies.
static std::string indexText(const LayerSpec &layer, std::string_view array,
                             const std::vector<Diagram> &diagrams, size_t d) {
  std::string text = fmt::format("{}[{}]", array, d);
  const size_t members =
      orbitOf(diagrams[d], layer.group, layer.symmetry).members.size();
  return members == 1 ? text : text + fmt::format(", an orbit of {}", members);
}

void Picture::drawCell(const Diagram &diagram, const std::string &name,
                       const std::string &index, Point origin, int width,
                       int secondInput) {
  svg.add(fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" "
                      "class=\"cell\"/>\n",
                      origin.x + 4, origin.y + 4, width - 8, cellHeight - 8));
  // The axes of x and those of z.
  if (secondInput > 0 && secondInput < diagram.k) {
    const Point first =
        position(diagram, diagram.l + secondInput, origin, width);
    svg.add(fmt::format("<path class=\"flow spread\" d=\"M{} {}v38\"/>\n",
                        first.x - dotStep / 2, first.y - 14));
  }
  drawDiagram(diagram, origin, width);
  const int caption = origin.y + topRow + rowGap + 26 + captionLine;
  const int centre = origin.x + width / 2;
  svg.text({centre, caption}, "index", index);
  svg.text({centre, caption + captionLine}, "caption", name);
  svg.reach(origin.x + width, origin.y + cellHeight);
}

void Picture::drawGrid(const LayerSpec &layer, std::string_view array,
                       const std::vector<Diagram> &diagrams) {
  const size_t shown =
      options.pages ? diagrams.size() : std::min(diagrams.size(), maxDrawn);
  std::vector<std::string> indices;
  int width = 0;
  for (size_t d = 0; d < shown; ++d) {
    indices.push_back(indexText(layer, array, diagrams, d));
    width = std::max({width, widthOfText(toString(diagrams[d], layer.group)),
                      widthOfText(indices.back()), widthOfHidden(diagrams[d]),
                      (diagrams[d].orbit.exists() ? orbitWidth : 0) +
                          widthOfRows(diagrams[d])});
  }
  width += 2 * cellMargin;
  const size_t columns = std::max(1, (pageWidth - 2 * pageMargin) / width);
  for (size_t d = 0; d < shown; ++d) {
    const size_t column = d % columns;
    if (column == 0)
      need(cellHeight);
    drawCell(diagrams[d], toString(diagrams[d], layer.group), indices[d],
             {pageMargin + static_cast<int>(column) * width, bottom}, width,
             layer.isBilinear() ? layer.k1() : 0);
    if (column + 1 == columns || d + 1 == shown)
      bottom += cellHeight;
  }
  bottom += 8;
  if (shown < diagrams.size()) {
    text(pageMargin, bottom + 14, "note",
         fmt::format("and {} more, not drawn; --pages draws all",
                     diagrams.size() - shown));
    bottom += 30;
  }
}

/// Which colour is which space.
void Picture::drawSpaces(const std::vector<Space> &spaces) {
  int x = pageMargin;
  for (size_t s = 0; s < spaces.size(); ++s) {
    svg.add(fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"5\" fill=\"{}\"/>\n",
                        x + 5, bottom + 8, colourOf(s)));
    const std::string words =
        fmt::format("{} = {}", spaces[s].name, spaceText(spaces[s]));
    text(x + 16, bottom + 12, "note", words);
    x += 40 + widthOfText(words);
  }
  bottom += 22;
}

void Picture::drawLayer(const LayerSpec &layer) {
  need(60 + cellHeight);
  std::string size =
      layer.dynamicN() ? "n at run time" : fmt::format("n = {}", layer.n);
  std::string acting =
      fmt::format("group {}, {}", groupName(layer.group), size);
  if (layer.typed)
    acting = layer.spaces().empty() ? "no axes"
                                    : "axes of " + textOf(layer.spaceList());
  std::string reduced;
  if (layer.pools())
    reduced = fmt::format(", pool = {}", poolName(layer.pool));
  else if (layer.normalize == Normalize::Mean)
    reduced = ", means";
  text(pageMargin, bottom + 18, "title",
       fmt::format("{}: {}, order {} to {}{}", layer.name, acting,
                   layer.isBilinear()
                       ? fmt::format("{} * {}", layer.k1(), layer.k2)
                       : std::to_string(layer.k),
                   layer.l, reduced));
  bottom += 30;
  group = layer.group;
  if (layer.group.isProduct())
    drawSpaces(layer.spaces());
  drawGrid(layer, "weight", layer.diagrams);
  if (!layer.biasDiagrams.empty())
    drawGrid(layer, "bias", layer.biasDiagrams);
  bottom += 12;
}

void Picture::drawNetwork(const NetworkSpec &network) {
  need(200);
  text(pageMargin, bottom + 18, "title",
       fmt::format("network {}: {} parameters", network.name, network.params));
  bottom += 36;
  Svg own;
  drawGraph(graphOf(network), {pageMargin, bottom}, own);
  svg.append(own);
  bottom = own.bottom() + 24;
}

std::vector<std::string> eqc::drawProgram(llvm::ArrayRef<LayerSpec> layers,
                                          llvm::ArrayRef<NetworkSpec> networks,
                                          const DrawOptions &options) {
  Picture picture(options, layers);
  for (const LayerSpec &layer : layers)
    picture.drawLayer(layer);
  for (const NetworkSpec &network : networks)
    picture.drawNetwork(network);
  return picture.finish();
}
