//===- ExplainJson.cpp - What a layer consists of, as JSON ----------------===//

#include "compiler/Algebra/GraphMatrix.h"
#include "compiler/Report/Explain.h"

#include "compiler/Algebra/RowPattern.h"
#include "compiler/Frontend/Print.h"
#include "compiler/Plan/Bilinear/JoinPlans.h"
#include "compiler/Plan/PlanReport.h"
#include "compiler/Report/ExplainNetwork.h"
#include "compiler/Report/LayerFacts.h"

using namespace eqc;
namespace json = llvm::json;

/// An exact count: the polynomial, and its value where it is known.
static json::Value countValue(const Poly &poly, const LayerSpec &layer) {
  const std::optional<int64_t> value = valueOf(poly, layer);
  return json::Object{{"words", toString(poly, layer.sizeNames())},
                      {"value", value ? json::Value(*value) : nullptr}};
}

static json::Array diagramValues(const LayerSpec &layer,
                                 const std::vector<Diagram> &diagrams) {
  json::Array values;
  for (const Diagram &diagram : diagrams) {
    json::Object value{{"diagram", toString(diagram, layer.group)}};
    if (!layer.isBilinear()) {
      const Split split = splitDiagram(diagram);
      value["output"] = toString(split.top);
      value["joined"] = permutationText(split.sigma);
      value["input"] = toString(split.bottom);
    }
    if (diagram.orbit.exists())
      value["tuples"] = json::Object{{"rows", diagram.orbit.rows},
                                     {"columns", diagram.orbit.columns},
                                     {"size", diagram.orbit.size}};
    if (diagram.map.exists()) {
      const GraphMapNorms norms = normsOf(diagram, *layer.group.action());
      value["map"] = json::Object{{"rows", norms.rows},
                                  {"squares_of_row_sums", norms.squaresOfSums},
                                  {"squares_of_entries", norms.squares}};
    }
    if (!layer.symmetry.isTrivial())
      value["orbit"] = orbitText(layer, diagram);
    values.push_back(std::move(value));
  }
  return values;
}

static const char *nameOf(StageKind kind) {
  switch (kind) {
  case StageKind::Copy:
    return "copy";
  case StageKind::Read:
    return "read";
  case StageKind::Mix:
    return "mix";
  case StageKind::Write:
    return "write";
  case StageKind::Transform:
    return "transform";
  }
  return "";
}

static json::Array stageValues(const LayerSpec &layer, const PlanCost &cost) {
  json::Array values;
  for (const StageCost &stage : cost.stages)
    values.push_back(json::Object{
        {"stage", nameOf(stage.kind)},
        {"from", std::string(arrayName(stage.source))},
        {"to", std::string(arrayName(stage.target))},
        {"patterns", stage.patterns},
        {"matrices", stage.terms},
        {"additions_per_channel", countValue(stage.additions, layer)},
        {"multiply_adds_per_channel_pair",
         countValue(stage.multiplyAdds, layer)}});
  return values;
}

static json::Array planValues(const PlanChoice &choice) {
  json::Array values;
  for (const PlanCandidate &plan : choice.candidates) {
    json::Object value{{"plan", std::string(planName(plan.kind))}};
    if (!plan.refused.empty()) {
      value["refused"] = plan.refused;
    } else {
      value["multiply_adds"] = plan.operations.multiplyAdds;
      value["flops"] = plan.operations.flops();
      value["scratch_bytes"] = plan.scratchBytes;
      if (choice.isPredicted) {
        value["packed_bytes"] = plan.work.packedBytes;
        value["pack_ns"] = plan.packNs;
        value["sample_ns"] = plan.sampleNs;
        value["call_ns"] = plan.callNs;
      }
    }
    values.push_back(std::move(value));
  }
  return values;
}

static json::Object schedule(const FunctionReport &function) {
  return json::Object{{"plan", std::string(planName(function.plan))},
                      {"schedule", function.schedule}};
}

/// What is the same for layers of one and of two inputs.
static json::Object describe(const LayerSpec &layer,
                             const CompileOptions &options) {
  json::Object value{{"name", layer.name},
                     {"line", layer.position.line},
                     {"k", layer.k1()},
                     {"l", layer.l}};
  if (layer.isBilinear())
    value["k2"] = layer.k2;
  json::Array spaces, sums;
  for (Fact &fact : factsOf(layer, options)) {
    if (llvm::StringRef(fact.key) == "spaces")
      spaces.push_back(std::move(fact.value));
    else if (llvm::StringRef(fact.key) == "sums")
      sums.push_back(std::move(fact.value));
    else
      value[fact.key] = std::move(fact.value);
  }
  if (layer.typed)
    value["spaces"] = std::move(spaces);
  if (!sums.empty())
    value["sums"] = std::move(sums);
  value["channels"] = json::Array{layer.cIn, layer.cOut};
  value["diagrams"] = diagramValues(layer, layer.diagrams);
  value["bias_diagrams"] = diagramValues(layer, layer.biasDiagrams);
  return value;
}

bool eqc::explainLayer(const LayerSpec &layer, const CompileOptions &options,
                       const std::optional<LayerTuning> &measured,
                       json::Object &value, CompileFailure &failure) {
  if (layer.isBilinear()) {
    BilinearReport report;
    if (!reportBilinear(layer, options, report, failure))
      return false;
    value = describe(layer, options);
    value["plan"] = std::string(planName(report.plan));
    json::Object kernels;
    for (const auto &[what, words] : report.schedules)
      kernels[what] = json::Object{{"schedule", words}};
    value["kernels"] = std::move(kernels);
    return true;
  }
  ChosenPlan chosen;
  if (!reportChosen(layer, options, measured, chosen, failure))
    return false;
  const LayerReport &report = chosen.report;
  const PlanChoice &choice = report.choice;
  value = describe(layer, chosen.options);
  value["plan"] = std::string(planName(report.layer.plan));
  value["reason"] = reasonOf(choice, chosen.asked, chosen.why);
  value["stages"] = stageValues(layer, report.counted.cost);
  value["compared_at"] = json::Object{{"n", choice.n},
                                      {"batch", choice.batch},
                                      {"machine", choice.target},
                                      {"predicted", choice.isPredicted}};
  value["plans"] = planValues(choice);
  const LeastBytes least = leastBytesOf(layer, choice.n);
  value["least_bytes"] = json::Object{{"per_sample", least.perSample},
                                      {"per_call", least.perCall}};
  json::Object kernels{{"forward", schedule(report.layer)}};
  if (options.gradients) {
    kernels["gradient_of_x"] = schedule(report.gradientOfX);
    kernels["gradient_of_weight"] = schedule(report.gradientOfWeight);
  }
  value["kernels"] = std::move(kernels);
  return true;
}

bool eqc::explainProgram(llvm::ArrayRef<LayerSpec> layers,
                         llvm::ArrayRef<NetworkSpec> networks,
                         const CompileOptions &options,
                         llvm::ArrayRef<Measured> measured, json::Object &value,
                         CompileFailure &failure) {
  json::Array explained, networkValues;
  for (size_t i = 0; i < layers.size(); ++i) {
    json::Object layer;
    if (!explainLayer(layers[i], options,
                      measured.empty() ? std::nullopt : measured[i].tuning,
                      layer, failure)) {
      if (failure.layer >= 0)
        failure.layer = static_cast<int>(i);
      return false;
    }
    explained.push_back(std::move(layer));
  }
  for (const NetworkSpec &network : networks)
    networkValues.push_back(explainNetwork(network));
  value["layers"] = std::move(explained);
  value["networks"] = std::move(networkValues);
  return true;
}
