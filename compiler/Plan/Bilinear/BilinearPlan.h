//===- BilinearPlan.h - Products of two tensors in stages -------*- C++ -*-===//
//
// math: a diagram of a bilinear layer is a trilinear form of three rows, y, x
// and z: the sum over the values of its blocks of y[..] x[..] z[..]. Blocks
// that one row alone touches are summed within it, as a linear layer reads its
// input. What is left of two rows is joined: letters that the third row lacks
// are summed over, all others are kept, and the result is added to what is left
// of the third row. The layer and its gradients differ in which row is the
// third one, and in nothing else: every pair keeps the factor that it has in
// the diagram, whichever row its ends are in.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_BILINEAR_BILINEARPLAN_H
#define EQC_PLAN_BILINEAR_BILINEARPLAN_H

#include "compiler/Plan/Bilinear/BilinearRole.h"
#include "compiler/Plan/Shared/SharedPlan.h"

#include <string>
#include <vector>

namespace eqc {

/// Where the rows of a pattern lie.
enum class JoinArray {
  Input,  ///< the array itself
  Stored, ///< patterns with dropped blocks
  Copied, ///< with the factors of pairs or of a Levi-Civita symbol
  Nodes,  ///< patterns of the result
  Output, ///< the result itself
};

/// A pattern with signs: copied[row side] += sign * source[inner side].
struct SignedCopy {
  JoinArray source = JoinArray::Input;
  Walk walk;
};

/// How one row is read.
struct RowReads {
  SharedPlan reads; ///< reads alone
  std::vector<SignedCopy> copies;
  Poly copiedRows;
};

/// Rows of one of the two arrays: the strides are those of the letters of the
/// stage, zero for letters that the rows do not have.
struct JoinView {
  Poly offset;
  std::vector<Poly> strides;
};

/// Where the result of a join goes: third row += weight[diagram] * join, or the
/// sum of third row * join to the gradient of the weight.
struct JoinResult {
  int diagram = 0;
  JoinView view; ///< strides of the letters that are not summed over
};

struct Join {
  JoinView a, b;
  std::vector<JoinResult> results;
};

/// Joins of one shape: result[shared, ofA, ofB] = sum over the last letters of
/// a[shared, ofA, summed] * b[shared, ofB, summed].
struct JoinStage {
  std::vector<Poly> shared, ofA, ofB, summed; ///< lengths of letters
  JoinArray a = JoinArray::Input, b = JoinArray::Input;
  JoinArray third = JoinArray::Output;
  std::vector<Join> joins;

  size_t numKept() const { return shared.size() + ofA.size() + ofB.size(); }
  /// The positions of a result, and products of one of them.
  Poly positions() const;
  Poly terms() const { return productOf(summed); }
};

/// A bias diagram: row `row` of the bias, or of its gradient, and a row of the
/// third array.
struct BilinearBias {
  int row = 0;
  JoinArray array = JoinArray::Output;
  Poly offset;
};

struct BilinearPlan {
  BilinearRole role = BilinearRole::Forward;
  RowReads a, b;
  /// Of the third row: its reads for GradWeight, else nodes and writes.
  SharedPlan third;
  std::vector<JoinStage> stages;
  std::vector<BilinearBias> bias;
  /// By diagram, what `normalize = mean` divides by; empty without.
  std::vector<Poly> divisors;

  /// Products of a sample: for one pair of channels those of all joins, and
  /// those of results with weights.
  Poly joinProducts() const;
  Poly resultProducts() const;
  /// Joins of this many letters (kept and summed), and their results by letters
  /// that are kept.
  int64_t numJoins(int letters) const;
  int64_t numResults(int letters) const;
};

/// With `shares` diagrams that differ only in what becomes of a join share it;
/// else each has its own.
BilinearPlan buildBilinearPlan(const LayerSpec &spec, BilinearRole role,
                               bool shares = true);

/// How many entries the signed copies of a layer's plans have at most.
int64_t countJoinTerms(const LayerSpec &spec);

} // namespace eqc

#endif // EQC_PLAN_BILINEAR_BILINEARPLAN_H
