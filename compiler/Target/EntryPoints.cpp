//===- EntryPoints.cpp - The C functions of a layer -----------------------===//

#include "compiler/Target/EntryPoints.h"
#include "compiler/Machine/Machine.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

#include <eqc/kernel.h>

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/IRBuilder.h"

using namespace eqc;
using llvm::ArrayRef;
using llvm::Constant;
using llvm::ConstantInt;
using llvm::ConstantStruct;
using llvm::Function;
using llvm::FunctionType;
using llvm::GlobalValue;
using llvm::GlobalVariable;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// The memory that x and y of a block of samples should stay within: half of a
/// usual L2 cache.
constexpr int64_t kBlockBytes = Machine().l2Bytes / 2;
constexpr int64_t kMostSamples = 64;

class EntryPoints {
public:
  EntryPoints(llvm::Module &module, const LayerCode &layer)
      : module(module), layer(layer), spec(*layer.spec),
        context(module.getContext()), b(context), i64(b.getInt64Ty()),
        ptr(b.getPtrTy()) {}

  void add() {
    GlobalVariable *info = makeInfo();
    SmallVector<Constant *> variants;
    for (const VariantCode &variant : layer.variants)
      variants.push_back(makeVariant(variant));
    GlobalVariable *table = makeTable("variants", variants);
    const bool gradients = !layer.gradX.empty();
    GlobalVariable *chosen = new GlobalVariable(
        module, i64, /*isConstant=*/false, GlobalValue::InternalLinkage,
        ConstantInt::get(i64, 0), spec.name + ".chosen");
    auto fields =
        std::vector<Constant *>{b.getInt32(0),
                                b.getInt32(EQC_KERNEL_ABI),
                                info,
                                number(spec.elementSize()),
                                number(static_cast<int64_t>(variants.size())),
                                table,
                                number(layer.threads),
                                number(0),
                                chosen,
                                gradients ? makeGradients() : none(),
                                gradients ? makeFlips() : none()};
    setSize(fields);
    GlobalVariable *kernel =
        makeConstant("kernel", ConstantStruct::getAnon(fields));
    makeExported(kernel, "forward", spec.dynamicN(), 4, /*batch=*/true);
    makeExported(kernel, "pack", false, 2, /*batch=*/false);
    makeExported(kernel, "forward_packed", spec.dynamicN(), 4, /*batch=*/true);
    if (gradients)
      makeExported(kernel, "backward", spec.dynamicN(), 6, /*batch=*/true);
    makeInfoFunction(info);
  }

  /// The descriptor of the kernels of one variant.
  Constant *makeVariant(const VariantCode &variant) {
    int64_t packed = spec.elementSize();
    for (int64_t extent : variant.forward.record.packedShape)
      packed *= extent;
    std::vector<Constant *> fields{number(variant.cpu.level),
                                   string(variant.cpu.runtimeFeatures),
                                   number(packed),
                                   makeSchedule(variant),
                                   makePack(variant),
                                   makeBlock(variant)};
    return ConstantStruct::getAnon(fields);
  }

private:
  Constant *number(int64_t value) { return ConstantInt::get(i64, value, true); }

  /// The first field of a descriptor is its own size.
  void setSize(std::vector<Constant *> &fields) {
    auto *type = llvm::cast<llvm::StructType>(
        ConstantStruct::getAnon(fields)->getType());
    fields[0] = b.getInt32(static_cast<uint32_t>(
        module.getDataLayout().getTypeAllocSize(type).getFixedValue()));
  }

  GlobalVariable *makeConstant(const char *what, Constant *value) {
    return new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                              GlobalValue::InternalLinkage, value,
                              spec.name + "." + what);
  }

  GlobalVariable *makeTable(const char *what, ArrayRef<Constant *> entries) {
    return makeConstant(
        what,
        llvm::ConstantArray::get(
            llvm::ArrayType::get(entries.front()->getType(), entries.size()),
            entries));
  }

  Constant *none() { return llvm::ConstantPointerNull::get(ptr); }

  Constant *string(llvm::StringRef text) {
    Constant *data = llvm::ConstantDataArray::getString(context, text);
    auto *global =
        new GlobalVariable(module, data->getType(), /*isConstant=*/true,
                           GlobalValue::PrivateLinkage, data, "eqc.text");
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return global;
  }

  GlobalVariable *makeInfo() {
    const int64_t pairs = spec.cIn * spec.cOut;
    const auto diagrams = static_cast<int64_t>(spec.diagrams.size());
    const auto biases = static_cast<int64_t>(spec.biasDiagrams.size());
    std::vector<Constant *> fields{
        b.getInt32(0),
        b.getInt32(1),
        string(spec.name),
        string(std::string(groupName(spec.group))),
        string(spec.dtype == DType::F32 ? "f32" : "f64"),
        string(spec.layout == Layout::ChannelsLast ? "channels_last"
                                                   : "channels_first"),
        string(spec.normalize == Normalize::Mean ? "mean" : "none"),
        string(layer.plan),
        string(layer.source),
        string(EQC_VERSION),
        number(spec.n),
        number(spec.k),
        number(spec.l),
        number(spec.cIn),
        number(spec.cOut),
        number(diagrams),
        number(biases),
        number(diagrams * pairs),
        number(biases * spec.cOut),
        number(spec.batch),
        number(!layer.gradX.empty())};
    setSize(fields);
    return makeConstant("layer", ConstantStruct::getAnon(fields));
  }

  /// A function of the descriptor, compiled for the variant's CPU so that the
  /// kernel can be inlined.
  Function *makeInternal(FunctionType *type, const VariantCode &variant,
                         const char *what) {
    Function *function = Function::Create(
        type, GlobalValue::InternalLinkage,
        spec.name + "." + what + "." + variant.cpu.name, module);
    Function *kernel = module.getFunction(variant.forward.function);
    for (const char *name : {"target-cpu", "tune-cpu", "target-features",
                             "prefer-vector-width", "min-legal-vector-width"})
      if (kernel->hasFnAttribute(name))
        function->addFnAttr(kernel->getFnAttribute(name));
    function->addFnAttr(llvm::Attribute::NoUnwind);
    b.SetInsertPoint(llvm::BasicBlock::Create(context, "", function));
    return function;
  }

  /// An array argument as MLIR passes it: two pointers, offset, sizes, strides.
  void appendMemRef(SmallVector<Value *> &arguments, Value *pointer,
                    ArrayRef<Value *> shape) {
    arguments.append({pointer, pointer, number(0)});
    arguments.append(shape.begin(), shape.end());
    SmallVector<Value *> strides(shape.size(), number(1));
    for (size_t i = shape.size(); i-- > 1;)
      strides[i - 1] = b.CreateMul(strides[i], shape[i]);
    arguments.append(strides.begin(), strides.end());
  }

  Value *emitPoly(const Poly &poly, Value *n) {
    if (!spec.dynamicN())
      return number(poly.at(spec.n));
    Value *value = number(0);
    for (int i = poly.degree(); i >= 0; --i)
      value = b.CreateAdd(b.CreateMul(value, n), number(poly.coefficient(i)));
    return value;
  }

  /// An argument array: samples, positions, channels, or channels first.
  SmallVector<Value *> shapeOf(int order, int64_t channels, Value *n) {
    Value *positions = emitPoly(Poly::power(order), n);
    if (spec.layout == Layout::ChannelsLast)
      return {manyRows(), positions, number(channels)};
    return {manyRows(), number(channels), positions};
  }

  /// Rows are counted by the caller's arrays; kernels never look past what the
  /// block holds, so any number that is large enough will do.
  Constant *manyRows() { return number(INT64_MAX / 4); }

  Function *makePack(const VariantCode &variant) {
    Function *function =
        makeInternal(FunctionType::get(b.getVoidTy(), {i64, ptr, ptr}, false),
                     variant, "pack_entry");
    SmallVector<Value *> arguments;
    Function *kernel = module.getFunction(variant.pack.function);
    const std::vector<int64_t> &shape = variant.forward.record.packedShape;
    appendMemRef(arguments, function->getArg(1),
                 {manyRows(), number(spec.cOut)});
    int64_t rows = 1;
    for (size_t i = 0; i + 1 < shape.size(); ++i)
      rows *= shape[i];
    appendMemRef(arguments, function->getArg(2),
                 {number(rows), number(shape.back())});
    b.CreateCall(kernel, arguments);
    b.CreateRetVoid();
    return function;
  }

  Function *makeBlock(const VariantCode &variant) {
    Function *function = makeInternal(
        FunctionType::get(b.getVoidTy(),
                          {i64, i64, i64, i64, i64, ptr, ptr, ptr, ptr, ptr},
                          false),
        variant, "forward_entry");
    Value *n = function->getArg(0);
    SmallVector<Value *> arguments;
    for (unsigned i = 0; i < 5; ++i) // n, first, count, phase, part
      arguments.push_back(function->getArg(i));
    appendMemRef(arguments, function->getArg(5), shapeOf(spec.k, spec.cIn, n));
    SmallVector<Value *> shape;
    for (int64_t extent : variant.forward.record.packedShape)
      shape.push_back(number(extent));
    appendMemRef(arguments, function->getArg(6), shape);
    appendMemRef(arguments, function->getArg(7),
                 {number(1), manyRows(), number(spec.cOut)});
    appendMemRef(arguments, function->getArg(8), shapeOf(spec.l, spec.cOut, n));
    if (variant.lanes)
      makeLanesCall(variant, function, arguments);
    callKernel(variant.forward.function, function, arguments);
    b.CreateRetVoid();
    return function;
  }

  /// Calls a kernel, with the arena if it takes one.
  void callKernel(const std::string &name, Function *block,
                  SmallVector<Value *> arguments) {
    Function *kernel = module.getFunction(name);
    if (kernel->arg_size() > arguments.size())
      appendMemRef(arguments, block->getArg(9), {manyRows()});
    b.CreateCall(kernel, arguments);
  }

  /// Returns from a block that is a whole group of lanes; it is one phase and
  /// one part.
  void makeLanesCall(const VariantCode &variant, Function *block,
                     ArrayRef<Value *> arguments) {
    auto makeBlock = [&](const char *name) {
      return llvm::BasicBlock::Create(context, name, block);
    };
    llvm::BasicBlock *group = makeBlock("group"), *run = makeBlock("run"),
                     *done = makeBlock("done"), *rest = makeBlock("rest");
    b.CreateCondBr(
        b.CreateICmpEQ(block->getArg(2), number(variant.lanes->record.lanes)),
        group, rest);
    b.SetInsertPoint(group);
    Value *first = b.CreateAnd(b.CreateICmpSLE(block->getArg(3), number(0)),
                               b.CreateICmpEQ(block->getArg(4), number(0)));
    b.CreateCondBr(first, run, done);
    b.SetInsertPoint(run);
    callKernel(variant.lanes->function, block, SmallVector<Value *>(arguments));
    b.CreateBr(done);
    b.SetInsertPoint(done);
    b.CreateRetVoid();
    b.SetInsertPoint(rest);
  }

  /// The gradients of every variant: the kernels of grad_x, which is a layer of
  /// its own, and those of the sums over the batch.
  Constant *makeGradients() {
    EntryPoints gradX(module, layer.gradX.front());
    SmallVector<Constant *> gradients;
    for (size_t i = 0; i < layer.variants.size(); ++i) {
      Constant *input = gradX.makeVariant(layer.gradX.front().variants[i]);
      Constant *sums = makeSums(layer.variants[i], layer.sums[i]);
      gradients.push_back(ConstantStruct::getAnon({input, sums}));
    }
    return makeTable("gradients", gradients);
  }

  Constant *makeSums(const VariantCode &forward, const KernelCode &code) {
    // The functions around it are like those of a variant.
    VariantCode variant;
    variant.cpu = forward.cpu;
    variant.forward = code;
    const SumMatrix &matrix = code.record.sums;
    std::vector<Constant *> fields{number(matrix.rows),
                                   number(matrix.columns),
                                   number(matrix.diagramRows),
                                   number(matrix.shiftedFrom),
                                   makeSchedule(variant, "sums_schedule", 6),
                                   makeAddSums(variant)};
    return ConstantStruct::getAnon(fields);
  }

  Function *makeAddSums(const VariantCode &variant) {
    const SumMatrix &matrix = variant.forward.record.sums;
    Function *function = makeInternal(
        FunctionType::get(b.getVoidTy(),
                          {i64, i64, i64, i64, i64, i64, ptr, ptr, ptr, ptr},
                          false),
        variant, "sums_entry");
    Value *n = function->getArg(0);
    SmallVector<Value *> arguments;
    for (unsigned i = 0; i < 6; ++i) // n, first, count, phase, part, which
      arguments.push_back(function->getArg(i));
    appendMemRef(arguments, function->getArg(6), shapeOf(spec.k, spec.cIn, n));
    appendMemRef(arguments, function->getArg(7), shapeOf(spec.l, spec.cOut, n));
    appendMemRef(
        arguments, function->getArg(8),
        {number(SumMatrix::kPlanes * matrix.rows), number(matrix.columns)});
    callKernel(variant.forward.function, function, arguments);
    b.CreateRetVoid();
    return function;
  }

  /// By what the weights of each diagram are multiplied for grad_x: signs and
  /// exponents of 1/n. Null where that is 1 for all.
  Constant *makeFlips() {
    SmallVector<Constant *> flips;
    bool trivial = true;
    for (const Diagram &diagram : spec.diagrams) {
      const FlipFactor factor = flipFactor(spec, diagram);
      trivial &= factor.sign == 1 && factor.divisions == 0;
      flips.push_back(number(factor.sign));
      flips.push_back(number(factor.divisions));
    }
    return trivial ? none() : makeTable("flips", flips);
  }

  /// The schedule of a kernel that takes so many numbers before its arrays.
  Function *makeSchedule(const VariantCode &variant,
                         const char *what = "schedule", unsigned numbers = 5) {
    const KernelRecord &record = variant.forward.record;
    Function *function =
        makeInternal(FunctionType::get(b.getVoidTy(), {i64, i64, ptr}, false),
                     variant, what);
    Value *n = function->getArg(0);
    Poly elements = Poly::power(spec.k, spec.cIn);
    elements += Poly::power(spec.l, spec.cOut);
    elements += record.scratchElements;
    Value *bytes =
        b.CreateMul(emitPoly(elements, n), number(spec.elementSize()));
    bytes = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, bytes, number(1));
    // Kernels tile samples by powers of two up to eight.
    Value *fitting = b.CreateUDiv(number(kBlockBytes), bytes);
    Value *block =
        b.CreateAnd(b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, fitting,
                                            number(kMostSamples)),
                    number(-8));
    for (int64_t samples : {1, 2, 4, 8}) {
      // Tiles over samples are worth twice the memory of a block.
      Value *nearly =
          b.CreateICmpSGE(b.CreateMul(fitting, number(2)), number(samples));
      Value *small = b.CreateICmpSLT(block, number(samples));
      block =
          b.CreateSelect(b.CreateAnd(nearly, small), number(samples), block);
    }
    // Leave several blocks of eight for a parallel run of a small batch.
    Value *share = b.CreateAnd(
        b.CreateAdd(b.CreateUDiv(function->getArg(1), number(8)), number(7)),
        number(-8));
    share = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, share, number(8));
    block = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, block, share);
    block = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, block, number(1));

    if (variant.lanes)
      block = number(variant.lanes->record.lanes);

    Value *scratch = number(0);
    SmallVector<const KernelCode *> kernels{&variant.forward};
    if (variant.lanes)
      kernels.push_back(&*variant.lanes);
    for (const KernelCode *kernel : kernels)
      if (Function *size = module.getFunction(kernel->function + ".arena")) {
        SmallVector<Value *> arguments(numbers, number(0));
        arguments[0] = n;
        arguments[2] = block;
        scratch = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, scratch,
                                          b.CreateCall(size, arguments));
      }
    Value *flops =
        emitPoly(record.multiplyAdds * Poly(2 * spec.cIn * spec.cOut), n);
    Value *out = function->getArg(2);
    const std::vector<Value *> fields{scratch, block, number(record.phases),
                                      number(record.parts), flops};
    for (size_t i = 0; i < fields.size(); ++i)
      b.CreateStore(fields[i], b.CreateConstInBoundsGEP1_64(i64, out, i));
    b.CreateRetVoid();
    return function;
  }

  /// An exported function that hands its arguments to one of the runtime's,
  /// after the descriptor and, where that takes one, n.
  void makeExported(GlobalVariable *kernel, const char *what, bool callerN,
                    unsigned numArguments, bool batch) {
    llvm::Type *i32 = b.getInt32Ty();
    SmallVector<llvm::Type *> taken, passed{ptr, i64};
    if (callerN)
      taken.push_back(i64);
    if (batch) {
      taken.push_back(i64);
      passed.push_back(i64);
    }
    taken.append(numArguments, ptr);
    passed.append(numArguments, ptr);
    llvm::FunctionCallee runtime = module.getOrInsertFunction(
        std::string("eqc_rt_") + what, FunctionType::get(i32, passed, false));
    Function *function = Function::Create(FunctionType::get(i32, taken, false),
                                          GlobalValue::ExternalLinkage,
                                          spec.name + "_" + what, module);
    b.SetInsertPoint(llvm::BasicBlock::Create(context, "", function));
    SmallVector<Value *> arguments{kernel};
    if (!callerN)
      arguments.push_back(number(-1));
    for (llvm::Argument &argument : function->args())
      arguments.push_back(&argument);
    llvm::CallInst *call = b.CreateCall(runtime, arguments);
    call->setTailCallKind(llvm::CallInst::TCK_Tail);
    b.CreateRet(call);
  }

  void makeInfoFunction(GlobalVariable *info) {
    Function *function = Function::Create(FunctionType::get(ptr, false),
                                          GlobalValue::ExternalLinkage,
                                          spec.name + "_info", module);
    b.SetInsertPoint(llvm::BasicBlock::Create(context, "", function));
    b.CreateRet(info);
  }

  llvm::Module &module;
  const LayerCode &layer;
  const LayerSpec &spec;
  llvm::LLVMContext &context;
  llvm::IRBuilder<> b;
  llvm::Type *i64;
  llvm::PointerType *ptr;
};

} // namespace

void eqc::addEntryPoints(llvm::Module &module, const LayerCode &layer) {
  EntryPoints(module, layer).add();
}
