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

StrandNest::StrandNest(const StrandStage &stage, int64_t firstTerm,
                       const WriteStage *write)
    : transform(stage.order, stage.irreps),
      ends(MixStage{stage.order, std::vector<Poly>(stage.order, Poly::power(1)),
                    1, stage.target, stage.targets},
           0),
      sources(kStrides + stage.order),
      inputSources(std::count_if(stage.sources.begin(), stage.sources.end(),
                                 [](const RowView &source) {
                                   return source.array == PlanArray::Input;
                                 })),
      blocks(kNumBlockFields), diagonals(kNumDiagonalFields) {
  if (write)
    for (const WriteEntry &entry : write->entries)
      diagonals.addRow({entry.walk.terms.front().innerOffset,
                        entry.walk.kept.front().innerStride});
  for (const RowView &source : stage.sources) {
    std::vector<Poly> row{source.offset};
    row.insert(row.end(), source.strides.begin(), source.strides.end());
    sources.addRow(std::move(row));
  }
  int64_t term = firstTerm;
  for (size_t t = 0; t < stage.targets.size(); ++t)
    for (const StrandIrrep &irrep : transform.irreps)
      for (int column = 0; column < irrep.dimension; ++column) {
        blocks.addRow({Poly(static_cast<int64_t>(t)), Poly(irrep.dimension),
                       Poly(irrep.first), Poly(column), Poly(term)});
        term += sources.size() * irrep.dimension;
      }
}
