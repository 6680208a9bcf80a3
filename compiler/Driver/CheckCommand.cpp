//===- CheckCommand.cpp - eqc check ---------------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/PlanRules.h"

using namespace eqc;

int eqc::runCheck(const Options &options) {
  Source source;
  if (int status = loadSource(options, source))
    return status;
  if (int status = tuneSource(options, source))
    return status;
  std::optional<LoadedLibrary> library;
  if (int status = loadCompiled(options, source, library))
    return status;

  CheckOptions checkOptions;
  checkOptions.seed = options.seed;
  std::vector<CheckReport> reports;
  std::string text;
  bool failed = false;
  for (const LayerSpec &layer : source.layers) {
    const std::optional<PlanKind> plan = findPlan(library->planName(layer));
    auto conditionOf = [&](const LayerSpec &spec) {
      return plan && rulesOf(*plan).promisesLess
                 ? rulesOf(*plan).count(spec).basisCondition
                 : 1;
    };
    checkOptions.basisCondition = conditionOf(layer);
    checkOptions.gradientCondition = conditionOf(gradientLayer(layer));
    reports.push_back(checkLibrary(layer, *library, checkOptions));
    text += renderReport(reports.back()) + "\n";
    failed |= reports.back().failed();
  }
  text += renderSummary(reports);
  if (Failure failure = writeStdout(text))
    return report(failure);
  return failed ? StatusRefused : StatusDone;
}
