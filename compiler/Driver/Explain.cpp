//===- Explain.cpp - What a layer consists of, in words -------------------===//

#include "compiler/Driver/Explain.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/RowPattern.h"
#include "compiler/Driver/HeaderEmitter.h"
#include "compiler/Driver/Table.h"
#include "compiler/Frontend/Print.h"
#include "compiler/Plan/Bilinear/BilinearPlan.h"
#include "compiler/Plan/Bilinear/JoinPlans.h"
#include "compiler/Plan/PlanReport.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

using namespace eqc;

/// Longer lists are cut off, with a note.
static constexpr size_t maxListed = 1000;

/// Counting a basis may list the diagrams; of more than this many, it does not.
static constexpr uint64_t maxCounted = 1 << 20;

static std::string countText(const Count &count) {
  return count.saturated ? "more than 2^64" : std::to_string(count.value);
}

/// How many diagrams there are, how many of them are independent.
static std::string describeCounts(const LayerSpec &layer) {
  const LayerRows rows{layer.group, layer.n,      layer.l,
                       layer.k,     layer.axes(), layer.duals()};
  Count all = countDiagrams(rows);
  std::string text = std::to_string(layer.diagrams.size());
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

static std::string permutationText(const std::vector<int> &sigma) {
  if (sigma.empty())
    return "-";
  std::string text;
  for (int image : sigma)
    text += (text.empty() ? "" : " ") + std::to_string(image + 1);
  return text;
}

static void appendDiagrams(const LayerSpec &layer, std::string_view array,
                           const std::vector<Diagram> &diagrams,
                           std::string &text) {
  const bool hasOrbits = !layer.symmetry.isTrivial();
  std::vector<std::vector<std::string>> rows;
  rows.push_back({std::string(array), "diagram", "output", "joined", "input"});
  if (hasOrbits)
    rows.back().emplace_back("orbit");
  size_t shown = std::min(diagrams.size(), maxListed);
  for (size_t d = 0; d < shown; ++d) {
    Split split = splitDiagram(diagrams[d]);
    rows.push_back({std::to_string(d), toString(diagrams[d]),
                    toString(split.top), permutationText(split.sigma),
                    toString(split.bottom)});
    if (hasOrbits)
      rows.back().push_back(orbitText(layer, diagrams[d]));
  }
  text += "\n";
  appendTable(rows, text);
  if (shown < diagrams.size())
    text += fmt::format("  .. and {} more\n", diagrams.size() - shown);
}

static void appendFacts(const LayerSpec &layer, const CompileOptions &options,
                        std::string &text) {
  auto out = std::back_inserter(text);
  auto fact = [&](std::string_view name, const std::string &value) {
    fmt::format_to(out, "  {:<10} {}\n", name, value);
  };
  int64_t diagrams = layer.diagrams.size();
  int64_t biasDiagrams = layer.biasDiagrams.size();
  if (!layer.typed)
    fact("group", fmt::format("{}, {}, n {}", groupName(layer.group),
                              rulesOf(layer.group).words(),
                              layer.dynamicN() ? "given at run time"
                                               : fmt::format("= {}", layer.n)));
  for (const Space &space : layer.typed ? layer.spaces() : std::vector<Space>())
    fact("space", fmt::format("{} = {}, {}", space.name, spaceText(space),
                              rulesOf(space.group).words()));
  if (!layer.duals().empty())
    fact("axes", sidesText(layer));
  if (!layer.symmetry.isTrivial())
    fact("symmetry", symmetryWords(layer));
  fact("x", arrayShape(layer, BilinearRow::X));
  if (layer.isBilinear())
    fact("z", arrayShape(layer, BilinearRow::Z));
  fact("y", arrayShape(layer, BilinearRow::Y));
  fact("weight", fmt::format("{}, {} elements", weightShape(layer),
                             diagrams * layer.weightsOfDiagram()));
  fact("bias", layer.bias ? fmt::format("[{}, {}], {} elements", biasDiagrams,
                                        layer.cOut, biasDiagrams * layer.cOut)
                          : "none");
  fact("numbers",
       fmt::format("{}{}", layer.dtype == DType::F32 ? "f32" : "f64",
                   layer.normalize == Normalize::Mean ? ", means over inputs"
                                                      : ""));
  if (layer.batch > 0)
    fact("batch", fmt::format("specialised for {}", layer.batch));
  fact("diagrams", describeCounts(layer));
  if (options.ragged)
    fact("ragged", hasRagged(layer, options, 0)
                       ? "also functions for samples of different sizes"
                   : layer.dynamicN()
                       ? "not under this plan; shared and factored have them"
                       : "no: all samples have one n");
}

/// How kernels carry out the stages of a plan, and of the gradients.
static std::string scheduleText(const LayerSpec &layer,
                                const CompileOptions &options,
                                const LayerReport &report,
                                const std::string &machine) {
  std::string text = fmt::format("\n  its kernel for {}, stage by stage:\n{}",
                                 machine, report.layer.schedule);
  if (options.gradients)
    text += fmt::format(
        "\n  its gradient of x, a layer on grad_y by the {} plan:\n{}"
        "\n  its gradient{} of weight{}:\n{}",
        planName(report.gradientOfX.plan), report.gradientOfX.schedule,
        layer.bias ? "s" : "", layer.bias ? " and bias" : "",
        report.gradientOfWeight.schedule);
  return text;
}

/// Diagrams of two inputs as each array sees them.
static void appendBilinear(const LayerSpec &layer, std::string &text) {
  const BilinearPlan plan = buildBilinearPlan(layer, BilinearRole::Forward);
  std::vector<std::vector<std::string>> rows{{"weight", "diagram"}};
  const size_t shown = std::min(layer.diagrams.size(), maxListed);
  for (size_t d = 0; d < shown; ++d)
    rows.push_back(
        {std::to_string(d), toString(layer.diagrams[d]),
         joinsInputs(layer.diagrams[d], layer.k1()) ? "joins x and z" : ""});
  text += "\n";
  appendTable(rows, text);
  if (shown < layer.diagrams.size())
    text += fmt::format("  .. and {} more\n", layer.diagrams.size() - shown);
  rows = {{"letters", "joins", "results"}};
  for (int letters = 0; letters <= layer.k + layer.l; ++letters)
    if (plan.numJoins(letters) + plan.numResults(letters) > 0)
      rows.push_back({std::to_string(letters),
                      std::to_string(plan.numJoins(letters)),
                      std::to_string(plan.numResults(letters))});
  text += "\n";
  appendTable(rows, text);
  text += "  (a join multiplies what is left of x and of z once its own blocks "
          "are summed, n\n  multiply-adds for each of its letters; its results "
          "are added to y, with weights)\n";
}

/// What is different where there are two inputs.
static bool explainBilinear(const LayerSpec &layer,
                            const CompileOptions &options, std::string &text,
                            CompileFailure &failure) {
  BilinearReport report;
  if (!reportBilinear(layer, options, report, failure))
    return false;
  text += fmt::format("layer {}: {}\n", layer.name, ordersAndChannels(layer));
  appendFacts(layer, options, text);
  appendBilinear(layer, text);
  if (!layer.biasDiagrams.empty())
    appendDiagrams(layer, "bias", layer.biasDiagrams, text);
  const bool shares = sharesJoins(report.plan).value_or(true);
  text += fmt::format("\n  plan: {}, {}\n", planName(report.plan),
                      shares ? "joins are shared between diagrams"
                             : "a join for each diagram");
  for (const auto &[what, schedule] : report.schedules)
    text += fmt::format("\n  {}, stage by stage:\n{}", what, schedule);
  return true;
}

bool eqc::explainLayer(const LayerSpec &layer, const CompileOptions &options,
                       const std::optional<LayerTuning> &measured,
                       std::string &text, CompileFailure &failure) {
  if (layer.isBilinear())
    return explainBilinear(layer, options, text, failure);
  BuiltPlans built; // for a second report
  CompileOptions own = options;
  if (!own.built)
    own.built = &built;
  own.tuning.clear();
  if (measured)
    own.tuning.push_back(*measured);
  const PlanKind asked = measured ? measured->plan : options.plan;
  LayerReport report;
  const bool refused = !reportLayer(layer, own, report, failure);
  if (refused) {
    // A plan that is asked for and not possible is explained, too.
    if (failure.id.empty())
      return false;
    own.plan = PlanKind::Auto;
    if (!reportLayer(layer, own, report, failure))
      return false;
  }
  text += fmt::format("layer {}: {}\n", layer.name, ordersAndChannels(layer));
  appendFacts(layer, own, text);
  appendDiagrams(layer, "weight", layer.diagrams, text);
  if (!layer.biasDiagrams.empty())
    appendDiagrams(layer, "bias", layer.biasDiagrams, text);
  if (!layer.symmetry.isTrivial())
    text +=
        "  (a weight multiplies the sum of its diagram and of the others of "
        "its orbit)\n";
  text +=
      "  (output and input: how the axes of a row are merged, ~ marks those "
      "summed or\n  spread over; joined: the input block of each output "
      "block that is left)\n";
  if (std::any_of(layer.diagrams.begin(), layer.diagrams.end(),
                  [](const Diagram &diagram) { return diagram.head >= 0; }))
    text += "  (* | is the head of a jellyfish; behind + stand how many legs "
            "inputs have alone\n  and the output block of each of their other "
            "legs)\n";
  // Where its gradient refuses it, it is no candidate's fault.
  const std::string why = refused    ? failure.message
                          : measured ? "as measured"
                                     : "as asked for";
  text += reportPlans(layer, report.choice, report.layer.plan, report.counted,
                      asked, why);
  text += scheduleText(layer, options, report, report.choice.target);
  return true;
}

std::string eqc::explainDiagnostic(const DiagnosticInfo &info) {
  std::string text =
      fmt::format("{}: {}\n\n{}", info.code, info.title, info.explanation);
  if (text.back() != '\n')
    text += '\n';
  return text + fmt::format("\nExit status {}.\n", info.status);
}
