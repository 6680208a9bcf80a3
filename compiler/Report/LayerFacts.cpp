//===- LayerFacts.cpp - What is said of a layer, as data ------------------===//

#include "compiler/Report/LayerFacts.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Print.h"
#include "compiler/Plan/Saturating.h"
#include "compiler/Report/Shapes.h"

#include <fmt/format.h>

using namespace eqc;
namespace json = llvm::json;

/// Counting a basis may list the diagrams; of more than this many, it does not.
static constexpr uint64_t maxCounted = 1 << 20;

static std::string countText(const Count &count) {
  return count.saturated ? "more than 2^64" : std::to_string(count.value);
}

/// How many diagrams there are, how many of them are independent.
static std::string describeCounts(const LayerSpec &layer) {
  const LayerRows rows{layer.group, layer.n,      layer.l,
                       layer.k,     layer.axes(), layer.duals()};
  std::string text = std::to_string(layer.diagrams.size());
  // There is no end of graph maps, and counting orbits may take long.
  if (!layer.diagrams.empty() && layer.diagrams.front().map.exists())
    return text + ", graph maps as listed";
  Count all = countDiagrams(rows);
  if (!layer.symmetry.isTrivial())
    return text +
           fmt::format(" orbits{}, of {} diagrams in all",
                       layer.choice == DiagramChoice::List    ? ", as listed"
                       : layer.choice == DiagramChoice::Basis ? ", a basis"
                                                              : "",
                       countText(all));
  switch (layer.choice) {
  case DiagramChoice::All:
    text += ", all of the group";
    break;
  case DiagramChoice::Basis:
    text += fmt::format(", a basis, of {} in all", countText(all));
    break;
  case DiagramChoice::Connected:
    text +=
        fmt::format(", those that join x and z, of {} in all", countText(all));
    break;
  case DiagramChoice::List:
    text += fmt::format(", as listed, of {} in all", countText(all));
    break;
  }
  if (layer.dynamicN() || all.saturated || all.value > maxCounted)
    return text;
  Count basis = countBasis(rows);
  return text +
         fmt::format("; equivariant maps have dimension {}", countText(basis));
}

static json::Value sizeValue(int64_t n) {
  return n < 0 ? json::Value(nullptr) : json::Value(n);
}

static json::Value spaceValue(const Space &space) {
  return json::Object{{"name", space.name},
                      {"group", groupName(space.group)},
                      {"n", sizeValue(space.n)}};
}

std::vector<Fact> eqc::factsOf(const LayerSpec &layer,
                               const CompileOptions &options) {
  std::vector<Fact> facts;
  auto fact = [&](const char *name, std::string words, const char *key,
                  json::Value value) {
    facts.push_back({name, std::move(words), key, std::move(value)});
  };
  const int64_t diagrams = layer.diagrams.size();
  const int64_t biasDiagrams = layer.biasDiagrams.size();
  if (!layer.typed)
    fact("group",
         fmt::format("{}, {}, n {}", groupName(layer.group),
                     rulesOf(layer.group).words(),
                     layer.dynamicN() ? "given at run time"
                                      : fmt::format("= {}", layer.n)),
         "group", spaceValue({"", layer.group, layer.n}));
  json::Array spaces;
  for (const Space &space : layer.typed ? layer.spaces() : std::vector<Space>())
    fact("space",
         fmt::format("{} = {}, {}", space.name, spaceText(space),
                     rulesOf(space.group).words()),
         "spaces", spaceValue(space));
  for (size_t s = 0; s < layer.group.sums().size(); ++s) {
    const SpaceSum &sum = layer.group.sums()[s];
    const auto axis = static_cast<int>(layer.group.numSpaces() + s);
    const int64_t n = sizeOf(layer.group, layer.n, axis);
    fact("sum",
         fmt::format("{} = {}{}", sum.name,
                     summandsText(layer.group.spaces(), sum),
                     n < 0 ? "" : fmt::format(", {} entries", n)),
         "sums",
         json::Object{{"name", sum.name},
                      {"summands", summandsText(layer.group.spaces(), sum)},
                      {"n", n < 0 ? json::Value(nullptr) : json::Value(n)}});
  }
  if (!layer.duals().empty())
    fact("axes", sidesText(layer), "axes", sidesText(layer));
  if (!layer.symmetry.isTrivial())
    fact("symmetry", symmetryWords(layer), "symmetry", symmetryWords(layer));
  for (auto [name, row] :
       {std::pair("x", BilinearRow::X), std::pair("z", BilinearRow::Z),
        std::pair("y", BilinearRow::Y)})
    if (row != BilinearRow::Z || layer.isBilinear())
      fact(name, arrayShape(layer, row), name, arrayShape(layer, row));
  const int64_t weights = diagrams * layer.weightsOfDiagram();
  fact("weight", fmt::format("{}, {} elements", weightShape(layer), weights),
       "weight",
       json::Object{{"shape", weightShape(layer)}, {"elements", weights}});
  if (layer.weightsOf == WeightsOf::Orbits)
    fact("weights of", "tuples equal exactly within the blocks of diagrams",
         "weights_of", "orbit");
  if (layer.pool != Pool::Sum)
    fact("pool",
         fmt::format("the {} entry over inputs that y does not have",
                     layer.pool == Pool::Max ? "largest" : "smallest"),
         "pool", poolName(layer.pool));
  const std::string bias = fmt::format("[{}, {}]", biasDiagrams, layer.cOut);
  fact("bias",
       layer.bias
           ? fmt::format("{}, {} elements", bias, biasDiagrams * layer.cOut)
           : "none",
       "bias",
       layer.bias
           ? json::Value(json::Object{{"shape", bias},
                                      {"elements", biasDiagrams * layer.cOut}})
           : json::Value(nullptr));
  const char *numbers = dtypeName(layer.dtype, layer.storage);
  const bool isMean = layer.normalize == Normalize::Mean;
  fact("numbers",
       fmt::format("{}{}{}", numbers,
                   layer.storage == Storage::AsComputed
                       ? ""
                       : " in memory, computed in f32",
                   isMean ? ", means over inputs" : ""),
       "numbers",
       json::Object{{"dtype", numbers},
                    {"normalize", isMean ? "mean" : "none"}});
  if (layer.batch > 0)
    fact("batch", fmt::format("specialised for {}", layer.batch), "batch",
         layer.batch);
  const std::string counts = describeCounts(layer);
  fact("diagrams", counts, "diagram_count",
       json::Object{
           {"weights", diagrams}, {"bias", biasDiagrams}, {"words", counts}});
  if (options.ragged)
    fact("ragged",
         hasRagged(layer, options, 0)
             ? "also functions for samples of different sizes"
         : layer.dynamicN() && layer.group.isProduct()
             ? "not of axes of several spaces; a network of the layer has them"
         : layer.dynamicN()
             ? "not under this plan; shared and factored have them"
             : "no: all samples have one n",
         "ragged", hasRagged(layer, options, 0));
  return facts;
}

bool eqc::reportChosen(const LayerSpec &layer, const CompileOptions &options,
                       const std::optional<LayerTuning> &measured,
                       ChosenPlan &chosen, CompileFailure &failure) {
  chosen.options = options;
  if (!chosen.options.built)
    chosen.options.built = &chosen.built;
  chosen.options.tuning.clear();
  if (measured)
    chosen.options.tuning.push_back(*measured);
  chosen.asked = measured ? measured->plan : options.plan;
  chosen.why = measured ? "as measured" : "as asked for";
  if (reportLayer(layer, chosen.options, chosen.report, failure))
    return true;
  // A plan that is asked for and not possible is explained, too. Where its
  // gradient refuses it, it is no candidate's fault.
  if (failure.id.empty())
    return false;
  chosen.why = failure.message;
  chosen.options.plan = PlanKind::Auto;
  return reportLayer(layer, chosen.options, chosen.report, failure);
}

std::optional<int64_t> eqc::valueOf(const Poly &poly, const LayerSpec &layer) {
  if (layer.dynamicN() && !poly.isConstant())
    return std::nullopt;
  const int64_t value = countAt(poly, layer.n);
  return value == saturatedCount ? std::nullopt : std::optional(value);
}
