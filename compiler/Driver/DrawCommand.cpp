//===- DrawCommand.cpp - eqc draw -----------------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Driver/Draw.h"
#include "compiler/Driver/Input.h"

using namespace eqc;
using llvm::StringRef;

int eqc::runDraw(const Options &options) {
  if (!options.output && isStdin(options.input))
    return report(
        {StatusUsage, "reading standard input needs '-o <path>', or '-o -'"});
  StringRef stem = options.input;
  stem.consume_back(".eq");
  Outputs outputs;
  size_t picture =
      outputs.add(options.output ? *options.output : (stem + ".svg").str());
  if (Failure failure = outputs.check(options.input))
    return report(failure);
  Source source;
  if (int status = loadSource(options, source))
    return status;
  outputs.setContents(picture, drawLayers(source.layers));
  if (Failure failure = outputs.commit())
    return report(failure);
  return StatusDone;
}
