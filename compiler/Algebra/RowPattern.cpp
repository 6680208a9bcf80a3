//===- RowPattern.cpp - How a diagram treats one row ------------*- C++ -*-===//
//
// The split of diagrams into row patterns, and the notation of patterns.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/RowPattern.h"
#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/NotationLexer.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>

using namespace eqc;

int RowPattern::numKept() const {
  return static_cast<int>(std::count(kept.begin(), kept.end(), true));
}

int RowPattern::numFree() const {
  return free < 0
             ? 0
             : static_cast<int>(std::count(block.begin(), block.end(), free));
}

std::vector<std::vector<int>> RowPattern::blocks() const {
  std::vector<std::vector<int>> result(kept.size());
  for (size_t v = 0; v < block.size(); ++v)
    result[block[v]].push_back(static_cast<int>(v));
  return result;
}

std::vector<int> RowPattern::keptBlocks() const {
  std::vector<int> result;
  for (int b = 0; b < numBlocks(); ++b)
    if (kept[b])
      result.push_back(b);
  return result;
}

std::vector<int> RowPattern::droppedBlocks() const {
  std::vector<int> result;
  for (int b = 0; b < numBlocks(); ++b)
    if (!kept[b] && b != free && !isLeg(b))
      result.push_back(b);
  return result;
}

std::vector<int> RowPattern::ownLegs() const {
  std::vector<int> result;
  for (int b = 0; b < numBlocks(); ++b)
    if (isLeg(b) &&
        std::find(through.begin(), through.end(), b) == through.end())
      result.push_back(b);
  return result;
}

/// n (n-1) .. (n-r+1), or 2^63 - 1 where that is less.
static int64_t fallingFactorial(int64_t n, int64_t r) {
  int64_t product = r > n ? 0 : 1;
  for (int64_t i = 0; i < r && product > 0; ++i)
    if (__builtin_mul_overflow(product, n - i, &product))
      return std::numeric_limits<int64_t>::max();
  return product;
}

int64_t eqc::numSubsets(int64_t n, int64_t r) {
  if (r < 0 || r > n)
    return 0;
  int64_t count = 1;
  for (int64_t i = 1; i <= r; ++i) {
    if (__builtin_mul_overflow(count, n - r + i, &count))
      return std::numeric_limits<int64_t>::max();
    count /= i;
  }
  return count;
}

int64_t RowPattern::numEntries(int64_t n) const {
  if (orbit.exists() || head < 0) {
    int64_t count = free < 0 ? 1 : numSubsets(n, numFree());
    return __builtin_mul_overflow(count, orbit.entries, &count)
               ? std::numeric_limits<int64_t>::max()
               : count;
  }
  const auto joined = static_cast<int64_t>(through.size());
  const int64_t alone =
      otherLegs < 0 ? static_cast<int64_t>(ownLegs().size()) : otherLegs;
  int64_t count = fallingFactorial(n, joined);
  if (__builtin_mul_overflow(count, numSubsets(n - joined, alone), &count))
    return std::numeric_limits<int64_t>::max();
  return count;
}

int64_t RowPattern::termsPerEntry(int64_t n) const {
  if (orbit.exists() || head < 0) {
    int64_t terms = fallingFactorial(numFree(), numFree());
    return __builtin_mul_overflow(terms, orbit.terms, &terms)
               ? std::numeric_limits<int64_t>::max()
               : terms;
  }
  const auto own = static_cast<int64_t>(ownLegs().size());
  // Inputs take the values of a set; outputs those that all others leave.
  return otherLegs < 0
             ? fallingFactorial(own, own)
             : fallingFactorial(
                   n - static_cast<int64_t>(through.size()) - otherLegs, own);
}

int RowPattern::spaceOf(int number) const {
  for (size_t v = 0; !space.empty() && v < block.size(); ++v)
    if (block[v] == number)
      return space[v];
  return 0;
}

std::vector<int> eqc::axesOf(Group group, const RowPattern &pattern) {
  std::vector<int> axes = pattern.space;
  for (size_t v = 0; v < pattern.part.size(); ++v)
    axes[v] = axisOf(group, axes[v], pattern.part[v]);
  return axes;
}

std::vector<int> RowPattern::spacesOfKept() const {
  std::vector<int> result;
  for (int b : keptBlocks())
    result.push_back(spaceOf(b));
  return result;
}

bool RowPattern::operator<(const RowPattern &o) const {
  return std::tie(block, kept, free, space, part, head, through, otherLegs,
                  orbit, steps) < std::tie(o.block, o.kept, o.free, o.space,
                                           o.part, o.head, o.through,
                                           o.otherLegs, o.orbit, o.steps);
}

//===----------------------------------------------------------------------===//
// Split and join
//===----------------------------------------------------------------------===//

/// The row of vertices [begin, end) of a diagram, and the diagram's block of
/// each of the row's blocks.
static RowPattern rowOf(const Diagram &diagram, int begin, int end,
                        const std::vector<bool> &through,
                        std::vector<int> &blockOf) {
  RowPattern row;
  row.block.reserve(end - begin);
  std::vector<int> numberOf(through.size(), -1);
  for (int v = begin; v < end; ++v) {
    int b = diagram.block[v];
    if (numberOf[b] < 0) {
      numberOf[b] = static_cast<int>(blockOf.size());
      blockOf.push_back(b);
      row.kept.push_back(through[b] && b != diagram.free &&
                         !diagram.isLegOf(v));
      if (b == diagram.free)
        row.free = numberOf[b];
    }
    row.block.push_back(numberOf[b]);
    if (!diagram.space.empty())
      row.space.push_back(diagram.space[v]);
    row.part.push_back(diagram.partOf(v));
  }
  row.part = somePart(std::move(row.part));
  return row;
}

/// Makes `row` that of an orbit whose values [begin, end) are of it; the
/// entries are `entries` tuples of it or of the other row.
static void addOrbit(const Diagram &diagram, size_t begin, size_t end,
                     bool isOwn, int64_t entries, RowPattern &row) {
  const std::vector<int> &values = diagram.orbit.values;
  if (begin == end)
    return;
  const auto first = values.begin() + static_cast<ptrdiff_t>(begin),
             last = values.begin() + static_cast<ptrdiff_t>(end);
  row.head = diagram.head;
  row.orbit.values.assign(first, last);
  row.orbit.isOwn = isOwn;
  row.orbit.entries = entries;
  if (isOwn)
    return;
  row.orbit.others.assign(values.begin(), first);
  row.orbit.others.insert(row.orbit.others.end(), last, values.end());
  row.orbit.terms = diagram.orbit.size / entries;
}

/// The row with fewer tuples has entries of its own; a row without values is
/// all that it can be.
static void addOrbit(const Diagram &diagram, Split &split) {
  const TupleOrbit &orbit = diagram.orbit;
  const size_t size = orbit.values.size();
  size_t outputs = 0;
  for (int v = 0; v < diagram.l; ++v)
    outputs += diagram.isLegOf(v);
  const bool byRows =
      outputs == 0 || (outputs < size && orbit.rows <= orbit.columns);
  const int64_t entries = byRows ? orbit.rows : orbit.columns;
  addOrbit(diagram, 0, outputs, byRows, entries, split.top);
  addOrbit(diagram, outputs, size, !byRows, entries, split.bottom);
}

Split eqc::splitDiagram(const Diagram &diagram) {
  if (diagram.map.exists())
    return splitGraphMap(diagram);
  int size = diagram.l + diagram.k, numBlocks = diagram.numBlocks();
  std::vector<bool> inTop(numBlocks, false), through(numBlocks, false);
  for (int v = 0; v < diagram.l; ++v)
    inTop[diagram.block[v]] = true;
  for (int v = diagram.l; v < size; ++v)
    if (inTop[diagram.block[v]])
      through[diagram.block[v]] = true;

  Split result;
  std::vector<int> topBlocks, bottomBlocks;
  result.top = rowOf(diagram, 0, diagram.l, through, topBlocks);
  result.bottom = rowOf(diagram, diagram.l, size, through, bottomBlocks);

  if (diagram.orbit.exists()) {
    addOrbit(diagram, result);
  } else if (diagram.head >= 0) {
    // Inputs without legs are read as they are; outputs without legs may still
    // be sums over all entries.
    result.top.head = diagram.head;
    for (int v = diagram.l; v < size; ++v)
      if (diagram.isLegOf(v))
        result.bottom.head = diagram.head;
    std::vector<int> inTopRow(numBlocks, -1);
    for (size_t b = 0; b < topBlocks.size(); ++b)
      inTopRow[topBlocks[b]] = static_cast<int>(b);
    for (size_t b = 0; b < bottomBlocks.size(); ++b)
      if (result.bottom.isLeg(static_cast<int>(b)) &&
          through[bottomBlocks[b]]) {
        result.bottom.through.push_back(static_cast<int>(b));
        result.top.through.push_back(inTopRow[bottomBlocks[b]]);
      }
    result.top.otherLegs = static_cast<int>(result.bottom.ownLegs().size());
  }

  // Which kept block of the bottom row, counting kept blocks alone, each of the
  // diagram's through blocks is.
  std::vector<int> position(numBlocks, -1);
  int numKept = 0;
  for (int b : result.bottom.keptBlocks())
    position[bottomBlocks[b]] = numKept++;
  for (int b : result.top.keptBlocks())
    result.sigma.push_back(position[topBlocks[b]]);
  return result;
}

Diagram eqc::joinPatterns(const RowPattern &top, const std::vector<int> &sigma,
                          const RowPattern &bottom) {
  std::vector<int> topKept = top.keptBlocks(), bottomKept = bottom.keptBlocks();
  assert(topKept.size() == sigma.size() && bottomKept.size() == sigma.size() &&
         "kept blocks do not match");
  // Labels: the top row's block numbers, then the bottom row's after them.
  int offset = top.numBlocks();
  std::vector<int> labelOf(bottom.numBlocks());
  for (int b = 0; b < bottom.numBlocks(); ++b)
    labelOf[b] = offset + b;
  for (size_t a = 0; a < sigma.size(); ++a)
    labelOf[bottomKept[sigma[a]]] = topKept[a];
  for (size_t a = 0; a < top.through.size(); ++a)
    labelOf[bottom.through[a]] = top.through[a];
  int freeLabel = top.free;
  if (bottom.free >= 0) {
    if (freeLabel >= 0)
      labelOf[bottom.free] = freeLabel;
    else
      freeLabel = labelOf[bottom.free];
  }
  std::vector<int> labels = top.block;
  for (int b : bottom.block)
    labels.push_back(labelOf[b]);
  std::vector<int> space = top.space;
  space.insert(space.end(), bottom.space.begin(), bottom.space.end());
  Diagram diagram = makeDiagram(top.size(), bottom.size(), labels, freeLabel,
                                std::move(space));
  diagram.head = std::max(top.head, bottom.head);
  if (top.orbit.exists() || bottom.orbit.exists()) {
    const RowOrbit &joined =
        top.orbit.exists() && !top.orbit.isOwn ? top.orbit : bottom.orbit;
    std::vector<int> &values = diagram.orbit.values = joined.values;
    values.insert(&joined == &top.orbit ? values.end() : values.begin(),
                  joined.others.begin(), joined.others.end());
  }
  std::vector<int> part;
  for (const RowPattern *row : {&top, &bottom})
    for (int v = 0; v < row->size(); ++v)
      part.push_back(row->partOfVertex(v));
  diagram.part = somePart(std::move(part));
  return diagram;
}

//===----------------------------------------------------------------------===//
// Notation
//===----------------------------------------------------------------------===//

/// More legs than any diagram has.
static constexpr long long kMostLegs = 1 << 20;

std::string eqc::toString(const RowPattern &pattern) {
  if (!pattern.steps.empty())
    return textOfSteps(pattern);
  if (pattern.block.empty() && pattern.head < 0)
    return "-";
  std::string text;
  std::vector<std::vector<int>> blocks = pattern.blocks();
  auto runsThrough = [&](int block) {
    return std::find(pattern.through.begin(), pattern.through.end(), block) !=
           pattern.through.end();
  };
  if (pattern.head >= 0 && !pattern.orbit.exists()) {
    text = "*";
    if (pattern.head > 0)
      text += " @" + std::to_string(pattern.head);
    if (pattern.otherLegs >= 0) {
      text += " +" + std::to_string(pattern.otherLegs);
      for (int block : pattern.through)
        text += " " + std::to_string(block + 1);
    }
    text += blocks.empty() ? "" : " | ";
  }
  auto vertexText = [&](int vertex) {
    std::string name = std::to_string(vertex + 1LL);
    if (!pattern.space.empty())
      name += ":" + std::to_string(pattern.space[vertex]);
    if (pattern.partOfVertex(vertex) >= 0)
      name += "/" + std::to_string(pattern.part[vertex]);
    return name;
  };
  text += textOfBlocks(
      blocks, pattern.orbit.values,
      [&](int block) { return pattern.isLeg(block); }, vertexText,
      [&](int block) {
        if (block == pattern.free)
          return "* ";
        return pattern.kept[block] || runsThrough(block) ? "" : "~";
      });
  return pattern.orbit.exists() ? text + tailOfOrbit(pattern.orbit) : text;
}

std::variant<RowPattern, DiagramError>
eqc::parseRowPattern(std::string_view text, int size) {
  // With the spaces of vertices as any other row.
  if (text.find('=') != std::string_view::npos &&
      text.find(':') == std::string_view::npos)
    return parseRowOfOrbit(text, size);
  if (text.find(';') != std::string_view::npos)
    return parseRowWithSteps(text, size);
  struct Written {
    bool kept = true;
    bool free = false;
    bool empty = true;
    bool hasValues = false;
  };
  std::vector<Written> written(1);
  std::unordered_map<int, int> writtenOf; // vertex to the block as written
  std::unordered_map<int, int> spaceOf, partOf;
  std::map<int, int> valueOf;
  RowPattern result;
  bool hasHead = false, inHead = false; // a '*' without vertices
  NotationLexer lexer(text);
  NotationToken token;
  bool any = false, opened = true, hasTail = false;
  while (lexer.next(token)) {
    if (!any && token.text == "-" && size == 0) {
      if (!lexer.next(token))
        return RowPattern();
      return token.error("nothing may follow '-', the empty row");
    }
    any = true;
    if (!valueOf.empty() && (token.text == ">" || token.text == "#")) {
      if (auto wrong = parseTail(lexer, &token, result.orbit))
        return *wrong;
      hasTail = true;
      break;
    }
    if (token.text == "|") {
      if (written.back().empty && !written.back().free)
        return token.error("empty block");
      hasHead |= written.back().empty;
      written.emplace_back();
      opened = true;
      inHead = false;
      continue;
    }
    if (written.back().free && written.back().empty &&
        (token.text[0] == '@' || token.text[0] == '+' || inHead)) {
      const bool isCount = token.text[0] == '+', isSpace = token.text[0] == '@';
      const std::string_view digits =
          token.text.substr(isCount || isSpace ? 1 : 0);
      const long long number = digits == "0" ? 0 : parseIndex(digits);
      if (number > kMostLegs || (number == 0 && (digits != "0" || inHead)) ||
          (inHead && (isCount || isSpace)) ||
          (isSpace && number >= kMostSpaces))
        return token.error("expected what a head says of legs, not " +
                           token.quoted());
      if (inHead)
        result.through.push_back(static_cast<int>(number) - 1);
      else
        (isCount ? result.otherLegs : result.head) = static_cast<int>(number);
      inHead |= isCount;
      continue;
    }
    if (token.text == "*" || token.text == "~") {
      if (!opened)
        return token.error(token.quoted() +
                           " stands before the vertices of its block");
      bool free = token.text == "*";
      if (free && std::any_of(written.begin(), written.end(),
                              [](const Written &b) { return b.free; }))
        return token.error("a second '*' block");
      written.back().kept = false;
      written.back().free = free;
      opened = false;
      continue;
    }
    const NotationToken vertex = token;
    const int value = takeValue(token);
    if (value == kBadSpace)
      return vertex.error("expected the number of a point behind '=' in " +
                          vertex.quoted());
    Written &block = written.back();
    const bool hasValue = value != kNoSpace;
    if (hasValue ? !block.hasValues && (!block.empty || !valueOf.empty() ||
                                        block.free || !block.kept)
                 : block.hasValues)
      return vertex.error("vertices with values stand in a block of their own");
    block.hasValues = hasValue;
    const int part = takePart(token);
    const int space = takeSpace(token, /*maybeSum=*/true);
    if (space == kBadSpace || part == kBadSpace)
      return vertex.error("expected the number of a space behind ':' in " +
                          vertex.quoted());
    long long index = parseIndex(token.text);
    if (index == 0)
      return token.error("expected a vertex number, not " + token.quoted());
    if (index > size)
      return token.error("unknown vertex " + token.quoted() + ": the row has " +
                         std::to_string(size));
    if (!writtenOf.try_emplace(index - 1, written.size() - 1).second)
      return token.error("vertex " + token.quoted() + " appears twice");
    if (space != kNoSpace)
      spaceOf[static_cast<int>(index - 1)] = space;
    if (part != kNoSpace)
      partOf[static_cast<int>(index - 1)] = part;
    if (hasValue)
      valueOf[static_cast<int>(index - 1)] = value;
    if (!spaceOf.empty() && spaceOf.size() != writtenOf.size())
      return vertex.error("all vertices name their spaces, or none of them");
    written.back().empty = opened = false;
  }
  if (!any)
    return DiagramError{0, text.size(),
                        "empty pattern; an empty row is written '-'"};
  if (written.back().empty && !written.back().free)
    return token.error("empty block");
  hasHead |= written.back().empty;
  if (writtenOf.size() < static_cast<size_t>(size)) {
    int missing = 0;
    while (writtenOf.count(missing))
      ++missing;
    return DiagramError{0, text.size(),
                        "vertex '" + std::to_string(missing + 1LL) +
                            "' is missing"};
  }

  std::vector<int> numberOf(written.size(), -1);
  for (int v = 0; v < size; ++v) {
    int from = writtenOf[v];
    const bool isAlone = valueOf.count(v) != 0;
    if (numberOf[from] < 0 || isAlone) {
      numberOf[from] = result.numBlocks();
      result.kept.push_back(written[from].kept && !isAlone);
      if (written[from].free)
        result.free = numberOf[from];
    }
    result.block.push_back(numberOf[from]);
    if (!spaceOf.empty())
      result.space.push_back(spaceOf.at(v));
    if (!partOf.empty())
      result.part.push_back(partOf.count(v) ? partOf.at(v) : -1);
  }
  if (!valueOf.empty() && !hasTail)
    return *parseTail(lexer, nullptr, result.orbit);
  if (!valueOf.empty()) {
    result.head = result.spaceOfVertex(valueOf.begin()->first);
    for (const auto &[vertex, value] : valueOf)
      result.orbit.values.push_back(value);
    for (int v = 0; v < size; ++v)
      if (result.isLeg(result.block[v]) != (valueOf.count(v) != 0) || hasHead)
        return DiagramError{0, text.size(),
                            "all vertices of one space have values, and there "
                            "is no head"};
    return result;
  }
  if (!hasHead)
    return result;
  result.head = std::max(result.head, 0);
  std::vector<int> joined;
  for (int b = 0; b < result.numBlocks(); ++b)
    if (result.isLeg(b) && result.kept[b]) {
      joined.push_back(b);
      result.kept[b] = false;
    }
  if (result.otherLegs < 0)
    result.through = joined;
  if (!std::is_permutation(joined.begin(), joined.end(), result.through.begin(),
                           result.through.end()))
    return DiagramError{0, text.size(),
                        "the head must name the legs that run through"};
  return result;
}

RowPattern eqc::keepWhole(const RowPattern &pattern, int block) {
  RowPattern finer = pattern;
  finer.kept[block] = true;
  return finer;
}

RowPattern eqc::withoutHead(const RowPattern &pattern) {
  RowPattern finer = pattern;
  for (int b = 0; b < pattern.numBlocks(); ++b)
    if (pattern.isLeg(b))
      finer.kept[b] = true;
  finer.head = finer.otherLegs = -1;
  finer.orbit = {};
  finer.through.clear();
  return finer;
}

RowPattern eqc::splitIntoKept(const RowPattern &pattern, int split) {
  assert(split < pattern.numBlocks());
  std::vector<int> labels = pattern.block;
  std::vector<bool> keptByLabel = pattern.kept;
  for (int &label : labels)
    if (label == split) {
      label = static_cast<int>(keptByLabel.size());
      keptByLabel.push_back(true);
    }
  // Back to a restricted growth string.
  RowPattern result;
  result.space = pattern.space;
  result.part = pattern.part;
  std::vector<int> renumbered(keptByLabel.size(), -1);
  for (int label : labels) {
    if (renumbered[label] < 0) {
      renumbered[label] = static_cast<int>(result.kept.size());
      if (label == pattern.free && label != split)
        result.free = renumbered[label];
      result.kept.push_back(keptByLabel[label]);
    }
    result.block.push_back(renumbered[label]);
  }
  return result;
}
