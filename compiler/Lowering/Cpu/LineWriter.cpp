//===- LineWriter.cpp - Output patterns line by line ----------------------===//

#include "compiler/Lowering/Cpu/LineWriter.h"

using namespace eqc;
using namespace mlir;

/// The letter of a walk over the output that alone moves along its first axis,
/// once: rowStride = n^(l-1) + a remainder of other axes. -1 if there is none.
static int letterOfLines(const Walk &walk, const LayerSpec &spec) {
  const int64_t line = Poly::power(spec.l - 1).at(spec.n);
  if (walk.terms.size() != 1 || walk.terms.front().rowOffset.at(spec.n) != 0)
    return -1;
  int found = -1, number = 0;
  for (const std::vector<Letter> *letters : {&walk.kept, &walk.dropped})
    for (const Letter &letter : *letters) {
      if (letter.rowStride.at(spec.n) >= line) {
        if (found >= 0 || letter.extent.at(spec.n) != spec.n)
          return -1;
        found = number;
      }
      ++number;
    }
  return found;
}

LineWriter::LineWriter(KernelBuilder &kernel, const KernelArray &nodes,
                       const WriteStage *stage)
    : kernel(kernel), nodes(nodes),
      lineRows(Poly::power(kernel.spec.l - 1).at(kernel.spec.n)) {
  if (!stage)
    return;
  Table lines(2);
  std::vector<Walk> walks; // without the letter along the lines
  for (const WriteEntry &entry : stage->entries) {
    Walk walk = entry.walk;
    const size_t at = letterOfLines(walk, kernel.spec);
    std::vector<Letter> &letters =
        at < walk.kept.size() ? walk.kept : walk.dropped;
    auto letter =
        letters.begin() + (at < walk.kept.size() ? at : at - walk.kept.size());
    lines.addRow({letter->rowStride + Poly(-lineRows), letter->innerStride});
    letters.erase(letter);
    walks.push_back(std::move(walk));
  }
  std::vector<const Walk *> pointers;
  for (const Walk &walk : walks)
    pointers.push_back(&walk);
  writer.emplace(kernel, WalkNest(pointers));
  steps.emplace(kernel, lines);
}

bool LineWriter::serves(const LayerSpec &spec, const WriteStage &stage) {
  return llvm::all_of(stage.entries, [&](const WriteEntry &entry) {
    return letterOfLines(entry.walk, spec) >= 0;
  });
}

void LineWriter::emit(Value index, Value first, KernelArray &target) {
  Value start = kernel.mul(kernel.sub(index, first), kernel.index(lineRows));
  kernel.forRange(
      target, kernel.index(writer ? writer->size() : 0), [&](Value walk) {
        Value row =
            kernel.add(start, kernel.mul(index, steps->get(kernel, walk, 0)));
        Value node = kernel.mul(index, steps->get(kernel, walk, 1));
        kernel.forRange(target, kernel.index(kernel.spec.cOut),
                        [&](Value channel) {
                          writer->emit(walk, nodes, {channel, node}, target,
                                       {channel, row});
                        });
      });
}
