//===- SemaDiagrams.cpp - Semantic checks: diagrams and sizes -------------===//
//
// Whether the group has such maps, how many diagrams there are (counted before
// any is listed), explicit lists, and sizes that 63 bits cannot hold.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/GraphMatrix.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Sema.h"

#include "compiler/Algebra/SignedTerms.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <limits>
#include <map>

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

static constexpr int64_t largest = std::numeric_limits<int64_t>::max();

/// Orders whose sum is no 63-bit number are replaced by others of the same
/// parities, equally hopeless, that can be added.
static int64_t addable(int64_t order) {
  constexpr int64_t half = int64_t(1) << 62;
  return order < half ? order : half - 2 + order % 2;
}

void LayerChecker::checkSize() {
  // Sizes of spaces are checked where these are declared.
  if (!group || !n || typed || group->action())
    return;
  const GroupRules &rules = rulesOf(*group);
  const std::string name = groupName(*group);
  if (*n < 0 && !rules.allowsDynamicN()) {
    groupRefused = true;
    diags
        .error(DiagId::DynamicSO, place(FieldKind::N),
               "group '" + name + "' needs a fixed n")
        .note("which diagrams " + name + "(n) has depends on n")
        .help("give n as an integer");
  }
  badSize = *n > 0 && *n % rules.sizeUnit() != 0;
  if (badSize)
    diags
        .error(DiagId::NoSuchSize, place(FieldKind::N),
               name + "(n) needs n to be " + sizeUnitInWords(rules.sizeUnit()) +
                   ", found " + Twine(*n))
        .note(StringRef(rules.whySizeUnit()));
  if (*n > 0 && *n < rules.leastN()) {
    badSize = true;
    diags
        .error(DiagId::NoSuchSize, place(FieldKind::N),
               name + "(n) needs n to be at least " + Twine(rules.leastN()) +
                   ", found " + Twine(*n))
        .help("nothing acts on an axis of length 1: leave it out");
  }
}

void LayerChecker::checkGroup() {
  if (!group || !n)
    return;
  if (ordersKnown())
    checkAction();
  const std::string name = groupName(*group);
  if (*n < 0 && choice == DiagramChoice::Basis)
    diags
        .error(DiagId::DynamicBasis, place(FieldKind::Diagrams),
               "'diagrams = basis' needs a fixed n")
        .note(place(typed ? FieldKind::K : FieldKind::N),
              "n is left to the run time here")
        .help("give n as an integer, or write 'diagrams = all'");
  if (ordersKnown() && !groupRefused) {
    // What is wrong with k + l is independent of what is wrong with n.
    const int64_t unit = rulesOf(*group).sizeUnit();
    std::string why =
        hasAxes()
            ? whyNoDiagrams(rows())
            : whyNoDiagrams(*group,
                            badSize ? std::max(unit, *n / unit * unit) : *n,
                            addable(*l), addable(*k));
    if (!why.empty()) {
      groupRefused = true;
      if (addable(*k) != *k || addable(*l) != *l)
        why = "group '" + name + "' has no equivariant maps for these k and l";
      Diagnostic &error =
          diags.error(DiagId::NoDiagrams,
                      place(typed ? FieldKind::K : FieldKind::Group), why);
      if (!typed)
        error.note(place(FieldKind::K), "k = " + Twine(*k));
      error.note(place(FieldKind::L),
                 typed ? Twine("the outputs are here") : "l = " + Twine(*l));
      if (!typed && rulesOf(*group).hasDuals())
        error.help("choose k = l, or declare a space V = " + name +
                   "(..) and write its axes, V or V', in 'k' and 'l'");
      else if (!typed && (*k % 2) != (*l % 2))
        error.help("choose k and l such that k + l is even");
    }
  }
  groupRefused |= badSize;
}

void LayerChecker::reportCount(SourceRange where, Count count, StringRef what) {
  std::string number = count.saturated ? std::string("more than 1.8e19")
                                       : std::to_string(count.value);
  diags
      .error(DiagId::TooManyDiagrams, where,
             "the layer has " + number + " " + what + ", the limit is " +
                 Twine(options.maxDiagrams))
      .help(count.saturated
                ? "lower k or l"
                : "lower k or l, or raise the limit with --max-diagrams=N");
}

void LayerChecker::checkDiagramCount() {
  if (!ordersKnown() || !choice)
    return;
  const Value *diagrams = value(FieldKind::Diagrams);
  SourceRange where = diagrams ? diagrams->range
                               : place(*k >= *l ? FieldKind::K : FieldKind::L);
  if (choice == DiagramChoice::List)
    weightDiagrams = Count{diagrams->numItems, false};
  else if (group && n && !groupRefused)
    weightDiagrams = hasAxes()
                         ? countDiagrams(rows())
                         : countDiagrams(*group, *n, addable(*l), addable(*k));
  if (weightDiagrams && (weightDiagrams->saturated ||
                         weightDiagrams->value > options.maxDiagrams)) {
    tooMany = true;
    reportCount(where, *weightDiagrams,
                choice == DiagramChoice::Basis ||
                        choice == DiagramChoice::Connected
                    ? "diagrams before pruning"
                    : "diagrams");
    return;
  }
  if (!ordersSmall())
    diags.error(DiagId::OrderLimit,
                place(*k >= *l ? FieldKind::K : FieldKind::L),
                "k + l is above the limit of " + Twine(maxVertices));
}

void LayerChecker::checkBias() {
  if (!spec.bias || !group || !n || !l)
    return;
  if (groupRefused)
    return;
  if (!(hasAxes() ? whyNoDiagrams(rows(/*ofBias=*/true))
                  : whyNoDiagrams(*group, *n, addable(*l), 0))
           .empty()) {
    diags
        .error(DiagId::NoBias, place(FieldKind::Bias),
               "group '" + groupName(*group) +
                   "' has no (l,0)-diagram, so the bias could only be zero")
        .note(place(FieldKind::L), "l = " + Twine(*l))
        .help("remove the bias");
    return;
  }
  biasDiagrams = hasAxes() ? countDiagrams(rows(/*ofBias=*/true))
                           : countDiagrams(*group, *n, addable(*l), 0);
  if (biasDiagrams->saturated || biasDiagrams->value > options.maxDiagrams) {
    reportCount(place(FieldKind::Bias), *biasDiagrams, "bias diagrams");
    biasDiagrams.reset();
  }
}

/// Whether vertices can name their summands: none stands twice in a sum.
bool LayerChecker::namesSummands() {
  if (!group || !n)
    return true;
  for (const SpaceSum &sum : group->sums()) {
    std::vector<int> summands = sum.summands;
    llvm::sort(summands);
    const auto twice = std::adjacent_find(summands.begin(), summands.end());
    if (twice == summands.end())
      continue;
    diags
        .error(DiagId::BadDiagram, place(FieldKind::Diagrams),
               "diagrams on '" + sum.name + "' cannot be listed: '" +
                   group->spaces()[*twice].name +
                   "', by which vertices would name their summand, stands "
                   "twice in it")
        .help("write 'diagrams = all' or 'basis'");
    return false;
  }
  return true;
}

void LayerChecker::checkList() {
  const Value *list = value(FieldKind::Diagrams);
  if (choice != DiagramChoice::List || tooMany)
    return;
  if (list->items.empty()) {
    diags.error(DiagId::EmptyList, list->range, "the list of diagrams is empty")
        .help("name a diagram, or write 'diagrams = all'");
    return;
  }
  if (!namesSummands())
    return;
  for (const Value &item : list->items)
    checkListElement(item);

  // Equal diagrams, however they are written.
  std::map<std::string, SourceRange> seen;
  for (size_t i = 0; i != spec.diagrams.size(); ++i) {
    std::string canonical =
        toString(spec.diagrams[i], group.value_or(Group::S));
    SourceRange where = listed[i];
    auto [first, isNew] = seen.try_emplace(canonical, where);
    if (!isNew && spec.symmetry.isTrivial())
      diags
          .error(DiagId::RepeatedDiagram, where,
                 "diagram '" + canonical + "' is listed more than once")
          .note(first->second, "it was listed first here");
    else if (!isNew)
      diags
          .error(DiagId::RepeatedDiagram, where,
                 "the orbit of diagram '" + canonical +
                     "' is listed more than once")
          .note(first->second, "it was listed first here")
          .note("the symmetries take each of the two to the other, so that "
                "they share a weight");
  }
}

/// A lone '*' is the head of the only space that has jellyfish.
bool LayerChecker::findHead(Diagram &diagram, SourceRange where) {
  size_t spaces = 0;
  for (size_t c = 0; c < group->numSpaces(); ++c)
    if (rulesOf(group->of(static_cast<int>(c))).hasJellyfish()) {
      diagram.head = static_cast<int>(c);
      ++spaces;
    }
  if (spaces > 1)
    diags
        .error(DiagId::NotBuiltYet, where,
               "jellyfish beside several spaces of A are not built yet")
        .help("list the diagrams without '*'");
  return spaces <= 1;
}

void LayerChecker::checkListElement(const Value &item) {
  if (item.kind == Value::Kind::Error)
    return;
  if (!expectScalar(item, TokenKind::String, "diagrams",
                    "strings such as \"o1 i1\" in its list"))
    return;
  if (!ordersSmall())
    return;
  StringRef inner = item.token.text.drop_front().drop_back();
  if (typed && !group && inner.contains(':'))
    return; // which summands there are is not known
  const std::string_view text(inner.data(), inner.size());
  const bool isProduct = group && n && group->isProduct();
  if (isProduct && isGraphMapText(text)) {
    diags
        .error(DiagId::NotBuiltYet, item.range,
               "graph maps beside axes of other spaces are not built yet")
        .help("list orbits, with numbers behind '=', or give the graph's axes "
              "a layer of their own");
    return;
  }
  std::variant<Diagram, DiagramError> parsed =
      isProduct
          ? parseDiagram(text, static_cast<int>(*l), static_cast<int>(*k),
                         *group, rows().axes)
          : parseDiagram(text, static_cast<int>(*l), static_cast<int>(*k));
  if (const auto *wrong = std::get_if<DiagramError>(&parsed)) {
    // One byte past the quote.
    size_t begin = item.range.begin + 1 + std::min(wrong->offset, inner.size());
    size_t end = std::min(begin + wrong->length, item.range.end - 1);
    diags.error(DiagId::BadDiagram, {begin, end}, wrong->message);
    return;
  }
  Diagram &diagram = std::get<Diagram>(parsed);
  if (group && n) {
    diagram.dual = rows().dual;
    if (diagram.head >= 0 && !diagram.orbit.exists() &&
        !findHead(diagram, item.range))
      return;
  }
  if (diagram.map.letters > kMostLetters) {
    diags.error(DiagId::GraphMapTooLarge, item.range,
                "a graph map has at most " + Twine(kMostLetters) +
                    " letters, found " + Twine(diagram.map.letters));
    return;
  }
  if (listsGraphMaps() && !diagram.map.exists()) {
    diags
        .error(DiagId::GraphMapField, item.range,
               "a list holds either orbits or graph maps")
        .help("write letters behind '=', or numbers in all diagrams");
    return;
  }
  if (group && n && !groupRefused) {
    std::string why = rulesOf(*group).complete(diagram);
    if (why.empty())
      why = whyNotOfGroup(diagram, *group, *n);
    if (!why.empty()) {
      diags.error(DiagId::ForeignDiagram, item.range, why);
      return;
    }
    if (diagram.map.exists()) {
      const Split split = splitDiagram(diagram);
      for (const RowPattern *row : {&split.top, &split.bottom})
        if (why = whyTooLarge(*row, *group->action()); !why.empty()) {
          diags.error(DiagId::GraphMapTooLarge, item.range, why);
          return;
        }
    }
  }
  if (group && n && !groupRefused && !replaceByFirst(diagram, item.range))
    return;
  spec.diagrams.push_back(diagram);
  listed.push_back(item.range);
}

namespace {

/// A product of positive numbers that remembers which factor was one too many.
class CheckedProduct {
public:
  /// False once the product has passed 2^63 - 1.
  bool times(int64_t factor) {
    int64_t result;
    if (!exceeded && llvm::MulOverflow(value, factor, result))
      exceeded = true;
    else if (!exceeded)
      value = result;
    return !exceeded;
  }

  bool timesPower(int64_t base, int64_t exponent) {
    // With a base of at least 2 at most 63 rounds are made.
    for (int64_t i = 0; base > 1 && i < exponent && times(base); ++i)
      ;
    return !exceeded;
  }

private:
  int64_t value = 1;
  bool exceeded = false;
};

} // namespace

/// One batch entry of the input and of the output, and the whole batch when one
/// is given, must be addressable: element counts and bytes fit 63 bits.
void LayerChecker::checkSizes() {
  if (!n)
    return;
  // Sizes given at run time are checked then.
  const int64_t size = *n < 0 ? 1 : *n;
  struct Side {
    std::optional<int64_t> order, channels;
    FieldKind orderField;
    StringRef letter, channelsName, array;
    int64_t firstAxis = 0; ///< of those of the field
  };
  std::vector<Side> sides = {{k, cIn, FieldKind::K, "k", "c_in", "x"},
                             {l, cOut, FieldKind::L, "l", "c_out", "y"}};
  if (k2) {
    sides[0].order = *k - *k2;
    sides[0].letter = "k1";
    sides.push_back({k2, cIn2, FieldKind::K, "k2", "c_in2", "z", *k - *k2});
  }
  for (const Side &side : sides) {
    std::string product = typed ? ("the lengths of " + side.letter).str()
                                : ("n^" + side.letter).str();
    auto report = [&](SourceRange where, StringRef what) {
      Diagnostic &error = diags.error(DiagId::SizeOverflow, where,
                                      product + ", the " + what + " of '" +
                                          side.array + "', is above 2^63 - 1");
      if (*n > 0 && side.order && !typed)
        error.note("n is " + Twine(*n) + " and " + side.letter + " is " +
                   Twine(*side.order));
    };
    CheckedProduct elements;
    auto timesAxes = [&] {
      if (!group || !group->isProduct())
        return elements.timesPower(size, *side.order);
      const auto all = llvm::ArrayRef<int>(
          side.orderField == FieldKind::K ? spec.xAxes : spec.yAxes);
      return llvm::all_of(
          all.slice(side.firstAxis, *side.order),
          [&](int space) { return elements.times(sizeAt(*group, 1, space)); });
    };
    if (side.order && !timesAxes()) {
      report(place(side.orderField), "number of elements");
      continue;
    }
    if (!side.channels)
      continue;
    // A field left out has the default's value; then the order is to blame.
    auto blame = [&](FieldKind kind) {
      return value(kind)                  ? place(kind)
             : value(FieldKind::Channels) ? place(FieldKind::Channels)
                                          : place(side.orderField);
    };
    product += (" * " + side.channelsName).str();
    if (!elements.times(*side.channels)) {
      report(blame(FieldKind::Channels), "number of elements");
      continue;
    }
    product += " * " + std::to_string(spec.elementSize());
    if (!elements.times(spec.elementSize())) {
      report(blame(FieldKind::DType), "number of bytes");
      continue;
    }
    product = "batch * " + product;
    if (spec.batch > 0 && !elements.times(spec.batch))
      report(place(FieldKind::Batch), "number of bytes");
  }
}

void LayerChecker::checkWeights() {
  auto check = [&](std::optional<Count> count, StringRef formula,
                   int64_t channels) {
    if (!count || count->saturated)
      return;
    CheckedProduct bytes;
    bool fits = count->value <= static_cast<uint64_t>(largest) &&
                bytes.times(static_cast<int64_t>(count->value)) &&
                bytes.times(channels) && bytes.times(*cOut) &&
                bytes.times(spec.elementSize());
    if (!fits)
      diags
          .error(DiagId::WeightOverflow, place(FieldKind::Channels),
                 formula + " * " + Twine(spec.elementSize()) +
                     " bytes are above 2^63 - 1")
          .note("there are " + Twine(count->value) + " diagrams");
  };
  if (!cIn || !cOut)
    return;
  // What a basis leaves is known only once it has been listed.
  const bool known = isCounted() || pruned;
  if (!tooMany && known) {
    if (inputProduct())
      checkBilinearWeights();
    else
      check(weightDiagrams, "the weights, diagrams * c_in * c_out", *cIn);
  }
  if (known && (pruned || spec.symmetry.isTrivial()))
    check(biasDiagrams, "the bias, bias_diagrams * c_out", 1);
}

/// Before anything is made of them.
void LayerChecker::checkBilinearWeights() {
  if (!weightDiagrams || weightDiagrams->saturated || !cIn2 ||
      weightDiagrams->value == 0)
    return;
  int64_t most = maxBilinearWeights;
  for (int64_t factor : {static_cast<int64_t>(weightDiagrams->value),
                         depthwise ? 1 : *cIn, depthwise ? 1 : *cIn2, *cOut})
    most = factor > most ? 0 : most / factor;
  if (most > 0)
    return;
  diags
      .error(DiagId::WeightOverflow, place(FieldKind::Channels),
             std::string("the weights, diagrams") +
                 (depthwise ? " * c" : " * c1 * c2 * c3") +
                 ", are above the limit of 2^28 for two inputs")
      .note("there are " + Twine(weightDiagrams->value) + " diagrams");
}

void LayerChecker::checkSignedTerms(const std::vector<Diagram> &diagrams,
                                    FieldKind field) {
  if (spec.group.action())
    return; // the tuples of orbits alone are counted before
  const int64_t terms = countSignedTerms(diagrams, spec.group, spec.n);
  if (terms <= maxSignedTerms)
    return;
  const bool hasSymbols =
      llvm::any_of(diagrams, [](const Diagram &d) { return d.hasSymbol(); });
  const bool hasHeads =
      llvm::any_of(diagrams, [](const Diagram &d) { return d.head >= 0; });
  const bool hasOrbits =
      llvm::any_of(diagrams, [](const Diagram &d) { return d.orbit.exists(); });
  Diagnostic &error = diags.error(
      DiagId::TooManySignedTerms,
      value(field) ? place(field)
                   : place(spec.k >= spec.l ? FieldKind::K : FieldKind::L),
      (field == FieldKind::Bias ? "the bias diagrams have "
                                : "the diagrams have ") +
          Twine(terms) +
          (hasOrbits    ? " terms of orbits"
           : hasHeads   ? " terms of jellyfish"
           : hasSymbols ? " entries of Levi-Civita symbols"
                        : " terms of forms with signs") +
          ", the limit is " + Twine(maxSignedTerms));
  if (field == FieldKind::Bias)
    error.help("remove the bias, or lower l");
  else if (hasSymbols && !hasOrbits)
    error.help("list the diagrams without '*', or lower n");
  else
    error.help("list the diagrams that are wanted, or lower k or l");
}

/// Lists the diagrams of a layer without errors.
void LayerChecker::enumerate() {
  auto keep = [&](std::vector<Diagram> &into, bool ofBias) {
    forEachDiagram(rows(ofBias), [&](const Diagram &diagram) {
      const bool isKept = spec.choice == DiagramChoice::Basis
                              ? inBasis(diagram, spec.group, spec.n)
                              : ofBias ||
                                    spec.choice != DiagramChoice::Connected ||
                                    joinsInputs(diagram, spec.k1());
      if (isKept)
        into.push_back(diagram);
      return true;
    });
  };
  if (spec.choice != DiagramChoice::List)
    keep(spec.diagrams, /*ofBias=*/false);
  if (spec.bias)
    keep(spec.biasDiagrams, /*ofBias=*/true);
  if (spec.choice != DiagramChoice::List)
    keepOrbits(spec.diagrams, /*ofBias=*/false);
  keepOrbits(spec.biasDiagrams, /*ofBias=*/true);
  if (!spec.symmetry.isTrivial() && spec.diagrams.empty())
    diags
        .error(DiagId::NoDiagrams, placeOfSymmetry(),
               "every diagram cancels under the symmetries, so the layer could "
               "only be zero")
        .help("remove a symmetry or its '-'");
  if (!spec.symmetry.isTrivial() && spec.bias && spec.biasDiagrams.empty())
    diags
        .error(DiagId::NoBias, place(FieldKind::Bias),
               "every (l,0)-diagram cancels under 'out_symmetry', so the bias "
               "could only be zero")
        .note(place(FieldKind::OutSymmetry), "y has a symmetry here")
        .help("remove the bias");
  if (spec.choice == DiagramChoice::Connected && spec.diagrams.empty())
    diags
        .error(DiagId::NoDiagrams, place(FieldKind::Diagrams),
               "no diagram joins x and z")
        .help("write 'diagrams = all'");
  if (spec.weightsOf == WeightsOf::Orbits) {
    const size_t errors = diags.errorCount();
    checkCoarser(spec.diagrams, FieldKind::Diagrams);
    checkCoarser(spec.biasDiagrams, FieldKind::Bias);
    if (diags.errorCount() != errors)
      return;
  }
  const LayerSpec members = membersOf(spec).spec;
  checkSignedTerms(members.diagrams, FieldKind::Diagrams);
  checkSignedTerms(members.biasDiagrams, FieldKind::Bias);
  if (isCounted() && spec.symmetry.isTrivial())
    return;
  pruned = true;
  weightDiagrams = Count{spec.diagrams.size(), false};
  if (spec.bias)
    biasDiagrams = Count{spec.biasDiagrams.size(), false};
  checkWeights();
}
