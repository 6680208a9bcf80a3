//===- EffortScan.cpp - How much work it is to compile layers -------------===//
//
// Counts, for lines of layers, the operations that each stage leaves and the
// rewrites it takes to get there. Counts, unlike seconds, do not depend on the
// machine and what else it does; only the order in which patterns are tried
// varies a little. Exceptions are printed; an explosion is an error.
//
//   eqc-scan-effort channels|sizes|all
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Pipelines/ImportEqc.h"
#include "compiler/Pipelines/Pipelines.h"
#include "dialect/Eqc/EqcDialect.h"
#include "test/Scan/Line.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Rewrite/PatternApplicator.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

using namespace eqc;
using namespace eqc::test;
using namespace mlir;

namespace {

constexpr const char *kTriple = "x86_64-unknown-linux-gnu";

/// Kernels are loops and tables: neither channels nor sizes multiply their
/// code. What has more than this times the least of its line, among layers with
/// the same plan and kernels, is an explosion. Below it tails of tiles come and
/// go, and a kernel for samples in lanes moves as many tiles as there are
/// channels. The change of basis of a schur plan is code for each of its
/// coefficients.
constexpr double kMostOfLeast = 4;
/// Of any layer here after any stage, about twice what there is.
constexpr double kMostOperations = 50000;
/// The most operations that a stage makes of one, and the most patterns that it
/// tries for each operation before and after it, likewise.
constexpr double kMostGrowth = 12, kMostRewrites = 20;

constexpr std::array<const char *, 5> kStages = {
    "expand", "convert", "vectorize", "bufferize", "to-llvm"};

struct Effort {
  std::string kernels; ///< the plan and what functions there are
  std::array<int64_t, kStages.size()> operations{}; ///< after each stage
  std::array<int64_t, kStages.size()> rewrites{};   ///< patterns that it tried
};

/// Sees whether upstream's analysis runs, which compares all reads of an array
/// with all its writes for each write.
struct AnalysisWatch : PassInstrumentation {
  explicit AnalysisWatch(bool &analyzed) : analyzed(analyzed) {}
  void runBeforePass(Pass *pass, Operation *) override {
    analyzed |= pass->getArgument() == "one-shot-bufferize";
  }
  bool &analyzed;
};

class EffortCounter {
public:
  EffortCounter() : context(makeRegistry(), MLIRContext::Threading::DISABLED) {
    context.loadDialect<func::FuncDialect, ir::EqcDialect>();
    context.registerActionHandler(
        [this](function_ref<void()> transform, const tracing::Action &action) {
          if (isa<ApplyPatternAction>(action))
            ++rewrites;
          transform();
        });
  }

  /// False if a stage failed or a kernel's arrays had to be analyzed, which
  /// takes time that no count of operations shows.
  bool count(const LayerSpec &layer, const std::string &cpu, Effort &effort) {
    analyzed = false;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      if (diagnostic.str().find("arrays are analyzed") != std::string::npos)
        analyzed = true;
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
        std::printf("%s\n", diagnostic.str().c_str());
      return success();
    });
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    func::FuncOp function = importLayer(b, layer);
    size_t stage = 0;
    bool done = true;
    auto run = [&](auto populate) {
      PassManager pm(&context);
      pm.enableVerifier(false);
      pm.addInstrumentation(std::make_unique<AnalysisWatch>(analyzed));
      populate(pm);
      rewrites = 0;
      done = done && succeeded(pm.run(*module));
      effort.rewrites[stage] = rewrites;
      module->walk([&](Operation *) { ++effort.operations[stage]; });
      ++stage;
    };
    run([&](PassManager &pm) {
      ExpandPipelineOptions expand;
      expand.triple = kTriple;
      expand.cpus.push_back(cpu);
      expand.gradients = true;
      expand.interfaces = false; // C functions are alike for all layers
      populateExpandPipeline(pm, expand);
    });
    if (auto plan = function->getAttrOfType<StringAttr>("eqc.plan"))
      effort.kernels = plan.str();
    run([&](PassManager &pm) {
      ConvertPipelineOptions convert;
      convert.triple = kTriple;
      convert.cpus.push_back(cpu);
      populateConvertPipeline(pm, convert);
    });
    for (auto kernel : module->getOps<func::FuncOp>())
      if (kernel.getName().contains(".lanes."))
        effort.kernels += ", lanes";
    const KernelTarget &target = *findKernelTarget("cpu");
    for (const LoweringStage &stage : target.stages().drop_back())
      run([&](PassManager &pm) { stage.populate(pm, {}); });
    run([&](PassManager &pm) { populateLLVMPipeline(pm, target, {}); });
    return done && !analyzed;
  }

private:
  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerAllDialects(registry);
    registerAllExtensions(registry);
    return registry;
  }

  MLIRContext context;
  int64_t rewrites = 0;
  bool analyzed = false;
};

/// Holds the layers of a line against each other.
class Judge {
public:
  Judge(EffortCounter &counter, const Line &line)
      : line(line), efforts(line.layers.size()) {
    for (size_t i = 0; i < efforts.size(); ++i)
      if (!counter.count(line.layers[i], line.cpu, efforts[i]))
        error(i, "a stage failed or analyzed arrays");
  }

  /// Prints exceptions and errors; returns the number of errors.
  int judge() {
    for (size_t i = 0; i < efforts.size(); ++i) {
      std::string worst;
      double most = kException;
      for (size_t stage = 0; stage < kStages.size(); ++stage) {
        for (const auto &[counts, what] :
             {std::pair(&Effort::operations, "operations after"),
              std::pair(&Effort::rewrites, "rewrites in")}) {
          const double value = double((efforts[i].*counts)[stage]);
          const double least = leastOf(i, counts, stage, efforts.size());
          if (!isSchur(i) && value > kMostOfLeast * least)
            error(i, fmt::format("{} {} {}, and {} elsewhere on the line",
                                 value, what, kStages[stage], least));
          const double ratio = value / leastOf(i, counts, stage, 1);
          if (ratio > most) {
            most = ratio;
            worst = fmt::format("{:.2f} times its neighbour's {} {}, {}", ratio,
                                what, kStages[stage], value);
          }
        }
        checkLinear(i, stage);
      }
      if (!worst.empty())
        report("exception", i, worst);
    }
    std::fflush(stdout);
    return errors;
  }

private:
  /// The least count of a stage among the layers at most `distance` from layer
  /// `i` that have the same kernels; itself is one.
  double leastOf(size_t i, decltype(&Effort::operations) counts, size_t stage,
                 size_t distance) const {
    int64_t least = (efforts[i].*counts)[stage];
    for (size_t j = 0; j < efforts.size(); ++j)
      if (std::max(i, j) - std::min(i, j) <= distance &&
          efforts[j].kernels == efforts[i].kernels)
        least = std::min(least, (efforts[j].*counts)[stage]);
    return double(least);
  }

  bool isSchur(size_t i) const {
    return StringRef(efforts[i].kernels)
        .starts_with(StringRef(planName(PlanKind::Schur)));
  }

  void checkLinear(size_t i, size_t stage) {
    const double after = double(efforts[i].operations[stage]);
    // Expand and convert write what an operation stands for: code.
    const double before =
        stage > 1 ? double(efforts[i].operations[stage - 1]) : after;
    const double rewrites = double(efforts[i].rewrites[stage]);
    if (after > kMostOperations || after > kMostGrowth * before ||
        rewrites > kMostRewrites * (before + after))
      error(i, fmt::format("{} makes {} operations of {} by {} rewrites",
                           kStages[stage], after, before, rewrites));
  }

  void report(const char *kind, size_t i, const std::string &what) const {
    fmt::print("{}: {} for {} ({}): {}\n", kind, describe(line.layers[i]),
               line.cpu, efforts[i].kernels, what);
  }
  void error(size_t i, const std::string &what) {
    report("ERROR", i, what);
    ++errors;
  }

  const Line &line;
  std::vector<Effort> efforts;
  int errors = 0;
};

std::vector<Line> channelLines() {
  std::vector<Line> lines;
  auto add = [&](const LineStart &start, const char *cpu) {
    lines.push_back(overChannels(start, cpu, 1, 17));
  };
  add({Group::S, 5, 2, 2, 0, 1}, "x86-64-v4");
  add({Group::S, 20, 1, 1, 0, 1}, "x86-64-v4");
  add({Group::O, 3, 2, 2, 0, 1}, "x86-64-v4");
  add({Group::SO, 3, 1, 2, 0, 1}, "x86-64-v4");
  add({Group::S, 5, 2, 2, 5, 1}, "x86-64-v4");
  add({Group::Sp, 4, 1, 1, 0, 1, DType::F64, Layout::ChannelsFirst},
      "x86-64-v3");
  add({Group::S, -1, 2, 1, 0, 1, DType::F32, Layout::ChannelsFirst},
      "x86-64-v2");
  // Strands, whose scratch branches write.
  lines.push_back(
      overChannels({Group::S, 12, 2, 2, 0, 16}, "x86-64-v4", 16, 17));
  return lines;
}

std::vector<Line> sizeLines() {
  std::vector<Line> lines;
  auto add = [&](const LineStart &start, const char *cpu) {
    lines.push_back(overSizes(start, cpu, 2, 20));
  };
  add({Group::S, 2, 2, 2, 5, 7}, "x86-64-v4");
  add({Group::S, 2, 1, 1, 7, 7}, "x86-64-v4");
  add({Group::O, 2, 2, 2, 3, 3}, "x86-64-v3");
  add({Group::SO, 2, 1, 2, 7, 7}, "x86-64-v4");
  add({Group::Sp, 2, 2, 2, 3, 3}, "x86-64-v4");
  add({Group::S, 2, 2, 0, 7, 4, DType::F64}, "x86-64-v4");
  lines.push_back(overSizes({Group::S, 10, 2, 2, 17, 17}, "x86-64-v4", 10, 11));
  return lines;
}

/// Every number of channels at every size.
std::vector<Line> allLines() {
  std::vector<Line> lines;
  for (const char *cpu : {"x86-64-v4", "x86-64-v3"})
    for (int64_t n = 2; n <= 20; ++n)
      for (auto [group, k, l] :
           {std::tuple(Group::S, 1, 1), std::tuple(Group::S, 2, 2),
            std::tuple(Group::O, 2, 2), std::tuple(Group::SO, 1, 2),
            std::tuple(Group::Sp, 2, 2)})
        if (whyNoDiagrams(group, n, l, k).empty())
          lines.push_back(overChannels({group, n, k, l, 0, 1}, cpu, 1, 17));
  return lines;
}

} // namespace

int main(int argc, char **argv) {
  const std::string which = argc == 2 ? argv[1] : "";
  std::vector<Line> lines;
  if (which == "channels")
    lines = channelLines();
  else if (which == "sizes")
    lines = sizeLines();
  else if (which == "all")
    lines = allLines();
  else {
    std::fprintf(stderr, "usage: eqc-scan-effort channels|sizes|all\n");
    return 2;
  }
  EffortCounter counter;
  size_t layers = 0;
  int errors = 0;
  for (const Line &line : lines) {
    layers += line.layers.size();
    errors += Judge(counter, line).judge();
  }
  fmt::print("{} layers, {} errors\n", layers, errors);
  return errors > 0 ? 1 : 0;
}
