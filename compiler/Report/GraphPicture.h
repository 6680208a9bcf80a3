//===- GraphPicture.h - Boxes and arrows ------------------------*- C++ -*-===//
//
// Graphs without cycles, drawn from left to right: a box stands to the right of
// all that lead to it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_REPORT_GRAPHPICTURE_H
#define EQC_REPORT_GRAPHPICTURE_H

#include "compiler/Algebra/RowPattern.h"
#include "compiler/Report/Svg.h"

#include <optional>
#include <string>
#include <vector>

namespace eqc {

struct GraphNode {
  std::string title, note;
  std::string_view colour = "#888888";
  std::optional<RowPattern> pattern; ///< drawn in the box
};

struct GraphEdge {
  size_t from = 0, to = 0;
  std::string label;
  bool spreads = false; ///< dashed
};

struct Graph {
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;

  size_t add(GraphNode node) {
    nodes.push_back(std::move(node));
    return nodes.size() - 1;
  }
  void join(size_t from, size_t to, std::string label = "",
            bool spreads = false) {
    edges.push_back({from, to, std::move(label), spreads});
  }
};

/// Draws a graph with its upper left corner at a place, and extends the picture
/// to hold it.
void drawGraph(const Graph &graph, Point origin, Svg &svg);

} // namespace eqc

#endif // EQC_REPORT_GRAPHPICTURE_H
