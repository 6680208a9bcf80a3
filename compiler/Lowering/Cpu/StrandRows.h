//===- StrandRows.h - The letters of strands as rows ------------*- C++ -*-===//
//
// The letters m_1 <= .. <= m_t of t strands, one row each. They are taken in
// strips of m_1; within a strip the first letter changes fastest, so that
// entries which differ in it alone lie next to each other in one of their
// orders.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_STRANDROWS_H
#define EQC_LOWERING_CPU_STRANDROWS_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"

namespace eqc {

class StrandRows {
public:
  /// `extent` is that of every letter, since they change places.
  StrandRows(KernelBuilder &kernel, int order, const Poly &extent,
             int64_t stripLetters)
      : kernel(kernel), order(order), extent(extent),
        stripLetters(stripLetters) {}

  /// Rows with m_1 from first to end.
  struct Strip {
    mlir::Value first, end;
  };

  mlir::Value numStrips() const;
  Strip strip(mlir::Value number) const;
  /// All letters.
  Strip whole() const { return {kernel.index(0), letters()}; }
  /// How many rows a strip has.
  mlir::Value numRows(const Strip &strip) const;
  /// How many rows the strips before it have.
  mlir::Value rowsBefore(const Strip &strip) const;

  /// The letters of its first row.
  Values firstLetters(const Strip &strip) const {
    return Values(order, strip.first);
  }
  /// The letters of the row after that of `letter`.
  Values nextLetters(const Strip &strip,
                     llvm::ArrayRef<mlir::Value> letter) const;

private:
  mlir::Value letters() const { return kernel.poly(extent); }
  mlir::Value rowsFrom(mlir::Value first) const;

  KernelBuilder &kernel;
  int order;
  Poly extent;
  int64_t stripLetters;
};

} // namespace eqc

#endif // EQC_LOWERING_CPU_STRANDROWS_H
