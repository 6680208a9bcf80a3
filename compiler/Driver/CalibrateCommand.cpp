//===- CalibrateCommand.cpp - eqc bench --calibrate -----------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Bench/Limits.h"
#include "compiler/Tune/Calibrate.h"

using namespace eqc;

int eqc::runCalibrate(const Options &options) {
  Outputs outputs;
  const bool toFile = options.benchJson && *options.benchJson != "-";
  if (toFile) {
    outputs.add(*options.benchJson);
    if (Failure failure = outputs.check(""))
      return report(failure);
  }
  CompileFailure failure;
  const std::vector<MeasuredRates> rates =
      calibrate(options.compile, options.bench.seconds, failure);
  if (rates.empty())
    return report({failure.status, failure.message});
  const std::string json = renderRates(rates, cpuName());
  if (toFile) {
    outputs.setContents(0, json);
    if (Failure problem = outputs.commit())
      return report(problem);
  }
  if (Failure problem =
          writeStdout(toFile ? reportRates(rates, cpuName()) : json))
    return report(problem);
  return StatusDone;
}
