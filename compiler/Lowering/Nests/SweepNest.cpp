//===- SweepNest.cpp - All sums over one axis of x ------------------------===//

#include "compiler/Lowering/Nests/SweepNest.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <algorithm>

using namespace eqc;

bool SweepNest::serves(const SharedPlan &plan, const ReadStage &stage) {
  return stage.source == PlanArray::Input && stage.entries.size() >= 2 &&
         plan.k >= 2 &&
         std::all_of(
             stage.entries.begin(), stage.entries.end(),
             [&](const ReadEntry &entry) {
               const Walk &walk = entry.walk;
               return isIdentity(entry.parent) && walk.dropped.size() == 1 &&
                      walk.kept.size() + 1 == static_cast<size_t>(plan.k) &&
                      walk.terms.size() == 1 && walk.terms.front().sign > 0 &&
                      walk.dropped.front().extent == Poly::power(1);
             });
}

SweepNest::SweepNest(const SharedPlan &plan, const ReadStage &stage)
    : axes(axesOf(plan.k, Poly::power(1))),
      rowStrides(rowMajorStrides(plan.k)) {
  for (Axis &axis : axes)
    axis.parallel = false;
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
    sums.push_back(std::move(sum));
  }
}
