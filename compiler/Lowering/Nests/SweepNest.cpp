//===- SweepNest.cpp - All sums over one axis of x ------------------------===//

#include "compiler/Lowering/Nests/SweepNest.h"
#include "compiler/Plan/Shared/ReadPlan.h"

#include <algorithm>

using namespace eqc;

static std::vector<RowPattern> patternsOf(const SharedPlan &plan,
                                          const ReadStage &stage) {
  std::vector<RowPattern> patterns;
  for (const ReadEntry &entry : stage.entries)
    patterns.push_back(plan.stored[static_cast<size_t>(entry.stored)]);
  return patterns;
}

bool SweepNest::serves(const SharedPlan &plan, const ReadStage &stage) {
  return stage.source == PlanArray::Input && stage.entries.size() >= 2 &&
         plan.k >= 2 && plan.poolOf(stage) == Pool::Sum &&
         (!plan.group.isProduct() ||
          areAxisSums(patternsOf(plan, stage), plan.group,
                      /*fromInput=*/true)) &&
         std::all_of(
             stage.entries.begin(), stage.entries.end(),
             [&](const ReadEntry &entry) {
               const Walk &walk = entry.walk;
               return isIdentity(entry.parent) && walk.dropped.size() == 1 &&
                      walk.kept.size() + 1 == static_cast<size_t>(plan.k) &&
                      walk.terms.size() == 1 && walk.terms.front().sign > 0;
             });
}

/// Whether steps of `a` are longer than those of `b`, at any n that tells them
/// apart.
static bool isLonger(const Poly &a, const Poly &b) {
  if (a.degree() != b.degree())
    return a.degree() > b.degree();
  auto leading = [](const Poly &poly) {
    return poly.isConstant() ? poly.constantTerm()
                             : poly.variableTerms().back().coefficient;
  };
  return leading(a) > leading(b);
}

SweepNest::SweepNest(const SharedPlan &plan, const ReadStage &stage) {
  // Every entry has all axes of x as letters.
  const Walk &first = stage.entries.front().walk;
  std::vector<Letter> letters = first.kept;
  letters.push_back(first.dropped.front());
  std::sort(letters.begin(), letters.end(),
            [](const Letter &a, const Letter &b) {
              return isLonger(a.rowStride, b.rowStride);
            });
  for (const Letter &letter : letters) {
    axes.push_back({letter.extent, /*parallel=*/false});
    rowStrides.push_back(letter.rowStride);
  }
  for (const ReadEntry &entry : stage.entries) {
    Sum sum;
    sum.target = entry.target;
    // The stride of an axis of x tells which one a letter runs along.
    sum.strides.assign(axes.size(), Poly());
    for (size_t axis = 0; axis < axes.size(); ++axis) {
      if (rowStrides[axis] == entry.walk.dropped.front().rowStride)
        sum.axis = axis;
      for (const Letter &letter : entry.walk.kept)
        if (rowStrides[axis] == letter.rowStride)
          sum.strides[axis] = letter.innerStride;
    }
    sum.mean = plan.mean && entry.divisions > 0;
    sum.values = entry.walk.dropped.front().values;
    sums.push_back(std::move(sum));
  }
}

Poly SweepNest::rowsOf(const Sum &sum) const {
  Poly rows(1);
  for (size_t axis = 0; axis < axes.size(); ++axis)
    if (axis != sum.axis)
      rows = rows * axes[axis].extent;
  return rows;
}
