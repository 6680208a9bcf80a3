//===- HostForm.cpp - Kernels of GPUs as code of the host -----------------===//

#include "compiler/Lowering/Gpu/HostForm.h"
#include "compiler/Lowering/Gpu/HostBlock.h"
#include "compiler/Lowering/Gpu/Program.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/TargetParser/Host.h"

#include <cstddef>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

namespace {

/// A phase of a kernel as a function.
class PhaseWriter {
public:
  PhaseWriter(ModuleOp module, gpu::GPUFuncOp kernel, int64_t phase)
      : kernel(kernel), phase(phase),
        b(OpBuilder::atBlockEnd(module.getBody())), loc(kernel.getLoc()) {}

  LogicalResult write() {
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    auto function = func::FuncOp::create(
        b, loc, (kernel.getName() + "." + Twine(phase)).str(),
        b.getFunctionType({pointer, pointer}, {}));
    body = function.addEntryBlock();
    b.setInsertionPointToEnd(body);
    func::ReturnOp::create(b, loc);
    b.setInsertionPointToStart(body);
    thread = body->getArgument(1);
    IRMapping values;
    for (BlockArgument argument : kernel.getArguments())
      values.map(argument, parameter(argument));
    if (failed(cloneBody(values)))
      return failure();
    replaceOperations(function);
    return success();
  }

private:
  Value loadAt(Value from, Type type, int64_t bytes) {
    Value at = LLVM::GEPOp::create(
        b, loc, from.getType(), b.getI8Type(), from,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
    return LLVM::LoadOp::create(b, loc, type, at);
  }
  Value parameter(BlockArgument argument) {
    Value place =
        loadAt(body->getArgument(0), body->getArgument(0).getType(),
               static_cast<int64_t>(argument.getArgNumber() * sizeof(void *)));
    return LLVM::LoadOp::create(b, loc, argument.getType(), place);
  }

  /// The operations of the phase, and what they need of others: what every
  /// thread computes anew. Nothing else passes a barrier.
  LogicalResult cloneBody(IRMapping &values) {
    SmallVector<Operation *> others;
    int64_t current = 0;
    for (Operation &op : kernel.getBody().front().without_terminator()) {
      if (isa<gpu::BarrierOp>(op)) {
        ++current;
        continue;
      }
      Operation *copy = b.clone(op, values);
      if (current != phase)
        others.push_back(copy);
    }
    for (Operation *op : llvm::reverse(others)) {
      if (op->use_empty())
        op->erase();
      else if (!isMemoryEffectFree(op) && !readsConstant(op))
        return kernel.emitError()
               << "a value of '" << op->getName() << "' passes a barrier";
    }
    return success();
  }

  /// Whether it loads from a table of the kernel's.
  bool readsConstant(Operation *op) const {
    auto load = dyn_cast<LLVM::LoadOp>(op);
    Value from = load ? load.getAddr() : Value();
    while (auto element = from ? from.getDefiningOp<LLVM::GEPOp>() : nullptr)
      from = element.getBase();
    auto address = from ? from.getDefiningOp<LLVM::AddressOfOp>() : nullptr;
    return address && globalOf(address).getConstant();
  }
  LLVM::GlobalOp globalOf(LLVM::AddressOfOp address) const {
    return SymbolTable::lookupNearestSymbolFrom<LLVM::GlobalOp>(
        kernel, address.getGlobalNameAttr());
  }

  Value field(size_t offset, Type type) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(body);
    return loadAt(thread, type, static_cast<int64_t>(offset));
  }
  Value indexField(size_t offset) {
    Value word = field(offset, b.getI64Type());
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfterValue(word);
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), word);
  }

  void replaceOperations(func::FuncOp function) {
    function.walk([&](Operation *op) {
      b.setInsertionPoint(op);
      if (isa<gpu::ThreadIdOp>(op))
        replace(op, indexField(offsetof(HostBlock, thread)));
      else if (isa<gpu::BlockIdOp>(op))
        replace(op, indexField(offsetof(HostBlock, block)));
      else if (isa<gpu::ClusterBlockIdOp>(op))
        replace(op, indexField(offsetof(HostBlock, rank)));
      else if (auto mapped = dyn_cast<NVVM::MapaOp>(op))
        replace(op, mappedAddress(mapped));
      else if (auto same = dyn_cast<LLVM::InlineAsmOp>(op))
        replace(op, same.getOperands().front());
      else if (auto copy = dyn_cast<NVVM::CpAsyncOp>(op))
        replaceCopy(copy);
      else if (isa<NVVM::CpAsyncCommitGroupOp, NVVM::CpAsyncWaitGroupOp>(op))
        op->erase();
      else if (auto address = dyn_cast<LLVM::AddressOfOp>(op))
        replaceShared(address);
    });
  }
  static void replace(Operation *op, Value value) {
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  }

  /// The same place in the memory of another block of the cluster.
  Value mappedAddress(NVVM::MapaOp mapped) {
    auto number = [&](Value pointer) -> Value {
      return LLVM::PtrToIntOp::create(b, loc, b.getI64Type(), pointer);
    };
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    Value own = field(offsetof(HostBlock, dynamic), pointer);
    Value first = field(offsetof(HostBlock, dynamicOfFirst), pointer);
    Value stride = field(offsetof(HostBlock, stride), b.getI64Type());
    Value rank = arith::ExtUIOp::create(b, loc, b.getI64Type(), mapped.getB());
    Value offset =
        arith::SubIOp::create(b, loc, number(mapped.getA()), number(own));
    Value theirs = arith::AddIOp::create(
        b, loc, number(first), arith::MulIOp::create(b, loc, rank, stride));
    Value address = arith::AddIOp::create(b, loc, theirs, offset);
    return LLVM::IntToPtrOp::create(b, loc, mapped.getType(), address);
  }

  /// It is there at once.
  void replaceCopy(NVVM::CpAsyncOp copy) {
    const auto bytes = static_cast<int64_t>(copy.getSize());
    auto type = VectorType::get({bytes}, b.getI8Type());
    Value value =
        LLVM::LoadOp::create(b, loc, type, copy.getSrc(), /*alignment=*/bytes);
    LLVM::StoreOp::create(b, loc, value, copy.getDst(), bytes);
    copy.erase();
  }

  /// Each kernel has one array that it declares, at most.
  void replaceShared(LLVM::AddressOfOp address) {
    LLVM::GlobalOp global = globalOf(address);
    if (global.getAddrSpace() != kSharedSpace)
      return;
    const size_t offset = global.getLinkage() == LLVM::Linkage::External
                              ? offsetof(HostBlock, dynamic)
                              : offsetof(HostBlock, declared);
    replace(address, field(offset, address.getType()));
  }

  gpu::GPUFuncOp kernel;
  int64_t phase;
  OpBuilder b;
  Location loc;
  mlir::Block *body = nullptr;
  Value thread;
};

class KernelsToHost
    : public PassWrapper<KernelsToHost, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(KernelsToHost)
  StringRef getArgument() const override { return "eqc-kernels-to-host"; }
  StringRef getDescription() const override {
    return "the phases of kernels as functions of the host";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, cf::ControlFlowDialect,
                    func::FuncDialect, LLVM::LLVMDialect>();
  }
  void runOnOperation() override {
    ModuleOp module = getOperation();
    const auto programs = llvm::to_vector(module.getOps<func::FuncOp>());
    for (auto kernels : llvm::to_vector(module.getOps<gpu::GPUModuleOp>())) {
      for (auto kernel : kernels.getOps<gpu::GPUFuncOp>())
        if (failed(writePhases(module, kernel)))
          return signalPassFailure();
      for (auto global : llvm::make_early_inc_range(
               kernels.getBody()->getOps<LLVM::GlobalOp>()))
        if (global.getAddrSpace() != kSharedSpace)
          global->moveBefore(module.getBody(), module.getBody()->begin());
      kernels.erase();
    }
    for (func::FuncOp program : programs)
      program.erase();
    module->setAttrs(DictionaryAttr::get(module.getContext(), {}));
  }

private:
  static LogicalResult writePhases(ModuleOp module, gpu::GPUFuncOp kernel) {
    int64_t barriers = 0, nested = 0;
    kernel.walk([&](gpu::BarrierOp barrier) {
      (barrier->getParentOp() == kernel ? barriers : nested) += 1;
    });
    if (nested > 0)
      return kernel.emitError("a barrier is not reached by all threads alike");
    for (int64_t phase = 0; phase <= barriers; ++phase)
      if (failed(PhaseWriter(module, kernel, phase).write()))
        return failure();
    return success();
  }
};

/// All that this machine has: libraries know no rounding of multiply-adds as
/// quick.
class NameHost : public PassWrapper<NameHost, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(NameHost)
  StringRef getArgument() const override { return "eqc-name-host"; }
  StringRef getDescription() const override {
    return "say that functions are for this machine";
  }
  void runOnOperation() override {
    SmallVector<std::string> features;
    for (const auto &feature : llvm::sys::getHostCPUFeatures())
      features.push_back((feature.second ? "+" : "-") + feature.first().str());
    llvm::sort(features);
    const SmallVector<StringRef> names(features.begin(), features.end());
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      function.setTargetCpu(llvm::sys::getHostCPUName());
      function.setTargetFeaturesAttr(
          LLVM::TargetFeaturesAttr::get(function.getContext(), names));
    }
  }
};

} // namespace

void device::addHostForm(OpPassManager &pm) {
  pm.addPass(std::make_unique<KernelsToHost>());
  OpPassManager &phases = pm.nest<func::FuncOp>();
  phases.addPass(createCanonicalizerPass());
  phases.addPass(createCSEPass());
  phases.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(std::make_unique<NameHost>());
}
