//===- RouteNest.cpp - Where rows of pooled patterns go -------------------===//

#include "compiler/Lowering/Nests/RouteNest.h"

#include <algorithm>
#include <cassert>

using namespace eqc;

/// The most letters of one kind that a write of the stage has.
static int64_t mostLetters(const WriteStage &stage,
                           std::vector<Letter> Walk::*letters) {
  size_t most = 0;
  for (const WriteEntry &entry : stage.entries)
    if (entry.routes)
      most = std::max(most, (entry.walk.*letters).size());
  return static_cast<int64_t>(most);
}

RouteNest::RouteNest(const WriteStage &stage)
    : kept(mostLetters(stage, &Walk::kept)),
      dropped(mostLetters(stage, &Walk::dropped)),
      writes(kLetters + kNumKeptFields * kept + kNumDroppedFields * dropped) {
  for (const WriteEntry &entry : stage.entries) {
    if (!entry.routes)
      continue;
    const Walk &walk = entry.walk;
    assert(walk.terms.size() == 1 && walk.terms.front().sign == 1 &&
           "pairs of permutations are deltas");
    std::vector<Poly> row{walk.terms.front().rowOffset,
                          walk.terms.front().innerOffset};
    const Letter one{Poly(1), Poly(), Poly(), Poly(1)};
    std::vector<Letter> letters = walk.kept;
    letters.resize(static_cast<size_t>(kept), one);
    for (const Letter &letter : letters)
      row.insert(row.end(),
                 {letter.extent, letter.rowStride, letter.innerStride});
    letters = walk.dropped;
    letters.resize(static_cast<size_t>(dropped), one);
    for (const Letter &letter : letters)
      row.insert(row.end(), {letter.extent, letter.rowStride});
    writes.addRow(std::move(row));
  }
}
