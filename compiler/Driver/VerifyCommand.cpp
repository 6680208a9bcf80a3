//===- VerifyCommand.cpp - eqc verify -------------------------------------===//

#include "compiler/Driver/Commands.h"
#include "compiler/Driver/VerifyFile.h"

using namespace eqc;

int eqc::runVerify(const Options &options) {
  Verifiable file;
  VerifyFailure refusal;
  if (!findVerifiable(options.input, file, refusal))
    return report({refusal.status, refusal.message});
  std::string text;
  int status = StatusDone;
  for (const std::string &name : file.names) {
    const ChildResult result =
        verifyOne(options.input, file, name, options.timeLimit.value_or(10));
    text += result.output;
    if (result.status < 0)
      text += name + ": FAILED: " + result.why + "\n";
    if (result.status == StatusLimit && status == StatusDone)
      status = StatusLimit;
    else if (result.status != StatusDone && result.status != StatusLimit)
      status = StatusRefused;
  }
  if (Failure failure = writeStdout(text))
    return report(failure);
  return status;
}
