//===- SegmentNest.cpp - Rows as sums of lists of rows --------------------===//

#include "compiler/Lowering/Nests/SegmentNest.h"

#include <algorithm>
#include <tuple>

using namespace eqc;

SegmentNest::SegmentNest(const ReadEntry &entry, int64_t n)
    : adds(false), groups(kNumGroupFields), sources(1) {
  const Walk &walk = entry.walk;
  const int64_t base = entry.target.at(n);
  for (const Letter &letter : walk.kept)
    letters.push_back({letter.extent.at(n), letter.innerStride.at(n),
                       letter.rowStride.at(n)});
  std::vector<Term> terms;
  for (const WalkTerm &term : walk.terms)
    terms.push_back(
        {base + term.innerOffset.at(n), term.rowOffset.at(n), term.sign});
  // Rows without a term are zeros.
  std::vector<int64_t> targets;
  forLetters(walk.grouped, 0, n, 0, base,
             [&](int64_t, int64_t inner) { targets.push_back(inner); });
  build(std::move(terms), targets);
}

SegmentNest::SegmentNest(const WriteEntry &entry, int64_t n)
    : adds(true), groups(kNumGroupFields), sources(1) {
  const Walk &walk = entry.walk;
  for (const Letter &letter : walk.kept)
    letters.push_back({letter.extent.at(n), letter.rowStride.at(n),
                       letter.innerStride.at(n)});
  std::vector<Term> terms;
  for (const WalkTerm &term : walk.terms)
    terms.push_back({term.rowOffset.at(n), term.innerOffset.at(n), term.sign});
  build(std::move(terms), {});
}

void SegmentNest::build(std::vector<Term> terms,
                        const std::vector<int64_t> &targets) {
  std::sort(terms.begin(), terms.end(), [](const Term &a, const Term &b) {
    return std::tie(a.target, a.source) < std::tie(b.target, b.source);
  });
  std::vector<int64_t> rows = targets;
  for (const Term &term : terms)
    rows.push_back(term.target);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  bool plain = true;
  auto next = terms.begin();
  for (int64_t row : rows) {
    const int64_t first = sources.size();
    for (; next != terms.end() && next->target == row; ++next) {
      sources.addRow({Poly(next->source)});
      factors.push_back(next->factor);
      plain &= next->factor == 1;
    }
    most = std::max(most, sources.size() - first);
    groups.addRow({Poly(row), Poly(first), Poly(sources.size())});
  }
  if (plain)
    factors.clear();
}
