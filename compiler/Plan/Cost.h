//===- Cost.h - What a plan executes, counted -------------------*- C++ -*-===//
//
// Operations and memory of a plan, found by visiting the stages that are
// executed; exact, as polynomials in n, so that they serve `n = ?` too. Each
// plan declares its `costOf` beside itself.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_COST_H
#define EQC_PLAN_COST_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Stages.h"

#include <string>

namespace eqc {

/// The value of a polynomial whose value is a count, stopped at 2^63-1.
int64_t countAt(const Poly &poly, int64_t n);

/// `2 n^2 + 9 n + 4`, highest degree first, sizes by their names.
std::string toString(const Poly &poly,
                     const std::vector<std::string> &sizes = {"n"});

enum class StageKind {
  Copy,      ///< moves rows of c_in channels
  Read,      ///< sums over rows of c_in channels
  Mix,       ///< multiplies rows by matrices of c_in x c_out
  Write,     ///< adds rows of c_out channels
  Transform, ///< sums multiples of rows, of c_out channels if it writes y
};

/// One stage of a plan, counted for one sample. A row is all channels at one
/// position of a tensor. The first term of a sum starts it and is no addition;
/// a multiplication and the addition of its product are one multiply-add, so
/// the first row that is broadcast into a mix is none either.
struct StageCost {
  StageKind kind = StageKind::Read;
  PlanArray source = PlanArray::Input;  ///< of a read
  PlanArray target = PlanArray::Stored; ///< what is written
  int kept = 0;         ///< axes of the index space (propagating order)
  Poly last{1};         ///< of a mix: how long the last of these axes is
  int64_t subsets = 1;  ///< entries of its last axis for free vertices
  int64_t patterns = 0; ///< patterns read, mixed or written
  int64_t terms = 0;    ///< of a mix: diagrams
  Poly sourceRows;      ///< rows read, of c_in, in a write of c_out
  Poly targetRows;      ///< rows written
  /// Per channel of the rows that are added; of a transform, multiplications
  /// that start a sum too.
  Poly additions;
  Poly broadcasts;   ///< of a mix: rows added that are not multiplied
  Poly scalings;     ///< multiplications by 1/n, per input channel
  Poly multiplyAdds; ///< per pair of an input and an output channel
};

/// A whole plan, counted for one sample.
struct PlanCost {
  std::vector<StageCost> stages;
  Poly scratchIn;  ///< rows of c_in in scratch
  Poly scratchOut; ///< rows of c_out in scratch
  /// Matrices of c_in x c_out that packing writes, and the multiply-adds that
  /// it spends per pair of channels.
  Poly packedMatrices;
  Poly packMultiplyAdds;
  /// Rows of x that are read, in all passes over it: where a cache does not
  /// hold a sample of x they come from memory each time.
  Poly inputRows;

  /// Additions per input channel.
  Poly readAdditions() const;
  Poly scalings() const;
  Poly multiplyAdds() const;
  /// Additions per output channel.
  Poly outputAdditions() const;
};

/// Exact operations of one sample of a layer at a size n, all channels.
struct Operations {
  int64_t additions = 0;
  int64_t multiplications = 0; ///< scalings alone
  int64_t multiplyAdds = 0;
  /// Multiply and add counted separately; an operation that stands alone counts
  /// as two, for it takes the slot of a multiply-add.
  int64_t flops() const;
};
Operations operationsOf(const PlanCost &cost, const LayerSpec &spec, int64_t n);

/// The least bytes any plan of the layer moves: every array once.
struct LeastBytes {
  int64_t perSample = 0; ///< x and y
  int64_t perCall = 0;   ///< weight and bias
};
LeastBytes leastBytesOf(const LayerSpec &spec, int64_t n);

/// The bytes of x and y that a plan moves per sample where a cache holds no
/// sample of x from one pass to the next.
int64_t plannedBytesOf(const PlanCost &cost, const LayerSpec &spec, int64_t n);

/// Bytes of scratch per sample, without the padding to whole vectors.
int64_t scratchBytesOf(const PlanCost &cost, const LayerSpec &spec, int64_t n);

} // namespace eqc

#endif // EQC_PLAN_COST_H
