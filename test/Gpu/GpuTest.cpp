//===- GpuTest.cpp - Layers that were compiled elsewhere, on a GPU --------===//
//
// Beside each FILE.eq lies FILE.so, which `eqc compile --target=cuda
// --emit=shared` made of it; nothing is compiled here.
//
//   eqc-gpu-test device             what the first GPU is
//   eqc-gpu-test check FILE.eq..    all that `eqc check --target=cuda` checks
//   eqc-gpu-test bench FILE.eq..    what `eqc bench --target=cuda` measures, of
//                                   the cases of FILE.json where there is one
//
// Options: --most=N, multiply-adds that a call may take (check); --min-time=S,
// --backward, --once (not at more batches), --json=PATH (bench).
//
//===----------------------------------------------------------------------===//

#include "compiler/Bench/GpuBench.h"
#include "compiler/Bench/Suite.h"
#include "compiler/Check/Gpu/CheckStreams.h"
#include "compiler/Frontend/Frontend.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdio>
#include <deque>

using namespace eqc;
using llvm::StringRef;

namespace {

/// A source and its library.
struct Library {
  std::string path; ///< without ".eq"
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  FrontendResult source;
  std::optional<LoadedLibrary> code;
};

struct Arguments {
  std::string command, json;
  std::vector<std::string> files;
  CheckOptions check;
  BenchOptions bench;
};

} // namespace

static int fail(const std::string &message) {
  std::fprintf(stderr, "eqc-gpu-test: %s\n", message.c_str());
  return 2;
}

static bool parse(int argc, char **argv, Arguments &arguments) {
  arguments.bench.moreBatches = true;
  for (int i = 1; i < argc; ++i) {
    StringRef word = argv[i];
    if (word.consume_front("--most=")) {
      if (word.getAsDouble(arguments.check.callLimit))
        return false;
    } else if (word.consume_front("--min-time=")) {
      if (word.getAsDouble(arguments.bench.seconds))
        return false;
    } else if (word.consume_front("--json=")) {
      arguments.json = word.str();
    } else if (word == "--backward") {
      arguments.bench.backward = true;
    } else if (word == "--once") {
      arguments.bench.moreBatches = false;
    } else if (word.starts_with("-")) {
      return false;
    } else if (arguments.command.empty()) {
      arguments.command = word.str();
    } else {
      arguments.files.push_back(word.str());
    }
  }
  return true;
}

/// False, and a message, where the file or its library cannot be read.
static bool open(StringRef file, Library &library) {
  auto buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer || !file.consume_back(".eq"))
    return fail("cannot read '" + file.str() + "'") == 0;
  library.path = file.str();
  const unsigned id =
      library.sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  library.source = parseLayers(library.sources, id, file, {}, library.diags);
  library.diags.print(llvm::errs());
  if (library.source.status != 0)
    return false;
  std::string error;
  library.code =
      LoadedLibrary::open(library.path + ".so", error, Interface::Device);
  return library.code || fail(error) == 0;
}

static int check(const Arguments &arguments, Gpu &gpu) {
  bool failed = false;
  std::vector<CheckReport> all;
  for (const std::string &file : arguments.files) {
    Library library;
    if (!open(file, library))
      return 2;
    std::vector<CheckReport> reports;
    for (const LayerSpec &layer : library.source.layers) {
      CheckReport report =
          checkOnGpu(layer, *library.code, arguments.check, gpu);
      if (report.failed())
        std::printf("%s\n", renderReport(report).c_str());
      failed |= report.failed();
      reports.push_back(std::move(report));
    }
    // Each file as soon as it is done: a run may be cut.
    std::printf("%s: %s",
                StringRef(library.path).rsplit('/').second.str().c_str(),
                renderSummary(reports).c_str());
    std::fflush(stdout);
    all.insert(all.end(), reports.begin(), reports.end());
  }
  std::printf("all: %s", renderSummary(all).c_str());
  return failed;
}

/// The layers and batches of NAME.json, or each layer at its own batch.
static bool findCases(const Library &library,
                      std::vector<WorkloadCase> &cases) {
  auto description = llvm::MemoryBuffer::getFile(library.path + ".json");
  if (!description) {
    for (const LayerSpec &layer : library.source.layers)
      cases.push_back({layer.name, 0});
    return true;
  }
  Workload workload;
  const std::string error =
      parseWorkload((*description)->getBuffer(), workload);
  cases = workload.cases;
  return error.empty() || fail(library.path + ".json: " + error) == 0;
}

static int bench(const Arguments &arguments, Gpu &gpu) {
  std::string error;
  std::unique_ptr<GpuLimits> limits = GpuLimits::load(gpu, error);
  if (!limits)
    return fail(error);
  // Results point into the sources.
  std::deque<Library> libraries;
  std::vector<BenchResult> results;
  for (const std::string &file : arguments.files) {
    Library &library = libraries.emplace_back();
    std::vector<WorkloadCase> cases;
    if (!open(file, library) || !findCases(library, cases))
      return 2;
    for (const WorkloadCase &item : cases)
      for (const LayerSpec &layer : library.source.layers) {
        if (layer.name != item.layer)
          continue;
        BenchOptions options = arguments.bench;
        options.batch = item.batch;
        for (BenchResult &result :
             benchOnGpu(layer, *library.code, options, gpu, *limits))
          results.push_back(std::move(result));
      }
  }
  const BenchMachine machine = {gpu.name(), "sm_" + std::to_string(gpu.chip())};
  std::printf("%s", renderBench(results, machine).c_str());
  if (!arguments.json.empty()) {
    std::error_code code;
    llvm::raw_fd_ostream out(arguments.json, code);
    out << renderBenchJson(results, machine);
    if (code)
      return fail("cannot write '" + arguments.json + "'");
  }
  return llvm::any_of(
      results, [](const BenchResult &result) { return !result.error.empty(); });
}

int main(int argc, char **argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments) ||
      (arguments.command != "device" && arguments.files.empty()))
    return fail("usage: eqc-gpu-test device | check FILE.eq.. | bench "
                "FILE.eq..");
  std::string error;
  const std::unique_ptr<Gpu> gpu = Gpu::find(error);
  if (!gpu)
    return fail(error);
  if (arguments.command == "check")
    return check(arguments, *gpu);
  if (arguments.command == "bench")
    return bench(arguments, *gpu);
  if (arguments.command != "device")
    return fail("no command '" + arguments.command + "'");
  std::printf("%s, sm_%lld\n", gpu->name().c_str(),
              static_cast<long long>(gpu->chip()));
  return 0;
}
