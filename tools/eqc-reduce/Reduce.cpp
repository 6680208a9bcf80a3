//===- Reduce.cpp - Makes what a pass fails on smaller --------------------===//
//
// Reads a file that `eqc-opt --run-reproducer` fails on, as a crash of eqc
// leaves it, and leaves out of it what is not needed to fail in the same way.
// The search is upstream's mlir-reduce; a script asks eqc-opt.
//
//===----------------------------------------------------------------------===//

#include "tools/eqc-reduce/Reduce.h"

#include "compiler/Pipelines/Pipelines.h"
#include "dialect/Eqc/EqcDialect.h"
#include "tools/eqc-opt/Upstream.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

using namespace mlir;

static const char *const kUsage =
    "usage: eqc-reduce FILE.mlir [-o OUT.mlir] [--opt=EQC-OPT]\n"
    "\n"
    "Leaves out of FILE what is not needed for 'eqc-opt --run-reproducer FILE' "
    "to fail\nas it does, and prints the rest, to be run in the same way.\n";

namespace {
struct Arguments {
  std::string input, output = "-", opt;
};
} // namespace

static std::optional<Arguments> readArguments(int argc, char **argv) {
  Arguments result;
  llvm::SmallString<256> beside(llvm::sys::path::parent_path(
      llvm::sys::fs::getMainExecutable(argv[0], nullptr)));
  llvm::sys::path::append(beside, "eqc-opt");
  result.opt = std::string(beside);
  for (int i = 1; i < argc; ++i) {
    StringRef word = argv[i];
    if (word == "-o" && i + 1 < argc)
      result.output = argv[++i];
    else if (word.consume_front("--opt="))
      result.opt = word.str();
    else if (!word.starts_with("-") && result.input.empty())
      result.input = word.str();
    else
      return std::nullopt;
  }
  if (result.input.empty())
    return std::nullopt;
  return result;
}

/// The passes that the file says it is for; nothing where it says none.
static std::optional<std::string> readPipeline(const std::string &path,
                                               MLIRContext &context) {
  PassReproducerOptions options;
  ParserConfig config(&context);
  options.attachResourceParser(config);
  if (!parseSourceFile<ModuleOp>(path, config))
    return std::nullopt;
  PassManager passes(&context);
  if (failed(options.apply(passes)) || passes.empty()) {
    llvm::errs() << "eqc-reduce: error: " << path
                 << " does not say which pass fails on it\n";
    return std::nullopt;
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  passes.printAsTextualPipeline(os);
  return text;
}

static std::string quoted(StringRef word) {
  std::string result = "'";
  for (char c : word)
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

/// What is after the place in the first error of a text.
static std::string firstError(StringRef text) {
  const auto [before, after] = text.split("error: ");
  return after.split('\n').first.str();
}

static bool write(const std::string &path, StringRef text,
                  llvm::sys::fs::OpenFlags flags = llvm::sys::fs::OF_None) {
  std::error_code error;
  llvm::raw_fd_ostream file(path, error, flags);
  if (!error) {
    file << text;
    file.flush();
    error = file.error();
    file.clear_error();
  }
  if (error)
    llvm::errs() << "eqc-reduce: error: cannot write " << path << ": "
                 << error.message() << "\n";
  return !error;
}

/// A script that tells 1 where a file fails as the first one does. False where
/// that does not fail.
static bool writeScript(const Arguments &arguments, StringRef pipeline,
                        const std::string &script, const std::string &output) {
  const std::string passes = ("--pass-pipeline=" + pipeline).str();
  const std::string input = arguments.input;
  std::optional<StringRef> streams[] = {StringRef(""), StringRef("/dev/null"),
                                        StringRef(output)};
  const int status = llvm::sys::ExecuteAndWait(
      arguments.opt, {arguments.opt, passes, input, "-o", "/dev/null"},
      std::nullopt, streams);
  if (status == 0) {
    llvm::errs() << "eqc-reduce: error: " << arguments.opt
                 << " does not fail on " << input << "\n";
    return false;
  }
  std::string message;
  if (auto buffer = llvm::MemoryBuffer::getFile(output); buffer && status > 0)
    message = firstError((*buffer)->getBuffer());
  // A shell tells of signals by numbers from 129.
  const std::string test =
      status < 0
          ? "[ $? -gt 128 ] && exit 1\n"
          : "[ $? -eq " + std::to_string(status) + " ] || exit 0\n" +
                "grep -qF " + quoted(message) + " \"$errors\" && exit 1\n";
  if (!write(script, "#!/bin/sh\nerrors=" + quoted(output) + "\n" +
                         quoted(arguments.opt) + " " + quoted(passes) +
                         " \"$1\" -o /dev/null > /dev/null 2> \"$errors\"\n" +
                         test + "exit 0\n"))
    return false;
  return !llvm::sys::fs::setPermissions(script, llvm::sys::fs::all_read |
                                                    llvm::sys::fs::owner_all);
}

int eqc::opt::runReduce(int argc, char **argv) {
  const std::optional<Arguments> arguments = readArguments(argc, argv);
  if (!arguments) {
    llvm::errs() << kUsage;
    return 2;
  }
  DialectRegistry registry;
  registry.insert<eqc::ir::EqcDialect>();
  eqc::opt::registerUpstreamDialects(registry);
  eqc::opt::registerUpstreamPasses();
  eqc::registerEqcPasses();
  eqc::registerEqcPipelines();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  const std::optional<std::string> pipeline =
      readPipeline(arguments->input, context);
  if (!pipeline)
    return 1;

  llvm::SmallString<128> folder;
  if (llvm::sys::fs::createUniqueDirectory("eqc-reduce", folder)) {
    llvm::errs() << "eqc-reduce: error: cannot make a temporary folder\n";
    return 3;
  }
  const std::string script = (folder + "/fails.sh").str(),
                    errors = (folder + "/errors").str(),
                    reduced = (folder + "/reduced.mlir").str();
  bool done = writeScript(*arguments, *pipeline, script, errors);
  if (done) {
    // Much of what is tried is no valid code.
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) {});
    const std::string pass = "--reduction-tree=traversal-mode=0 test=" + script;
    std::vector<std::string> words = {"eqc-reduce", pass, arguments->input,
                                      "-o", reduced};
    std::vector<char *> reduceArgv;
    for (std::string &word : words)
      reduceArgv.push_back(word.data());
    done = succeeded(mlirReduceMain(static_cast<int>(reduceArgv.size()),
                                    reduceArgv.data(), context));
  }
  auto text = llvm::MemoryBuffer::getFile(reduced);
  done = done && text &&
         write(arguments->output,
               (*text)->getBuffer().rtrim().str() +
                   "\n\n{-#\n  external_resources: {\n    mlir_reproducer: {\n"
                   "      pipeline: \"" +
                   *pipeline +
                   "\",\n      disable_threading: true,\n"
                   "      verify_each: true\n    }\n  }\n#-}\n");
  llvm::sys::fs::remove_directories(folder);
  return done ? 0 : 1;
}
