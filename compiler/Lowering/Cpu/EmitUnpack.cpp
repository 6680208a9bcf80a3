//===- EmitUnpack.cpp - Gradients of packed weights to weights ------------===//
//
// result[d, ci, co] = sum of factor * sums[p, ci, co]
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitUnpack.h"
#include "compiler/Lowering/Cpu/EmitGradient.h"
#include "compiler/Lowering/Cpu/KernelFunction.h"
#include "compiler/Lowering/Cpu/TermTables.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace eqc;
using namespace mlir;

namespace {

/// Positions of the arguments.
enum UnpackArgument : unsigned {
  kUnpackWhich,
  kUnpackFirst,
  kUnpackEnd,
  kUnpackSums,
  kUnpackResult,
};

class UnpackEmitter {
public:
  UnpackEmitter(KernelBuilder &kernel, func::FuncOp function,
                const SumMatrix &matrix)
      : kernel(kernel), function(function), matrix(matrix),
        sums(argumentTensor(kernel, function.getArgument(kUnpackSums), false)) {
    result.tensor =
        argumentTensor(kernel, function.getArgument(kUnpackResult), true);
  }

  void emit(const GradientUnpack &unpack) {
    const int64_t ins = kernel.spec.cIn;
    auto emitWeights = [&] {
      emitRows(unpack.weight, {matrix.diagramRows}, [&](Value row) {
        Value channel = kernel.rem(row, ins);
        // The last tile may repeat channels of the one before.
        Value isLast = arith::CmpIOp::create(kernel.b, kernel.loc,
                                             arith::CmpIPredicate::uge, channel,
                                             kernel.index(matrix.shiftedFrom));
        Value place = arith::SelectOp::create(
            kernel.b, kernel.loc, isLast,
            kernel.add(channel, kernel.index(matrix.diagramRows - ins)),
            channel);
        return std::pair(kernel.div(row, ins), place);
      });
    };
    if (unpack.bias.empty())
      emitWeights();
    else
      kernel.ifElse(result, isWeight(), emitWeights, [&] {
        emitRows(unpack.bias, {1, matrix.terms * matrix.diagramRows},
                 [&](Value row) { return std::pair(row, kernel.index(0)); });
      });
    finishKernel(kernel, result.tensor, function.getArgument(kUnpackResult));
  }

private:
  Value isWeight() {
    return arith::CmpIOp::create(kernel.b, kernel.loc, arith::CmpIPredicate::eq,
                                 function.getArgument(kUnpackWhich),
                                 kernel.index(kSumWeight));
  }

  /// The rows that are asked for; placeOf(row) is the number of the sum and
  /// the row of its matrices.
  void emitRows(ArrayRef<PackedTerm> terms, const MatrixRows &matrices,
                function_ref<std::pair<Value, Value>(Value)> placeOf) {
    TermTables tables(kernel, terms, matrices);
    kernel.forRange(result, function.getArgument(kUnpackFirst),
                    function.getArgument(kUnpackEnd), 1, [&](Value row) {
                      auto [term, place] = placeOf(row);
                      kernel.forColumnChunks(
                          result, kernel.spec.cOut, kRowVectors,
                          [&, term = term, place = place](
                              Value column, int64_t width, int64_t valid) {
                            Value sum = tables.emitRow(sums, term, place,
                                                       column, width, width);
                            result.tensor = kernel.writeRow(
                                sum, result.tensor, {row}, column, valid);
                          });
                    });
  }

  KernelBuilder &kernel;
  func::FuncOp function;
  const SumMatrix &matrix;
  Value sums;
  KernelArray result;
};

} // namespace

EmittedKernel eqc::emitUnpack(OpBuilder &builder, Location loc, StringRef name,
                              const LayerSpec &spec, const GradientPlan &plan,
                              const GradientSchedule &schedule,
                              const Machine &machine) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, machine);
  const SumMatrix matrix = sumMatrixOf(plan, schedule);
  SmallVector<Type> types(kUnpackSums, builder.getIndexType());
  types.push_back(
      MemRefType::get({matrix.rows, matrix.columns}, kernel.element));
  types.push_back(
      MemRefType::get({ShapedType::kDynamic, spec.cOut}, kernel.element));
  func::FuncOp function = makeKernelFunction(kernel, name, types);
  UnpackEmitter(kernel, function, matrix).emit(*plan.unpack);
  return {function, kernel.wholeRecord()};
}
