//===- DeviceKernel.cpp - A kernel of a GPU while it is written -----------===//

#include "compiler/Lowering/Gpu/DeviceKernel.h"

#include <eqc/cuda_kernel.h>

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

constexpr int64_t kSlotBytes = 16;

DeviceKernel::DeviceKernel(Program &program, StringRef what,
                           ArrayRef<DeviceArray> arrays,
                           ArrayRef<Formula> extra, int64_t threads)
    : IndexBuilder(program.site.builder, program.site.loc, program.spec),
      program(program), launchNumber(program.launches.size()),
      arrays(arrays.begin(), arrays.end()) {
  elementType =
      spec.dtype == DType::F32 ? Type(b.getF32Type()) : Type(b.getF64Type());
  if (const BlockScope *block = program.block) {
    function = block->function;
    launchNumber = block->launch;
    count = block->samples;
    setSize(block->size);
    for (const DeviceArray &array : arrays)
      pointers.push_back(block->pointerTo(array));
    return;
  }
  Launch record;
  record.kernel = program.prefix + "_" + std::to_string(program.numKernels++) +
                  "_" + what.str();
  record.threads = threads;
  record.arrays.assign(arrays.begin(), arrays.end());
  record.numbers = {Formula::variable(EQC_VAR_BATCH)};
  if (spec.dynamicN())
    record.numbers.push_back(Formula::variable(EQC_VAR_N));
  record.numbers.insert(record.numbers.end(), extra.begin(), extra.end());
  OpBuilder::InsertionGuard guard(b);
  function = program.addKernel(std::move(record));
  for (size_t i = 0; i < function.getNumArguments(); ++i) {
    Value argument = function.getArgument(i);
    if (i < arrays.size()) {
      pointers.push_back(argument);
      continue;
    }
    Value number =
        arith::IndexCastOp::create(b, loc, b.getIndexType(), argument);
    if (i == arrays.size())
      count = number;
    else if (i == arrays.size() + 1 && spec.dynamicN())
      setSize(number);
    else if (i + 1 == function.getNumArguments())
      firstBlock = number;
    else
      numbers.push_back(number);
  }
}

void DeviceKernel::atTop(function_ref<void()> body) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(function.getBody().front().getTerminator());
  body();
}

Extent DeviceKernel::extent(const Poly &extent) {
  Value value;
  atTop([&] { value = poly(extent); });
  return {spec.dynamicN() ? Formula::of(extent) : Formula(extent.at(spec.n)),
          value};
}

Extent DeviceKernel::samples() {
  return {Formula::variable(EQC_VAR_BATCH), count};
}

Extent DeviceKernel::product(const Extent &x, const Extent &y) {
  Value value;
  atTop([&] { value = mul(x.device, y.device); });
  return {x.host * y.host, value};
}

Extent DeviceKernel::tiles(const Extent &extent, int64_t size) {
  Value value;
  atTop([&] {
    value = quotient(add(extent.device, index(size - 1)), index(size));
  });
  return {dividedUp(extent.host, size), value};
}

void DeviceKernel::overItems(ArrayRef<Extent> extents,
                             function_ref<void(ArrayRef<Value>)> body) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(function.getBody().front().getTerminator());
  Formula items = 1;
  Value all = index(1);
  for (const Extent &extent : extents) {
    items = items * extent.host;
    all = mul(all, extent.device);
  }
  auto work = [&](Value item) {
    SmallVector<Value> point(extents.size());
    for (size_t a = extents.size(); a-- > 0;) {
      point[a] = a == 0 ? item : remainder(item, extents[a].device);
      item = quotient(item, extents[a].device);
    }
    body(point);
  };
  if (BlockScope *block = program.block) {
    Value first = block->startPhase(*this);
    loop(first, all, block->numThreads(), {}, [&](Value item, const Values &) {
      work(item);
      return Values();
    });
    block->endPhase(*this, all);
    return;
  }
  launch().items = items;
  Value block =
      add(firstBlock, gpu::BlockIdOp::create(b, loc, gpu::Dimension::x));
  Value thread = gpu::ThreadIdOp::create(b, loc, gpu::Dimension::x);
  Value item = add(mul(block, index(launch().threads)), thread);
  when(isLess(item, all), [&] { work(item); });
}

void DeviceKernel::overOwnRows(size_t a, int64_t each,
                               function_ref<void(Value, Value, Value)> body) {
  const DeviceArray &array = arrays[a];
  const SharedPlace &place = *array.shared;
  BlockScope &block = *program.block;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(function.getBody().front().getTerminator());
  Value thread = block.startOwnPhase(*this);
  Value all = poly(array.rows);
  // As many for each block; the last ones may have fewer.
  const int64_t blocks = block.blocksOfCluster(),
                ofAll = kRowsTogether * blocks;
  Value rows =
      mul(div(add(all, index(ofAll - 1)), ofAll), index(kRowsTogether));
  loop(thread, mul(rows, index(each)), block.threadsOfBlock(), {},
       [&](Value i, const Values &) {
         Value own = quotient(i, index(each));
         Value group =
             add(mul(div(own, kRowsTogether), index(blocks)), block.rank);
         Value row =
             add(mul(group, index(kRowsTogether)), rem(own, kRowsTogether));
         Value element =
             add(mul(own, index(place.pitch)), block.offsetOf(*this, place));
         if (!array.oneSample)
           element = add(element, index(block.fixedElements));
         when(isLess(row, all),
              [&] { body(row, element, remainder(i, index(each))); });
         return Values();
       });
}

//===----------------------------------------------------------------------===//
// Accesses of phases
//===----------------------------------------------------------------------===//

/// Patterns follow each other in an array whatever n is.
static int64_t sizeToCompare(const LayerSpec &spec) {
  return spec.dynamicN() ? 8 : spec.n;
}

BlockAccess DeviceKernel::accessOf(size_t a, const Poly &first,
                                   Steps steps) const {
  const DeviceArray &array = arrays[a];
  const int64_t n = sizeToCompare(spec);
  int64_t begin = first.at(n), end = begin;
  for (const auto &[extent, stride] : steps)
    end += (extent.at(n) - 1) * stride.at(n);
  if (!array.shared)
    return {array.array, begin, end};
  const SharedPlace &place = *array.shared;
  const int64_t offset = place.offset.at(n);
  // What of it lies in a block, or in all: any of it may be accessed.
  if (place.isSplit) {
    const int64_t rows = array.rows.at(n);
    BlockAccess access{array.oneSample ? -1 : -2, offset, offset - 1};
    access.last += (spec.dynamicN() ? rows : program.block->rowsOfBlock(rows)) *
                   place.pitch;
    access.rows = {place.number, begin, end};
    return access;
  }
  return {array.oneSample ? -1 : -2, offset + begin * place.pitch,
          offset + (end + 1) * place.pitch - 1};
}
BlockAccess DeviceKernel::accessOf(size_t a) const {
  return accessOf(a, Poly(), {{arrays[a].rows, Poly(1)}});
}

void DeviceKernel::reads(size_t a, const Poly &first, Steps steps) {
  if (program.block)
    program.block->read(accessOf(a, first, steps));
}
void DeviceKernel::writes(size_t a, const Poly &first, Steps steps) {
  if (program.block)
    program.block->write(accessOf(a, first, steps));
}
void DeviceKernel::reads(size_t a) {
  if (program.block)
    program.block->read(accessOf(a));
}
void DeviceKernel::writes(size_t a) {
  if (program.block)
    program.block->write(accessOf(a));
}

/// 90 for sm_90; 0 for chips of others.
static int64_t nvidiaChip(const Program &program) {
  StringRef chip = program.site.target.getName();
  int64_t number = 0;
  return chip.consume_front("sm_") && !chip.getAsInteger(10, number) ? number
                                                                     : 0;
}

bool device::hasClusters(const Program &program) {
  return nvidiaChip(program) >= 90;
}

bool DeviceKernel::hasAsyncCopies() const { return nvidiaChip(program) >= 80; }

void DeviceKernel::copyTo(size_t from, Value source, Value target,
                          int64_t width) {
  const auto bytes = static_cast<int32_t>(width * spec.elementSize());
  NVVM::CpAsyncOp::create(
      b, loc, target, pointerTo(from, source), b.getI32IntegerAttr(bytes),
      NVVM::LoadCacheModifierKindAttr::get(
          b.getContext(), bytes == 16 ? NVVM::LoadCacheModifierKind::CG
                                      : NVVM::LoadCacheModifierKind::CA),
      Value());
}

void DeviceKernel::copy(size_t from, Value source, size_t to, Value target,
                        int64_t width) {
  // To shared memory of other blocks there are none that are asynchronous.
  if (!hasAsyncCopies() || isShared(to))
    store(to, target, load(from, source, width));
  else
    copyTo(from, source, pointerTo(to, target), width);
}

void DeviceKernel::copyOwn(size_t from, Value source, size_t to, Value target,
                           int64_t width) {
  copyTo(from, source, ownPointerTo(to, target), width);
}

void DeviceKernel::finishCopies() {
  if (!hasAsyncCopies())
    return;
  atTop([&] {
    NVVM::CpAsyncCommitGroupOp::create(b, loc);
    NVVM::CpAsyncWaitGroupOp::create(b, loc, 0);
  });
}

Value DeviceKernel::rowOf(size_t a, Value sample, Value row) {
  const DeviceArray &array = arrays[a];
  const BlockScope *block = program.block;
  if (isShared(a))
    return sharedRow(array, row);
  if (array.shared) {
    Value at =
        add(mul(row, index(array.shared->pitch)), poly(array.shared->offset));
    if (array.oneSample)
      return add(at, index(block->slotsBytes / spec.elementSize()));
    at = add(at, mul(sample, block->sampleStride));
    return add(at, index(block->fixedElements));
  }
  if (!array.oneSample) {
    if (block)
      sample = add(block->firstSample, sample);
    row = add(mul(sample, poly(array.rows)), row);
  }
  return mul(row, index(array.channels));
}

/// Elements of arrays that blocks share are numbered from the start of the
/// cluster's memory.
Value DeviceKernel::sharedRow(const DeviceArray &array, Value row) {
  const SharedPlace &place = *array.shared;
  const BlockScope &block = *program.block;
  const int64_t blocks = block.blocksOfCluster();
  Value together = index(kRowsTogether);
  Value group = quotient(row, together);
  Value rank = arith::IndexCastOp::create(b, loc, b.getI32Type(),
                                          remainder(group, index(blocks)));
  Value ownRow = add(mul(quotient(group, index(blocks)), together),
                     remainder(row, together));
  Value at = add(mul(ownRow, index(place.pitch)), block.offsetOf(*this, place));
  at = add(at, index(array.oneSample ? block.slotsBytes / spec.elementSize()
                                     : block.fixedElements));
  Value offset = arith::IndexCastOp::create(b, loc, b.getI64Type(), at);
  Value own = LLVM::GEPOp::create(b, loc, block.shared.getType(), elementType,
                                  block.shared, ArrayRef<LLVM::GEPArg>{offset});
  Value theirs = NVVM::MapaOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext(), kClusterSpace), own,
      rank);
  Value address = LLVM::PtrToIntOp::create(b, loc, b.getI64Type(), theirs);
  address = arith::IndexCastOp::create(b, loc, b.getIndexType(), address);
  return quotient(address, index(spec.elementSize()));
}

Value DeviceKernel::pointerTo(size_t a, Value element) {
  if (!isShared(a))
    return ownPointerTo(a, element);
  Value address = arith::IndexCastOp::create(
      b, loc, b.getI64Type(), mul(element, index(spec.elementSize())));
  return LLVM::IntToPtrOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext(), kClusterSpace),
      address);
}

Value DeviceKernel::ownPointerTo(size_t a, Value element) {
  Value i = arith::IndexCastOp::create(b, loc, b.getI64Type(), element);
  return LLVM::GEPOp::create(b, loc, pointers[a].getType(), elementType,
                             pointers[a], ArrayRef<LLVM::GEPArg>{i});
}

Value DeviceKernel::load(size_t a, Value element, int64_t width) {
  // Of single elements LLVM would make vectors that reach beyond an array, to
  // what another thread may be writing.
  // Of those of other blocks a volatile load is one for the whole system.
  const bool isVolatile = arrays[a].shared && width == 1 && !isShared(a);
  return LLVM::LoadOp::create(b, loc, typeOf(width), pointerTo(a, element),
                              width * spec.elementSize(), isVolatile);
}

void DeviceKernel::store(size_t a, Value element, Value value) {
  auto vector = dyn_cast<VectorType>(value.getType());
  const int64_t width = vector ? vector.getDimSize(0) : 1;
  LLVM::StoreOp::create(b, loc, value, pointerTo(a, element),
                        width * spec.elementSize());
}

LLVM::GlobalOp DeviceKernel::addGlobal(Type type, StringRef name,
                                       Attribute values, int64_t alignment,
                                       unsigned space) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(function);
  return LLVM::GlobalOp::create(
      b, loc, type, /*isConstant=*/bool(values), LLVM::Linkage::Internal,
      (function.getName() + "_" + name).str(), values, alignment, space);
}

void DeviceKernel::reserveSlots(int64_t count) {
  Value thread = gpu::ThreadIdOp::create(b, loc, gpu::Dimension::x);
  Value offset = arith::IndexCastOp::create(b, loc, b.getI64Type(),
                                            mul(thread, index(kSlotBytes)));
  if (const BlockScope *block = program.block) {
    slots = LLVM::GEPOp::create(b, loc, block->shared.getType(), b.getI8Type(),
                                block->shared, ArrayRef<LLVM::GEPArg>{offset});
    return;
  }
  Type all = LLVM::LLVMArrayType::get(b.getI8Type(),
                                      count * kSlotBytes * launch().threads);
  LLVM::GlobalOp global =
      addGlobal(all, "slots", Attribute(), kSlotBytes, kSharedSpace);
  Value first = LLVM::AddressOfOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext(), kSharedSpace),
      global.getSymName());
  slots = LLVM::GEPOp::create(b, loc, first.getType(), b.getI8Type(), first,
                              ArrayRef<LLVM::GEPArg>{offset});
}

Value DeviceKernel::slotAt(int64_t slot) {
  const auto offset =
      static_cast<int32_t>(slot * kSlotBytes * launch().threads);
  return LLVM::GEPOp::create(b, loc, slots.getType(), b.getI8Type(), slots,
                             ArrayRef<LLVM::GEPArg>{offset});
}
Value DeviceKernel::loadSlot(int64_t slot, Type type) {
  // LLVM would keep them in registers after all.
  return LLVM::LoadOp::create(b, loc, type, slotAt(slot), kSlotBytes,
                              /*isVolatile=*/true);
}
void DeviceKernel::storeSlot(int64_t slot, Value value) {
  LLVM::StoreOp::create(b, loc, value, slotAt(slot), kSlotBytes,
                        /*isVolatile=*/true);
}

Value DeviceKernel::addConstant(DenseElementsAttr values, Type type) {
  Type array = LLVM::LLVMArrayType::get(type, values.getNumElements());
  // Phases of one kernel have tables of one name.
  gpu::GPUModuleOp module = program.module;
  auto next = [&] { return "table" + std::to_string(constants++); };
  std::string name = next();
  while (module.lookupSymbol((function.getName() + "_" + name).str()))
    name = next();
  LLVM::GlobalOp global =
      addGlobal(array, name, values, /*alignment=*/8, kGlobalSpace);
  return LLVM::AddressOfOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext(), kGlobalSpace),
      global.getSymName());
}

Value DeviceKernel::constantArray(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    b.getI64Type());
  return addConstant(DenseElementsAttr::get(type, values), b.getI64Type());
}

Value DeviceKernel::constantArray(ArrayRef<double> values) {
  auto type =
      RankedTensorType::get({static_cast<int64_t>(values.size())}, elementType);
  SmallVector<Attribute> reals;
  for (double value : values)
    reals.push_back(b.getFloatAttr(elementType, value));
  return addConstant(DenseElementsAttr::get(type, reals), elementType);
}

Value DeviceKernel::loadConstant(Value array, Value i, Type type) {
  Value at = arith::IndexCastOp::create(b, loc, b.getI64Type(), i);
  Value pointer = LLVM::GEPOp::create(b, loc, array.getType(), type, array,
                                      ArrayRef<LLVM::GEPArg>{at});
  return LLVM::LoadOp::create(b, loc, type, pointer,
                              type.getIntOrFloatBitWidth() / 8);
}

Values DeviceKernel::loop(Value first, Value end, int64_t step,
                          const Values &inits, LoopBody body) {
  auto op = scf::ForOp::create(b, loc, first, end, index(step), inits);
  OpBuilder::InsertionGuard guard(b);
  Block *block = op.getBody();
  if (inits.empty())
    block->getTerminator()->erase();
  b.setInsertionPointToEnd(block);
  Values next = body(op.getInductionVar(), Values(op.getRegionIterArgs()));
  scf::YieldOp::create(b, loc, next);
  return Values(op.getResults());
}

void DeviceKernel::when(Value condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  body();
}

Value DeviceKernel::quotient(Value x, Value y) {
  return b.createOrFold<arith::DivUIOp>(loc, x, y);
}
Value DeviceKernel::remainder(Value x, Value y) {
  return b.createOrFold<arith::RemUIOp>(loc, x, y);
}
Value DeviceKernel::isLess(Value x, Value y) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, y);
}

Value DeviceKernel::opaque(Value integer) {
  // What a block of threads counts is less than 2^32.
  Type word = program.block ? b.getI32Type() : b.getI64Type();
  const bool isIndex = isa<IndexType>(integer.getType());
  if (isIndex)
    integer = arith::IndexCastUIOp::create(b, loc, word, integer);
  const bool isWide = integer.getType().getIntOrFloatBitWidth() == 64;
  // PTX has a register for each value; elsewhere it stays where it is.
  const bool isPtx = nvidiaChip(program) > 0;
  const char *text = !isPtx   ? ""
                     : isWide ? "mov.b64 $0, $1;"
                              : "mov.b32 $0, $1;";
  const char *registers = !isPtx ? "=v,0" : isWide ? "=l,l" : "=r,r";
  Value same = LLVM::InlineAsmOp::create(b, loc, integer.getType(),
                                         ValueRange{integer}, text, registers,
                                         /*has_side_effects=*/true,
                                         /*is_align_stack=*/false,
                                         LLVM::tailcallkind::TailCallKind::None,
                                         LLVM::AsmDialectAttr(), ArrayAttr())
                   .getRes();
  return isIndex ? Value(arith::IndexCastUIOp::create(b, loc, b.getIndexType(),
                                                      same))
                 : same;
}

Type DeviceKernel::typeOf(int64_t width) {
  return width == 1 ? elementType : Type(VectorType::get({width}, elementType));
}

Value DeviceKernel::real(double value, int64_t width) {
  TypedAttr scalar = b.getFloatAttr(elementType, value);
  if (width == 1)
    return arith::ConstantOp::create(b, loc, scalar);
  return arith::ConstantOp::create(
      b, loc,
      DenseElementsAttr::get(cast<VectorType>(typeOf(width)),
                             Attribute(scalar)));
}
Value DeviceKernel::plus(Value x, Value y) {
  return arith::AddFOp::create(b, loc, x, y);
}
Value DeviceKernel::minus(Value x, Value y) {
  return arith::SubFOp::create(b, loc, x, y);
}
Value DeviceKernel::times(Value x, Value y) {
  return arith::MulFOp::create(b, loc, splat(x, y.getType()), y);
}
Value DeviceKernel::fma(Value x, Value y, Value z) {
  return LLVM::FMAOp::create(b, loc, splat(x, z.getType()), y, z);
}
Value DeviceKernel::splat(Value scalar, Type type) {
  if (scalar.getType() == type)
    return scalar;
  return vector::BroadcastOp::create(b, loc, type, scalar);
}
Value DeviceKernel::element(Value vector, int64_t i) {
  if (!isa<VectorType>(vector.getType()))
    return vector;
  return vector::ExtractOp::create(b, loc, vector, i);
}
Value DeviceKernel::withElement(Value vector, int64_t i, Value value) {
  // Chains of vector.insert become vector.from_elements, which not all targets
  // have a pattern for.
  Value at = LLVM::ConstantOp::create(
      b, loc, b.getI32IntegerAttr(static_cast<int32_t>(i)));
  return LLVM::InsertElementOp::create(b, loc, vector, value, at);
}
Value DeviceKernel::realSize() {
  if (!spec.dynamicN())
    return real(static_cast<double>(spec.n));
  Value integer =
      arith::IndexCastOp::create(b, loc, b.getI64Type(), sizes.front());
  return arith::SIToFPOp::create(b, loc, elementType, integer);
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

DeviceTable::DeviceTable(DeviceKernel &kernel, const Table &table)
    : table(table) {
  const bool dynamic = kernel.spec.dynamicN();
  for (int64_t f = 0; f < table.numFields() && !table.empty(); ++f) {
    Field field;
    field.same = true;
    int degree = 0;
    bool half = false;
    for (int64_t r = 0; r < table.size(); ++r) {
      const Poly &entry = table.row(r)[static_cast<size_t>(f)];
      field.same &= entry == table.row(0)[static_cast<size_t>(f)];
      degree = std::max(degree, entry.degree());
      half |= entry.halfCoefficient() != 0;
    }
    field.offset = rowLength;
    if (!dynamic)
      degree = 0, half = false;
    for (int i = 0; i <= degree; ++i)
      field.terms.push_back(Poly::power(i));
    if (half)
      field.terms.push_back(Poly::halfN());
    if (!field.same)
      rowLength += static_cast<int64_t>(field.terms.size());
    fields.push_back(std::move(field));
  }
  if (rowLength == 0)
    return;
  std::vector<int64_t> numbers;
  for (int64_t r = 0; r < table.size(); ++r)
    for (int64_t f = 0; f < table.numFields(); ++f) {
      const Field &field = fields[static_cast<size_t>(f)];
      const Poly &entry = table.row(r)[static_cast<size_t>(f)];
      if (field.same)
        continue;
      if (!dynamic) {
        numbers.push_back(entry.at(kernel.spec.n));
        continue;
      }
      for (const Poly &term : field.terms)
        numbers.push_back(term.halfCoefficient() != 0
                              ? entry.halfCoefficient()
                              : entry.coefficient(term.degree()));
    }
  array = kernel.constantArray(numbers);
}

Value DeviceTable::get(DeviceKernel &kernel, Value row, int64_t f) const {
  const Field &field = fields[static_cast<size_t>(f)];
  if (field.same)
    return kernel.poly(table.row(0)[static_cast<size_t>(f)]);
  Value base = kernel.mul(row, kernel.index(rowLength));
  Value sum = kernel.index(0);
  for (auto [i, term] : llvm::enumerate(field.terms)) {
    Value number = kernel.loadConstant(
        array,
        kernel.add(base, kernel.index(field.offset + static_cast<int64_t>(i))),
        kernel.b.getI64Type());
    number = arith::IndexCastOp::create(kernel.b, kernel.loc,
                                        kernel.b.getIndexType(), number);
    sum = kernel.add(sum, kernel.spec.dynamicN()
                              ? kernel.mul(number, kernel.poly(term))
                              : number);
  }
  return sum;
}
