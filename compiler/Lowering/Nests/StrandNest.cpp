//===- StrandNest.cpp - What a mix in Fourier space computes --------------===//

#include "compiler/Lowering/Nests/StrandNest.h"

#include <algorithm>

using namespace eqc;

bool StrandNest::takes(const StrandStage &stage, const WriteStage &write) {
  if (stage.order != 2 || stage.targets.size() != 1 ||
      stage.target != write.target)
    return false;
  const RowView &target = stage.targets.front().target;
  auto isDiagonal = [&](const WriteEntry &entry) {
    const Walk &walk = entry.walk;
    return walk.kept.size() == 1 && walk.dropped.empty() &&
           walk.terms.size() == 1 && walk.terms.front().sign == 1 &&
           walk.terms.front().rowOffset == target.offset &&
           walk.kept.front().rowStride == target.strides[0] + target.strides[1];
  };
  return std::all_of(write.entries.begin(), write.entries.end(), isDiagonal);
}

StrandViews::StrandViews(const std::vector<RowView> &views)
    : table(kStrides + static_cast<int64_t>(views.front().strides.size())),
      inputs(std::count_if(views.begin(), views.end(), [](const RowView &view) {
        return view.array == PlanArray::Input;
      })) {
  for (const RowView &view : views) {
    std::vector<Poly> row{view.offset};
    row.insert(row.end(), view.strides.begin(), view.strides.end());
    table.addRow(std::move(row));
  }
}

StrandNest::StrandNest(const StrandStage &stage, int64_t firstTerm,
                       const WriteStage *write)
    : transform(stage.order, stage.irreps),
      ends(MixStage{stage.order, std::vector<Poly>(stage.order, Poly::power(1)),
                    1, stage.target, stage.targets},
           0),
      sources(stage.sources), blocks(kNumBlockFields),
      diagonals(kNumDiagonalFields) {
  if (write)
    for (const WriteEntry &entry : write->entries)
      diagonals.addRow({entry.walk.terms.front().innerOffset,
                        entry.walk.kept.front().innerStride});
  int64_t term = firstTerm;
  for (size_t t = 0; t < stage.targets.size(); ++t)
    for (const StrandIrrep &irrep : transform.irreps)
      for (int column = 0; column < irrep.dimension; ++column) {
        blocks.addRow({Poly(static_cast<int64_t>(t)), Poly(irrep.dimension),
                       Poly(irrep.first), Poly(column), Poly(term)});
        term += sources.size() * irrep.dimension;
      }
}
