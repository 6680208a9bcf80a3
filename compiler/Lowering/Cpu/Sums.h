//===- Sums.h - Sums whose errors hardly grow with their length -*- C++ -*-===//
//
// A running sum of m terms is off by up to m roundings. Sums of kernels are
// taken in blocks instead: |error| <= (8 + log2 m) eps * sum of |terms|, for
// terms of one size as well, whose roundings all point the same way.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_CPU_SUMS_H
#define EQC_LOWERING_CPU_SUMS_H

#include "compiler/Lowering/Cpu/KernelBuilder.h"
#include "compiler/Lowering/Nests/Summation.h"

namespace eqc {

mlir::Value addVectors(KernelBuilder &kernel, mlir::Value a, mlir::Value b);

/// A long sum of blocks: what it is, and what its additions rounded away.
struct LongSum {
  mlir::Value sum, rest;
};
LongSum addBlock(KernelBuilder &kernel, LongSum total, mlir::Value block);
/// The sum with the rest; an infinite one, whose rest means nothing, alone.
mlir::Value valueOf(KernelBuilder &kernel, const LongSum &total);

/// Whether a sum over `extent` indices of `termsEach` terms needs blocks; it
/// may where the extent is only known at run time.
bool needsBlocks(const KernelBuilder &kernel, const Poly &extent,
                 int64_t termsEach = 1);

using SumBody = llvm::function_ref<Values(mlir::Value, Values)>;

/// `zeros`, to which body(i, sums) adds `termsEach` terms each, for i = 0 ..
/// extent-1, an extent of at most `most`. Blocks are added as a LongSum.
/// `threaded` are the arrays that the body writes.
Values emitLongSums(KernelBuilder &kernel, mlir::Value extent, const Poly &most,
                    int64_t termsEach, Values zeros, SumBody body,
                    llvm::ArrayRef<KernelArray *> threaded = {});

/// inits + what body(i, partial) adds, `termsEach` terms each, for i = lower ..
/// upper-1, of which there are at most `most`: sums of blocks, sums of 16 of
/// those, and so on. Costs less than a LongSum, in code and time.
Values emitNestedSums(KernelBuilder &kernel, mlir::Value lower,
                      mlir::Value upper, int64_t most, int64_t termsEach,
                      Values inits, SumBody body);

/// acc [.., columns] + view [.., depth] * weights [depth, columns] with the
/// depth in blocks; slice(first, size) are the views and weights of `size`
/// indices from `first` on.
mlir::Value emitBlockedProduct(
    KernelBuilder &kernel, mlir::Value acc, int64_t depth,
    llvm::function_ref<std::pair<mlir::Value, mlir::Value>(mlir::Value,
                                                           int64_t)>
        slice);

/// acc + the products of terms `first` .. `end`-1 of a mix, at most `most`, of
/// c_in channels each: addTerm(term, sum) adds one of them. The blocks are the
/// same wherever a mix is emitted, and so are the bits.
mlir::Value emitMixedTerms(
    KernelBuilder &kernel, mlir::Value first, mlir::Value end, int64_t most,
    mlir::Value acc,
    llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> addTerm);
Values emitMixedTerms(KernelBuilder &kernel, mlir::Value first, mlir::Value end,
                      int64_t most, Values sums, SumBody addTerm);

/// Means are sums of `term` times each of some values, times `sum`: partial
/// sums stay as small as the values. `term` is a power of two, so that it
/// rounds nothing.
struct MeanFactors {
  mlir::Value term, sum;
};
MeanFactors meanFactors(KernelBuilder &kernel, const Poly &values);
/// sum + factor * value, a scalar and two vectors, rounded once where the CPU
/// can.
mlir::Value addScaled(KernelBuilder &kernel, mlir::Value sum, mlir::Value value,
                      mlir::Value factor);
mlir::Value scaleVector(KernelBuilder &kernel, mlir::Value vector,
                        mlir::Value factor);

} // namespace eqc

#endif // EQC_LOWERING_CPU_SUMS_H
