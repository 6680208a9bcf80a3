//===- Explain.cpp - What a layer consists of, in words -------------------===//

#include "compiler/Report/Explain.h"

#include "compiler/Algebra/RowPattern.h"
#include "compiler/Frontend/Explained.h"
#include "compiler/Frontend/Print.h"
#include "compiler/Plan/Bilinear/BilinearPlan.h"
#include "compiler/Plan/Bilinear/JoinPlans.h"
#include "compiler/Plan/PlanReport.h"
#include "compiler/Report/ExplainNetwork.h"
#include "compiler/Report/LayerFacts.h"
#include "compiler/Report/Shapes.h"
#include "compiler/Report/Table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

using namespace eqc;

/// Longer lists are cut off, with a note.
static constexpr size_t maxListed = 1000;

std::string eqc::permutationText(const std::vector<int> &sigma) {
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
    rows.push_back({std::to_string(d), toString(diagrams[d], layer.group),
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
  for (const Fact &fact : factsOf(layer, options))
    text += fmt::format("  {:<10} {}\n", fact.name, fact.words);
}

/// What most who ask want to know: how long a call takes; nothing where this
/// is not predicted.
static std::string timeFact(const LayerSpec &layer, const PlanChoice &choice,
                            PlanKind plan) {
  for (const PlanCandidate &candidate : choice.candidates)
    if (candidate.kind == plan && choice.isPredicted)
      return fmt::format(
          "  {:<10} about {} a call of {} samples{} on one thread with {}, by "
          "the {} plan\n",
          "time", timeText(candidate.callNs), choice.batch,
          !layer.dynamicN()         ? ""
          : layer.group.isProduct() ? fmt::format(" and sizes of {}", choice.n)
                                    : fmt::format(" and n = {}", choice.n),
          choice.target, planName(plan));
  return "";
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
        {std::to_string(d), toString(layer.diagrams[d], layer.group),
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
  ChosenPlan chosen;
  if (!reportChosen(layer, options, measured, chosen, failure))
    return false;
  const LayerReport &report = chosen.report;
  text += fmt::format("layer {}: {}\n", layer.name, ordersAndChannels(layer));
  appendFacts(layer, chosen.options, text);
  text += timeFact(layer, report.choice, report.layer.plan);
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
  if (layer.group.isProduct())
    text += !layer.group.hasSums()
                ? "  (behind : stands the space of a block, counted from 0 as "
                  "above)\n"
                : "  (behind : stands the space of a block, counted from 0 as "
                  "above, behind / which\n  summand of its sum that is, from "
                  "0)\n";
  if (std::any_of(layer.diagrams.begin(), layer.diagrams.end(),
                  [](const Diagram &d) { return d.map.exists(); }))
    text += "  (- is an edge, a factor of the adjacency matrix; behind ; stand "
            "the steps of a\n  row: letters that are summed, ~, how many are "
            "added, +, and the edges that join\n  them)\n";
  if (std::any_of(layer.diagrams.begin(), layer.diagrams.end(),
                  [](const Diagram &d) { return d.orbit.exists(); }))
    text += "  (= are values of one of the tuples of an orbit; behind # stand "
            "how many tuples a\n  row is summed into or written from, those of "
            "the other row behind >, and the\n  terms of each)\n";
  else if (std::any_of(
               layer.diagrams.begin(), layer.diagrams.end(),
               [](const Diagram &diagram) { return diagram.head >= 0; }))
    text += "  (* | is the head of a jellyfish; behind + stand how many legs "
            "inputs have alone\n  and the output block of each of their other "
            "legs)\n";
  text += reportPlans(layer, report.choice, report.layer.plan, report.counted,
                      chosen.asked, chosen.why);
  text += scheduleText(layer, options, report, report.choice.target);
  return true;
}

bool eqc::explainProgram(llvm::ArrayRef<LayerSpec> layers,
                         llvm::ArrayRef<NetworkSpec> networks,
                         const CompileOptions &options,
                         llvm::ArrayRef<Measured> measured, std::string &text,
                         CompileFailure &failure) {
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!text.empty())
      text += "\n";
    const Measured own = measured.empty() ? Measured() : measured[i];
    if (!explainLayer(layers[i], options, own.tuning, text, failure)) {
      if (failure.layer >= 0)
        failure.layer = static_cast<int>(i);
      return false;
    }
    text += own.words;
  }
  for (const NetworkSpec &network : networks) {
    text += "\n";
    explainNetwork(network, text);
  }
  return true;
}

std::string eqc::explainDiagnostic(const DiagnosticInfo &info) {
  std::string text =
      fmt::format("{}: {}\n\n{}", info.code, info.title, info.explanation);
  if (text.back() != '\n')
    text += '\n';
  return text + explainedExamples(info);
}
