//===- EmitUnpool.cpp - Gradients of largest and smallest entries ---------===//
//
// The maximum over several blocks is the maximum of maxima, so what each
// pattern takes of x is taken of a finer pattern, and its gradient goes to that
// one, where the same walk says which of its rows is the first extreme one.
// Vectors run along the channels, each of which has an extreme of its own.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/EmitUnpool.h"
#include "compiler/Lowering/Cpu/EmitWrite.h"
#include "compiler/Lowering/Cpu/Extremes.h"
#include "compiler/Lowering/Nests/RouteNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace eqc;
using namespace mlir;

namespace {

/// The writes of a stage that route.
class Router {
public:
  Router(KernelBuilder &kernel, const RouteNest &nest, PooledValues &pooled,
         PlanArray target)
      : kernel(kernel), nest(nest), writes(kernel, nest.writes), pooled(pooled),
        values(target == PlanArray::Output ? pooled.x : pooled.nodes) {}

  /// Takes the extremes of the finer patterns' values.
  void emitValues() {
    KernelArray &nodes = pooled.nodes;
    kernel.forShare(nodes, kernel.index(writes.size()), [&](Value write) {
      forRows(nodes, write, [&](const Rows &at) {
        Value extreme =
            overDropped({}, at, extremeOfNone(kernel, pooled.pool, at.type),
                        [&](Value row, Value partial) {
                          return extremeOf(kernel, pooled.pool, partial,
                                           read(values, at, row));
                        });
        nodes.tensor = kernel.writeRow(
            extreme, nodes.tensor, {at.sample, at.source}, at.column, at.width);
      });
    });
  }

  /// Adds the nodes to the target.
  void emitRoutes(const KernelArray &nodes, KernelArray &target) {
    kernel.forRange(target, kernel.index(writes.size()), [&](Value write) {
      forRows(target, write, [&](const Rows &at) {
        Value extreme = read(pooled.nodes, at, at.source);
        Value zero = kernel.zeroVector(at.type);
        // What is left to give is zero once it is given.
        overDropped(
            &target, at, read(nodes, at, at.source),
            [&](Value row, Value left) {
              OpBuilder &b = kernel.b;
              Value takes = isExtreme(kernel, read(values, at, row), extreme);
              const SmallVector<Value> position = {
                  kernel.sampleOf(target, at.sample), row};
              const int64_t present = target.present(at.width, at.valid);
              Value old = kernel.readRow(target.tensor, position, at.column,
                                         at.width, present);
              Value sum = arith::AddFOp::create(b, kernel.loc, old, left);
              target.tensor = kernel.writeRow(
                  arith::SelectOp::create(b, kernel.loc, takes, sum, old),
                  target.tensor, position, at.column, present);
              return arith::SelectOp::create(b, kernel.loc, takes, zero, left)
                  .getResult();
            });
      });
    });
  }

private:
  /// A row of a node, and the first of those that it stands for.
  struct Rows {
    Value write, sample, source, target, column;
    int64_t width, valid;
    VectorType type;
  };

  /// Loops over the samples, the kept letters and the channels.
  void forRows(KernelArray &threaded, Value write,
               function_ref<void(const Rows &)> body) {
    auto field = [&](int64_t number) {
      return writes.get(kernel, write, number);
    };
    SmallVector<Value> extents;
    for (int64_t a = 0; a < nest.kept; ++a)
      extents.push_back(field(nest.ofKept(a, RouteNest::kExtent)));
    kernel.forRange(threaded, kernel.count(), [&](Value sample) {
      kernel.forNest(threaded, extents, [&](ArrayRef<Value> letters) {
        Value source = field(RouteNest::kSourceOffset);
        Value target = field(RouteNest::kTargetOffset);
        auto step = [&](Value row, int64_t a, RouteNest::KeptField stride) {
          return kernel.add(
              row, kernel.mul(letters[a], field(nest.ofKept(a, stride))));
        };
        for (int64_t a = 0; a < nest.kept; ++a) {
          source = step(source, a, RouteNest::kSourceStride);
          target = step(target, a, RouteNest::kTargetStride);
        }
        kernel.forColumnChunks(threaded, threaded.channels, /*maxVectors=*/1,
                               [&](Value column, int64_t width, int64_t valid) {
                                 body({write, sample, source, target, column,
                                       width, valid, kernel.vectorType(width)});
                               });
      });
    });
  }

  /// What body(row, carried) makes of all values of the dropped letters, the
  /// last one fastest, in loops that thread an array too, if one is given.
  Value overDropped(KernelArray *threaded, const Rows &at, Value carried,
                    function_ref<Value(Value, Value)> body) {
    SmallVector<Value *> values = {&carried};
    if (threaded)
      values.push_back(&threaded->tensor);
    auto along = [&](auto &self, int64_t a, Value row) -> void {
      if (a == nest.dropped) {
        carried = body(row, carried);
        return;
      }
      Value extent = writes.get(kernel, at.write,
                                nest.ofDropped(a, RouteNest::kDroppedExtent));
      Value stride = writes.get(kernel, at.write,
                                nest.ofDropped(a, RouteNest::kDroppedStride));
      kernel.forCarried(values, kernel.index(0), extent, 1, [&](Value i) {
        self(self, a + 1, kernel.add(row, kernel.mul(i, stride)));
      });
    };
    along(along, 0, at.target);
    return carried;
  }

  /// Scratch rows are whole vectors.
  Value read(const KernelArray &array, const Rows &at, Value row) {
    return kernel.readRow(array.tensor, {at.sample, row}, at.column, at.width,
                          at.width);
  }

  KernelBuilder &kernel;
  const RouteNest &nest;
  IndexTable writes;
  PooledValues &pooled;
  const KernelArray &values; ///< of the finer patterns
};

} // namespace

PooledValues eqc::emitPooledValues(ForwardKernel &forward,
                                   const SharedPlan &plan) {
  PooledValues pooled;
  pooled.pool = plan.pool;
  pooled.x = forward.copyOfOutput();
  if (plan.nodes.empty())
    return pooled;
  KernelBuilder &kernel = forward.kernel;
  pooled.nodes = forward.outputRows(plan.nodeRows);
  for (size_t i = plan.stages.size(); i-- > 0;) {
    const auto *write = std::get_if<WriteStage>(&plan.stages[i]);
    if (!write)
      continue;
    const RouteNest nest(*write);
    if (!nest.writes.empty())
      kernel.forPhase(pooled.nodes, [&] {
        Router(kernel, nest, pooled, write->target).emitValues();
      });
  }
  return pooled;
}

void eqc::emitUnpool(KernelBuilder &kernel, PlanArrays &arrays,
                     const WriteStage &stage, PooledValues &pooled) {
  WriteStage others;
  others.target = stage.target;
  for (const WriteEntry &entry : stage.entries)
    if (!entry.routes)
      others.entries.push_back(entry);
  if (!others.entries.empty())
    emitWrite(kernel, arrays, others);
  const RouteNest nest(stage);
  if (nest.writes.empty())
    return;
  KernelArray &target = arrays[stage.target];
  // Walks meet in the same rows of the target: parts cannot share them.
  kernel.inFirstPart(target, [&] {
    Router(kernel, nest, pooled, stage.target)
        .emitRoutes(arrays[PlanArray::Nodes], target);
  });
}
