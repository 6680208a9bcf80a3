//===- GradientNest.cpp - What the gradient of weights sums ---------------===//

#include "compiler/Lowering/Nests/GradientNest.h"
#include "compiler/Plan/Walk.h"

using namespace eqc;

GradientNest::GradientNest(const GradientStage &stage, int64_t diagramRows)
    : x(stage.terms.front().x.array), gradY(stage.terms.front().gradY.array),
      axes(axesOf(stage.lengths)), strided(stage.kept),
      gradYStrides(stage.terms.front().gradY.strides),
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

static std::vector<RowView> targetsOf(const StrandStage &strands) {
  std::vector<RowView> views;
  for (const MixTarget &target : strands.targets)
    views.push_back(target.target);
  return views;
}

StrandSumsNest::StrandSumsNest(const GradientStage &stage, int64_t diagramRows)
    : transform(stage.strands->order, stage.strands->irreps),
      x(stage.strands->sources), gradY(targetsOf(*stage.strands)),
      items(kNumItemFields) {
  int64_t number = stage.firstSum;
  for (int64_t target = 0; target < gradY.size(); ++target)
    for (const StrandIrrep &irrep : transform.irreps)
      for (int column = 0; column < irrep.dimension; ++column)
        for (int64_t source = 0; source < x.size(); ++source)
          for (int row = 0; row < irrep.dimension; ++row, ++number)
            items.addRow({Poly(source), Poly(target), Poly(irrep.first + row),
                          Poly(irrep.first + column), Poly(irrep.dimension),
                          Poly(number * diagramRows)});
}
