//===- LineWriter.cpp - Output patterns line by line ----------------------===//

#include "compiler/Lowering/Cpu/LineWriter.h"

using namespace eqc;
using namespace mlir;

LineWriter::LineWriter(KernelBuilder &kernel, const KernelArray &nodes,
                       const WriteStage *stage)
    : kernel(kernel), nodes(nodes),
      lineRows(numPositions(lengthsOfOutput(kernel.spec), 1)) {
  if (!stage)
    return;
  const LinesNest nest(kernel.spec, *stage);
  writer.emplace(kernel, nest.walks);
  steps.emplace(kernel, nest.steps);
}

void LineWriter::emit(Value index, Value first, KernelArray &target) {
  Value start = kernel.mul(kernel.sub(index, first), kernel.index(lineRows));
  kernel.forRange(
      target, kernel.index(writer ? writer->size() : 0), [&](Value walk) {
        Value row = kernel.add(
            start,
            kernel.mul(index, steps->get(kernel, walk, LinesNest::kRow)));
        Value node =
            kernel.mul(index, steps->get(kernel, walk, LinesNest::kSource));
        kernel.forRange(target, kernel.index(kernel.spec.cOut),
                        [&](Value channel) {
                          writer->emit(walk, nodes, {channel, node}, target,
                                       {channel, row});
                        });
      });
}
