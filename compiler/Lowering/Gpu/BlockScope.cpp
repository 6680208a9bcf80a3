//===- BlockScope.cpp - A whole plan in one kernel ------------------------===//

#include "compiler/Lowering/Gpu/BlockScope.h"

#include <eqc/cuda_kernel.h>

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <algorithm>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

constexpr int64_t kAlignment = 16;
/// Of each block of a processor the driver takes so much for itself.
constexpr int64_t kReservedBytes = 1024;
constexpr int64_t kSlots = 16; ///< of a thread, 16 bytes each
/// Of samples with no more rows one does not keep a block busy for long.
constexpr int64_t kFewRows = 256;

namespace {

/// Before there is a kernel to ask.
class SizedIndexBuilder : public IndexBuilder {
public:
  SizedIndexBuilder(OpBuilder &b, Location loc, const LayerSpec &spec,
                    Value given)
      : IndexBuilder(b, loc, spec) {
    setSize(given);
  }
};

} // namespace

BlockScope::BlockScope(Program &program, int64_t blocks)
    : program(program), blocks(blocks) {}

int64_t BlockScope::unit() const {
  return kAlignment / program.spec.elementSize();
}

static int64_t roundedUp(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// An odd number of what is accessed at once, so that neighbouring rows are in
/// other banks. Rows end with room for a vector where that is an eighth more.
BlockScope::Row BlockScope::rowOf(int64_t channels) const {
  int64_t width = program.vectorBytes / program.spec.elementSize();
  const int64_t padded = (roundedUp(channels, width) / width | 1) * width;
  if (channels % width != 0 && 8 * padded > 9 * channels)
    width = 1;
  return {(roundedUp(channels, width) / width | 1) * width, width};
}

int64_t BlockScope::rowsOfBlock(int64_t rows) const {
  const int64_t groups = (rows + kRowsTogether - 1) / kRowsTogether;
  return isCluster() ? (groups + blocks - 1) / blocks * kRowsTogether : rows;
}

DeviceArray BlockScope::place(const Poly &rows, int64_t channels,
                              bool oneSample) {
  DeviceArray array;
  array.rows = rows;
  array.channels = channels;
  array.oneSample = oneSample;
  const int64_t pitch = rowOf(channels).pitch;
  const int64_t width = rowOf(channels).width;
  const LayerSpec &spec = program.spec;
  const auto elements = [&] {
    return roundedUp(rowsOfBlock(rows.at(spec.n)) * pitch, unit());
  };
  if (oneSample) {
    array.shared = SharedPlace{Poly(oneSampleElements), pitch, width,
                               isCluster(), arraysPlaced++};
    oneSampleElements += elements();
    return array;
  }
  array.shared =
      SharedPlace{sampleElements, pitch, width, isCluster(), arraysPlaced++};
  // A block of a cluster has less than two groups of rows more than its share.
  if (spec.dynamicN() && isCluster())
    sampleElements += (rows + Poly(2 * kRowsTogether * blocks)) * Poly(pitch);
  else if (spec.dynamicN())
    sampleElements += rows * Poly(pitch);
  else
    sampleElements += Poly(elements());
  return array;
}

std::pair<DeviceArray, DeviceArray>
BlockScope::placeEither(const Poly &rows, int64_t channels,
                        const Poly &otherRows, int64_t otherChannels) {
  const Poly start = sampleElements;
  const DeviceArray one = place(rows, channels);
  const Poly end = sampleElements;
  sampleElements = start;
  const DeviceArray other = place(otherRows, otherChannels);
  if (sampleElements.at(0) < end.at(0))
    sampleElements = end;
  return {one, other};
}

int64_t BlockScope::sampleBytes() const {
  return program.spec.dynamicN()
             ? -1
             : sampleElements.at(0) * program.spec.elementSize();
}

int64_t BlockScope::slotBytes(bool needsSlots) const {
  // Two blocks on a processor, of which one copies while the other computes, or
  // one with as many threads.
  const bool isAlone = isCluster() || (!program.spec.dynamicN() &&
                                       2 * sampleBytes() > kMostSharedBytes);
  return needsSlots ? kSlots * kAlignment * kTileThreads * (isAlone ? 2 : 1)
                    : 0;
}

bool BlockScope::fits(bool needsSlots) const {
  if (program.spec.dynamicN())
    return sampleElements.halfCoefficient() == 0;
  return sampleBytes() + oneSampleElements * program.spec.elementSize() +
             slotBytes(needsSlots) <=
         kMostSharedBytes;
}

Formula BlockScope::strideFormula() const {
  if (!program.spec.dynamicN())
    return sampleElements.at(0);
  return dividedUp(Formula::of(sampleElements), unit() * blocks) *
         Formula(unit());
}

Value BlockScope::offsetOf(const IndexBuilder &builder,
                           const SharedPlace &place) const {
  IndexBuilder kernel = builder;
  Value all = kernel.poly(place.offset);
  if (!program.spec.dynamicN() || !isCluster())
    return all;
  const int64_t step = unit() * blocks;
  return kernel.mul(kernel.div(kernel.add(all, kernel.index(step - 1)), step),
                    kernel.index(unit()));
}

void BlockScope::open(ArrayRef<DeviceArray> arrays, const Poly &rows,
                      int64_t tilesOfRow, bool needsSlots) {
  const LayerSpec &spec = program.spec;
  OpBuilder &b = program.site.builder;
  const Location loc = program.site.loc;
  const int64_t elementBytes = spec.elementSize();
  if (isCluster() || (!spec.dynamicN() && 2 * sampleBytes() > kMostSharedBytes))
    threads = 2 * kTileThreads;
  slotsBytes = slotBytes(needsSlots);
  fixedElements = slotsBytes / elementBytes + oneSampleElements;
  const int64_t fixedBytes = fixedElements * elementBytes;

  // Enough samples for two tiles of eight rows a thread, in half of the
  // processor's shared memory, but no processor without a block.
  const Formula numRows =
      spec.dynamicN() ? Formula::of(rows) : Formula(rows.at(spec.n));
  const int64_t rowsWanted = (16 * threads + tilesOfRow - 1) / tilesOfRow;
  Formula wanted = smaller(kMostSamplesOfBlock, dividedUp(rowsWanted, numRows));
  if (isCluster()) {
    wanted = samplesWanted = 1;
  } else if (!spec.dynamicN()) {
    samplesWanted =
        std::min(kMostSamplesOfBlock,
                 (rowsWanted + rows.at(spec.n) - 1) / rows.at(spec.n));
    wanted = samplesWanted;
  }
  const Formula batch = Formula::variable(EQC_VAR_BATCH);
  const Formula processors = Formula::variable(EQC_VAR_PROCESSORS);
  const Formula room =
      smaller(Formula::variable(EQC_VAR_SHARED_BLOCK),
              divided(Formula::variable(EQC_VAR_SHARED_PROCESSOR), 2) +
                  Formula(-kReservedBytes)) +
      Formula(-fixedBytes);
  const Formula stride = strideFormula();
  if (!isCluster() && (spec.dynamicN() || samplesWanted > 1))
    tile = larger(
        1, smaller(
               smaller(wanted, divided(room, larger(1, stride * elementBytes))),
               dividedUp(batch, processors * Formula(2))));
  // A few large samples are better shared by all processors.
  worthIt = atMost(processors, batch * Formula(4 * blocks));
  if (spec.dynamicN())
    worthIt = larger(worthIt, atMost(numRows, kFewRows));
  else if (rows.at(spec.n) <= kFewRows)
    worthIt = 1;

  const std::string name =
      program.prefix + (isCluster() ? "_cluster" : "_block");
  launch = program.launches.size();
  std::vector<Formula> numbers{batch};
  if (spec.dynamicN())
    numbers.push_back(Formula::variable(EQC_VAR_N));
  numbers.push_back(tile);
  Launch record;
  record.kernel = name;
  record.threads = threads;
  record.arrays.assign(arrays.begin(), arrays.end());
  record.numbers = numbers;
  record.blocks = dividedUp(batch, tile) * Formula(blocks);
  record.cluster = blocks;
  record.shared =
      (tile * stride + Formula(fixedElements)) * Formula(elementBytes);

  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(program.module.getBody());
  auto memory = LLVM::GlobalOp::create(
      b, loc, LLVM::LLVMArrayType::get(b.getI8Type(), 0), /*isConstant=*/false,
      LLVM::Linkage::External, name + "_shared", Attribute(), kAlignment,
      kSharedSpace);
  function = program.addKernel(std::move(record));
  if (isCluster())
    function->setAttr(kClusterAttrName, b.getI64IntegerAttr(blocks));
  for (size_t i = 0; i < arrays.size(); ++i)
    globals.emplace_back(arrays[i], function.getArgument(i));
  SmallVector<Value> given;
  for (size_t i = arrays.size(); i < function.getNumArguments(); ++i)
    given.push_back(arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                               function.getArgument(i)));
  if (spec.dynamicN())
    size = given[1];
  SizedIndexBuilder kernel(b, loc, spec, size);
  const bool isOne = isCluster() || (!spec.dynamicN() && samplesWanted == 1);
  Value most = isOne ? kernel.index(1) : given[numbers.size() - 1];
  Value block = kernel.add(given.back(),
                           gpu::BlockIdOp::create(b, loc, gpu::Dimension::x));
  if (isCluster()) {
    block = kernel.div(block, blocks);
    rank = gpu::ClusterBlockIdOp::create(b, loc, gpu::Dimension::x);
  }
  firstSample = kernel.mul(block, most);
  samples = isOne ? kernel.index(1)
                  : kernel.min(most, kernel.sub(given[0], firstSample));
  if (!isCluster())
    sampleStride = kernel.poly(sampleElements);
  if (spec.dynamicN() && !isCluster())
    sampleStride = kernel.mul(
        kernel.div(kernel.add(sampleStride, kernel.index(unit() - 1)), unit()),
        kernel.index(unit()));
  shared = LLVM::AddressOfOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext(), kSharedSpace),
      memory.getSymName());
}

Value BlockScope::pointerTo(const DeviceArray &array) const {
  if (array.shared)
    return shared;
  for (const auto &[known, pointer] : globals)
    if (known.array == array.array &&
        known.offset.words() == array.offset.words())
      return pointer;
  return {};
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

bool BlockScope::conflicts(ArrayRef<BlockAccess> now,
                           ArrayRef<BlockAccess> before) const {
  return llvm::any_of(now, [&](const BlockAccess &a) {
    return llvm::any_of(before, [&](const BlockAccess &other) {
      if (a.rows.array >= 0 && a.rows.array == other.rows.array)
        return a.rows.first <= other.rows.last &&
               other.rows.first <= a.rows.last;
      return a.space == other.space && a.first <= other.last &&
             other.first <= a.last;
    });
  });
}

void BlockScope::separate(IndexBuilder &kernel) {
  if (conflicts(reads, writesBefore) || conflicts(writes, writesBefore) ||
      conflicts(writes, readsBefore)) {
    gpu::BarrierOp::create(kernel.b, kernel.loc);
    readsBefore.clear();
    writesBefore.clear();
    threadsUsed = {};
  }
  llvm::append_range(readsBefore, reads);
  llvm::append_range(writesBefore, writes);
  reads.clear();
  writes.clear();
}

Value BlockScope::startOwnPhase(IndexBuilder &kernel) {
  separate(kernel);
  return gpu::ThreadIdOp::create(kernel.b, kernel.loc, gpu::Dimension::x);
}

Value BlockScope::startPhase(IndexBuilder &kernel) {
  Value thread = startOwnPhase(kernel);
  if (isCluster())
    thread = kernel.add(kernel.mul(rank, kernel.index(threads)), thread);
  if (!threadsUsed)
    return thread;
  Value turned = kernel.sub(kernel.add(thread, kernel.index(numThreads())),
                            kernel.rem(threadsUsed, numThreads()));
  return kernel.rem(turned, numThreads());
}

void BlockScope::endPhase(IndexBuilder &kernel, Value items) {
  threadsUsed = threadsUsed ? kernel.add(threadsUsed, items) : items;
}
