//===- StrandNest.cpp - What a mix in Fourier space computes --------------===//

#include "compiler/Lowering/Nests/StrandNest.h"

#include <algorithm>

using namespace eqc;

StrandNest::StrandNest(const StrandStage &stage, int64_t firstTerm)
    : transform(stage.order, stage.irreps),
      ends(MixStage{stage.order, std::vector<Poly>(stage.order, Poly::power(1)),
                    1, stage.target, stage.targets},
           0),
      sources(kStrides + stage.order),
      inputSources(std::count_if(stage.sources.begin(), stage.sources.end(),
                                 [](const RowView &source) {
                                   return source.array == PlanArray::Input;
                                 })),
      blocks(kNumBlockFields) {
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
