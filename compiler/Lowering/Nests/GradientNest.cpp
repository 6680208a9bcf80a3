//===- GradientNest.cpp - What the gradient of weights sums ---------------===//

#include "compiler/Lowering/Nests/GradientNest.h"
#include "compiler/Plan/Walk.h"

using namespace eqc;

GradientNest::GradientNest(const GradientStage &stage, int64_t diagramRows)
    : x(stage.terms.front().x.array), gradY(stage.terms.front().gradY.array),
      axes(axesOf(stage.lengths)), strided(stage.kept),
      gradYStrides(rowMajorStrides(stage.lengths, stage.subsets)),
      terms(kStrides + stage.kept) {
  if (stage.subsets > 1)
    axes.push_back({Poly(stage.subsets)});
  for (Axis &axis : axes)
    axis.parallel = false;
  for (const GradientTerm &term : stage.terms) {
    std::vector<Poly> row{term.x.offset, term.gradY.offset,
                          Poly(term.number * diagramRows)};
    row.insert(row.end(), term.x.strides.begin(), term.x.strides.end());
    terms.addRow(std::move(row));
  }
}

Poly GradientNest::rowsFrom(int axis) const {
  Poly rows(1);
  for (size_t a = static_cast<size_t>(axis); a < axes.size(); ++a)
    rows = rows * axes[a].extent;
  return rows;
}
