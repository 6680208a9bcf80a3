//===- LineWriter.h - Output patterns line by line --------------*- C++ -*-===//

#ifndef EQC_LOWERING_CPU_LINEWRITER_H
#define EQC_LOWERING_CPU_LINEWRITER_H

#include "compiler/Lowering/Cpu/EmitWrite.h"
#include "compiler/Lowering/Nests/LinesNest.h"

#include <optional>

namespace eqc {

/// Adds output patterns to some lines, along the first axis, of the output.
class LineWriter {
public:
  /// Null stands for no patterns at all; LinesNest must serve others.
  LineWriter(KernelBuilder &kernel, const KernelArray &nodes,
             const WriteStage *stage);

  /// Line `index` of the output, of which `target` holds those from `first` on.
  void emit(mlir::Value index, mlir::Value first, KernelArray &target);

private:
  KernelBuilder &kernel;
  const KernelArray &nodes;
  int64_t lineRows;
  std::optional<IndexTable> steps; ///< as in LinesNest
  std::optional<WalkWriter> writer;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_LINEWRITER_H
