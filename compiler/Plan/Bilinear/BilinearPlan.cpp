//===- BilinearPlan.cpp - Products of two tensors in stages ---------------===//

#include "compiler/Plan/Bilinear/BilinearPlan.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Plan/Shared/ReadPlan.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

using namespace eqc;

/// The first vertex of a row and the one behind its last.
static std::pair<int, int> verticesOf(const LayerSpec &spec, BilinearRow row) {
  const int k1 = spec.k1();
  switch (row) {
  case BilinearRow::Y:
    return {0, spec.l};
  case BilinearRow::X:
    return {spec.l, spec.l + k1};
  case BilinearRow::Z:
    return {spec.l + k1, spec.l + spec.k};
  }
  return {};
}

int eqc::orderOf(const LayerSpec &spec, BilinearRow row) {
  const auto [first, end] = verticesOf(spec, row);
  return end - first;
}

/// What a layer says of the axes of a row, of all that it says of them.
template <typename T>
static std::vector<T> ofRow(const std::vector<T> &all, const LayerSpec &spec,
                            BilinearRow row) {
  if (all.empty())
    return {};
  const auto [first, end] = verticesOf(spec, row);
  return {all.begin() + first, all.begin() + end};
}

std::vector<int> eqc::axesOf(const LayerSpec &spec, BilinearRow row) {
  return ofRow(spec.axes(), spec, row);
}

std::vector<bool> eqc::dualsOf(const LayerSpec &spec, BilinearRow row) {
  return ofRow(spec.duals(), spec, row);
}

/// Whether the form is the usual one, so that a pair is a delta.
static bool isDelta(const GroupRules &rules) {
  for (int64_t a = 0; a < rules.formPeriod(); ++a)
    if (rules.partner(a) != a || rules.form(a, a) != 1)
      return false;
  return true;
}

namespace {

/// A diagram as one row sees it: the letters of the blocks that it keeps, by
/// smallest vertex. Free vertices, and those with values of an orbit, are
/// letters of their own.
struct RowOfDiagram {
  RowPattern pattern;
  std::vector<int> letters;
};

/// Letters of a diagram: its blocks, then its vertices, of which those count
/// that are of a symbol: free ones and those of an orbit.
class DiagramRows {
public:
  DiagramRows(const LayerSpec &spec, const Diagram &diagram)
      : spec(spec), diagram(diagram), numBlocks(diagram.numBlocks()),
        touched(numBlocks) {
    for (BilinearRow row : {BilinearRow::Y, BilinearRow::X, BilinearRow::Z}) {
      const auto [first, end] = verticesOf(spec, row);
      for (int v = first; v < end; ++v)
        touched[diagram.block[v]].insert(row);
    }
  }

  RowOfDiagram of(BilinearRow row) const {
    RowOfDiagram result;
    RowPattern &pattern = result.pattern;
    const auto [first, end] = verticesOf(spec, row);
    std::map<int, int> number; // of a letter, the block in the row
    for (int v = first; v < end; ++v) {
      const int letter = letterOf(v);
      auto [place, isNew] = number.try_emplace(letter, number.size());
      pattern.block.push_back(place->second);
      if (!diagram.space.empty())
        pattern.space.push_back(diagram.space[v]);
      pattern.part.push_back(diagram.partOf(v));
      if (!isNew)
        continue;
      const bool kept = letter >= numBlocks || touched[letter].size() > 1;
      pattern.kept.push_back(kept);
      if (kept)
        result.letters.push_back(letter);
    }
    pattern.part = somePart(std::move(pattern.part));
    return result;
  }

  bool isOfSymbol(int vertex) const {
    return diagram.block[vertex] == diagram.free || diagram.isLegOf(vertex);
  }
  int letterOf(int vertex) const {
    return isOfSymbol(vertex) ? numBlocks + vertex : diagram.block[vertex];
  }
  int spaceOfLetter(int letter) const {
    if (letter >= numBlocks)
      return diagram.spaceOf(letter - numBlocks);
    for (size_t v = 0; v < diagram.block.size(); ++v)
      if (diagram.block[v] == letter)
        return diagram.spaceOf(static_cast<int>(v));
    return 0;
  }
  Poly lengthOfLetter(int letter) const {
    return lengthOf(spec.group, spaceOfLetter(letter));
  }
  /// Whether the letter is a pair of x and z that the group's form joins.
  bool isFormOfInputs(int letter) const {
    return letter < numBlocks &&
           touched[letter] ==
               std::set<BilinearRow>{BilinearRow::X, BilinearRow::Z} &&
           !isDelta(rulesOf(spec.group.of(spaceOfLetter(letter))));
  }
  bool isInputsOnly(int block) const {
    for (size_t v = 0; v < diagram.block.size(); ++v)
      if (diagram.block[v] == block)
        return !isOfSymbol(static_cast<int>(v)) &&
               !touched[block].count(BilinearRow::Y);
    return false;
  }

  const LayerSpec &spec;
  const Diagram &diagram;
  const int numBlocks;

private:
  std::vector<std::set<BilinearRow>> touched; ///< by block
};

/// Rows of an operand: its letters and how far apart their values are.
struct Operand {
  JoinArray array = JoinArray::Input;
  Poly offset;
  std::vector<int> letters;
  std::vector<Poly> strides;
};

/// One of the two rows that are joined.
class OperandReader {
public:
  OperandReader(const LayerSpec &spec, BilinearRow row, bool isFirst)
      : spec(spec), row(row), isFirst(isFirst), geometry(sideOf(spec, row)) {}

  static LayerSpec sideOf(const LayerSpec &spec, BilinearRow row) {
    return inputsAlone(spec, orderOf(spec, row), axesOf(spec, row));
  }

  void addPattern(const DiagramRows &diagram) {
    patterns.push_back(diagram.of(row).pattern);
  }
  void read() { addReads(geometry, patterns); }

  /// The operand of a diagram, with the factors that it has to carry: the
  /// second one those of pairs of x and z, the first one a symbol.
  Operand operandOf(const DiagramRows &diagram) {
    const RowOfDiagram mine = diagram.of(row);
    Operand operand;
    const RowView view = geometry.viewOfBottom(mine.pattern);
    operand.array =
        view.array == PlanArray::Input ? JoinArray::Input : JoinArray::Stored;
    operand.offset = view.offset;
    operand.letters = mine.letters;
    operand.strides = view.strides;
    if (isFirst)
      return diagram.diagram.hasSymbol()
                 ? addSymbol(diagram, mine.pattern, operand)
                 : operand;
    return addForms(diagram, mine.pattern, operand);
  }

  RowReads take() {
    reads.reads = std::move(geometry.plan);
    return std::move(reads);
  }

private:
  /// A copy with rows for these letters, each of a length.
  Operand place(const std::vector<int> &letters,
                const std::vector<Poly> &lengths) {
    Operand copy;
    copy.array = JoinArray::Copied;
    copy.offset = reads.copiedRows;
    copy.letters = letters;
    copy.strides = rowMajorStrides(lengths);
    reads.copiedRows += productOf(lengths);
    return copy;
  }

  /// copy[.., i, ..] = form(i, partner(i)) * source[.., partner(i), ..] for the
  /// pairs; i is the value that the other row's vertex has. The form takes the
  /// vertex of x first.
  Operand addForms(const DiagramRows &diagram, const RowPattern &pattern,
                   const Operand &source) {
    std::vector<bool> lowered;
    for (int letter : source.letters)
      lowered.push_back(diagram.isFormOfInputs(letter));
    if (std::none_of(lowered.begin(), lowered.end(), [](bool b) { return b; }))
      return source;
    auto [known, isNew] = formCopies.try_emplace({pattern, lowered});
    Operand &copy = known->second;
    if (!isNew) {
      Operand same = copy;
      same.letters = source.letters;
      return same;
    }
    std::vector<Poly> lengths;
    for (int letter : source.letters)
      lengths.push_back(diagram.lengthOfLetter(letter));
    copy = place(source.letters, lengths);
    SignedCopy entry;
    entry.source = source.array;
    Walk &walk = entry.walk;
    walk.terms = {{copy.offset, source.offset, 1}};
    for (size_t a = 0; a < lengths.size(); ++a) {
      if (!lowered[a]) {
        walk.kept.push_back(
            {lengths[a], copy.strides[a], source.strides[a], lengths[a]});
        continue;
      }
      const GroupRules &rules =
          rulesOf(spec.group.of(diagram.spaceOfLetter(source.letters[a])));
      const int64_t period = rules.formPeriod();
      walk.kept.push_back({lettersOfForm(rules, lengths[a]),
                           copy.strides[a] * Poly(period),
                           source.strides[a] * Poly(period), lengths[a]});
      std::vector<WalkTerm> terms;
      for (const WalkTerm &term : walk.terms)
        for (int64_t value = 0; value < period; ++value) {
          const int64_t partner = rules.partner(value);
          WalkTerm next = term;
          next.rowOffset += copy.strides[a] * Poly(value);
          next.innerOffset += source.strides[a] * Poly(partner);
          next.sign *= row == BilinearRow::X ? rules.form(partner, value)
                                             : rules.form(value, partner);
          terms.push_back(next);
        }
      walk.terms = std::move(terms);
    }
    reads.copies.push_back(std::move(entry));
    return copy;
  }

  /// The values that the vertices of symbols have together, ascending by
  /// vertex, and their signs: those of an orbit, and all permutations of free
  /// vertices. Free inputs are arguments of the symbol through the form.
  std::vector<BlockTerm> valuesOf(const DiagramRows &rows,
                                  const std::vector<int> &vertices) const {
    const Diagram &diagram = rows.diagram;
    std::vector<std::vector<int>> tuples(1);
    if (diagram.orbit.exists()) {
      const Action &action = *spec.group.of(diagram.head).action();
      const auto size = static_cast<int>(diagram.orbit.values.size());
      const TupleOrbits &all = action.orbits(size);
      const int32_t number = all.orbitOf[action.numberOf(diagram.orbit.values)];
      tuples.clear();
      for (int32_t at = all.start[number]; at < all.start[number + 1]; ++at)
        tuples.push_back(action.tupleOf(all.tuples[at], size));
    }
    const GroupRules &rules = rulesOf(spec.group.of(diagram.freeSpace()));
    std::vector<int> free(diagram.freeVertices().size());
    std::iota(free.begin(), free.end(), 0);
    std::vector<BlockTerm> terms;
    do
      for (const std::vector<int> &tuple : tuples) {
        BlockTerm &term = terms.emplace_back();
        term.sign = permutationSign(free);
        size_t nextLeg = 0, nextFree = 0;
        for (int vertex : vertices) {
          const bool isLeg = diagram.isLegOf(vertex);
          const int value = isLeg ? tuple[nextLeg++] : free[nextFree++];
          term.values.push_back(value);
          if (!isLeg && vertex >= spec.l)
            term.sign *= rules.form(value, value);
        }
      }
    while (std::next_permutation(free.begin(), free.end()));
    return terms;
  }

  /// The symbols applied to this row: its own letters of them are summed over,
  /// those of the other rows take their place. Diagrams with the same symbols
  /// and the same row share a copy.
  Operand addSymbol(const DiagramRows &diagram, const RowPattern &pattern,
                    const Operand &source) {
    std::vector<int> vertices;
    for (int v = 0; v < spec.l + spec.k; ++v)
      if (diagram.isOfSymbol(v))
        vertices.push_back(v);
    const auto [first, end] = verticesOf(spec, row);
    std::vector<int> letters;
    std::vector<Poly> lengths, sourceStrides;
    std::map<int, Poly> strideOfOwn; // in the source
    for (size_t a = 0; a < source.letters.size(); ++a) {
      const int letter = source.letters[a];
      if (letter >= diagram.numBlocks) {
        strideOfOwn[letter - diagram.numBlocks] = source.strides[a];
        continue;
      }
      letters.push_back(letter);
      lengths.push_back(diagram.lengthOfLetter(letter));
      sourceStrides.push_back(source.strides[a]);
    }
    const size_t numOthers = letters.size();
    std::vector<bool> isMine;
    for (int vertex : vertices) {
      isMine.push_back(vertex >= first && vertex < end);
      if (isMine.back())
        continue;
      letters.push_back(diagram.numBlocks + vertex);
      lengths.push_back(diagram.lengthOfLetter(letters.back()));
    }
    auto [known, isNew] = symbolCopies.try_emplace(
        {pattern, vertices, diagram.diagram.freeVertices(),
         diagram.diagram.orbit.values});
    if (!isNew) {
      Operand same = known->second;
      same.letters = letters;
      return same;
    }
    const Operand copy = known->second = place(letters, lengths);
    SignedCopy entry;
    entry.source = source.array;
    for (size_t a = 0; a < numOthers; ++a)
      entry.walk.kept.push_back(
          {lengths[a], copy.strides[a], sourceStrides[a], lengths[a]});
    for (const BlockTerm &of : valuesOf(diagram, vertices)) {
      WalkTerm term{copy.offset, source.offset, of.sign};
      size_t next = numOthers;
      for (size_t i = 0; i < vertices.size(); ++i) {
        const Poly value(of.values[i]);
        if (isMine[i])
          term.innerOffset += strideOfOwn.at(vertices[i]) * value;
        else
          term.rowOffset += copy.strides[next++] * value;
      }
      entry.walk.terms.push_back(term);
    }
    reads.copies.push_back(std::move(entry));
    return copy;
  }

  const LayerSpec &spec;
  const BilinearRow row;
  const bool isFirst;
  SharedGeometry geometry;
  std::vector<RowPattern> patterns;
  std::map<std::pair<RowPattern, std::vector<bool>>, Operand> formCopies;
  std::map<std::tuple<RowPattern, std::vector<int>, std::vector<int>,
                      std::vector<int>>,
           Operand>
      symbolCopies; ///< with all vertices of symbols, free ones and values
  RowReads reads;
};

/// The row that results are added to: nodes, and how they are written.
class ResultWriter {
public:
  ResultWriter(const LayerSpec &spec, BilinearRow row)
      : spec(spec), row(row), geometry(sideOf(spec, row)) {}

  static LayerSpec sideOf(const LayerSpec &spec, BilinearRow row) {
    LayerSpec side;
    side.group = spec.group;
    side.n = spec.n;
    side.l = orderOf(spec, row);
    side.yAxes = axesOf(spec, row);
    return side;
  }

  void addPattern(const RowPattern &pattern) {
    if (!isIdentity(pattern))
      needed.insert(pattern);
  }

  /// Coarser nodes come first: each is written before what it is written to.
  void placeNodes() {
    std::vector<RowPattern> order(needed.begin(), needed.end());
    auto key = [](const RowPattern &p) {
      return std::make_tuple(p.numKept(), p.numFree(), p);
    };
    std::sort(order.begin(), order.end(),
              [&](const RowPattern &a, const RowPattern &b) {
                return key(a) < key(b);
              });
    for (const RowPattern &pattern : order)
      geometry.addNode(pattern);
    addWrites(order);
  }

  Operand targetOf(const RowPattern &pattern) const {
    const RowView view = geometry.makeTarget(pattern).target;
    Operand target;
    target.array =
        view.array == PlanArray::Output ? JoinArray::Output : JoinArray::Nodes;
    target.offset = view.offset;
    target.strides = view.strides;
    return target;
  }

  SharedPlan take() { return std::move(geometry.plan); }

private:
  void addWrites(const std::vector<RowPattern> &order) {
    WriteStage toNodes, toOutput;
    toNodes.target = PlanArray::Nodes;
    toOutput.target = PlanArray::Output;
    for (const RowPattern &node : order) {
      // On axes of sums the slice that it lies in.
      RowPattern parent =
          identityPattern(orderOf(spec, row), node.space, node.part);
      if (node.free < 0)
        for (const RowPattern &candidate : finerPatterns(node, spec.group))
          if (geometry.isNode(candidate) &&
              candidate.numKept() > node.numKept()) {
            parent = candidate;
            break;
          }
      (isIdentity(parent) ? toOutput : toNodes)
          .entries.push_back(
              geometry.makeWrite(node, parent, geometry.makeTarget(parent)));
    }
    for (WriteStage *stage : {&toNodes, &toOutput})
      if (!stage->entries.empty())
        geometry.plan.stages.push_back(std::move(*stage));
  }

  const LayerSpec &spec;
  const BilinearRow row;
  SharedGeometry geometry;
  std::set<RowPattern> needed;
};

class Builder {
public:
  Builder(const LayerSpec &spec, BilinearRole role, bool shares)
      : spec(spec), role(role), shares(shares), rows(rowsOf(role)),
        a(spec, rows.a, /*isFirst=*/true), b(spec, rows.b, /*isFirst=*/false),
        writer(spec, rows.third),
        reader(OperandReader::sideOf(spec, rows.third)) {}

  BilinearPlan build() {
    plan.role = role;
    for (const Diagram &diagram : spec.diagrams)
      diagrams.emplace_back(spec, diagram);
    for (const DiagramRows &diagram : diagrams) {
      a.addPattern(diagram);
      b.addPattern(diagram);
    }
    a.read();
    b.read();
    placeThird();
    for (size_t d = 0; d < diagrams.size(); ++d)
      addDiagram(static_cast<int>(d));
    for (auto &[shape, stage] : stages)
      plan.stages.push_back(std::move(stage));
    if (spec.normalize == Normalize::Mean)
      for (const DiagramRows &diagram : diagrams)
        plan.divisors.push_back(divisorOf(diagram));
    plan.a = a.take();
    plan.b = b.take();
    plan.third = readsThird() ? std::move(reader.plan) : writer.take();
    return std::move(plan);
  }

private:
  bool readsThird() const { return role == BilinearRole::GradWeight; }

  void placeThird() {
    const bool hasBias =
        role == BilinearRole::Forward || role == BilinearRole::GradWeight;
    std::vector<RowPattern> patterns, biasPatterns;
    for (const DiagramRows &diagram : diagrams)
      patterns.push_back(diagram.of(rows.third).pattern);
    if (hasBias)
      for (const Diagram &diagram : spec.biasDiagrams)
        biasPatterns.push_back(splitDiagram(diagram).top);
    patterns.insert(patterns.end(), biasPatterns.begin(), biasPatterns.end());
    if (readsThird()) {
      ReadOptions options;
      options.byOtherRow = true;
      addReads(reader, patterns, options);
    } else {
      for (const RowPattern &pattern : patterns)
        writer.addPattern(pattern);
      writer.placeNodes();
    }
    for (size_t e = 0; e < biasPatterns.size(); ++e) {
      const Operand place = thirdOf(biasPatterns[e]);
      plan.bias.push_back({static_cast<int>(e), place.array, place.offset});
    }
  }

  Operand thirdOf(const RowPattern &pattern) const {
    if (!readsThird())
      return writer.targetOf(pattern);
    const RowView view = reader.viewOfBottom(pattern);
    Operand third;
    third.array =
        view.array == PlanArray::Input ? JoinArray::Input : JoinArray::Stored;
    third.offset = view.offset;
    third.strides = view.strides;
    return third;
  }

  Poly divisorOf(const DiagramRows &diagram) const {
    Poly divisor(diagram.diagram.orbit.divisor);
    for (int block = 0; block < diagram.numBlocks; ++block)
      if (diagram.isInputsOnly(block))
        divisor = divisor * diagram.lengthOfLetter(block);
    return divisor;
  }

  static Poly strideOf(const std::vector<int> &letters,
                       const std::vector<Poly> &strides, int letter) {
    const auto found = std::find(letters.begin(), letters.end(), letter);
    return found == letters.end() ? Poly() : strides[found - letters.begin()];
  }

  void addDiagram(int d) {
    const DiagramRows &diagram = diagrams[d];
    Operand left = a.operandOf(diagram), right = b.operandOf(diagram);
    const RowOfDiagram third = diagram.of(rows.third);
    Operand result = thirdOf(third.pattern);
    result.letters = third.letters;
    auto has = [](const std::vector<int> &letters, int letter) {
      return std::find(letters.begin(), letters.end(), letter) != letters.end();
    };
    // Every letter is one of at least two of the three.
    std::vector<int> shared, ofA, ofB, summed;
    for (int letter : left.letters)
      (!has(right.letters, letter)  ? ofA
       : has(third.letters, letter) ? shared
                                    : summed)
          .push_back(letter);
    for (int letter : right.letters)
      if (!has(left.letters, letter))
        ofB.push_back(letter);
    std::vector<int> kept = shared;
    kept.insert(kept.end(), ofA.begin(), ofA.end());
    kept.insert(kept.end(), ofB.begin(), ofB.end());
    std::vector<int> all = kept;
    all.insert(all.end(), summed.begin(), summed.end());

    auto view = [](const Operand &operand, const std::vector<int> &letters) {
      JoinView view;
      view.offset = operand.offset;
      for (int letter : letters)
        view.strides.push_back(
            strideOf(operand.letters, operand.strides, letter));
      return view;
    };
    auto lengths = [&](const std::vector<int> &letters) {
      std::vector<Poly> lengths;
      for (int letter : letters)
        lengths.push_back(diagram.lengthOfLetter(letter));
      return lengths;
    };
    auto spaces = [&](const std::vector<int> &letters) {
      std::vector<int> spaces;
      for (int letter : letters)
        spaces.push_back(diagram.spaceOfLetter(letter));
      return spaces;
    };
    JoinStage &stage = stages[{static_cast<int>(kept.size()), spaces(shared),
                               spaces(ofA), spaces(ofB), spaces(summed),
                               left.array, right.array, result.array}];
    stage.shared = lengths(shared);
    stage.ofA = lengths(ofA);
    stage.ofB = lengths(ofB);
    stage.summed = lengths(summed);
    stage.a = left.array;
    stage.b = right.array;
    stage.third = result.array;
    Join join{view(left, all), view(right, all), {}};
    JoinResult part{d, view(result, kept)};
    Join *same = nullptr;
    if (shares)
      for (Join &known : stage.joins)
        if (known.a.offset == join.a.offset &&
            known.b.offset == join.b.offset &&
            known.a.strides == join.a.strides &&
            known.b.strides == join.b.strides)
          same = &known;
    if (!same)
      same = &stage.joins.emplace_back(std::move(join));
    same->results.push_back(std::move(part));
  }

  using Shape =
      std::tuple<int, std::vector<int>, std::vector<int>, std::vector<int>,
                 std::vector<int>, JoinArray, JoinArray, JoinArray>;

  const LayerSpec &spec;
  const BilinearRole role;
  const bool shares;
  const BilinearRows rows;
  OperandReader a, b;
  ResultWriter writer;
  SharedGeometry reader;
  std::vector<DiagramRows> diagrams;
  std::map<Shape, JoinStage> stages;
  BilinearPlan plan;
};

} // namespace

BilinearPlan eqc::buildBilinearPlan(const LayerSpec &spec, BilinearRole role,
                                    bool shares) {
  return Builder(spec, role, shares).build();
}
