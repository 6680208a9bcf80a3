//===- ReadNest.cpp - What reading input patterns computes ----------------===//

#include "compiler/Lowering/Nests/ReadNest.h"

#include <cassert>

using namespace eqc;

ReadNest::ReadNest(const SharedPlan &plan, const ReadStage &stage)
    : source(stage.source), entries(kStrides + stage.kept),
      terms(kNumTermFields) {
  // All entries of a stage have terms of the same shape.
  const ReadEntry &first = stage.entries.front();
  const Walk &shape = first.walk;
  termsPerGroup = shape.termsPerGroup;
  groups = static_cast<int64_t>(shape.terms.size()) / termsPerGroup;
  for (const WalkTerm &term : shape.terms)
    signs.push_back(term.sign);
  for (const Letter &letter : shape.kept) {
    kept.push_back({letter.extent});
    targetStrides.push_back(letter.innerStride);
  }
  drops = !shape.dropped.empty();
  mostDropped = Poly(1);
  values = Poly(1);
  if (drops) {
    mostDropped = shape.dropped.front().extent;
    values = shape.dropped.front().values;
  }
  mean = plan.mean && first.divisions > 0;
  pool = plan.poolOf(stage);
  for (const ReadEntry &entry : stage.entries) {
    const Walk &walk = entry.walk;
    for (size_t i = 0; i < signs.size(); ++i)
      sameSigns &= walk.terms[i].sign == signs[i];
    assert(walk.dropped.size() <= 1 && "reads drop one letter at a time");
    std::vector<Poly> row{entry.target, Poly(1), Poly(), Poly(terms.size())};
    for (size_t a = 0; a < kept.size(); ++a)
      assert(walk.kept[a].extent == kept[a].extent && "one index space");
    if (!walk.dropped.empty()) {
      assert(walk.dropped[0].values == values && "one mean");
      row[kDroppedExtent] = walk.dropped[0].extent;
      row[kDroppedStride] = walk.dropped[0].rowStride;
    }
    for (const Letter &letter : walk.kept)
      row.push_back(letter.rowStride);
    entries.addRow(std::move(row));
    for (const WalkTerm &term : walk.terms)
      terms.addRow({term.rowOffset, Poly(term.sign)});
  }
}

static bool haveOneShape(const ReadEntry &a, const ReadEntry &b) {
  auto extentsOf = [](const std::vector<Letter> &letters) {
    std::vector<Poly> extents;
    for (const Letter &letter : letters)
      extents.push_back(letter.extent);
    return extents;
  };
  return extentsOf(a.walk.kept) == extentsOf(b.walk.kept) &&
         extentsOf(a.walk.dropped) == extentsOf(b.walk.dropped);
}

std::vector<ReadStage> eqc::partsOfOneShape(const ReadStage &stage) {
  std::vector<ReadStage> parts;
  for (const ReadEntry &entry : stage.entries) {
    if (parts.empty() || !haveOneShape(parts.back().entries.front(), entry)) {
      parts.push_back(stage);
      parts.back().entries.clear();
    }
    parts.back().entries.push_back(entry);
  }
  return parts;
}

bool ReadNest::inLine() const {
  if (!sameSigns)
    return false;
  if (groups == 1 && drops)
    return signs.size() <= kMostInLine;
  return signs.size() <= 2 && (groups == 1 || signs.front() == signs.back());
}
