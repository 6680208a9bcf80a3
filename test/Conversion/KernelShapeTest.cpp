//===- KernelShapeTest.cpp - The shape of the code of kernels -------------===//
//
// Numbers cannot show that a sum went through memory, that a tail was done
// element by element, or that code grew with the number of diagrams. What holds
// for every kernel, whoever emits it, is held here, on layers of all groups by
// all plans; shapes of single kernels are in EqcToLoops/.
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/ImportEqc.h"
#include "compiler/Pipelines/Pipelines.h"
#include "dialect/Eqc/EqcAttrs.h"
#include "dialect/Eqc/EqcDialect.h"
#include "test/Plan/Support.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"

#include <gtest/gtest.h>

#include <set>

using namespace eqc;
using namespace eqc::test;
using namespace mlir;

namespace {

constexpr const char *kPlans[] = {"dense", "factored", "shared", "schur"};

struct Layer {
  LayerSpec spec;
  std::string plan;
  std::string cpu;
};

/// `S_4_2_3_8_16_shared_v3`: group, n, orders, channels, plan, CPU.
std::string nameOf(const Layer &layer) {
  const LayerSpec &spec = layer.spec;
  std::string name(groupName(spec.group));
  name += "_" + (spec.n < 0 ? "any" : std::to_string(spec.n));
  for (int64_t number : {int64_t(spec.k), int64_t(spec.l), spec.cIn, spec.cOut})
    name += "_" + std::to_string(number);
  return name + "_" + layer.plan + "_" + layer.cpu.substr(layer.cpu.rfind('v'));
}

void PrintTo(const Layer &layer, std::ostream *out) { *out << nameOf(layer); }

/// What the emitters have to tell apart: tails of channels and of axes, sums
/// in one pass and one by one, outputs that are gathered, strands, samples in
/// lanes, planes to transpose, sizes that are not known.
std::vector<Layer> someLayers() {
  std::vector<LayerSpec> specs;
  specs.push_back(makeLayer(Group::S, 13, 2, 2, 17, 33, /*bias=*/true));
  specs.push_back(makeLayer(Group::S, -1, 2, 2, 16, 20, /*bias=*/true));
  specs.push_back(makeLayer(Group::S, 6, 2, 2, 2, 3));
  specs.push_back(makeLayer(Group::S, 70, 1, 2, 5, 16));
  specs.back().normalize = Normalize::Mean;
  specs.push_back(makeLayer(Group::O, 4, 2, 2, 70, 16));
  specs.back().layout = Layout::ChannelsFirst;
  specs.push_back(makeLayer(Group::O, 5, 1, 3, 16, 24));
  specs.push_back(makeLayer(Group::SO, 3, 1, 2, 16, 5));
  specs.push_back(makeLayer(Group::Sp, 4, 2, 2, 9, 18));
  specs.back().dtype = DType::F64;
  specs.push_back(makeLayer(Group::S, 9, 2, 2, 24, 48, /*bias=*/true));
  specs.push_back(makeLayer(Group::O, 12, 2, 2, 24, 48, /*bias=*/true));
  std::vector<Layer> layers;
  for (const LayerSpec &spec : specs)
    for (const char *plan : kPlans) {
      if (plan == std::string("dense") && (spec.n < 0 || spec.n > 20))
        continue;
      layers.push_back(
          {spec, plan, layers.size() % 2 ? "x86-64-v3" : "x86-64-v4"});
    }
  return layers;
}

enum class Level { Loops, Memory };

/// Compiles layers as far as a test wants to look at them.
class Compiler {
public:
  Compiler() : context(makeRegistry(), MLIRContext::Threading::DISABLED) {
    context.loadDialect<func::FuncDialect, ir::EqcDialect>();
  }

  /// Null if it failed.
  OwningOpRef<ModuleOp> compile(const Layer &layer, Level level,
                                bool gradients = true) {
    // Whether arrays have to be analyzed is no matter here.
    ScopedDiagnosticHandler handler(&context, [](Diagnostic &diagnostic) {
      return success(diagnostic.getSeverity() != DiagnosticSeverity::Error);
    });
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    importLayer(b, layer.spec);
    PassManager pm(&context);
    ExpandPipelineOptions expand;
    expand.plan = layer.plan;
    expand.gradients = gradients;
    populateExpandPipeline(pm, expand);
    ConvertPipelineOptions convert;
    convert.triple = "x86_64-unknown-linux-gnu";
    convert.cpus.push_back(layer.cpu);
    populateConvertPipeline(pm, convert);
    if (level == Level::Memory)
      populateKernelPipeline(pm, *findKernelTarget("cpu"));
    if (failed(pm.run(*module)))
      return nullptr;
    return module;
  }

private:
  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerAllDialects(registry);
    registerAllExtensions(registry);
    return registry;
  }

  MLIRContext context;
};

ir::KernelAttr recordOf(func::FuncOp function) {
  return function->getAttrOfType<ir::KernelAttr>(
      ir::EqcDialect::kKernelAttrName);
}

class KernelShapes : public testing::TestWithParam<Layer> {
protected:
  /// Calls visit(function, record) for every kernel of the layer.
  void
  forKernels(Level level,
             function_ref<void(func::FuncOp, const KernelRecord &)> visit) {
    module = compiler.compile(GetParam(), level);
    ASSERT_TRUE(module);
    int kernels = 0;
    for (auto function : module->getOps<func::FuncOp>()) {
      ir::KernelAttr attribute = recordOf(function);
      if (!attribute)
        continue;
      SCOPED_TRACE(function.getName().str());
      visit(function, attribute.getRecord());
      ++kernels;
    }
    // The layer, the gradient of x, and of weights.
    EXPECT_GE(kernels, 5);
  }

  Compiler compiler;
  OwningOpRef<ModuleOp> module;
};

bool writesMemory(Operation *op) {
  return isa<vector::TransferWriteOp, vector::StoreOp, memref::StoreOp>(op);
}

bool hasWrites(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        return writesMemory(inner) ? WalkResult::interrupt()
                                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether the vector that `op` makes goes to the next iteration of the loop
/// around it, by way of whatever adds to it.
bool isCarried(Operation *op, scf::ForOp loop) {
  for (Operation *user : op->getUsers()) {
    if (user == loop.getBody()->getTerminator())
      return true;
    if (user->getBlock() == loop.getBody() &&
        isa<vector::ContractionOp, vector::FMAOp, arith::AddFOp>(user) &&
        isCarried(user, loop))
      return true;
  }
  return false;
}

/// x * grad_y where x is one value of memory, of a sum over rows.
bool isGradientProduct(Operation *op) {
  auto product = dyn_cast<vector::FMAOp>(op);
  if (!product)
    return false;
  return llvm::any_of(product.getOperands(), [](Value operand) {
    auto broadcast = operand.getDefiningOp<vector::BroadcastOp>();
    return broadcast && broadcast.getSource().getDefiningOp<memref::LoadOp>();
  });
}

} // namespace

/// Products are added up in vectors that loops carry: the innermost loop around
/// them reads what it multiplies, once, and writes nothing.
TEST_P(KernelShapes, AccumulateInRegisters) {
  forKernels(Level::Memory, [&](func::FuncOp function,
                                const KernelRecord &record) {
    int inLoops = 0;
    auto check = [&](Operation *product) {
      auto loop = product->getParentOfType<scf::ForOp>();
      if (!loop || !isCarried(product, loop))
        return;
      ++inLoops;
      EXPECT_FALSE(hasWrites(loop)) << "a sum is stored where it grows";
    };
    function.walk([&](vector::ContractionOp contract) {
      EXPECT_FALSE(contract.getAcc().getDefiningOp<vector::TransferReadOp>())
          << "a sum is read from memory";
      check(contract);
      if (auto loop = contract->getParentOfType<scf::ForOp>();
          loop && isCarried(contract, loop)) {
        // A step over input channels: a column of x, a row of weights.
        int reads = 0, contracts = 0;
        for (Operation &op : *loop.getBody()) {
          reads += isa<vector::TransferReadOp, vector::LoadOp>(op);
          contracts += isa<vector::ContractionOp>(op);
        }
        EXPECT_EQ(reads, 2 * contracts);
      }
    });
    if (record.sums.rows > 0)
      function.walk([&](vector::FMAOp product) {
        if (isGradientProduct(product))
          check(product);
      });
    const bool multiplies = function.getName().contains(".forward.") ||
                            function.getName().contains(".sums.");
    if (multiplies)
      EXPECT_GT(inLoops, 0);
  });
}

/// LLVM takes vectors whose length is no power of two apart into scalars where
/// a loop carries them: three registers of sums became 48 on the stack.
TEST_P(KernelShapes, CarryPowersOfTwo) {
  forKernels(Level::Memory, [&](func::FuncOp function, const KernelRecord &) {
    function.walk([&](scf::ForOp loop) {
      for (Type type : loop.getResultTypes())
        if (auto vector = dyn_cast<VectorType>(type))
          EXPECT_TRUE(llvm::isPowerOf2_64(vector.getShape().back()))
              << "a loop carries vectors of " << vector.getShape().back();
    });
  });
}

/// Whether a kernel of `layer` computes columns beyond whole vectors as dots.
static bool hasDots(func::FuncOp function, const LayerSpec &layer) {
  int64_t cIn = layer.cIn, cOut = layer.cOut;
  if (function.getName().contains(".grad_x."))
    std::swap(cIn, cOut);
  return mixTiling(recordOf(function).getTarget().getMachine(),
                   layer.elementSize(), cIn, cOut)
             .dots > 0;
}

/// No tail is done element by element: whatever is computed with elements is
/// computed with vectors. (A bias under `dense` is scattered element by element
/// into one row, once per block of samples, and so are packed weights, those of
/// dots too, and sums of dots are added to others once per chunk, those of
/// samples in lanes once per group.)
TEST_P(KernelShapes, HaveNoScalarTails) {
  const Layer &layer = GetParam();
  forKernels(Level::Memory, [&](func::FuncOp function,
                                const KernelRecord &record) {
    const bool pack = function.getName().contains(".pack.");
    if (layer.plan == "dense" && (pack || layer.spec.bias))
      return;
    const bool dots = layer.plan != "dense" && hasDots(function, layer.spec);
    if (dots && pack)
      return;
    // An element of a vector of sums, added to what is in memory.
    const bool lanes = function.getName().contains(".lane_sums.");
    auto addsDot = [&](Operation *op) {
      return (lanes || (dots && record.sums.rows > 0)) &&
             isa<arith::AddFOp>(op) &&
             llvm::any_of(op->getOperands(), [](Value operand) {
               Operation *sum = operand.getDefiningOp();
               return isa_and_nonnull<vector::ExtractOp, vector::ReductionOp>(
                   sum);
             });
    };
    function.walk([&](Operation *op) {
      if (!op->getParentOfType<scf::ForOp>())
        return;
      auto isElement = [](Type type) { return isa<FloatType>(type); };
      if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op))
        EXPECT_TRUE(!isElement(op->getResult(0).getType()) || addsDot(op))
            << "arithmetic with single elements";
      if (auto store = dyn_cast<memref::StoreOp>(op)) {
        Operation *sum = store.getValueToStore().getDefiningOp();
        EXPECT_TRUE(!isElement(store.getValueToStore().getType()) ||
                    (sum && addsDot(sum)))
            << "a single element is written";
      }
      auto load = dyn_cast<memref::LoadOp>(op);
      if (!load || !isElement(load.getType()))
        return;
      for (Operation *user : load->getUsers())
        EXPECT_TRUE(isa<vector::BroadcastOp>(user) || addsDot(user))
            << "a single element is read and not broadcast";
    });
  });
}

/// The rows that are read and written are whole vectors of the target, whose
/// rest is masked where the row ends; or, where stores with masks are slow, the
/// halves that are left of one.
TEST_P(KernelShapes, ReadAndWriteWholeVectors) {
  forKernels(Level::Memory, [&](func::FuncOp function,
                                const KernelRecord &record) {
    const Machine machine = recordOf(function).getTarget().getMachine();
    const int64_t lanes = machine.lanes(GetParam().spec.elementSize());
    auto check = [&](Operation *op, VectorType type, bool inBounds,
                     bool masked) {
      if (type.getRank() != 1)
        return;
      EXPECT_EQ(type.getDimSize(0) % lanes, 0) << "a row that is no vectors";
      EXPECT_TRUE(inBounds || masked);
    };
    function.walk([&](vector::TransferWriteOp write) {
      const int64_t size = write.getVectorType().getDimSize(0);
      if (size < lanes && !machine.storesMasked()) {
        EXPECT_EQ(size & (size - 1), 0);
        EXPECT_FALSE(write.getMask());
        Operation *value = write.getVector().getDefiningOp();
        auto part = dyn_cast_or_null<vector::ExtractStridedSliceOp>(value);
        EXPECT_TRUE(part ? part.getSourceVectorType().getDimSize(0) % lanes == 0
                         : isa_and_nonnull<arith::ConstantOp>(value)) // zeros
            << "a row that is no part of vectors";
        return;
      }
      EXPECT_TRUE(machine.storesMasked() || !write.getMask());
      check(write, write.getVectorType(), write.isDimInBounds(0),
            bool(write.getMask()));
    });
    function.walk([&](vector::TransferReadOp read) {
      // What a contraction reads may be one element of each row of its tile.
      if (llvm::none_of(read->getUsers(), [](Operation *user) {
            return isa<vector::ContractionOp>(user);
          }))
        check(read, read.getVectorType(), true, bool(read.getMask()));
    });
  });
}

/// A caller runs as many phases as the record says; each has a branch.
TEST_P(KernelShapes, HaveThePhasesOfTheirRecord) {
  forKernels(
      Level::Loops, [&](func::FuncOp function, const KernelRecord &record) {
        if (record.phases == 1)
          return;
        std::set<int64_t> branches;
        const unsigned phase = 3;
        for (Operation *user : function.getArgument(phase).getUsers()) {
          auto compare = dyn_cast<arith::CmpIOp>(user);
          if (!compare || compare.getPredicate() != arith::CmpIPredicate::eq)
            continue;
          std::optional<int64_t> number = getConstantIntValue(compare.getRhs());
          ASSERT_TRUE(number);
          if (*number >= 0)
            branches.insert(*number);
        }
        std::set<int64_t> wanted;
        for (int64_t number = 0; number < record.phases; ++number)
          wanted.insert(number);
        EXPECT_EQ(branches, wanted);
        // Whoever shares a phase must do a part of it only.
        if (record.parts > 1)
          EXPECT_FALSE(function.getArgument(phase + 1).use_empty());
      });
}

INSTANTIATE_TEST_SUITE_P(Layers, KernelShapes, testing::ValuesIn(someLayers()),
                         [](const testing::TestParamInfo<Layer> &info) {
                           return nameOf(info.param);
                         });

namespace {

/// The operations of the kernels, and how many of them multiply.
struct CodeSize {
  int64_t operations = 0, contractions = 0;
};

CodeSize sizeOf(Compiler &compiler, const LayerSpec &spec,
                const std::string &plan, bool gradients) {
  CodeSize size;
  OwningOpRef<ModuleOp> module =
      compiler.compile({spec, plan, "x86-64-v3"}, Level::Memory, gradients);
  EXPECT_TRUE(module);
  if (module)
    module->walk([&](Operation *op) {
      ++size.operations;
      size.contractions += isa<vector::ContractionOp>(op);
    });
  return size;
}

} // namespace

/// Diagrams are rows of tables. 4111 of them are as much code as the 203 of one
/// order less, but for the stages of one more propagating order.
TEST(CodeSize, DoesNotGrowWithTheNumberOfDiagrams) {
  Compiler compiler;
  LayerSpec less = makeLayer(Group::S, 6, 3, 3, 4, 8);
  LayerSpec more = makeLayer(Group::S, 6, 4, 4, 4, 8);
  ASSERT_EQ(less.diagrams.size(), 203u);
  ASSERT_EQ(more.diagrams.size(), 4111u);
  for (const char *plan : {"factored", "shared", "schur"}) {
    SCOPED_TRACE(plan);
    CodeSize few = sizeOf(compiler, less, plan, /*gradients=*/false);
    CodeSize many = sizeOf(compiler, more, plan, /*gradients=*/false);
    EXPECT_LT(many.operations, 2 * few.operations);
    EXPECT_LT(many.contractions, 2 * few.contractions);
  }
}

/// The same for the matrix of the dense plan and for gradients: a diagram more
/// or less is no more or less code.
TEST(CodeSize, IsTheSameForHalfOfTheDiagrams) {
  Compiler compiler;
  LayerSpec all = makeLayer(Group::S, 4, 3, 3, 4, 8);
  LayerSpec half = all;
  half.diagrams.clear();
  for (size_t i = 0; i < all.diagrams.size(); i += 2)
    half.diagrams.push_back(all.diagrams[i]);
  for (const char *plan : kPlans) {
    SCOPED_TRACE(plan);
    CodeSize few = sizeOf(compiler, half, plan, /*gradients=*/true);
    CodeSize many = sizeOf(compiler, all, plan, /*gradients=*/true);
    EXPECT_LT(many.operations, few.operations * 5 / 4);
  }
}

/// Channels are the extents of loops: more of them are no more code, but for
/// one more level of blocks in long sums.
TEST(CodeSize, DoesNotGrowWithChannels) {
  Compiler compiler;
  for (const char *plan : kPlans) {
    SCOPED_TRACE(plan);
    CodeSize few = sizeOf(compiler, makeLayer(Group::O, 3, 2, 2, 64, 64), plan,
                          /*gradients=*/true);
    CodeSize many = sizeOf(compiler, makeLayer(Group::O, 3, 2, 2, 256, 256),
                           plan, /*gradients=*/true);
    EXPECT_LT(many.operations, few.operations * 3 / 2);
  }
}
