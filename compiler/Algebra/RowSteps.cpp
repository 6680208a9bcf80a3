//===- RowSteps.cpp - Rows of graph maps, step by step --------------------===//

#include "compiler/Algebra/GraphMap.h"

#include <algorithm>
#include <set>

using namespace eqc;

RowPattern eqc::withoutLastStep(const RowPattern &pattern) {
  RowPattern before = pattern;
  const RowStep step = before.steps.back();
  before.steps.pop_back();
  before.kept.resize(before.kept.size() - static_cast<size_t>(step.added));
  for (int letter : step.summed)
    before.kept[letter] = true;
  return before;
}

RowPattern eqc::lastStepOf(const RowPattern &pattern) {
  const RowPattern before = withoutLastStep(pattern);
  const RowStep &step = pattern.steps.back();
  // Kept letters are the vertices; what is added, and what edges have alone,
  // follows as it did.
  std::vector<int> number(pattern.kept.size(), -1);
  RowPattern relative;
  for (int letter : before.keptBlocks()) {
    number[letter] = static_cast<int>(relative.kept.size());
    relative.block.push_back(number[letter]);
    relative.kept.push_back(pattern.kept[letter]);
  }
  for (int i = 0; i < step.added; ++i) {
    number[before.kept.size() + i] = static_cast<int>(relative.kept.size());
    relative.kept.push_back(pattern.kept[before.kept.size() + i]);
  }
  if (step.edges.empty())
    return relative;
  const int beyond = static_cast<int>(pattern.kept.size());
  auto renumbered = [&](int letter) {
    return letter < beyond
               ? number[letter]
               : static_cast<int>(relative.kept.size()) + letter - beyond;
  };
  RowStep own;
  own.added = step.added;
  for (int letter : step.summed)
    own.summed.push_back(renumbered(letter));
  for (auto [a, b] : step.edges)
    own.edges.emplace_back(renumbered(a), renumbered(b));
  std::sort(own.edges.begin(), own.edges.end());
  relative.steps.push_back(std::move(own));
  return relative;
}

std::string eqc::whyNoSteps(const RowPattern &pattern) {
  if (pattern.free >= 0 || pattern.head >= 0 || pattern.orbit.exists() ||
      !pattern.space.empty())
    return "steps are of rows of graph maps";
  int letters = 0;
  for (int block : pattern.block)
    letters = std::max(letters, block + 1);
  std::set<int> summed;
  for (const RowStep &step : pattern.steps) {
    const int before = letters;
    if (step.added < 0 || step.added > kMostLetters ||
        letters + step.added > 2 * kMostLetters)
      return "steps add too many letters";
    if (step.edges.empty() && (step.added > 0 || step.summed.size() != 1))
      return "a step without edges sums one letter";
    if (&step == &pattern.steps.front() && step.edges.empty())
      return "the first step has edges";
    letters += step.added;
    for (auto [a, b] : step.edges)
      for (int letter : {a, b})
        if (letter < 0 || letter >= letters + kMostLetters ||
            (letter < before && summed.count(letter)))
          return "edges join letters that are left";
    for (int letter : step.summed)
      if (letter < 0 || letter >= before || !summed.insert(letter).second)
        return "steps sum letters that are left";
  }
  if (static_cast<int>(pattern.kept.size()) != letters)
    return "steps add other letters than there are";
  for (int letter : summed)
    if (pattern.kept[letter])
      return "a letter that is summed is not kept";
  for (int letter = 0; letter < letters; ++letter)
    if (!pattern.kept[letter] && !summed.count(letter)) {
      // Dropped before all steps: no edge may have it.
      for (const RowStep &step : pattern.steps)
        for (auto [a, b] : step.edges)
          if (a == letter || b == letter)
            return "edges join letters that are left";
      bool isBlock = false;
      for (int block : pattern.block)
        isBlock |= block == letter;
      if (!isBlock)
        return "a letter that is added is kept or summed";
    }
  return "";
}
