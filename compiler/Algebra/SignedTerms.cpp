//===- SignedTerms.cpp - What is spelled out for signs --------------------===//

#include "compiler/Algebra/SignedTerms.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <limits>
#include <set>

using namespace eqc;

/// The signed terms of one pattern; 1 where it has no signs.
static int64_t signedTerms(const RowPattern &pattern, Group group, int64_t n) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  int64_t terms = 1;
  auto times = [&](int64_t factor) {
    if (factor > 1)
      terms = terms > most / factor ? most : terms * factor;
  };
  if (pattern.hasSymbol()) {
    const int64_t size = sizeOf(group, n, pattern.spaceOfSymbol());
    times(pattern.numEntries(size));
    times(pattern.termsPerEntry(size));
  }
  for (int block : pattern.droppedBlocks())
    times(rulesOf(group.of(pattern.spaceOf(block))).formPeriod());
  return terms;
}

int64_t eqc::countSignedTerms(const std::vector<Diagram> &diagrams, Group group,
                              int64_t n) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  const bool anySymbol =
      std::any_of(diagrams.begin(), diagrams.end(),
                  [](const Diagram &diagram) { return diagram.hasSymbol(); });
  if (!anySymbol && rulesOf(group).formPeriod() == 1)
    return 0;
  std::set<RowPattern> tops, bottoms;
  for (const Diagram &diagram : diagrams) {
    Split split = splitDiagram(diagram);
    tops.insert(std::move(split.top));
    bottoms.insert(std::move(split.bottom));
  }
  int64_t total = 0;
  for (const std::set<RowPattern> *patterns : {&tops, &bottoms})
    for (const RowPattern &pattern : *patterns)
      if (const int64_t terms = signedTerms(pattern, group, n); terms > 1)
        total = total > most - terms ? most : total + terms;
  return total;
}
