//===- DrawCommand.cpp - eqc draw -----------------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Driver/Input.h"
#include "compiler/Report/Draw.h"

using namespace eqc;
using llvm::StringRef;

/// Of pages the path of one: `OUT-2.svg`.
static std::string pathOf(StringRef output, size_t page) {
  const bool isSvg = output.consume_back(".svg");
  return (output + "-" + llvm::Twine(page + 1) + (isSvg ? ".svg" : "")).str();
}

int eqc::runDraw(const Options &options) {
  if (!options.output && isStdin(options.input))
    return report(
        {StatusUsage, "reading standard input needs '-o <path>', or '-o -'"});
  StringRef stem = options.input;
  stem.consume_back(".eq");
  const std::string output =
      options.output ? *options.output : (stem + ".svg").str();
  if (options.drawPages && output == "-")
    return report({StatusUsage, "pages are files; give '-o <path>'"});
  Outputs outputs;
  if (!options.drawPages) {
    outputs.add(output);
    if (Failure failure = outputs.check(options.input))
      return report(failure);
  }
  Source source(options);
  if (int status = loadSource(options, source))
    return status;
  std::vector<std::string> pictures;
  if (options.drawPlan) {
    CompileFailure failure;
    if (!drawPlans(source.layers, source.compile, pictures.emplace_back(),
                   failure))
      return reportCompileFailure(options, source, failure);
  } else {
    pictures = drawProgram(source.layers, source.networks, {options.drawPages});
  }
  if (options.drawPages) {
    for (size_t page = 0; page < pictures.size(); ++page)
      outputs.add(pathOf(output, page));
    if (Failure failure = outputs.check(options.input))
      return report(failure);
  }
  for (size_t page = 0; page < pictures.size(); ++page)
    outputs.setContents(page, pictures[page]);
  if (Failure failure = outputs.commit())
    return report(failure);
  return StatusDone;
}
