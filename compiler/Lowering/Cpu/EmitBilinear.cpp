//===- EmitBilinear.cpp - Products of two tensors as kernels --------------===//
//
// Both arrays are read as a linear layer reads its input, joined, and what the
// joins give is added to nodes that are then written: or, of the gradient of
// the weights, multiplied with what is read of grad_y.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitBilinear.h"
#include "compiler/Lowering/Cpu/EmitRead.h"
#include "compiler/Lowering/Cpu/EmitTranspose.h"
#include "compiler/Lowering/Cpu/EmitWrite.h"
#include "compiler/Lowering/Cpu/JoinEmitter.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"
#include "compiler/Lowering/Cpu/Sweep.h"
#include "compiler/Plan/Positions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace eqc;
using namespace mlir;

namespace {

/// Positions of the arguments: those of a map, and of sums.
enum MapArgument : unsigned { kArgA = 5, kArgB, kArgWeight, kArgBias, kArgOut };
enum SumsArgument : unsigned {
  kArgWhich = 5,
  kArgX,
  kArgZ,
  kArgGradY,
  kArgSums
};
/// Of eqc_sums.add.
enum WhichSums : int64_t { kWeightSums = 1, kBiasSums = 2 };

class BilinearEmitter {
public:
  BilinearEmitter(KernelBuilder &kernel, const BilinearPlan &plan,
                  const BilinearSchedule &schedule)
      : kernel(kernel), spec(kernel.spec), plan(plan), schedule(schedule),
        rows(rowsOf(plan.role)) {}

  func::FuncOp emitMap(StringRef name) {
    OpBuilder &b = kernel.b;
    SmallVector<Type> types(kArgA, b.getIndexType());
    types.push_back(typeOf(rows.a));
    types.push_back(typeOf(rows.b));
    const int64_t channels = channelsOf(spec, rows.third);
    auto rowsType =
        MemRefType::get({ShapedType::kDynamic, channels}, kernel.element);
    types.push_back(rowsType);
    types.push_back(rowsType);
    types.push_back(typeOf(rows.third));
    function = makeKernelFunction(kernel, name, types);
    kernel.open(function);
    read(arrays.a, plan.a, schedule.a, rows.a, kArgA);
    read(arrays.b, plan.b, schedule.b, rows.b, kArgB);
    arrays.weight = argument(kArgWeight, false);
    makeRoomForProducts();

    Value y = argument(kArgOut, true);
    KernelArray &output = planArrays[PlanArray::Output];
    const Poly positions = positionsOf(rows.third);
    const bool comeFirst = channelsComeFirst(spec, positions, channels);
    if (!comeFirst)
      output = {y, positions, channels, channels, true};
    else
      output =
          kernel.scratch(positions, channels, kernel.wholeVectors(channels));
    clear(output);
    if (!plan.third.nodes.empty()) {
      KernelArray &nodes = planArrays[PlanArray::Nodes];
      nodes = kernel.scratch(plan.third.nodeRows, channels,
                             kernel.wholeVectors(channels));
      clear(nodes);
    }
    addBias();
    auto move = [&](PlanArray from, JoinArray to) {
      arrays.third[to] = planArrays[from];
    };
    auto moveBack = [&](PlanArray to, JoinArray from) {
      planArrays[to] = arrays.third[from];
    };
    move(PlanArray::Output, JoinArray::Output);
    if (!plan.third.nodes.empty())
      move(PlanArray::Nodes, JoinArray::Nodes);
    for (size_t i = 0; i < plan.stages.size(); ++i)
      emitJoins(kernel, plan, plan.stages[i], schedule.stages[i], arrays);
    moveBack(PlanArray::Output, JoinArray::Output);
    if (!plan.third.nodes.empty())
      moveBack(PlanArray::Nodes, JoinArray::Nodes);
    for (const SharedStage &stage : plan.third.stages)
      emitWrite(kernel, planArrays, std::get<WriteStage>(stage));
    Value result = planArrays[PlanArray::Output].tensor;
    if (comeFirst)
      result = emitChannelsFirst(kernel, planArrays[PlanArray::Output], y);
    finishKernel(kernel, result, function.getArgument(kArgOut));
    return function;
  }

  func::FuncOp emitSums(StringRef name, const SumMatrix &matrix) {
    OpBuilder &b = kernel.b;
    SmallVector<Type> types(kArgX, b.getIndexType());
    types.push_back(typeOf(rows.a));
    types.push_back(typeOf(rows.b));
    types.push_back(typeOf(rows.third));
    types.push_back(MemRefType::get(
        {SumMatrix::kPlanes * matrix.rows, matrix.columns}, kernel.element));
    function = makeKernelFunction(kernel, name, types);
    kernel.open(function);
    RowReads third;
    third.reads = plan.third;
    read(arrays.third, third, schedule.third, rows.third, kArgGradY);
    onlyWhen = wants(kWeightSums);
    read(arrays.a, plan.a, schedule.a, rows.a, kArgX);
    read(arrays.b, plan.b, schedule.b, rows.b, kArgZ);

    makeRoomForProducts();
    KernelArray sums;
    sums.tensor = argument(kArgSums, true);
    sums.channels = spec.cOut;
    sums.columns = matrix.columns;
    SumPlanes planes(kernel, sums, matrix.rows);
    arrays.planes = &planes;
    const int64_t weightRows =
        static_cast<int64_t>(spec.diagrams.size()) * matrix.diagramRows;
    auto endBlocks = [&](int64_t first, int64_t end) {
      Value anySample =
          arith::CmpIOp::create(b, kernel.loc, arith::CmpIPredicate::sgt,
                                kernel.count(), kernel.index(0));
      kernel.ifElse(
          sums, anySample,
          [&] {
            planes.endBlocks(kernel.index(first), end - first, 0,
                             matrix.columns);
          },
          [] {});
    };
    kernel.ifElse(
        sums, onlyWhen,
        [&] {
          for (size_t i = 0; i < plan.stages.size(); ++i)
            emitJoins(kernel, plan, plan.stages[i], schedule.stages[i], arrays);
          endBlocks(0, weightRows);
        },
        [] {});
    if (!plan.bias.empty())
      kernel.ifElse(
          sums, wants(kBiasSums),
          [&] {
            sumBias(planes, weightRows);
            endBlocks(weightRows, matrix.rows);
          },
          [] {});
    finishKernel(kernel, sums.tensor, function.getArgument(kArgSums));
    return function;
  }

private:
  Poly positionsOf(BilinearRow row) {
    return productOf(
        lengthsOfAxes(spec.group, orderOf(spec, row), axesOf(spec, row)));
  }
  MemRefType typeOf(BilinearRow row) {
    return sampleType(kernel, positionsOf(row), channelsOf(spec, row));
  }
  Value argument(unsigned number, bool writable) {
    return argumentTensor(kernel, function.getArgument(number), writable);
  }

  void makeRoomForProducts() {
    if (spec.depthwise)
      return;
    int64_t positions = 1;
    for (const JoinSchedule &stage : schedule.stages)
      positions = std::max(positions, stage.positions);
    const int64_t channels = channelsOf(spec, rows.b);
    arrays.products = kernel.scratch(kernel.index(1),
                                     Poly(positions * channelsOf(spec, rows.a)),
                                     channels, kernel.wholeVectors(channels));
    arrays.products.oneSample = true;
  }

  Value wants(WhichSums what) {
    Value bit = kernel.b.createOrFold<arith::AndIOp>(
        kernel.loc, function.getArgument(kArgWhich), kernel.index(what));
    return arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::ne,
                                 bit, kernel.index(0));
  }

  void when(KernelArray &array, function_ref<void()> body) {
    if (onlyWhen)
      kernel.ifElse(array, onlyWhen, body, [] {});
    else
      body();
  }

  /// Opens an argument as rows, and reads its patterns.
  void read(std::map<JoinArray, KernelArray> &side, const RowReads &reads,
            ArrayRef<ReadSchedule> schedules, BilinearRow row,
            unsigned number) {
    const int64_t channels = channelsOf(spec, row);
    const int64_t columns = kernel.wholeVectors(channels);
    const Poly positions = positionsOf(row);
    PlanArrays of;
    KernelArray &input = of[PlanArray::Input];
    Value tensor = argument(number, false);
    if (!channelsComeFirst(spec, positions, channels)) {
      input = {tensor, positions, channels, channels, true};
    } else {
      input = kernel.scratch(positions, channels, columns);
      when(input, [&] { emitChannelsLast(kernel, tensor, input); });
    }
    side[JoinArray::Input] = input;
    if (!reads.reads.stored.empty()) {
      KernelArray &stored = of[PlanArray::Stored];
      stored = kernel.scratch(Sweep::rowsOfStored(kernel, reads.reads),
                              channels, columns);
      size_t next = 0;
      for (const SharedStage &stage : reads.reads.stages)
        when(stored, [&] {
          emitRead(kernel, of, reads.reads, std::get<ReadStage>(stage),
                   schedules[next++]);
        });
      side[JoinArray::Stored] = stored;
    }
    if (reads.copies.empty())
      return;
    KernelArray copied = kernel.scratch(reads.copiedRows, channels, columns);
    when(copied, [&] {
      clear(copied);
      for (JoinArray source : {JoinArray::Input, JoinArray::Stored})
        copy(reads, source, side, copied);
    });
    side[JoinArray::Copied] = copied;
  }

  /// The signed copies that come from one array.
  void copy(const RowReads &reads, JoinArray from,
            std::map<JoinArray, KernelArray> &side, KernelArray &copied) {
    std::vector<const Walk *> walks;
    for (const SignedCopy &copy : reads.copies)
      if (copy.source == from)
        walks.push_back(&copy.walk);
    if (walks.empty())
      return;
    WalkWriter writer(kernel, WalkNest(walks));
    const KernelArray &source = side.at(from);
    kernel.forRange(copied, kernel.count(), [&](Value sample) {
      kernel.forRange(copied, kernel.index(writer.size()), [&](Value walk) {
        writer.emit(walk, source,
                    {kernel.sampleOf(source, sample), kernel.index(0)}, copied,
                    {sample, kernel.index(0)});
      });
    });
  }

  /// Zeros in the block's samples.
  void clear(KernelArray &array) {
    kernel.forRange(array, kernel.count(), [&](Value sample) {
      Value at = kernel.sampleOf(array, sample);
      kernel.forRange(array, kernel.poly(array.rows), [&](Value row) {
        kernel.forColumnChunks(
            array, array.channels, kRowVectors,
            [&](Value column, int64_t width, int64_t valid) {
              array.tensor = kernel.writeRow(
                  kernel.zeroVector(kernel.vectorType(width)), array.tensor,
                  {at, row}, column, array.present(width, valid));
            });
      });
    });
  }

  /// Calls body(array, its table) for the arrays that the bias has rows of.
  void forBiasArrays(function_ref<void(JoinArray, const IndexTable &)> body) {
    for (JoinArray array : {JoinArray::Input, JoinArray::Stored,
                            JoinArray::Nodes, JoinArray::Output}) {
      Table table(2);
      for (const BilinearBias &bias : plan.bias)
        if (bias.array == array)
          table.addRow({Poly(bias.row), bias.offset});
      if (!table.empty())
        body(array, IndexTable(kernel, table));
    }
  }

  void addBias() {
    if (plan.bias.empty())
      return;
    Value bias = argument(kArgBias, false);
    forBiasArrays([&](JoinArray which, const IndexTable &table) {
      KernelArray &array =
          planArrays[which == JoinArray::Output ? PlanArray::Output
                                                : PlanArray::Nodes];
      kernel.forRange(array, kernel.count(), [&](Value sample) {
        kernel.forRange(array, kernel.index(table.size()), [&](Value entry) {
          kernel.forColumnChunks(
              array, array.channels, 1,
              [&](Value column, int64_t width, int64_t valid) {
                Value vector = kernel.readRow(
                    bias, {table.get(kernel, entry, 0)}, column, width, valid);
                array.tensor =
                    kernel.writeRow(vector, array.tensor,
                                    {kernel.sampleOf(array, sample),
                                     table.get(kernel, entry, 1)},
                                    column, array.present(width, valid));
              });
        });
      });
    });
  }

  void sumBias(SumPlanes &planes, int64_t firstRow) {
    KernelArray &sums = planes.sums;
    forBiasArrays([&](JoinArray which, const IndexTable &table) {
      const KernelArray &source = arrays.third.at(which);
      kernel.forRange(sums, kernel.count(), [&](Value sample) {
        kernel.forRange(sums, kernel.index(table.size()), [&](Value entry) {
          kernel.forColumnChunks(
              sums, spec.cOut, 1,
              [&](Value column, int64_t width, int64_t valid) {
                Value vector =
                    kernel.readRow(source.tensor,
                                   {kernel.sampleOf(source, sample),
                                    table.get(kernel, entry, 1)},
                                   column, width, source.present(width, valid));
                planes.add(kernel.add(table.get(kernel, entry, 0),
                                      kernel.index(firstRow)),
                           column, vector);
              });
        });
      });
    });
  }

  KernelBuilder &kernel;
  const LayerSpec &spec;
  const BilinearPlan &plan;
  const BilinearSchedule &schedule;
  const BilinearRows rows;
  func::FuncOp function;
  JoinArrays arrays;
  PlanArrays planArrays; ///< of the result
  Value onlyWhen;        ///< what is read is read only then; null: always
};

} // namespace

EmittedKernel eqc::emitBilinear(OpBuilder &builder, Location loc,
                                StringRef name, const LayerSpec &spec,
                                const BilinearPlan &plan,
                                const BilinearSchedule &schedule,
                                const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  BilinearEmitter emitter(kernel, plan, schedule);
  SumMatrix matrix;
  func::FuncOp function;
  if (plan.role == BilinearRole::GradWeight) {
    matrix.diagramRows = spec.depthwise ? 1 : spec.cIn * spec.cIn2;
    matrix.terms = static_cast<int64_t>(spec.diagrams.size());
    matrix.rows = matrix.terms * matrix.diagramRows +
                  static_cast<int64_t>(spec.biasDiagrams.size());
    matrix.shiftedFrom = matrix.diagramRows;
    matrix.columns = kernel.wholeVectors(spec.cOut);
    function = emitter.emitSums(name, matrix);
  } else {
    function = emitter.emitMap(name);
  }
  KernelRecord record = kernel.wholeRecord();
  record.sums = matrix;
  auto elements = [&](const RowReads &reads, BilinearRow row) {
    return (reads.reads.storedRows + reads.copiedRows) *
           Poly(channelsOf(spec, row));
  };
  const BilinearRows rows = rowsOf(plan.role);
  record.scratchElements = elements(plan.a, rows.a) + elements(plan.b, rows.b) +
                           (plan.third.storedRows + plan.third.nodeRows) *
                               Poly(channelsOf(spec, rows.third));
  record.multiplyAdds = plan.joinProducts() + plan.resultProducts();
  return {function, record};
}
