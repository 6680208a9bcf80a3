//===- LayerFacts.h - What is said of a layer, as data ----------*- C++ -*-===//
//
// The facts that `eqc explain` says in words, as JSON, and that editors show:
// gathered once, from the layer and from the IR that it is compiled by.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_REPORT_LAYERFACTS_H
#define EQC_REPORT_LAYERFACTS_H

#include "compiler/Pipelines/Compile.h"

#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <vector>

namespace eqc {

/// One line of the description of a layer.
struct Fact {
  const char *name;
  std::string words;
  const char *key; ///< what JSON calls it; null: it has no such value
  llvm::json::Value value;
};
std::vector<Fact> factsOf(const LayerSpec &layer,
                          const CompileOptions &options);

/// The plan that a linear layer gets. One that was asked for and is not
/// possible is reported too: then `why` says why not, and the plan is the
/// cheapest.
struct ChosenPlan {
  LayerReport report;
  CompileOptions options; ///< that it is reported under
  PlanKind asked = PlanKind::Auto;
  std::string why; ///< this plan, where it is not the cheapest
  BuiltPlans built;
};
/// False, with `failure` filled in, as reportLayer. `measured` is what was
/// found by measuring, if anything was.
bool reportChosen(const LayerSpec &layer, const CompileOptions &options,
                  const std::optional<LayerTuning> &measured,
                  ChosenPlan &chosen, CompileFailure &failure);

/// The input block of each output block of a diagram: "2 1", or "-".
std::string permutationText(const std::vector<int> &sigma);

/// How a polynomial's exact value is written where it is known.
std::optional<int64_t> valueOf(const Poly &poly, const LayerSpec &layer);

} // namespace eqc

#endif // EQC_REPORT_LAYERFACTS_H
