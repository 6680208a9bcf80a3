//===- EmitGradient.cpp - Gradients of weights and biases as loops --------===//
//
// sums[diagram, ci, co] += x[row, ci] * grad_y[row, co] over all rows of a
// block of samples
//
// Both sides are read as the forward pass reads its input; see GradientStage.h
// for the sums.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitGradient.h"
#include "compiler/Lowering/Cpu/EmitRead.h"
#include "compiler/Lowering/Cpu/EmitRows.h"
#include "compiler/Lowering/Cpu/EmitTranspose.h"
#include "compiler/Lowering/Cpu/GradientStage.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/StrandSums.h"
#include "compiler/Lowering/Cpu/Sums.h"
#include "compiler/Lowering/Cpu/Sweep.h"
#include "compiler/Plan/Positions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

/// A whole function.
class SumsEmitter {
public:
  SumsEmitter(KernelBuilder &kernel, const GradientPlan &plan,
              const GradientSchedule &schedule, func::FuncOp function,
              const SumMatrix &matrix)
      : kernel(kernel), plan(plan), schedule(schedule), function(function),
        matrix(matrix), tiling(schedule.tiling),
        planes(kernel, sums, matrix.rows) {}

  void emit() {
    const LayerSpec &spec = kernel.spec;
    const Side ofGradY{kArgGradY, positionsOfOutput(spec), spec.cOut,
                       tiling.columns.columns()};
    const Side ofX{kArgInput, positionsOfInput(spec), spec.cIn,
                   kernel.wholeVectors(spec.cIn)};
    const GradientBasis *basis = plan.basis ? &*plan.basis : nullptr;
    makeInput(gradY, ofGradY);
    if (basis)
      change(gradY, basis->gradY, schedule.basis->gradY, ofGradY);
    else
      read(gradY, plan.gradY, schedule.gradY, ofGradY);
    onlyWhen = wantsSums(kernel, function, kSumWeight);
    makeInput(x, ofX);
    if (basis)
      change(x, basis->x, schedule.basis->x, ofX);
    else
      read(x, plan.x, schedule.x, ofX);
    sums.tensor = argumentTensor(kernel, function.getArgument(kArgSums), true);
    for (size_t i = 0; i < plan.stages.size(); ++i)
      emitStage(plan.stages[i], schedule.stages[i]);
    onlyWhen = wantsSums(kernel, function, kSumBias);
    if (!plan.bias.empty())
      inPhase(sums, [&] { emitBias(); });
    finishKernel(kernel, sums.tensor, function.getArgument(kArgSums));
  }

private:
  void inPhase(ArrayRef<KernelArray *> arrays, function_ref<void()> body) {
    kernel.forPhase(arrays, [&] {
      if (onlyWhen)
        kernel.ifElse(arrays, onlyWhen, body, [] {});
      else
        body();
    });
  }
  void inPhase(KernelArray &array, function_ref<void()> body) {
    inPhase(ArrayRef<KernelArray *>(&array), body);
  }

  void emitStage(const GradientStage &stage, const GradientStageSchedule &how) {
    if (!stage.strands)
      return inPhase(sums, [&] {
        emitGradientStage(kernel, stage, how, tiling, x, gradY, planes);
      });
    StrandSums strands(kernel, stage, how, tiling, x, gradY, planes);
    if (!strands.hasGroups())
      return inPhase(sums, [&] { strands.add(); });
    inPhase({&sums, &strands.groupSums}, [&] { strands.add(); });
    inPhase(sums, [&] { strands.addGroups(); });
  }

  /// x or grad_y.
  struct Side {
    unsigned argument;
    Poly rows;
    int64_t channels, columns;
  };

  /// The argument as rows.
  void makeInput(PlanArrays &arrays, const Side &side) {
    KernelArray &input = arrays[PlanArray::Input];
    Value tensor =
        argumentTensor(kernel, function.getArgument(side.argument), false);
    if (!channelsComeFirst(kernel.spec, side.rows, side.channels)) {
      input = {tensor, side.rows, side.channels, side.channels, true};
      return;
    }
    input = kernel.scratch(side.rows, side.channels, side.columns);
    inPhase(input, [&] { emitChannelsLast(kernel, tensor, input); });
  }

  /// The copies that it holds.
  void change(PlanArrays &arrays, const RowTransform &transform,
              const RowsSchedule &rows, const Side &side) {
    KernelArray &stored = arrays[PlanArray::Stored];
    stored = kernel.scratch(Poly(static_cast<int64_t>(transform.rows.size())),
                            side.channels, side.columns);
    inPhase(stored,
            [&] { emitRows(kernel, rows, arrays[PlanArray::Input], stored); });
  }

  /// What is read of it.
  void read(PlanArrays &arrays, const SharedPlan &reads,
            ArrayRef<ReadSchedule> schedules, const Side &side) {
    if (!reads.stored.empty())
      arrays[PlanArray::Stored] = kernel.scratch(
          Sweep::rowsOfStored(kernel, reads), side.channels, side.columns);
    for (size_t i = 0; i < reads.stages.size(); ++i)
      inPhase(arrays[PlanArray::Stored], [&] {
        emitRead(kernel, arrays, reads, std::get<ReadStage>(reads.stages[i]),
                 schedules[i]);
      });
  }

  void emitBias() {
    const LayerSpec &spec = kernel.spec;
    KernelArray &source = gradY[plan.bias.front().gradY.array];
    const IndexTable table(kernel, biasRowsOf(plan, matrix));
    const Value anySample =
        arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::sgt,
                              kernel.count(), kernel.index(0));
    auto [first, last] = kernel.share(kernel.index(table.size()));
    kernel.forRange(sums, first, last, 1, [&](Value e) {
      // A table of one row is a constant, and accesses to constant rows would
      // be moved past writes to others, which are then no longer in place.
      Value row =
          arith::SelectOp::create(kernel.b, kernel.loc, anySample,
                                  table.get(kernel, e, 1), kernel.index(0));
      kernel.forColumnChunks(
          sums, spec.cOut, schedule.biasVectors,
          [&](Value column, int64_t width, int64_t valid) {
            Value zero = kernel.zeroVector(kernel.vectorType(width));
            auto addSample = [&](Value sample, Values partial) {
              Value at = kernel.sampleOf(source, sample);
              Value term =
                  kernel.readRow(source.tensor, {at, table.get(kernel, e, 0)},
                                 column, width, source.present(width, valid));
              Value &sum = partial.front();
              sum = arith::AddFOp::create(kernel.b, kernel.loc, sum, term);
              return partial;
            };
            const Poly anyNumber(INT64_MAX);
            planes.add(row, column,
                       emitLongSums(kernel, kernel.count(), anyNumber, 1,
                                    {zero}, addSample)
                           .front());
          });
      Value period = kernel.mul(kernel.count(), kernel.index(kChunksOfBlock));
      planes.atPeriod(kernel.index(0), kernel.count(), period, [&] {
        planes.endBlocks(row, 1, 0, tiling.columns.columns());
      });
    });
  }

  KernelBuilder &kernel;
  const GradientPlan &plan;
  const GradientSchedule &schedule;
  func::FuncOp function;
  const SumMatrix &matrix;
  const SumTiling &tiling;
  PlanArrays x, gradY;
  KernelArray sums;
  SumPlanes planes;
  Value onlyWhen; ///< what follows is done only then; null: always
};

} // namespace

SumMatrix eqc::sumMatrixOf(const GradientPlan &plan,
                           const GradientSchedule &schedule) {
  return sumMatrix(schedule.tiling, plan.numTerms(),
                   static_cast<int64_t>(plan.bias.size()));
}

Table eqc::biasRowsOf(const GradientPlan &plan, const SumMatrix &matrix) {
  const int64_t first = matrix.terms * matrix.diagramRows;
  Table rows(2);
  for (const BiasTerm &term : plan.bias)
    rows.addRow({term.gradY.offset, Poly(first + term.row)});
  return rows;
}

func::FuncOp eqc::makeSumsFunction(KernelBuilder &kernel, StringRef name,
                                   const SumMatrix &matrix) {
  const LayerSpec &spec = kernel.spec;
  SmallVector<Type> types(kArgInput, kernel.b.getIndexType());
  types.push_back(sampleType(kernel, positionsOfInput(spec), spec.cIn));
  types.push_back(sampleType(kernel, positionsOfOutput(spec), spec.cOut));
  types.push_back(MemRefType::get(
      {SumMatrix::kPlanes * matrix.rows, matrix.columns}, kernel.element));
  func::FuncOp function = makeKernelFunction(kernel, name, types);
  kernel.open(function);
  return function;
}

Value eqc::wantsSums(KernelBuilder &kernel, func::FuncOp function,
                     GradientSums what) {
  Value bit = kernel.b.createOrFold<arith::AndIOp>(
      kernel.loc, function.getArgument(kArgWhich), kernel.index(what));
  return arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::ne,
                               bit, kernel.index(0));
}

EmittedKernel eqc::emitGradientSums(OpBuilder &builder, Location loc,
                                    StringRef name, const LayerSpec &spec,
                                    const GradientPlan &plan,
                                    const GradientSchedule &schedule,
                                    const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const SumMatrix matrix = sumMatrixOf(plan, schedule);
  func::FuncOp function = makeSumsFunction(kernel, name, matrix);
  SumsEmitter(kernel, plan, schedule, function, matrix).emit();
  KernelRecord record = kernel.record();
  record.sums = matrix;
  auto rowsOf = [](const RowTransform &transform) {
    return Poly(static_cast<int64_t>(transform.rows.size()));
  };
  record.scratchElements =
      (plan.basis ? rowsOf(plan.basis->x) : plan.x.storedRows) *
          Poly(spec.cIn) +
      (plan.basis ? rowsOf(plan.basis->gradY) : plan.gradY.storedRows) *
          Poly(spec.cOut);
  for (const GradientStage &stage : plan.stages)
    record.multiplyAdds +=
        stage.strands
            ? strandRows(stage.kept, countsOf(*stage.strands).products, spec.n)
            : productOf(stage.lengths, stage.subsets * stage.sums());
  return {function, record};
}
