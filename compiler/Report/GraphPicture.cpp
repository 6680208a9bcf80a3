//===- GraphPicture.cpp - Boxes and arrows --------------------------------===//
//
// Sugiyama's way: ranks by longest paths, places for edges that pass a rank,
// the order within ranks by where neighbours are. Edges that leave one box
// together stay together while they pass others.
//
//===----------------------------------------------------------------------===//

#include "compiler/Report/GraphPicture.h"

#include "llvm/ADT/STLExtras.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

using namespace eqc;

namespace {

constexpr int kRankGap = 96, kRowGap = 14, kDotStep = 16, kLabelStep = 13;
constexpr int kSweeps = 6;

/// A box, or a place where edges pass.
struct Item {
  int node = -1; ///< -1: edges pass
  size_t rank = 0;
  int width = 0, height = 0;
  Point at; ///< of its left end, in the middle
  std::vector<size_t> before, after;
  double weight = 0; ///< orders a rank
};

struct Line {
  size_t from = 0, to = 0; ///< items of neighbouring ranks
  std::string label;
  bool spreads = false, isLast = true;
  int arrival = 0; ///< below the middle of the box that it leads to
};

class Layout {
public:
  Layout(const Graph &graph, Point origin, Svg &svg)
      : graph(graph), origin(origin), svg(svg) {}
  void draw() {
    rank();
    connect();
    order();
    place();
    arrive();
    for (const Line &line : lines)
      drawLine(line);
    for (const Item &item : items)
      if (item.node >= 0)
        drawBox(item);
  }

private:
  void rank();
  void connect();
  void order();
  void place();
  void arrive();
  void drawLine(const Line &line);
  void drawBox(const Item &item);
  void drawPattern(const RowPattern &pattern, Point centre);
  std::vector<size_t> &rankOf(const Item &item) { return ranks[item.rank]; }

  const Graph &graph;
  Point origin;
  Svg &svg;
  std::vector<Item> items; ///< boxes first, by their numbers
  std::vector<Line> lines;
  std::vector<std::vector<size_t>> ranks;
};

int widthOf(const GraphNode &node) {
  int width = std::max(widthOfText(node.title), widthOfText(node.note));
  if (node.pattern)
    width = std::max(width, node.pattern->size() * kDotStep);
  return width + 20;
}

int heightOf(const GraphNode &node) {
  return 14 + 16 * !node.title.empty() + 14 * !node.note.empty() +
         22 * node.pattern.has_value();
}

void Layout::rank() {
  items.resize(graph.nodes.size());
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].node = static_cast<int>(i);
    items[i].width = widthOf(graph.nodes[i]);
    items[i].height = heightOf(graph.nodes[i]);
  }
  // As often as the longest path is long; there are no cycles.
  for (bool changed = true; changed;) {
    changed = false;
    for (const GraphEdge &edge : graph.edges)
      if (items[edge.to].rank <= items[edge.from].rank) {
        items[edge.to].rank = items[edge.from].rank + 1;
        changed = true;
      }
  }
}

void Layout::connect() {
  std::map<std::pair<size_t, size_t>, size_t> passing; // of a box, at a rank
  for (const GraphEdge &edge : graph.edges) {
    size_t from = edge.from;
    for (size_t r = items[edge.from].rank + 1; r < items[edge.to].rank; ++r) {
      auto [found, isNew] = passing.try_emplace({edge.from, r}, items.size());
      if (isNew) {
        Item place;
        place.rank = r;
        place.height = 6;
        items.push_back(place);
        lines.push_back({from, found->second, "", edge.spreads, false});
      }
      from = found->second;
    }
    lines.push_back({from, edge.to, edge.label, edge.spreads, true});
  }
  for (const Line &line : lines) {
    items[line.from].after.push_back(line.to);
    items[line.to].before.push_back(line.from);
  }
  // Room for labels at the ends of lines.
  for (const Line &line : lines)
    if (Item &to = items[line.to]; !line.label.empty())
      to.height = std::max(to.height,
                           static_cast<int>(to.before.size()) * kLabelStep + 8);
  for (size_t i = 0; i < items.size(); ++i) {
    if (ranks.size() <= items[i].rank)
      ranks.resize(items[i].rank + 1);
    ranks[items[i].rank].push_back(i);
  }
}

/// To and fro, each item where its neighbours are on average.
void Layout::order() {
  auto number = [&](std::vector<size_t> &rank) {
    for (size_t i = 0; i < rank.size(); ++i)
      items[rank[i]].at.y = static_cast<int>(1000 * (2 * i + 1) / rank.size());
  };
  for (std::vector<size_t> &rank : ranks)
    number(rank);
  for (int sweep = 0; sweep < kSweeps; ++sweep)
    for (size_t step = 0; step < ranks.size(); ++step) {
      const bool forth = sweep % 2 == 0;
      std::vector<size_t> &rank = ranks[forth ? step : ranks.size() - 1 - step];
      for (size_t i : rank) {
        const std::vector<size_t> &near =
            forth ? items[i].before : items[i].after;
        double sum = 0;
        for (size_t other : near)
          sum += items[other].at.y;
        items[i].weight = near.empty() ? items[i].at.y
                                       : sum / static_cast<double>(near.size());
      }
      // Places within a rank are distinct.
      llvm::sort(rank, [&](size_t a, size_t b) {
        return std::pair(items[a].weight, items[a].at.y) <
               std::pair(items[b].weight, items[b].at.y);
      });
      number(rank);
    }
}

void Layout::place() {
  auto heightOfRank = [&](const std::vector<size_t> &rank) {
    int height = -kRowGap;
    for (size_t i : rank)
      height += items[i].height + kRowGap;
    return height;
  };
  int tallest = 0;
  for (const std::vector<size_t> &rank : ranks)
    tallest = std::max(tallest, heightOfRank(rank));
  int x = origin.x;
  for (const std::vector<size_t> &rank : ranks) {
    int width = 0;
    for (size_t i : rank)
      width = std::max(width, items[i].width);
    int y = origin.y + (tallest - heightOfRank(rank)) / 2;
    for (size_t i : rank) {
      Item &item = items[i];
      if (item.node < 0)
        item.width = width; // lines pass straight
      item.at = {x + (width - item.width) / 2, y + item.height / 2};
      y += item.height + kRowGap;
    }
    x += width + kRankGap;
  }
  svg.reach(x - kRankGap, origin.y + tallest);
}

/// Lines lead to a box below each other, in the order of where they come from.
void Layout::arrive() {
  std::vector<std::vector<Line *>> arriving(items.size());
  for (Line &line : lines)
    if (line.isLast)
      arriving[line.to].push_back(&line);
  for (std::vector<Line *> &box : arriving) {
    llvm::sort(box, [&](const Line *a, const Line *b) {
      return std::pair(items[a->from].at.y, a) <
             std::pair(items[b->from].at.y, b);
    });
    for (size_t i = 0; i < box.size(); ++i) {
      const int step = std::min(kLabelStep, (items[box[i]->to].height - 8) /
                                                static_cast<int>(box.size()));
      box[i]->arrival =
          step * (2 * static_cast<int>(i) + 1 - static_cast<int>(box.size())) /
          2;
    }
  }
}

void Layout::drawLine(const Line &line) {
  const Item &from = items[line.from], &to = items[line.to];
  const Point a{from.at.x + from.width, from.at.y},
      b{to.at.x, to.at.y + line.arrival};
  const int middle = (a.x + b.x) / 2;
  std::string path = fmt::format("M{} {}C{} {} {} {} {} {}", a.x, a.y, middle,
                                 a.y, middle, b.y, b.x, b.y);
  if (to.node < 0)
    path += fmt::format("H{}", b.x + to.width);
  svg.add(fmt::format("<path class=\"flow{}\" d=\"{}\"/>\n",
                      line.spreads ? " spread" : "", path));
  if (line.isLast)
    svg.add(fmt::format("<path fill=\"#888\" d=\"M{0} {1}l-7 -3 0 6z\"/>\n",
                        b.x, b.y));
  if (!line.label.empty())
    svg.text({b.x - 9, b.y - 4}, "edge", line.label);
}

void Layout::drawPattern(const RowPattern &pattern, Point centre) {
  const int left = centre.x - (pattern.size() - 1) * kDotStep / 2;
  const std::vector<std::vector<int>> blocks = pattern.blocks();
  for (size_t b = 0; b < blocks.size(); ++b) {
    const bool free = static_cast<int>(b) == pattern.free;
    const bool kept = pattern.kept[b];
    const std::string colour(
        free ? "#000000"
             : colourOf(pattern.space.empty()
                            ? b
                            : pattern.spaceOf(static_cast<int>(b))));
    for (size_t i = 1; i < blocks[b].size(); ++i) {
      const int from = left + blocks[b][i - 1] * kDotStep;
      const int to = left + blocks[b][i] * kDotStep;
      const int up = centre.y - 4 - (to - from) / 3;
      svg.add(
          fmt::format("<path fill=\"none\" stroke=\"{}\" stroke-width=\"2\" "
                      "d=\"M{} {}C{} {} {} {} {} {}\"/>\n",
                      colour, from, centre.y, from, up, to, up, to, centre.y));
    }
    for (int vertex : blocks[b])
      svg.add(fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"4\" fill=\"{}\" "
                          "stroke=\"{}\" stroke-width=\"2\"/>\n",
                          left + vertex * kDotStep, centre.y,
                          kept || free ? colour : "#ffffff", colour));
  }
}

void Layout::drawBox(const Item &item) {
  const GraphNode &node = graph.nodes[item.node];
  const int top = item.at.y - item.height / 2;
  const int centre = item.at.x + item.width / 2;
  svg.add(fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" "
                      "class=\"node\" fill=\"#ffffff\" stroke=\"{}\"/>\n",
                      item.at.x, top, item.width, item.height, node.colour));
  int y = top + 7;
  if (node.pattern) {
    drawPattern(*node.pattern, {centre, y + 12});
    y += 22;
  }
  if (!node.title.empty())
    svg.text({centre, y + 12}, "caption", node.title);
  y += 16 * !node.title.empty();
  if (!node.note.empty())
    svg.text({centre, y + 10}, "small", node.note);
}

} // namespace

void eqc::drawGraph(const Graph &graph, Point origin, Svg &svg) {
  Layout(graph, origin, svg).draw();
}
