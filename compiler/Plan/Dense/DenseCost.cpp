//===- DenseCost.cpp - Counting the dense plan ----------------------------===//

#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/Saturating.h"

using namespace eqc;

/// Entries of the matrix that a diagram adds to, per pair of channels.
static int64_t entriesOf(const DenseEntry &entry) {
  int64_t entries = entry.endTerm - entry.firstTerm;
  for (const DenseLetter &letter : entry.letters)
    entries = saturatingMultiply(entries, letter.extent);
  return entries;
}

PlanCost eqc::costOf(const DensePlan &plan) {
  StageCost product;
  product.kind = StageKind::Mix;
  product.target = PlanArray::Output;
  product.patterns = 1;
  const int64_t inputs = plan.rows / plan.cIn;
  const int64_t outputs = plan.columns / plan.cOut;
  product.terms = saturatingMultiply(inputs, outputs);
  product.sourceRows = Poly(inputs);
  product.targetRows = Poly(outputs);
  product.broadcasts = Poly(plan.bias.empty() ? 0 : outputs);
  product.multiplyAdds = Poly(product.terms);
  PlanCost cost;
  cost.stages.push_back(product);
  cost.packedMatrices = product.multiplyAdds;
  cost.inputRows = product.sourceRows;
  int64_t entries = 0;
  for (const DenseEntry &entry : plan.diagrams)
    entries = saturatingAdd(entries, entriesOf(entry));
  cost.packMultiplyAdds = Poly(entries);
  return cost;
}
