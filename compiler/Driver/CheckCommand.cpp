//===- CheckCommand.cpp - eqc check ---------------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Driver/SharedLibrary.h"

using namespace eqc;

int eqc::runCheck(const Options &options) {
  Source source;
  if (int status = loadSource(options, source))
    return status;
  llvm::SmallVector<char, 0> object;
  if (int status = compileSource(options, source, CodeKind::Object, object))
    return status;

  PrivateDirectory directory;
  std::string problem = directory.create();
  if (!problem.empty())
    return report({StatusFile, problem});
  std::string path;
  if (Failure failure =
          linkSharedLibrary(object, source.layers, directory, path))
    return report(failure);
  std::optional<LoadedLibrary> library = LoadedLibrary::open(path, problem);
  if (!library)
    return report(
        {StatusInternal, "cannot load the compiled layers: " + problem});

  CheckOptions checkOptions;
  checkOptions.seed = options.seed;
  std::vector<CheckReport> reports;
  std::string text;
  bool failed = false;
  for (const LayerSpec &layer : source.layers) {
    reports.push_back(checkLibrary(layer, *library, checkOptions));
    text += renderReport(reports.back()) + "\n";
    failed |= reports.back().failed();
  }
  text += renderSummary(reports);
  if (Failure failure = writeStdout(text))
    return report(failure);
  return failed ? StatusRefused : StatusDone;
}
