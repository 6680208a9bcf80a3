//===- DrawPlan.cpp - Plans as pictures -----------------------------------===//

#include "compiler/Report/Draw.h"

#include "compiler/Report/LayerFacts.h"
#include "compiler/Report/PlanGraph.h"
#include "compiler/Report/Shapes.h"

#include <fmt/format.h>

using namespace eqc;

static constexpr int kMargin = 24;

static void drawPlan(const LayerSpec &layer, PlanKind plan, const Graph &graph,
                     const std::string &words, Svg &svg) {
  int y = svg.bottom() + (svg.bottom() > 0 ? 36 : kMargin);
  const std::string title = fmt::format(
      "{}: {}, plan {}", layer.name, ordersAndChannels(layer), planName(plan));
  svg.text({kMargin, y + 14}, "title", title);
  svg.text({kMargin, y + 34}, "note", words);
  svg.reach(kMargin + 9 * static_cast<int>(title.size()), y);
  svg.reach(kMargin + widthOfText(words), y);
  drawGraph(graph, {kMargin, y + 56}, svg);
}

bool eqc::drawPlans(llvm::ArrayRef<LayerSpec> layers,
                    const CompileOptions &options, std::string &picture,
                    CompileFailure &failure) {
  Svg svg;
  for (size_t i = 0; i < layers.size(); ++i) {
    const LayerSpec &layer = layers[i];
    bool done = true;
    if (layer.isBilinear()) {
      BilinearReport report;
      done = reportBilinear(layer, options, report, failure);
      if (done)
        drawPlan(layer, report.plan, graphOfJoins(layer, report.plan),
                 "blue: what is read of x and z; orange: products, times "
                 "weights; green: what is written to y",
                 svg);
    } else {
      ChosenPlan chosen;
      done = reportChosen(layer, options, std::nullopt, chosen, failure);
      if (done)
        drawPlan(layer, chosen.report.layer.plan, graphOf(layer, chosen.report),
                 isLattice(chosen.report)
                     ? "blue: patterns of x, read once; w0, w1, ..: channels "
                       "mixed by these weights; green: patterns of y, written "
                       "once"
                     : "stage by stage, for one sample; orange: channels are "
                       "mixed by the weights",
                 svg);
    }
    if (!done) {
      if (failure.layer >= 0)
        failure.layer = static_cast<int>(i);
      return false;
    }
  }
  picture = svg.document(kMargin);
  return true;
}
