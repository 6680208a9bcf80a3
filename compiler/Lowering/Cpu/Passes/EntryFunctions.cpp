//===- EntryFunctions.cpp - How the runtime calls a kernel ----------------===//

#include "compiler/Lowering/Cpu/Passes/EntryFunctions.h"

#include "compiler/Machine/Machine.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

using namespace eqc;
using namespace mlir;

/// The memory that x and y of a block of samples should stay within: half of a
/// usual L2 cache.
static constexpr int64_t kBlockBytes = Machine().l2Bytes / 2;
static constexpr int64_t kMostSamples = 64;

namespace {

class EntryFunctions {
public:
  EntryFunctions(EntryBuilder &b, const EntryLayer &layer,
                 const EntryKernel &kernel, const EntryKernel *lanes = nullptr)
      : b(b), layer(layer), kernel(kernel), lanes(lanes) {}

  /// eqc_variant.schedule, or that of eqc_sums: of a kernel that takes so many
  /// numbers before its arrays.
  EntryConstant addSchedule(const char *what, unsigned numbers) {
    LLVM::LLVMFuncOp function = begin(what, {b.i64(), b.i64(), b.pointer()});
    Value n = function.getArgument(0);
    Value block = chooseBlock(n, function.getArgument(1));
    if (lanes)
      block = b.number(lanes->record.lanes);
    Value scratch = b.number(0);
    for (const EntryKernel *one : {&kernel, lanes}) {
      if (!one || !one->arena)
        continue;
      SmallVector<Value> arguments(numbers, b.number(0));
      arguments[0] = n;
      arguments[2] = block;
      scratch = b.larger(
          scratch,
          LLVM::CallOp::create(b.op(), one->arena, arguments).getResult());
    }
    const KernelRecord &record = kernel.record;
    Value flops =
        evaluate(record.multiplyAdds *
                     Poly(2 * (layer.products > 0 ? layer.products
                                                  : layer.cIn * layer.cOut)),
                 n);
    const Value fields[] = {scratch, block, b.number(record.phases),
                            b.number(record.parts), flops};
    Value out = function.getArgument(2);
    for (auto [i, field] : llvm::enumerate(fields))
      LLVM::StoreOp::create(b.op(), field,
                            b.placeOf(out, static_cast<int32_t>(i)));
    return end(function);
  }

  /// eqc_variant.pack.
  EntryConstant addPack(const EntryKernel &pack) {
    LLVM::LLVMFuncOp function =
        begin("pack_entry", {b.i64(), b.pointer(), b.pointer()});
    SmallVector<Value> arguments;
    ArrayRef<int64_t> shape = kernel.record.packedShape;
    appendMemRef(arguments, function.getArgument(1),
                 {manyRows(), b.number(layer.cOut)});
    int64_t rows = 1;
    for (int64_t extent : shape.drop_back())
      rows *= extent;
    appendMemRef(arguments, function.getArgument(2),
                 {b.number(rows), b.number(shape.back())});
    LLVM::CallOp::create(b.op(), pack.function, arguments);
    return end(function);
  }

  /// eqc_variant.forward.
  EntryConstant addForward() {
    SmallVector<Type> types(5, b.i64()); // n, first, count, phase, part
    types.append(5, b.pointer());        // x, packed, bias, y, scratch
    LLVM::LLVMFuncOp function = begin("forward_entry", types);
    Value n = function.getArgument(0);
    SmallVector<Value> arguments(function.getArguments().take_front(5));
    appendMemRef(arguments, function.getArgument(5),
                 shapeOf(layer.inputs, layer.cIn, n));
    SmallVector<Value> shape;
    for (int64_t extent : kernel.record.packedShape)
      shape.push_back(b.number(extent));
    appendMemRef(arguments, function.getArgument(6), shape);
    appendMemRef(arguments, function.getArgument(7),
                 {b.number(1), manyRows(), b.number(layer.cOut)});
    appendMemRef(arguments, function.getArgument(8),
                 shapeOf(layer.outputs, layer.cOut, n));
    if (lanes)
      callLanes(function, arguments);
    call(kernel, function, arguments);
    return end(function);
  }

  /// eqc_sums.add.
  EntryConstant addSums() {
    const SumMatrix &matrix = kernel.record.sums;
    SmallVector<Type> types(6, b.i64()); // n, first, count, phase, part, which
    types.append(4, b.pointer());        // x, grad_y, sums, scratch
    LLVM::LLVMFuncOp function = begin("sums_entry", types);
    Value n = function.getArgument(0);
    SmallVector<Value> arguments(function.getArguments().take_front(6));
    appendMemRef(arguments, function.getArgument(6),
                 shapeOf(layer.inputs, layer.cIn, n));
    appendMemRef(arguments, function.getArgument(7),
                 shapeOf(layer.outputs, layer.cOut, n));
    appendMemRef(
        arguments, function.getArgument(8),
        {b.number(SumMatrix::kPlanes * matrix.rows), b.number(matrix.columns)});
    if (lanes)
      callLanes(function, arguments);
    call(kernel, function, arguments);
    return end(function);
  }

  /// eqc_sums.unpack.
  EntryConstant addUnpack(const EntryKernel &unpack) {
    const SumMatrix &matrix = kernel.record.sums;
    SmallVector<Type> types(3, b.i64()); // which, first, end
    types.append(2, b.pointer());        // sums, result
    LLVM::LLVMFuncOp function = begin("unpack_entry", types);
    SmallVector<Value> arguments(function.getArguments().take_front(3));
    appendMemRef(arguments, function.getArgument(3),
                 {b.number(matrix.rows), b.number(matrix.columns)});
    appendMemRef(arguments, function.getArgument(4),
                 {manyRows(), b.number(layer.cOut)});
    LLVM::CallOp::create(b.op(), unpack.function, arguments);
    return end(function);
  }

  /// eqc_variant.forward of two inputs.
  EntryConstant addBilinearForward() {
    SmallVector<Type> types(5, b.i64()); // n, first, count, phase, part
    types.append(5, b.pointer());        // pair, weight, bias, y, scratch
    LLVM::LLVMFuncOp function = begin("forward_entry", types);
    Value n = function.getArgument(0);
    SmallVector<Value> arguments(function.getArguments().take_front(5));
    appendPair(arguments, function.getArgument(5), n);
    for (unsigned rows : {6, 7})
      appendMemRef(arguments, function.getArgument(rows),
                   {manyRows(), b.number(layer.cOut)});
    appendMemRef(arguments, function.getArgument(8),
                 shapeOf(layer.outputs, layer.cOut, n));
    call(kernel, function, arguments);
    return end(function);
  }

  /// eqc_sums.add of two inputs.
  EntryConstant addBilinearSums() {
    const SumMatrix &matrix = kernel.record.sums;
    SmallVector<Type> types(6, b.i64()); // n, first, count, phase, part, which
    types.append(4, b.pointer());        // pair, grad_y, sums, scratch
    LLVM::LLVMFuncOp function = begin("sums_entry", types);
    Value n = function.getArgument(0);
    SmallVector<Value> arguments(function.getArguments().take_front(6));
    appendPair(arguments, function.getArgument(6), n);
    appendMemRef(arguments, function.getArgument(7),
                 shapeOf(layer.outputs, layer.cOut, n));
    appendMemRef(
        arguments, function.getArgument(8),
        {b.number(SumMatrix::kPlanes * matrix.rows), b.number(matrix.columns)});
    call(kernel, function, arguments);
    return end(function);
  }

private:
  /// The arrays that an eqc_pair points to.
  void appendPair(SmallVector<Value> &arguments, Value pair, Value n) {
    for (int32_t i : {0, 1}) {
      Value place = LLVM::GEPOp::create(b.op(), b.pointer(), b.pointer(), pair,
                                        ArrayRef<LLVM::GEPArg>{i},
                                        LLVM::GEPNoWrapFlags::inbounds);
      Value array = LLVM::LoadOp::create(b.op(), b.pointer(), place);
      appendMemRef(arguments, array,
                   i == 0 ? shapeOf(layer.inputs, layer.cIn, n)
                          : shapeOf(layer.second, layer.cSecond, n));
    }
  }

  /// A function compiled for the kernel's CPU, so that the kernel can be
  /// inlined.
  LLVM::LLVMFuncOp begin(const char *what, ArrayRef<Type> arguments) {
    LLVM::LLVMFuncOp function =
        b.addFunction(layer.name + "." + what + "." +
                          kernel.attribute.getTarget().getName().str(),
                      LLVM::LLVMVoidType::get(b.op().getContext()), arguments,
                      LLVM::Linkage::Internal);
    function.setNoUnwind(true);
    LLVM::LLVMFuncOp kernelFunction = kernel.function;
    if (ArrayAttr cpu = kernelFunction.getPassthroughAttr())
      function.setPassthroughAttr(cpu);
    return function;
  }

  EntryConstant end(LLVM::LLVMFuncOp function) {
    LLVM::ReturnOp::create(b.op(), ValueRange());
    return EntryConstant::ofAddress(function.getName().str());
  }

  /// At the sizes that a function is called with: n, or what is at that address
  /// where there are several.
  Value evaluate(const Poly &poly, Value n) {
    if (!layer.hasDynamicN())
      return b.number(poly.at(layer.n));
    if (layer.numSizes == 1 || poly.isConstant())
      return b.evaluate(poly, n);
    Value address = LLVM::IntToPtrOp::create(b.op(), b.pointer(), n);
    SmallVector<Value> sizes;
    for (int32_t i = 0; i < layer.numSizes; ++i)
      sizes.push_back(b.load(address, i));
    return b.evaluate(poly, sizes);
  }

  /// An array argument as MLIR passes it: two pointers, offset, sizes, strides.
  void appendMemRef(SmallVector<Value> &arguments, Value pointer,
                    ArrayRef<Value> shape) {
    arguments.append({pointer, pointer, b.number(0)});
    arguments.append(shape.begin(), shape.end());
    SmallVector<Value> strides(shape.size(), b.number(1));
    for (size_t i = shape.size(); i-- > 1;)
      strides[i - 1] = b.multiply(strides[i], shape[i]);
    arguments.append(strides.begin(), strides.end());
  }

  /// An argument array: samples, positions, channels, or channels first.
  SmallVector<Value> shapeOf(const Poly &rows, int64_t channels, Value n) {
    Value positions = evaluate(rows, n);
    if (layer.channelsLast)
      return {manyRows(), positions, b.number(channels)};
    return {manyRows(), b.number(channels), positions};
  }

  /// Rows are counted by the caller's arrays; kernels never look past what the
  /// block holds, so any number that is large enough will do.
  Value manyRows() { return b.number(INT64_MAX / 4); }

  /// Calls a kernel, with the arena, the last argument, if it takes one.
  void call(const EntryKernel &called, LLVM::LLVMFuncOp entry,
            SmallVector<Value> arguments) {
    LLVM::LLVMFuncOp function = called.function;
    if (function.getNumArguments() > arguments.size())
      appendMemRef(arguments, entry.getArguments().back(), {manyRows()});
    LLVM::CallOp::create(b.op(), function, arguments);
  }

  /// Returns from a block that is a whole group of lanes; it is one phase and
  /// one part.
  void callLanes(LLVM::LLVMFuncOp entry, ArrayRef<Value> arguments) {
    ImplicitLocOpBuilder &op = b.op();
    Block *start = op.getInsertionBlock();
    auto makeBlock = [&] {
      Block *block = new Block();
      entry.getBody().push_back(block);
      return block;
    };
    Block *group = makeBlock(), *run = makeBlock(), *done = makeBlock(),
          *rest = makeBlock();
    auto compare = [&](LLVM::ICmpPredicate predicate, unsigned argument,
                       int64_t with) {
      return LLVM::ICmpOp::create(op, predicate, entry.getArgument(argument),
                                  b.number(with))
          .getResult();
    };
    op.setInsertionPointToEnd(start);
    LLVM::CondBrOp::create(
        op, compare(LLVM::ICmpPredicate::eq, 2, lanes->record.lanes), group,
        rest);
    op.setInsertionPointToEnd(group);
    Value isFirst =
        LLVM::AndOp::create(op, compare(LLVM::ICmpPredicate::sle, 3, 0),
                            compare(LLVM::ICmpPredicate::eq, 4, 0));
    LLVM::CondBrOp::create(op, isFirst, run, done);
    op.setInsertionPointToEnd(run);
    call(*lanes, entry, SmallVector<Value>(arguments));
    LLVM::BrOp::create(op, done);
    op.setInsertionPointToEnd(done);
    LLVM::ReturnOp::create(op, ValueRange());
    op.setInsertionPointToEnd(rest);
  }

  /// Samples of one task.
  Value chooseBlock(Value n, Value batch) {
    ImplicitLocOpBuilder &op = b.op();
    Poly elements = layer.inputs * Poly(layer.cIn);
    elements += layer.outputs * Poly(layer.cOut);
    elements += layer.second * Poly(layer.cSecond);
    elements += kernel.record.scratchElements;
    Value bytes =
        b.multiply(evaluate(elements, n), b.number(layer.elementBytes));
    bytes = b.larger(bytes, b.number(1));
    // Kernels tile samples by powers of two up to eight.
    Value fitting = LLVM::UDivOp::create(op, b.number(kBlockBytes), bytes);
    Value block = b.bitAnd(b.smaller(fitting, b.number(kMostSamples)), -8);
    for (int64_t samples : {1, 2, 4, 8}) {
      // Tiles over samples are worth twice the memory of a block.
      Value nearly = LLVM::ICmpOp::create(op, LLVM::ICmpPredicate::sge,
                                          b.multiply(fitting, b.number(2)),
                                          b.number(samples));
      Value small = LLVM::ICmpOp::create(op, LLVM::ICmpPredicate::slt, block,
                                         b.number(samples));
      block = LLVM::SelectOp::create(op, LLVM::AndOp::create(op, nearly, small),
                                     b.number(samples), block);
    }
    // Leave several blocks of eight for a parallel run of a small batch.
    Value share = b.bitAnd(b.add(b.divide(batch, 8), b.number(7)), -8);
    share = b.larger(share, b.number(8));
    return b.larger(b.smaller(block, share), b.number(1));
  }

  EntryBuilder &b;
  const EntryLayer &layer;
  const EntryKernel &kernel;
  const EntryKernel *lanes;
};

} // namespace

EntryConstant eqc::makeVariant(EntryBuilder &b, const EntryLayer &layer,
                               const EntryVariant &variant) {
  int64_t packed = layer.elementBytes;
  for (int64_t extent : variant.forward.record.packedShape)
    packed *= extent;
  EntryFunctions functions(b, layer, variant.forward,
                           variant.lanes ? &*variant.lanes : nullptr);
  EntryConstant tested = b.text(variant.target.getTested());
  EntryConstant schedule = functions.addSchedule("schedule", 5);
  EntryConstant pack = functions.addPack(variant.pack);
  EntryConstant forward = functions.addForward();
  return EntryConstant::ofStruct(
      {EntryConstant::ofNumber(variant.target.getLevel()), tested,
       EntryConstant::ofNumber(packed), schedule, pack, forward});
}

EntryConstant eqc::makeBilinearVariant(EntryBuilder &b, const EntryLayer &layer,
                                       ir::TargetAttr target,
                                       const EntryKernel &forward) {
  EntryFunctions functions(b, layer, forward);
  EntryConstant tested = b.text(target.getTested());
  EntryConstant schedule = functions.addSchedule("schedule", 5);
  EntryConstant entry = functions.addBilinearForward();
  return EntryConstant::ofStruct({EntryConstant::ofNumber(target.getLevel()),
                                  tested, EntryConstant::ofNumber(0), schedule,
                                  EntryConstant::none(), entry});
}

static EntryConstant sumsOf(const SumMatrix &matrix, EntryConstant schedule,
                            EntryConstant add, EntryConstant unpack) {
  return EntryConstant::ofStruct({EntryConstant::ofNumber(matrix.rows),
                                  EntryConstant::ofNumber(matrix.columns),
                                  EntryConstant::ofNumber(matrix.diagramRows),
                                  EntryConstant::ofNumber(matrix.shiftedFrom),
                                  EntryConstant::ofNumber(matrix.terms),
                                  std::move(schedule), std::move(add),
                                  std::move(unpack)});
}

EntryConstant eqc::makeBilinearSums(EntryBuilder &b, const EntryLayer &layer,
                                    const EntryKernel &sums) {
  EntryFunctions functions(b, layer, sums);
  EntryConstant schedule = functions.addSchedule("sums_schedule", 6);
  return sumsOf(sums.record.sums, schedule, functions.addBilinearSums(),
                EntryConstant::none());
}

EntryConstant eqc::makeSums(EntryBuilder &b, const EntryLayer &layer,
                            const EntryKernel &sums, const EntryKernel *lanes,
                            const EntryKernel *unpack) {
  const SumMatrix &matrix = sums.record.sums;
  EntryFunctions functions(b, layer, sums, lanes);
  EntryConstant schedule = functions.addSchedule("sums_schedule", 6);
  EntryConstant add = functions.addSums();
  EntryConstant inBasis =
      unpack ? functions.addUnpack(*unpack) : EntryConstant::none();
  return sumsOf(matrix, schedule, add, inBasis);
}
