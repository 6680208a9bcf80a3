//===- LinesNest.cpp - What writing output patterns by lines does ---------===//

#include "compiler/Lowering/Nests/LinesNest.h"

#include <algorithm>

using namespace eqc;

static int64_t rowsOfLine(const LayerSpec &spec) {
  return numPositions(lengthsOfOutput(spec), 1);
}

/// The letter of a walk over the output that alone moves along its first axis,
/// once: rowStride = n^(l-1) + a remainder of other axes. -1 if there is none.
static int letterOfLines(const Walk &walk, const LayerSpec &spec) {
  if (walk.terms.size() != 1 || walk.terms.front().rowOffset.at(spec.n) != 0)
    return -1;
  int found = -1, number = 0;
  for (const std::vector<Letter> *letters : {&walk.kept, &walk.dropped})
    for (const Letter &letter : *letters) {
      if (letter.rowStride.at(spec.n) >= rowsOfLine(spec)) {
        if (found >= 0 ||
            letter.extent.at(spec.n) != lengthsOfOutput(spec).front())
          return -1;
        found = number;
      }
      ++number;
    }
  return found;
}

/// Takes that letter out of a walk.
static Letter takeLetterOfLines(Walk &walk, const LayerSpec &spec) {
  size_t at = static_cast<size_t>(letterOfLines(walk, spec));
  const bool isKept = at < walk.kept.size();
  std::vector<Letter> &letters = isKept ? walk.kept : walk.dropped;
  const auto place = letters.begin() + static_cast<std::ptrdiff_t>(
                                           isKept ? at : at - walk.kept.size());
  const Letter letter = *place;
  letters.erase(place);
  return letter;
}

static WalkNest withoutLines(const LayerSpec &spec, const WriteStage &stage) {
  std::vector<Walk> walks;
  for (const WriteEntry &entry : stage.entries) {
    walks.push_back(entry.walk);
    takeLetterOfLines(walks.back(), spec);
  }
  std::vector<const Walk *> pointers;
  for (const Walk &walk : walks)
    pointers.push_back(&walk);
  return WalkNest(pointers);
}

bool LinesNest::serves(const LayerSpec &spec, const WriteStage &stage) {
  return std::all_of(stage.entries.begin(), stage.entries.end(),
                     [&](const WriteEntry &entry) {
                       return letterOfLines(entry.walk, spec) >= 0;
                     });
}

LinesNest::LinesNest(const LayerSpec &spec, const WriteStage &stage)
    : walks(withoutLines(spec, stage)), steps(kNumStepFields) {
  for (const WriteEntry &entry : stage.entries) {
    Walk walk = entry.walk;
    const Letter letter = takeLetterOfLines(walk, spec);
    steps.addRow(
        {letter.rowStride + Poly(-rowsOfLine(spec)), letter.innerStride});
  }
}
