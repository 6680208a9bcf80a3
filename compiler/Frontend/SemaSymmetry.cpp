//===- SemaSymmetry.cpp - Semantic checks: axes with a symmetry -----------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Sema.h"

#include <algorithm>

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

/// The generators of a field; nothing but what is right of them.
std::vector<AxisPermutation> LayerChecker::readSymmetry(FieldKind kind) {
  std::vector<AxisPermutation> generators;
  const Value *list = value(kind);
  const std::optional<int64_t> order = kind == FieldKind::InSymmetry ? k : l;
  if (!list || !order || !ordersSmall())
    return generators;
  const StringRef field = fields[static_cast<size_t>(kind)]->name.text;
  if (list->kind != Value::Kind::List) {
    Diagnostic &error = diags.error(DiagId::WrongType, list->range,
                                    "'" + field +
                                        "' takes a list of strings such as "
                                        "[\"(1 2)\"]");
    if (list->kind == Value::Kind::Scalar && list->token.is(TokenKind::String))
      error.fix(list->range, "[" + list->token.text + "]",
                "a list stands in brackets, even with one permutation");
    return generators;
  }
  for (const Value &item : list->items) {
    if (item.kind == Value::Kind::Error ||
        !expectScalar(item, TokenKind::String, field,
                      "strings such as \"(1 2)\" in its list"))
      continue;
    StringRef inner = item.token.text.drop_front().drop_back();
    auto parsed = parseAxisPermutation(
        std::string_view(inner.data(), inner.size()), static_cast<int>(*order));
    if (const auto *wrong = std::get_if<DiagramError>(&parsed)) {
      const size_t begin =
          item.range.begin + 1 + std::min(wrong->offset, inner.size());
      const size_t end = std::min(begin + wrong->length, item.range.end);
      diags
          .error(DiagId::BadSymmetry, {begin, std::max(end, begin + 1)},
                 wrong->message)
          .note("'" + field + "' takes permutations of the " + Twine(*order) +
                (*order == 1 ? " axis" : " axes") + " of '" +
                (kind == FieldKind::InSymmetry ? "x" : "y") +
                "', such as (1 2) or -(1 2)(3 4)");
      continue;
    }
    const auto &generator = std::get<AxisPermutation>(parsed);
    if (checkExchanged(generator, kind, item.range))
      generators.push_back(generator);
  }
  return generators;
}

/// Axes that change places are alike.
bool LayerChecker::checkExchanged(const AxisPermutation &generator,
                                  FieldKind kind, SourceRange where) {
  const bool ofInputs = kind == FieldKind::InSymmetry;
  const std::vector<int> &axes = ofInputs ? spec.xAxes : spec.yAxes;
  const std::vector<bool> &duals = ofInputs ? spec.xDuals : spec.yDuals;
  auto nameOf = [&](int axis) {
    const std::string name =
        axes.empty() ? spec.spaceName : nameOfAxis(*group, axes[axis]);
    return "'" + name + (!duals.empty() && duals[axis] ? "'" : "") + "'";
  };
  for (size_t a = 0; a < generator.images.size(); ++a) {
    const int image = generator.images[a];
    if ((axes.empty() || axes[a] == axes[image]) &&
        (duals.empty() || duals[a] == duals[image]))
      continue;
    const auto axis = static_cast<int>(a);
    diags
        .error(DiagId::MixedSymmetry, where,
               "the permutation takes axis " + Twine(axis + 1) + ", of " +
                   nameOf(axis) + ", to axis " + Twine(image + 1) + ", of " +
                   nameOf(image))
        .note(place(ofInputs ? FieldKind::K : FieldKind::L),
              "the axes are declared here");
    return false;
  }
  return true;
}

/// Where the layer says first that axes have one.
SourceRange LayerChecker::placeOfSymmetry() const {
  return place(value(FieldKind::InSymmetry) ? FieldKind::InSymmetry
                                            : FieldKind::OutSymmetry);
}

void LayerChecker::checkSymmetry() {
  if (!group || !n)
    return;
  const size_t errorsBefore = diags.errorCount();
  spec.symmetry.in = readSymmetry(FieldKind::InSymmetry);
  spec.symmetry.out = readSymmetry(FieldKind::OutSymmetry);
  uint64_t orders = 1;
  for (FieldKind kind : {FieldKind::InSymmetry, FieldKind::OutSymmetry}) {
    const bool ofInputs = kind == FieldKind::InSymmetry;
    const SymmetryOrder found = orderOf(
        ofInputs ? spec.symmetry.in : spec.symmetry.out, kMostOrbitWork);
    orders *= std::min(found.order, 2 * kMostOrbitWork);
    if (found.contradicts)
      diags
          .error(DiagId::ContradictorySymmetry, place(kind),
                 Twine("the permutations contradict each other: only '") +
                     (ofInputs ? "x" : "y") + " = 0' has such a symmetry")
          .help("remove one of those that together give a permutation and the "
                "same with a '-'");
  }
  if (inputProduct() &&
      (value(FieldKind::InSymmetry) || value(FieldKind::OutSymmetry)))
    diags.error(DiagId::NotBuiltYet, placeOfSymmetry(),
                "axes with a symmetry are not built yet in layers of two "
                "inputs");
  if (choice == DiagramChoice::Basis && !spec.symmetry.isTrivial() &&
      !rulesOf(*group).isMonomial())
    diags
        .error(DiagId::SymmetricBasis, place(FieldKind::Diagrams),
               "'diagrams = basis' of " + groupText(*group, *n) +
                   " is not closed under permutations of axes")
        .note(placeOfSymmetry(), "axes have a symmetry here")
        .help("write 'diagrams = all', or list the diagrams that are wanted");
  const uint64_t diagrams =
      weightDiagrams && !weightDiagrams->saturated ? weightDiagrams->value : 1;
  if (!spec.symmetry.isTrivial() && !tooMany &&
      orders > kMostOrbitWork / std::max<uint64_t>(diagrams, 1))
    diags
        .error(DiagId::SymmetryTooLarge, placeOfSymmetry(),
               "the symmetries and diagrams are too many: the orders of the "
               "groups of permutations times the number of diagrams are above "
               "2^28")
        .help("give fewer generators, or list the diagrams that are wanted");
  symmetryRefused = diags.errorCount() != errorsBefore;
}

/// Leaves of the diagrams in canonical order the first member of each orbit
/// that does not cancel.
void LayerChecker::keepOrbits(std::vector<Diagram> &diagrams, bool ofBias) {
  if (spec.symmetry.isTrivial())
    return;
  const AxisSymmetry symmetry =
      ofBias ? AxisSymmetry{{}, spec.symmetry.out} : spec.symmetry;
  std::vector<Diagram> kept;
  std::set<SymbolsAndBlocks> seen;
  for (Diagram &diagram : diagrams) {
    if (seen.count(symbolsAndBlocks(diagram)) != 0)
      continue;
    const Orbit orbit = orbitOf(diagram, spec.group, symmetry);
    for (const SignedDiagram &member : orbit.members)
      seen.insert(symbolsAndBlocks(member.diagram));
    if (!orbit.vanishes)
      kept.push_back(std::move(diagram));
  }
  diagrams = std::move(kept);
}

/// What a diagram of a list stands for: the first of its orbit.
bool LayerChecker::replaceByFirst(Diagram &diagram, SourceRange where) {
  if (spec.symmetry.isTrivial() || symmetryRefused)
    return true;
  const Orbit orbit = orbitOf(diagram, *group, spec.symmetry);
  if (orbit.vanishes) {
    diags
        .error(DiagId::VanishingDiagram, where,
               "diagram '" + toString(diagram, *group) +
                   "' cancels: the symmetries take it to itself with the "
                   "sign changed")
        .help("remove it from the list");
    return false;
  }
  diagram = orbit.first();
  return true;
}
