//===- EmitWrite.cpp - Output patterns, walk by walk -----------
//------------===//
//
// A walk reaches a row of the target at most once, so its letters and terms are
// parallel. Walks meet in the same rows, and follow each other.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Gpu/DeviceKernel.h"
#include "compiler/Lowering/Gpu/Emit.h"
#include "compiler/Lowering/Nests/WalkNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

namespace {

class WriteEmitter {
public:
  WriteEmitter(Program &program, const DeviceArray &source,
               const DeviceArray &target, const WalkNest &nest)
      : nest(nest), kernel(program, "write", {source, target}, {Formula(0)}),
        channels(target.channels), width(program.width(channels)) {}

  /// One kernel, launched once for each walk.
  std::vector<Launch> emit() {
    emit(kernel.number(0));
    return launchesOfWalks();
  }

  /// A phase for one walk.
  void emitPhase(int64_t w) {
    kernel.reads(0);
    kernel.reads(1);
    kernel.writes(1);
    Value walk;
    kernel.atTop([&] { walk = kernel.index(w); });
    emit(walk);
  }

private:
  void emit(Value walk) {
    std::vector<Extent> extents{kernel.samples()};
    kernel.atTop([&] {
      walks.emplace(kernel, nest.walks);
      extents.push_back({1, kernel.sub(field(walk, WalkNest::kEndTerm),
                                       field(walk, WalkNest::kFirstTerm))});
      for (int64_t a = 0; a < nest.letters; ++a)
        extents.push_back(
            {1, field(walk, WalkNest::fieldOf(a, WalkNest::kExtent))});
    });
    extents.push_back(kernel.extent(channels / width));
    kernel.overItems(extents,
                     [&](ArrayRef<Value> point) { emitRow(walk, point); });
  }

  Value field(Value walk, int64_t number) {
    return walks->get(kernel, walk, number);
  }

  void emitRow(Value walk, ArrayRef<Value> point) {
    const DeviceTable terms(kernel, nest.terms);
    Value sample = point[0];
    Value term = kernel.add(field(walk, WalkNest::kFirstTerm), point[1]);
    Value targetRow = terms.get(kernel, term, WalkNest::kTargetOffset);
    Value sourceRow = terms.get(kernel, term, WalkNest::kSourceOffset);
    for (int64_t a = 0; a < nest.letters; ++a) {
      auto step = [&](WalkNest::LetterField stride) {
        return kernel.mul(point[2 + a],
                          field(walk, WalkNest::fieldOf(a, stride)));
      };
      targetRow = kernel.add(targetRow, step(WalkNest::kTargetStride));
      sourceRow = kernel.add(sourceRow, step(WalkNest::kSourceStride));
    }
    Value column = kernel.mul(point.back(), kernel.index(width));
    Value from = kernel.add(kernel.rowOf(0, sample, sourceRow), column);
    Value to = kernel.add(kernel.rowOf(1, sample, targetRow), column);
    Value node = kernel.load(0, from, width);
    Value old = kernel.load(1, to, width);
    Value sum = kernel.plus(old, node);
    if (nest.hasSigns) {
      Value negative = kernel.isLess(terms.get(kernel, term, WalkNest::kSign),
                                     kernel.index(0));
      sum = arith::SelectOp::create(kernel.b, kernel.loc, negative,
                                    kernel.minus(old, node), sum);
    }
    kernel.store(1, to, sum);
  }

  /// The kernel once for each walk.
  std::vector<Launch> launchesOfWalks() {
    const Launch any = kernel.program.launches.back();
    kernel.program.launches.pop_back();
    std::vector<Launch> launches;
    for (int64_t w = 0; w < nest.walks.size(); ++w) {
      auto formula = [&](int64_t field) {
        const Poly &poly = nest.walks.row(w)[static_cast<size_t>(field)];
        return kernel.spec.dynamicN() ? Formula::of(poly)
                                      : Formula(poly.at(kernel.spec.n));
      };
      Launch launch = any;
      launch.items =
          any.items * Formula(nest.walks.at(w, WalkNest::kEndTerm, 1) -
                              nest.walks.at(w, WalkNest::kFirstTerm, 1));
      for (int64_t a = 0; a < nest.letters; ++a)
        launch.items =
            launch.items * formula(WalkNest::fieldOf(a, WalkNest::kExtent));
      launch.numbers.back() = w;
      launches.push_back(std::move(launch));
    }
    return launches;
  }

  const WalkNest &nest;
  DeviceKernel kernel;
  int64_t channels, width;
  std::optional<DeviceTable> walks;
};

} // namespace

std::vector<Launch> device::emitWalks(Program &program,
                                      const DeviceArray &source,
                                      const DeviceArray &target,
                                      const WalkNest &nest) {
  return WriteEmitter(program, source, target, nest).emit();
}

void device::emitWrite(Program &program, const LayerArrays &arrays,
                       const WriteStage &stage) {
  std::vector<Walk> parts;
  for (const WriteEntry &entry : stage.entries)
    if (entry.walk.isUneven)
      emitSegments(program, arrays.nodes, arrays[stage.target],
                   SegmentNest(entry, program.spec.n));
    else
      for (Walk &part : reachingRowsOnce(entry.walk))
        parts.push_back(std::move(part));
  std::vector<const Walk *> walks;
  for (const Walk &part : parts)
    walks.push_back(&part);
  if (walks.empty())
    return;
  const WalkNest nest(walks);
  const DeviceArray &target = arrays[stage.target];
  if (program.block) {
    for (int64_t w = 0; w < nest.walks.size(); ++w)
      WriteEmitter(program, arrays.nodes, target, nest).emitPhase(w);
    return;
  }
  for (Launch &launch : emitWalks(program, arrays.nodes, target, nest))
    program.launches.push_back(std::move(launch));
}
