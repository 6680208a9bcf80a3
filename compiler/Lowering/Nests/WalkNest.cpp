//===- WalkNest.cpp - What writing output patterns computes ---------------===//

#include "compiler/Lowering/Nests/WalkNest.h"

#include <algorithm>

using namespace eqc;

static int64_t mostLetters(const std::vector<const Walk *> &walks) {
  size_t most = 0;
  for (const Walk *walk : walks)
    most = std::max(most, walk->kept.size() + walk->dropped.size());
  return static_cast<int64_t>(most);
}

WalkNest::WalkNest(const std::vector<const Walk *> &list)
    : letters(mostLetters(list)), walks(kLetters + kNumLetterFields * letters),
      terms(kNumTermFields) {
  for (const Walk *walk : list) {
    const int64_t firstTerm = terms.size();
    for (const WalkTerm &term : walk->terms) {
      terms.addRow({term.rowOffset, term.innerOffset, Poly(term.sign)});
      hasSigns |= term.sign < 0;
    }
    std::vector<Poly> row{Poly(firstTerm), Poly(terms.size())};
    std::vector<Letter> all = walk->kept;
    all.insert(all.end(), walk->dropped.begin(), walk->dropped.end());
    all.resize(static_cast<size_t>(letters),
               Letter{Poly(1), Poly(), Poly(), Poly(1)});
    for (const Letter &letter : all)
      row.insert(row.end(),
                 {letter.extent, letter.rowStride, letter.innerStride});
    walks.addRow(std::move(row));
  }
}
