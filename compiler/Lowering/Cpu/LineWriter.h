//===- LineWriter.h - Output patterns line by line --------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_LINEWRITER_H
#define EQC_LOWERING_CPU_LINEWRITER_H

#include "compiler/Lowering/Cpu/EmitWrite.h"

#include <optional>

namespace eqc {

/// Adds output patterns to some lines, along the first axis, of the output.
class LineWriter {
public:
  /// Null stands for no patterns at all.
  LineWriter(KernelBuilder &kernel, const KernelArray &nodes,
             const WriteStage *stage);

  /// Whether the patterns of a stage can be written line by line.
  static bool serves(const LayerSpec &spec, const WriteStage &stage);

  /// Line `index` of the output, of which `target` holds those from `first` on.
  void emit(mlir::Value index, mlir::Value first, KernelArray &target);

private:
  KernelBuilder &kernel;
  const KernelArray &nodes;
  int64_t lineRows;
  /// Per walk, what one line is further, within the line and in the nodes.
  std::optional<IndexTable> steps;
  std::optional<WalkWriter> writer;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_LINEWRITER_H
