//===- LayersScan.cpp - How work grows with the layers of a source --------===//
//
// Twice as many layers must be twice the work, in everything that is done with
// all layers of a source. What is counted is allocations: a walk over a module,
// its attributes or a table makes some, and unlike seconds they are the same on
// every machine.
//
//   eqc-scan-layers
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/HeaderEmitter.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Pipelines/Compile.h"
#include "compiler/Report/Explain.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <new>

using namespace eqc;

namespace {
/// Compilations run on a thread of their own.
std::atomic<int64_t> allocations = 0;
} // namespace

void *operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void *memory = std::malloc(size ? size : 1))
    return memory;
  std::abort(); // nothing here can go on without memory
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }

namespace {

/// From n to 2n to 4n layers, the second step may add this times what the first
/// adds: 2 where work is linear, 4 where it is quadratic.
constexpr double kMostGrowth = 2.2;

/// Small layers, ten kinds in turn, so that what is done for all of them shows.
std::string sourceOf(size_t layers) {
  std::string source;
  for (size_t i = 0; i < layers; ++i)
    source += fmt::format("layer l{} {{ group = S; n = {}; k = 1; l = 1; "
                          "channels = {} }}\n",
                          i, 3 + i / 2 % 5, i % 2 ? "2 -> 3" : "1 -> 1");
  return source;
}

/// Calls `use` with the layers of a source; false where it has errors.
bool withLayers(const std::string &source,
                llvm::function_ref<bool(llvm::ArrayRef<LayerSpec>)> use) {
  llvm::SourceMgr sources;
  unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBuffer(source, "layers.eq"), llvm::SMLoc());
  DiagnosticEngine diags;
  FrontendResult result =
      parseLayers(sources, id, "layers.eq", FrontendOptions(), diags);
  return result.status == 0 && use(result.layers);
}

CompileOptions someOptions() {
  CompileOptions options;
  options.triple = "x86_64-unknown-linux-gnu";
  options.cpus = {"x86-64-v3"};
  return options;
}

struct Task {
  std::string name;
  size_t layers; ///< to begin with
  std::function<bool(llvm::ArrayRef<LayerSpec>)> run;
};

Task compiling(const char *name, size_t layers, CodeKind kind) {
  return {name, layers, [=](llvm::ArrayRef<LayerSpec> specs) {
            llvm::SmallVector<char> out;
            CompileFailure failure;
            return compileLayers(specs, someOptions(), kind, out, failure);
          }};
}

std::vector<Task> allWork() {
  return {
      {"parse", 200, [](llvm::ArrayRef<LayerSpec>) { return true; }},
      {"header", 50,
       [](llvm::ArrayRef<LayerSpec> layers) {
         std::vector<int64_t> sizes;
         CompileFailure failure;
         return packedSizes(layers, someOptions(), sizes, failure) &&
                !emitHeader(layers, sizes, "layers.h").empty();
       }},
      {"explain", 200,
       [](llvm::ArrayRef<LayerSpec> layers) {
         return llvm::all_of(layers, [](const LayerSpec &layer) {
           CompileFailure failure;
           std::string text;
           return explainLayer(layer, someOptions(), std::nullopt, text,
                               failure);
         });
       }},
      compiling("stages", 50, CodeKind::Stages),
      compiling("linalg", 50, CodeKind::Linalg),
      compiling("loops", 50, CodeKind::Loops),
      compiling("object", 10, CodeKind::Object),
  };
}

/// How many allocations `work` takes with so many layers, or -1 if it fails.
int64_t count(const Task &work, size_t layers) {
  const std::string source = sourceOf(layers);
  const int64_t before = allocations;
  return withLayers(source, work.run) ? allocations - before : -1;
}

} // namespace

int main() {
  int errors = 0;
  for (const Task &work : allWork()) {
    // What is made once in a process.
    bool done = count(work, 1) >= 0;
    int64_t counts[3];
    for (int i = 0; i < 3; ++i) {
      counts[i] = count(work, work.layers << i);
      done &= counts[i] >= 0;
    }
    const double growth =
        double(counts[2] - counts[1]) / double(counts[1] - counts[0]);
    const bool good = done && growth <= kMostGrowth;
    fmt::print("{}{}: {}, {}, {} allocations for {}, {}, {} layers; the second "
               "step is {:.2f} times the first\n",
               good ? "" : "ERROR: ", work.name, counts[0], counts[1],
               counts[2], work.layers, 2 * work.layers, 4 * work.layers,
               growth);
    errors += !good;
  }
  return errors > 0 ? 1 : 0;
}
