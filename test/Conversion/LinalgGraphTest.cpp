//===- LinalgGraphTest.cpp - The portable form, lowered by upstream passes ===//
//
// A second implementation of every plan: the graph goes through upstream passes
// alone (one-shot bufferize, linalg to loops, LLVM), runs in this process, and
// must equal the oracle.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/RowPattern.h"
#include "compiler/Check/Oracle.h"
#include "compiler/Pipelines/ImportEqc.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Plan/PlanRules.h"
#include "dialect/Eqc/EqcOps.h"
#include "test/Plan/Support.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

#include "llvm/Support/TargetSelect.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <set>

using namespace eqc;
using namespace eqc::test;
using namespace mlir;

namespace {

/// A ranked memref as MLIR's C interface passes it.
class Descriptor {
public:
  explicit Descriptor(int64_t rank) : words(3 + 2 * rank) {}
  Descriptor(void *data, ArrayRef<int64_t> shape)
      : Descriptor(static_cast<int64_t>(shape.size())) {
    words[0] = words[1] = reinterpret_cast<int64_t>(data);
    int64_t stride = 1;
    for (size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) {
      words[3 + axis] = shape[axis];
      words[3 + shape.size() + axis] = stride;
    }
  }
  void *raw() { return words.data(); }
  void *allocated() const { return reinterpret_cast<void *>(words[0]); }
  char *data() const { return reinterpret_cast<char *>(words[1]); }

private:
  std::vector<int64_t> words; // allocated, aligned, offset, sizes, strides
};

/// Many layers in one module, compiled once.
class GraphModule {
public:
  GraphModule() {
    DialectRegistry registry;
    registerAllDialects(registry);
    registerAllExtensions(registry);
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    context.appendDialectRegistry(registry);
    context.loadDialect<ir::EqcDialect>();
    context.loadAllAvailableDialects();
    module = ModuleOp::create(UnknownLoc::get(&context));
  }

  void add(const LayerSpec &spec, StringRef plan) {
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    for (auto layer : importLayer(b, spec).getOps<ir::LinearOp>())
      layer->setAttr(ir::EqcDialect::kPlanAttrName,
                     ir::PlanAttr::get(&context, *findPlan(plan.str())));
  }

  bool compile() {
    PassManager graph(&context);
    LinalgPipelineOptions options;
    options.gradients = true;
    populateLinalgPipeline(graph, options);
    if (failed(graph.run(*module)))
      return false;
    checkDialects();
    module->walk([&](func::FuncOp function) {
      function->setAttr("llvm.emit_c_interface", UnitAttr::get(&context));
    });
    PassManager lower(&context);
    bufferization::OneShotBufferizePassOptions bufferize;
    bufferize.bufferizeFunctionBoundaries = true;
    bufferize.functionBoundaryTypeConversion =
        bufferization::LayoutMapOption::IdentityLayoutMap;
    lower.addPass(bufferization::createOneShotBufferizePass(bufferize));
    bufferization::BufferDeallocationPipelineOptions deallocate;
    bufferization::buildBufferDeallocationPipeline(lower, deallocate);
    lower.nest<func::FuncOp>().addPass(createConvertLinalgToLoopsPass());
    lower.addPass(createConvertBufferizationToMemRefPass());
    lower.addPass(memref::createExpandStridedMetadataPass());
    lower.addPass(createLowerAffinePass());
    lower.addPass(createSCFToControlFlowPass());
    lower.addPass(createArithToLLVMConversionPass());
    lower.addPass(createConvertIndexToLLVMPass());
    lower.addPass(createFinalizeMemRefToLLVMConversionPass());
    lower.addPass(createConvertControlFlowToLLVMPass());
    lower.addPass(createConvertFuncToLLVMPass());
    lower.addPass(createReconcileUnrealizedCastsPass());
    if (failed(lower.run(*module)))
      return false;
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    ExecutionEngineOptions engineOptions;
    engineOptions.jitCodeGenOptLevel = llvm::CodeGenOptLevel::None;
    // Upstream's copies of strided memory.
    const StringRef runtime = EQC_MLIR_C_RUNNER_UTILS;
    engineOptions.sharedLibPaths = runtime;
    auto made = ExecutionEngine::create(*module, engineOptions);
    if (!made)
      return false;
    engine = std::move(*made);
    return true;
  }

  /// Calls `name` with tensors; what it returns has `size` elements.
  template <typename T>
  std::vector<double>
  call(const std::string &name, std::optional<int64_t> n,
       ArrayRef<std::pair<std::vector<double>, SmallVector<int64_t>>> tensors,
       size_t resultRank, size_t size) {
    std::vector<std::vector<T>> data;
    std::vector<Descriptor> descriptors;
    for (const auto &[values, shape] : tensors) {
      data.emplace_back(values.begin(), values.end());
      descriptors.emplace_back(data.back().data(), shape);
    }
    Descriptor result(static_cast<int64_t>(resultRank));
    void *resultRaw = result.raw();
    std::vector<void *> raws;
    for (Descriptor &descriptor : descriptors)
      raws.push_back(descriptor.raw());
    int64_t size0 = n.value_or(0);
    SmallVector<void *> arguments{&resultRaw};
    if (n)
      arguments.push_back(&size0);
    for (void *&raw : raws)
      arguments.push_back(&raw);
    if (llvm::Error error =
            engine->invokePacked("_mlir_ciface_" + name, arguments)) {
      ADD_FAILURE() << name << ": " << llvm::toString(std::move(error));
      return {};
    }
    const T *values = reinterpret_cast<const T *>(result.data());
    std::vector<double> copy(values, values + size);
    std::free(result.allocated());
    return copy;
  }

private:
  /// Only what any MLIR compiler knows.
  void checkDialects() {
    const std::set<StringRef> allowed = {"builtin", "func", "linalg", "tensor",
                                         "arith"};
    module->walk([&](Operation *op) {
      EXPECT_TRUE(allowed.count(op->getDialect()->getNamespace()))
          << op->getName().getStringRef().str();
    });
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<ExecutionEngine> engine;
};

SmallVector<int64_t> shapeOf(const LayerSpec &spec, int64_t batch, int order,
                             int64_t n, int64_t channels) {
  SmallVector<int64_t> shape{batch};
  if (spec.layout == Layout::ChannelsFirst)
    shape.push_back(channels);
  shape.append(order, n);
  if (spec.layout == Layout::ChannelsLast)
    shape.push_back(channels);
  return shape;
}

int64_t sizeOf(ArrayRef<int64_t> shape) {
  int64_t size = 1;
  for (int64_t extent : shape)
    size *= extent;
  return size;
}

template <typename T>
void checkLayer(GraphModule &module, const LayerSpec &spec, int64_t n,
                int64_t batch, double tolerance) {
  SCOPED_TRACE(nameOf(spec) + " n=" + std::to_string(n) +
               " batch=" + std::to_string(batch) + " " + spec.name);
  Random random(17);
  const auto xShape = shapeOf(spec, batch, spec.k, n, spec.cIn);
  const auto yShape = shapeOf(spec, batch, spec.l, n, spec.cOut);
  const auto diagrams = static_cast<int64_t>(spec.diagrams.size());
  const auto biases = static_cast<int64_t>(spec.biasDiagrams.size());
  const std::vector<double> x = randomVector(random, sizeOf(xShape));
  const std::vector<double> gradY = randomVector(random, sizeOf(yShape));
  const std::vector<double> weight =
      randomVector(random, diagrams * spec.cIn * spec.cOut);
  const std::vector<double> bias = randomVector(random, biases * spec.cOut);
  const SmallVector<int64_t> weightShape{diagrams, spec.cIn, spec.cOut};
  auto sizeArgument = [&](int order) {
    return spec.dynamicN() && order == 0 ? std::optional<int64_t>(n)
                                         : std::nullopt;
  };

  std::vector<std::pair<std::vector<double>, SmallVector<int64_t>>> inputs = {
      {x, xShape}, {weight, weightShape}};
  if (spec.bias)
    inputs.push_back({bias, {biases, spec.cOut}});
  const std::vector<double> y = module.call<T>(
      spec.name, sizeArgument(spec.k), inputs, yShape.size(), sizeOf(yShape));
  const std::vector<double> expected =
      oracleForward(spec, n, batch, x.data(), weight.data(), bias.data());
  EXPECT_LT(relativeError(y, expected), tolerance);

  const std::vector<double> gradX = module.call<T>(
      spec.name + "_grad_x", sizeArgument(spec.l),
      {{gradY, yShape}, {weight, weightShape}}, xShape.size(), sizeOf(xShape));
  const std::vector<double> expectedGradX =
      oracleBackward(spec, n, batch, x.data(), weight.data(), gradY.data()).x;
  EXPECT_LT(relativeError(gradX, expectedGradX), tolerance);
}

/// Layers of every group: tails of orders, both layouts, types, mean or not.
std::vector<LayerSpec> gridLayers(bool dynamic) {
  std::vector<LayerSpec> layers;
  auto add = [&](Group group, int64_t n, int k, int l, int64_t cIn = 2,
                 int64_t cOut = 3) {
    if (!whyNoDiagrams(group, n, l, k).empty())
      return;
    if (dynamic && !rulesOf(group).allowsDynamicN())
      return;
    LayerSpec spec = makeLayer(group, n, k, l, cIn, cOut, /*bias=*/true);
    const size_t number = layers.size();
    spec.layout =
        number % 2 == 0 ? Layout::ChannelsLast : Layout::ChannelsFirst;
    spec.normalize = number % 3 == 0 ? Normalize::Mean : Normalize::None;
    spec.dtype = number % 5 == 0 ? DType::F32 : DType::F64;
    if (dynamic)
      spec.n = -1;
    spec.name = "layer" + std::to_string(number);
    layers.push_back(spec);
  };
  const std::pair<int, int> orders[] = {{0, 0}, {0, 2}, {2, 0}, {1, 1}, {1, 2},
                                        {2, 1}, {2, 2}, {3, 0}, {0, 3}, {3, 1}};
  for (auto [k, l] : orders) {
    add(Group::S, 3, k, l);
    add(Group::O, 2, k, l);
    add(Group::Sp, 2, k, l);
    add(Group::SO, 2, k, l);
    add(Group::SO, 3, k, l);
    add(Group::H, 3, k, l);
    add(Group::B, 3, k, l);
    add(Group(Family::O, 1, 2), 3, k, l);
    add(Group(Family::SO, 1, 2), 3, k, l);
    add(Group(Family::SO, 1, 1), 2, k, l);
  }
  for (auto [n, k, l] : {std::tuple(2, 1, 1),
                         {3, 1, 1},
                         {3, 2, 1},
                         {3, 0, 2},
                         {3, 2, 0},
                         {3, 2, 2},
                         {4, 2, 2},
                         {4, 0, 3},
                         {5, 1, 3}})
    add(Group::A, n, k, l);
  // A group whose orbits have fewer rows than columns, and more.
  const Group wheel(std::get<const Action *>(
      Action::make(Family::Perm, 4, {"(0 1 2)", "()"})));
  for (auto [k, l] : {std::pair(0, 0), {0, 2}, {2, 0}, {1, 1}, {1, 2}, {2, 1}})
    add(wheel, 4, k, l);
  add(Group::SO, 1, 1, 1);
  add(Group::SO, 4, 2, 2);
  add(Group::O, 3, 3, 3);
  // Axes of one channel, which compilers fold.
  for (Group group : {Group::S, Group::O, Group::SO, Group::Sp}) {
    add(group, 2, 2, 2, 1, 1);
    add(group, 2, 2, 2, 1, 4);
    add(group, 2, 2, 2, 4, 1);
  }
  // Three strands, of which a list takes some orders only.
  LayerSpec strands = makeLayer(Group::S, 4, 3, 3, 2, 3);
  std::vector<Diagram> chosen;
  for (size_t d = 0; d < strands.diagrams.size(); d += 7)
    chosen.push_back(strands.diagrams[d]);
  for (const Diagram &diagram : strands.diagrams)
    if (splitDiagram(diagram).top.numKept() == 3 &&
        std::find(chosen.begin(), chosen.end(), diagram) == chosen.end())
      chosen.push_back(diagram);
  strands.diagrams = chosen;
  strands.n = dynamic ? -1 : 4;
  strands.name = "strands";
  layers.push_back(strands);
  // Axes with a symmetry.
  auto addSymmetric = [&](Group group, int64_t n, int k, int l,
                          const std::vector<std::string> &in,
                          const std::vector<std::string> &out) {
    if (dynamic && !rulesOf(group).allowsDynamicN())
      return;
    LayerSpec spec = withSymmetry(
        makeLayer(group, dynamic ? 8 : n, k, l, 2, 3, /*bias=*/true), in, out);
    spec.n = dynamic ? -1 : n;
    spec.normalize = layers.size() % 2 == 0 ? Normalize::Mean : Normalize::None;
    spec.dtype = DType::F64;
    spec.name = "layer" + std::to_string(layers.size());
    layers.push_back(spec);
  };
  addSymmetric(Group::S, 3, 2, 2, {"(1 2)"}, {"(1 2)"});
  addSymmetric(Group::S, 3, 1, 3, {}, {"-(1 2)"});
  addSymmetric(Group::O, 3, 2, 2, {"-(1 2)"}, {"-(1 2)"});
  addSymmetric(Group::SO, 3, 2, 3, {"-(1 2)"}, {"-(1 3)"});
  addSymmetric(Group::Sp, 4, 2, 2, {"(1 2)"}, {});
  addSymmetric(Group::A, 3, 2, 2, {"(1 2)"}, {"-(1 2)"});
  addSymmetric(wheel, 4, 2, 1, {"(1 2)"}, {});
  addSymmetric(wheel, 4, 1, 2, {}, {"-(1 2)"});
  return layers;
}

void checkGrid(StringRef plan, bool dynamic) {
  std::vector<LayerSpec> layers = gridLayers(dynamic);
  const PlanRules &rules = rulesOf(*findPlan(plan.str()));
  llvm::erase_if(layers, [&](const LayerSpec &spec) {
    return !rules.whyNot(spec).why.empty();
  });
  GraphModule module;
  for (const LayerSpec &spec : layers)
    module.add(spec, plan);
  ASSERT_TRUE(module.compile());
  for (const LayerSpec &spec : layers) {
    std::vector<int64_t> sizes = {spec.n};
    if (dynamic) // 2 is below k + l, 4 is even for Sp
      sizes = {2, 4};
    for (int64_t n : sizes)
      for (int64_t batch : {0, 2}) {
        if (spec.dtype == DType::F32)
          checkLayer<float>(module, spec, n, batch, 3e-5);
        else
          checkLayer<double>(module, spec, n, batch, 1e-11);
      }
  }
}

TEST(LinalgGraph, Shared) { checkGrid("shared", false); }
TEST(LinalgGraph, SharedDynamic) { checkGrid("shared", true); }
TEST(LinalgGraph, Factored) { checkGrid("factored", false); }
TEST(LinalgGraph, FactoredDynamic) { checkGrid("factored", true); }
TEST(LinalgGraph, Dense) { checkGrid("dense", false); }
TEST(LinalgGraph, Schur) { checkGrid("schur", false); }
TEST(LinalgGraph, SchurDynamic) { checkGrid("schur", true); }

} // namespace
