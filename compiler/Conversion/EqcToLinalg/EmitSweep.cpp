//===- EmitSweep.cpp - All sums over one axis of x in one pass ------------===//
//
// An input pattern that drops one axis of x is a sum over that axis. Taken one
// by one each sum reads all of x again, and most walk it across its rows; here
// x is read once, in order, and every element is added to the sums over all
// axes. Each sum takes its terms in the order in which EmitRead.cpp does, so
// both have the same bits.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/EqcToLinalg/KernelBuilder.h"
#include "compiler/Plan/SharedGeometry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace eqc;
using namespace mlir;

bool eqc::isSweep(const SharedPlan &plan, const ReadStage &stage) {
  if (stage.source != PlanArray::Input || stage.entries.size() < 2 ||
      plan.k < 2)
    return false;
  return std::all_of(
      stage.entries.begin(), stage.entries.end(), [&](const ReadEntry &entry) {
        const Walk &walk = entry.walk;
        return isIdentity(entry.parent) && walk.dropped.size() == 1 &&
               walk.kept.size() + 1 == static_cast<size_t>(plan.k) &&
               walk.terms.size() == 1 && walk.terms.front().sign > 0 &&
               walk.dropped.front().extent == Poly::power(1);
      });
}

namespace {

class SweepEmitter {
public:
  SweepEmitter(KernelBuilder &kernel, const SharedPlan &plan,
               const ReadStage &stage)
      : kernel(kernel), order(plan.k), source(kernel.array(PlanArray::Input)),
        target(kernel.array(PlanArray::Stored)) {
    const std::vector<Poly> strides = rowMajorStrides(order);
    for (const ReadEntry &entry : stage.entries) {
      Sum sum;
      sum.target = entry.target;
      // The stride of an axis of x tells which one a letter runs along.
      sum.strides.assign(order, Poly());
      for (int axis = 0; axis < order; ++axis) {
        if (strides[axis] == entry.walk.dropped.front().rowStride)
          sum.axis = axis;
        for (const Letter &letter : entry.walk.kept)
          if (strides[axis] == letter.rowStride)
            sum.strides[axis] = letter.innerStride;
      }
      sum.scaled = plan.mean && entry.divisions > 0;
      (sum.axis + 1 == order ? inner : outer).push_back(std::move(sum));
    }
  }

  void emit() {
    kernel.forColumnChunks(target, source.channels, 4,
                           [&](Value column, int64_t width, int64_t valid) {
                             kernel.forRange(
                                 target, kernel.count, [&](Value sample) {
                                   emitSample({sample, column, width, valid});
                                 });
                           });
  }

private:
  /// The sum over one axis.
  struct Sum {
    int axis = 0;
    Poly target;               ///< row offset in Stored
    std::vector<Poly> strides; ///< in Stored, of every axis of x
    bool scaled = false;
  };
  struct Place {
    Value sample, column;
    int64_t width, valid;
  };

  SmallVector<Value> extents(int count) {
    return SmallVector<Value>(count, kernel.poly(Poly::power(1)));
  }

  Value rowOf(const Poly &offset, const std::vector<Poly> &strides,
              ArrayRef<Value> index) {
    Value row = kernel.poly(offset);
    for (auto [i, stride] : llvm::zip_equal(index, strides))
      row = kernel.add(row, kernel.mul(i, kernel.poly(stride)));
    return row;
  }

  Value read(const Sum &sum, ArrayRef<Value> index, const Place &at) {
    return kernel.readRow(target.tensor,
                          {at.sample, rowOf(sum.target, sum.strides, index)},
                          at.column, at.width, at.width);
  }
  void write(Value value, const Sum &sum, ArrayRef<Value> index,
             const Place &at) {
    target.tensor =
        kernel.writeRow(value, target.tensor,
                        {at.sample, rowOf(sum.target, sum.strides, index)},
                        at.column, at.width);
  }

  Value scaled(Value value) {
    Value scale = vector::BroadcastOp::create(
        kernel.b, kernel.loc, value.getType(), kernel.inverseOfN());
    return arith::MulFOp::create(kernel.b, kernel.loc, value, scale);
  }

  /// Calls body(index) for every row of `sum`; its own axis is at 0.
  void forRows(const Sum &sum, function_ref<void(ArrayRef<Value>)> body) {
    kernel.forNest(target, extents(order - 1), [&](ArrayRef<Value> others) {
      SmallVector<Value> index(others);
      index.insert(index.begin() + sum.axis, kernel.index(0));
      body(index);
    });
  }

  void emitSample(const Place &at) {
    const VectorType type = kernel.vectorType(at.width);
    for (const Sum &sum : outer)
      forRows(sum, [&](ArrayRef<Value> index) {
        write(kernel.zeroVector(type), sum, index, at);
      });
    kernel.forNest(target, extents(order - 1), [&](ArrayRef<Value> prefix) {
      // The sums over the last axis stay in registers.
      KernelBuilder::Values carried(1 + inner.size(), kernel.zeroVector(type));
      carried.front() = target.tensor;
      carried = kernel.accumulate(
          kernel.index(0), kernel.poly(Poly::power(1)), std::move(carried),
          [&](Value last, KernelBuilder::Values partial) {
            return addElement(prefix, last, at, std::move(partial));
          });
      target.tensor = carried.front();
      SmallVector<Value> index(prefix);
      index.push_back(kernel.index(0));
      for (auto [sum, value] :
           llvm::zip_equal(inner, ArrayRef<Value>(carried).drop_front()))
        write(sum.scaled ? scaled(value) : value, sum, index, at);
    });
    for (const Sum &sum : outer)
      if (sum.scaled)
        forRows(sum, [&](ArrayRef<Value> index) {
          write(scaled(read(sum, index, at)), sum, index, at);
        });
  }

  KernelBuilder::Values addElement(ArrayRef<Value> prefix, Value last,
                                   const Place &at,
                                   KernelBuilder::Values partial) {
    SmallVector<Value> index(prefix);
    index.push_back(last);
    target.tensor = partial.front();
    Value element =
        kernel.readRow(source.tensor,
                       {kernel.sampleIndex(PlanArray::Input, at.sample),
                        rowOf(Poly(), rowMajorStrides(order), index)},
                       at.column, at.width, at.valid);
    auto add = [&](Value a) {
      return arith::AddFOp::create(kernel.b, kernel.loc, a, element)
          .getResult();
    };
    for (const Sum &sum : outer)
      write(add(read(sum, index, at)), sum, index, at);
    partial.front() = target.tensor;
    for (size_t i = 1; i < partial.size(); ++i)
      partial[i] = add(partial[i]);
    return partial;
  }

  KernelBuilder &kernel;
  int order;
  KernelArray &source, &target;
  std::vector<Sum> inner, outer; ///< over the last axis, over the others
};

} // namespace

void eqc::emitSweep(KernelBuilder &kernel, const SharedPlan &plan,
                    const ReadStage &stage) {
  SweepEmitter(kernel, plan, stage).emit();
}
