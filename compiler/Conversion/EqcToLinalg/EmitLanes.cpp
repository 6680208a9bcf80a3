//===- EmitLanes.cpp - Samples in the lanes of vectors --------------------===//
//
// With few channels a vector of channels is mostly padding. A group of as many
// samples as a vector has lanes is transposed instead, so that a vector holds
// the same element of every sample, and all stages work on it as they are: each
// channel takes the place of a sample, and each sample that of a channel. Only
// the mix differs: it multiplies by single weights.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/EmitKernels.h"
#include "compiler/Conversion/EqcToLinalg/KernelFunction.h"
#include "compiler/Conversion/EqcToLinalg/MixTables.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

namespace {

/// One mix of a group of samples: target[co, j..] = inits + sum over terms, ci
/// of view[ci, j..] * weight[term, ci, co], for all lanes at once.
class LaneMixEmitter {
public:
  LaneMixEmitter(KernelBuilder &kernel, const MixStage &stage,
                 int64_t firstTerm)
      : kernel(kernel), stage(stage), tables(kernel, stage, firstTerm),
        target(kernel.array(stage.target)), cOut(kernel.spec.cOut) {}

  void emit() {
    SmallVector<Value> outer = tables.extents();
    Value last = outer.empty() ? kernel.index(1) : outer.pop_back_val();
    const int64_t most = std::max<int64_t>(
        1, std::min<int64_t>(8, (kernel.target.registers - 4) / (cOut + 1)));
    const int64_t rows =
        std::min(most, getConstantIntValue(last).value_or(most));
    // The last tile overlaps its neighbour; targets are written once.
    Value lastStart = kernel.sub(last, kernel.index(rows));
    kernel.forRange(target, kernel.index(stage.targets.size()), [&](Value t) {
      kernel.forNest(target, outer, [&](ArrayRef<Value> prefix) {
        kernel.forRange(target, kernel.index(0), last, rows, [&](Value i) {
          SmallVector<Value> index(prefix);
          if (stage.kept > 0 || stage.subsets > 1)
            index.push_back(kernel.min(i, lastStart));
          emitTile(t, index, rows);
        });
      });
    });
  }

private:
  using Values = KernelBuilder::Values;

  void emitTile(Value t, ArrayRef<Value> index, int64_t rows) {
    Values sums(rows * cOut,
                kernel.zeroVector(kernel.vectorType(kernel.lanes)));
    sums = addInits(t, index, rows, std::move(sums));
    sums = addTerms(tables.inputTerms, PlanArray::Input, t,
                    MixTables::kInputTerms, index, rows, std::move(sums));
    sums = addTerms(tables.storedTerms, PlanArray::Stored, t,
                    MixTables::kStoredTerms, index, rows, std::move(sums));
    auto strideOf = [&](int a) { return tables.targetStride(a); };
    Value row = tables.rowAt(tables.targets.get(kernel, t, MixTables::kOffset),
                             index, strideOf);
    Value step = tables.rowStep(strideOf);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cOut; ++c)
        target.tensor = kernel.writeRow(
            sums[r * cOut + c], target.tensor,
            {kernel.index(c),
             kernel.add(row, kernel.mul(step, kernel.index(r)))},
            kernel.index(0), kernel.lanes);
  }

  Value readLanes(PlanArray array, Value channel, Value row) {
    return kernel.readRow(kernel.array(array).tensor, {channel, row},
                          kernel.index(0), kernel.lanes, kernel.lanes);
  }

  Value broadcast(Value scalar) {
    return vector::BroadcastOp::create(kernel.b, kernel.loc,
                                       kernel.vectorType(kernel.lanes), scalar);
  }

  Values addInits(Value t, ArrayRef<Value> index, int64_t rows, Values sums) {
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    if (tables.nodeInits.size() > 0)
      sums = kernel.accumulate(
          tables.targets.get(kernel, t, MixTables::kNodeInits),
          tables.targets.get(kernel, t, MixTables::kNodeInits + 1),
          std::move(sums), [&](Value e, Values partial) {
            auto strideOf = [&](int a) {
              return tables.nodeInits.get(kernel, e, 1 + a);
            };
            Value row = tables.rowAt(tables.nodeInits.get(kernel, e, 0), index,
                                     strideOf);
            Value step = tables.rowStep(strideOf);
            for (int64_t r = 0; r < rows; ++r)
              for (int64_t c = 0; c < cOut; ++c) {
                Value &sum = partial[r * cOut + c];
                Value init = readLanes(
                    PlanArray::Nodes, kernel.index(c),
                    kernel.add(row, kernel.mul(step, kernel.index(r))));
                sum = arith::AddFOp::create(b, loc, sum, init);
              }
            return partial;
          });
    if (!tables.hasBias)
      return sums;
    Value row = tables.targets.get(kernel, t, MixTables::kBias);
    Value none = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, row,
                                       kernel.index(0));
    Value count = b.createOrFold<arith::SelectOp>(loc, none, kernel.index(0),
                                                  kernel.index(1));
    return kernel.accumulate(
        kernel.index(0), count, std::move(sums), [&](Value, Values partial) {
          for (int64_t c = 0; c < cOut; ++c) {
            Value bias = broadcast(tensor::ExtractOp::create(
                b, loc, kernel.array(PlanArray::Bias).tensor,
                ValueRange{kernel.index(0), row, kernel.index(c)}));
            for (int64_t r = 0; r < rows; ++r)
              partial[r * cOut + c] =
                  arith::AddFOp::create(b, loc, partial[r * cOut + c], bias);
          }
          return partial;
        });
  }

  Values addTerms(const KernelTable &terms, PlanArray array, Value t,
                  int64_t rangeField, ArrayRef<Value> index, int64_t rows,
                  Values sums) {
    if (terms.size() == 0)
      return sums;
    OpBuilder &b = kernel.b;
    Location loc = kernel.loc;
    // Separate roundings are not wanted: one instruction does both.
    auto contract = arith::FastMathFlagsAttr::get(
        b.getContext(), arith::FastMathFlags::contract);
    return kernel.accumulate(
        tables.targets.get(kernel, t, rangeField),
        tables.targets.get(kernel, t, rangeField + 1), std::move(sums),
        [&](Value p, Values partial) {
          auto strideOf = [&](int a) { return terms.get(kernel, p, 2 + a); };
          Value row = tables.rowAt(terms.get(kernel, p, 0), index, strideOf);
          Value step = tables.rowStep(strideOf);
          Value term = terms.get(kernel, p, 1);
          return kernel.accumulate(
              kernel.index(0), kernel.index(kernel.spec.cIn),
              std::move(partial), [&](Value ci, Values inner) {
                Values weights;
                for (int64_t c = 0; c < cOut; ++c)
                  weights.push_back(broadcast(tensor::ExtractOp::create(
                      b, loc, kernel.packed,
                      ValueRange{term, kernel.index(0), ci, kernel.index(c)})));
                for (int64_t r = 0; r < rows; ++r) {
                  Value x = readLanes(
                      array, ci,
                      kernel.add(row, kernel.mul(step, kernel.index(r))));
                  for (int64_t c = 0; c < cOut; ++c) {
                    Value &sum = inner[r * cOut + c];
                    Value product =
                        arith::MulFOp::create(b, loc, x, weights[c], contract);
                    sum = arith::AddFOp::create(b, loc, sum, product, contract);
                  }
                }
                return inner;
              });
        });
  }

  KernelBuilder &kernel;
  const MixStage &stage;
  MixTables tables;
  KernelArray &target;
  int64_t cOut;
};

/// Moves a group of samples between an argument, samples of `channels` x rows
/// elements in either order, and a plan array with the samples in its lanes.
class LaneTranspose {
public:
  LaneTranspose(KernelBuilder &kernel, Value firstSample, int64_t channels,
                int64_t rows)
      : kernel(kernel), firstSample(firstSample), rows(rows),
        planes(kernel.spec.layout == Layout::ChannelsFirst ? channels : 1),
        interleaved(channels / planes) {}

  /// Rows of a plan array, in whole tiles.
  static int64_t paddedRows(const KernelBuilder &kernel, int64_t rows) {
    return kernel.wholeVectors(rows);
  }

  /// Reads the samples of `argument`, [batch, elements].
  void load(Value argument, KernelArray &array) {
    Value samples = argumentTensor(kernel, argument, false);
    forTiles(array, [&](Value element, int64_t tile, Value plane, Value row) {
      OpBuilder &b = kernel.b;
      Location loc = kernel.loc;
      Value zero =
          arith::ConstantOp::create(b, loc, b.getZeroAttr(kernel.element));
      Value read = vector::TransferReadOp::create(
          b, loc, tileType(), samples, ValueRange{firstSample, element}, zero,
          ArrayRef<bool>{true, wholeTiles()});
      Value turned =
          vector::TransposeOp::create(b, loc, read, ArrayRef<int64_t>{1, 0});
      for (int64_t i = 0; i < kernel.lanes; ++i)
        array.tensor = kernel.writeRow(
            vector::ExtractOp::create(b, loc, turned, ArrayRef<int64_t>{i}),
            array.tensor, placeOf(tile * kernel.lanes + i, plane, row),
            kernel.index(0), kernel.lanes);
    });
  }

  /// Writes the samples of `argument`; returns it after that.
  Value store(const KernelArray &array, Value argument) {
    KernelArray target;
    target.tensor = argumentTensor(kernel, argument, true);
    KernelArray together;
    if (interleaved > 1) {
      kernel.count = kernel.index(1);
      together = kernel.scratch(Poly(interleaved * kernel.lanes), kernel.lanes,
                                kernel.lanes);
    }
    forTiles(target, [&](Value element, int64_t tile, Value plane, Value row) {
      Value read = interleaved == 1
                       ? readTile(array.tensor, {plane, row})
                       : readInterleaved(array, tile, row, together);
      Value turned = vector::TransposeOp::create(kernel.b, kernel.loc, read,
                                                 ArrayRef<int64_t>{1, 0});
      target.tensor = vector::TransferWriteOp::create(
                          kernel.b, kernel.loc, turned, target.tensor,
                          ValueRange{firstSample, element},
                          ArrayRef<bool>{true, wholeTiles()})
                          .getResult();
    });
    return target.tensor;
  }

private:
  /// Rows row .. of one channel.
  Value readTile(Value tensor, ArrayRef<Value> position) {
    SmallVector<Value> indices(position);
    indices.push_back(kernel.index(0));
    Value zero = arith::ConstantOp::create(
        kernel.b, kernel.loc, kernel.b.getZeroAttr(kernel.element));
    return vector::TransferReadOp::create(kernel.b, kernel.loc, tileType(),
                                          tensor, indices, zero,
                                          ArrayRef<bool>{true, true});
  }

  /// A tile of several channels, by way of memory: a tile put together from
  /// vectors would be taken apart into elements by canonicalization.
  Value readInterleaved(const KernelArray &array, int64_t tile, Value row,
                        KernelArray &together) {
    const int64_t first = tile * kernel.lanes;
    for (int64_t i = 0; i < kernel.lanes; ++i)
      together.tensor = kernel.writeRow(
          kernel.readRow(array.tensor, placeOf(first + i, kernel.index(0), row),
                         kernel.index(0), kernel.lanes, kernel.lanes),
          together.tensor, {kernel.index(0), kernel.index(first + i)},
          kernel.index(0), kernel.lanes);
    return readTile(together.tensor, {kernel.index(0), kernel.index(first)});
  }

  VectorType tileType() const {
    return VectorType::get({kernel.lanes, kernel.lanes}, kernel.element);
  }

  /// Tiles never reach past the end of a sample.
  bool wholeTiles() const { return rows % kernel.lanes == 0; }

  /// Calls body(element, tile, plane, row): tile number `tile` of those whose
  /// first row is `row`, and its first element in the sample. What a tile holds
  /// past the rows of its plane is never used, and is written before what
  /// belongs there.
  void forTiles(KernelArray &threaded,
                function_ref<void(Value, int64_t, Value, Value)> body) {
    kernel.forRange(threaded, kernel.index(planes), [&](Value plane) {
      kernel.forRange(
          threaded, kernel.index(0), kernel.index(rows), kernel.lanes,
          [&](Value row) {
            Value first = kernel.mul(
                kernel.add(kernel.mul(plane, kernel.index(rows)), row),
                kernel.index(interleaved));
            for (int64_t tile = 0; tile < interleaved; ++tile)
              body(kernel.add(first, kernel.index(tile * kernel.lanes)), tile,
                   plane, row);
          });
    });
  }

  /// Channel and row of element `element` after the first of some rows.
  SmallVector<Value> placeOf(int64_t element, Value plane, Value row) {
    Value channel = kernel.add(plane, kernel.index(element % interleaved));
    return {channel, kernel.add(row, kernel.index(element / interleaved))};
  }

  KernelBuilder &kernel;
  Value firstSample;
  int64_t rows, planes, interleaved;
};

} // namespace

/// A sample's elements in one dimension.
static Value flatten(KernelBuilder &kernel, Value argument) {
  const SmallVector<ReassociationIndices> groups{{0}, {1, 2}};
  return memref::CollapseShapeOp::create(kernel.b, kernel.loc, argument,
                                         groups);
}

bool eqc::wantsLanes(const LayerSpec &spec, const SharedPlan &plan,
                     const TargetShape &target) {
  const int64_t lanes = target.lanes(spec.elementSize());
  if (spec.dynamicN() || lanes < 2 || 2 * spec.cOut >= lanes ||
      2 * spec.cIn > lanes)
    return false;
  constexpr int64_t mostBytes = 768 * 1024;
  auto rowsOf = [&](PlanArray array) { return plan.rowsOf(array).at(spec.n); };
  const int64_t elements =
      spec.cIn * (rowsOf(PlanArray::Input) + rowsOf(PlanArray::Stored)) +
      spec.cOut * (rowsOf(PlanArray::Nodes) + rowsOf(PlanArray::Output));
  return elements <= mostBytes / (lanes * spec.elementSize());
}

func::FuncOp eqc::emitLanesForward(OpBuilder &builder, Location loc,
                                   StringRef name, const LayerSpec &spec,
                                   const SharedPlan &plan,
                                   const TargetShape &target) {
  OpBuilder::InsertionGuard guard(builder);
  KernelBuilder kernel(builder, loc, spec, target);
  const ColumnTiling tiling = columnTiling(spec, target);
  const int64_t terms = static_cast<int64_t>(plan.packedOrder.size());
  func::FuncOp function = makeForwardFunction(
      kernel, name, {terms, tiling.tiles, spec.cIn, tiling.width});
  Value firstSample = kernel.first;
  // Channels take the place of samples.
  kernel.first = kernel.index(0);
  kernel.phase = kernel.index(-1);
  kernel.part = kernel.index(0);
  Value inputs = kernel.index(spec.cIn), outputs = kernel.index(spec.cOut);
  auto addArray = [&](PlanArray which, Value count) {
    const int64_t rows = plan.rowsOf(which).at(spec.n);
    kernel.count = count;
    kernel.array(which) =
        kernel.scratch(Poly(LaneTranspose::paddedRows(kernel, rows)),
                       kernel.lanes, kernel.lanes);
  };
  addArray(PlanArray::Input, inputs);
  addArray(PlanArray::Output, outputs);
  if (!plan.stored.empty())
    addArray(PlanArray::Stored, inputs);
  if (!plan.nodes.empty())
    addArray(PlanArray::Nodes, outputs);
  if (spec.bias)
    kernel.array(PlanArray::Bias) = {
        argumentTensor(kernel, function.getArgument(kArgBias), false), Poly(),
        spec.cOut, spec.cOut, true};

  Value x = flatten(kernel, function.getArgument(kArgX));
  LaneTranspose(kernel, firstSample, spec.cIn,
                plan.rowsOf(PlanArray::Input).at(spec.n))
      .load(x, kernel.array(PlanArray::Input));
  int64_t firstTerm = 0;
  for (const SharedStage &stage : plan.stages) {
    if (const auto *read = std::get_if<ReadStage>(&stage)) {
      kernel.count = inputs;
      emitRead(kernel, plan, *read);
    } else if (const auto *mix = std::get_if<MixStage>(&stage)) {
      LaneMixEmitter(kernel, *mix, firstTerm).emit();
      for (const MixTarget &target : mix->targets)
        firstTerm += static_cast<int64_t>(target.fromInput.size() +
                                          target.fromStored.size());
    } else {
      kernel.count = outputs;
      emitWrite(kernel, std::get<WriteStage>(stage));
    }
  }
  Value y = flatten(kernel, function.getArgument(kArgY));
  Value result = LaneTranspose(kernel, firstSample, spec.cOut,
                               plan.rowsOf(PlanArray::Output).at(spec.n))
                     .store(kernel.array(PlanArray::Output), y);
  finishKernel(kernel, result, y);
  return function;
}
