//===- SemaSpaces.cpp - Semantic checks: spaces and axes ------------------===//
//
// Spaces as they are declared, and the axes of layers that name them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Sema.h"
#include "compiler/Interface/Names.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// Spaces
//===----------------------------------------------------------------------===//

/// `o1`, `i20`: what vertices are called.
static bool isVertex(StringRef name) {
  return name.size() > 1 && (name[0] == 'o' || name[0] == 'i') &&
         llvm::all_of(name.drop_front(), llvm::isDigit);
}

std::optional<Space> LayerChecker::checkSpace() {
  const size_t errorsBefore = diags.errorCount();
  const Field &field = decl.fields.front();
  fields[static_cast<size_t>(FieldKind::Group)] = &field;
  readGroup();
  if (group && !sizedGroup() && !rulesOf(*group).hasOrbits())
    diags
        .error(DiagId::BadSpace, field.value.range,
               "a space needs the size of its group")
        .help("write " + field.value.token.text + "(4)");
  checkSize();
  if (!group || !n || diags.errorCount() != errorsBefore)
    return std::nullopt;
  return Space{decl.name.text.str(), *group, *n};
}

/// Reports a name that no space has.
static void reportUnknown(const Value &axis, StringRef name,
                          const DeclaredSpaces &spaces,
                          DiagnosticEngine &diags) {
  Diagnostic &error = diags.error(DiagId::UnknownSpace, axis.range,
                                  "unknown space " + quoted(name));
  std::vector<StringRef> known;
  for (const auto &entry : spaces)
    known.push_back(entry.first());
  llvm::sort(known);
  if (std::optional<StringRef> meant = closestWord(name, known))
    error.fix(axis.range, *meant, "did you mean '" + *meant + "'?");
  else
    error.help("declare it: space " +
               (name.size() <= maxNameLength ? name : "NAME") + " = S(8)");
}

/// A summand of `decl`: a space that is none itself; null where it is refused.
static const Space *findSummand(const SpaceDecl &decl, const Value &summand,
                                const DeclaredSpaces &spaces,
                                const llvm::StringSet<> &sums,
                                DiagnosticEngine &diags) {
  const StringRef name = summand.token.text;
  if (name.ends_with("'")) {
    diags.error(DiagId::BadSpace, summand.range, "a summand is no dual space")
        .help("write the apostrophe behind " + quoted(decl.name.text) +
              " where it is the space of an axis: it is of all summands");
    return nullptr;
  }
  if (sums.contains(name)) {
    diags
        .error(DiagId::BadSpace, summand.range,
               "summand " + quoted(name) + " is a sum itself")
        .help("write its summands instead");
    return nullptr;
  }
  const auto found = spaces.find(name);
  if (found == spaces.end()) {
    reportUnknown(summand, name, spaces, diags);
    return nullptr;
  }
  return found->second ? &found->second->space : nullptr;
}

/// The sum declared, or nothing. `sums` are the names of all.
static std::optional<DeclaredSpace> checkSum(const SpaceDecl &decl,
                                             const DeclaredSpaces &spaces,
                                             const llvm::StringSet<> &sums,
                                             DiagnosticEngine &diags) {
  DeclaredSpace sum;
  sum.space.name = decl.name.text.str();
  if (decl.value.kind != Value::Kind::Sum) {
    diags
        .error(DiagId::BadSpace, decl.value.range,
               "a sum has at least two summands, found " +
                   quoted(decl.value.token.text) + " alone")
        .help("use " + quoted(decl.value.token.text) + " itself, or write " +
              decl.value.token.text + " + " + decl.value.token.text +
              " for a group that acts on two copies of it");
    return std::nullopt;
  }
  if (decl.value.numItems > static_cast<size_t>(kMostSummands)) {
    diags.error(DiagId::TooManySpaces, decl.value.range,
                "the sum has " + Twine(decl.value.numItems) +
                    " summands, the limit is " + Twine(kMostSummands));
    return std::nullopt;
  }
  bool good = true;
  for (const Value &summand : decl.value.items) {
    const Space *space = findSummand(decl, summand, spaces, sums, diags);
    good &= space != nullptr;
    if (space)
      sum.summands.push_back(*space);
  }
  return good ? std::optional(std::move(sum)) : std::nullopt;
}

/// The space declared; nothing where it is a sum, which are checked later.
static std::optional<DeclaredSpace> checkSpace(const SpaceDecl &decl,
                                               bool isSum,
                                               const FrontendOptions &options,
                                               DiagnosticEngine &diags) {
  checkName(decl.name, "space", diags);
  if (decl.name.is(TokenKind::Word) && isVertex(decl.name.text))
    diags
        .error(DiagId::BadSpace, decl.name.range,
               "space name " + quoted(decl.name.text) + " is that of a vertex")
        .help("choose another name: diagrams are written with 'o1' and 'i1'");
  if (decl.value.kind == Value::Kind::Error || isSum)
    return std::nullopt;
  LayerDecl layer;
  layer.name = decl.name;
  layer.fields.push_back({decl.keyword, decl.value});
  std::optional<Space> space =
      LayerChecker(layer, DeclaredSpaces(), options, diags).checkSpace();
  if (!space)
    return std::nullopt;
  return DeclaredSpace{std::move(*space), {}};
}

DeclaredSpaces eqc::checkSpaces(const SourceFile &file,
                                const FrontendOptions &options,
                                DiagnosticEngine &diags) {
  llvm::StringSet<> names, sums;
  for (const SpaceDecl &decl : file.spaces)
    if (decl.name.is(TokenKind::Word))
      names.insert(decl.name.text);
  // One space alone is no sum, but nothing else either.
  auto isSum = [&](const Value &value) {
    return value.kind == Value::Kind::Sum ||
           (value.kind == Value::Kind::Scalar &&
            value.token.is(TokenKind::Word) &&
            names.contains(value.token.text) &&
            !parseGroup(std::string_view(value.token.text)));
  };
  DeclaredSpaces spaces;
  for (const SpaceDecl &decl : file.spaces) {
    if (diags.saturated())
      break;
    const bool ofSummands = isSum(decl.value);
    std::optional<DeclaredSpace> space =
        ::checkSpace(decl, ofSummands, options, diags);
    if (!decl.name.is(TokenKind::Word))
      continue;
    if (ofSummands)
      sums.insert(decl.name.text);
    spaces.try_emplace(decl.name.text, std::move(space));
  }
  llvm::StringSet<> checked;
  for (const SpaceDecl &decl : file.spaces)
    if (isSum(decl.value) && !diags.saturated()) {
      std::optional<DeclaredSpace> sum = checkSum(decl, spaces, sums, diags);
      // Of spaces with one name the first counts.
      if (sum && checked.insert(decl.name.text).second)
        spaces[decl.name.text] = std::move(sum);
    }
  return spaces;
}

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

bool LayerChecker::namesAxes(FieldKind kind) const {
  auto isNamed = [](const Value &part) {
    return part.kind == Value::Kind::Words ||
           (part.kind == Value::Kind::Scalar && part.token.is(TokenKind::Word));
  };
  const Value *written = value(kind);
  if (written && written->kind == Value::Kind::Product)
    return llvm::any_of(written->items, isNamed);
  return written && isNamed(*written);
}

/// Whether axes are those of spaces: some are named, or there is neither an
/// axis nor a group.
void LayerChecker::findForm() {
  auto isPresent = [&](FieldKind kind) {
    return present[static_cast<size_t>(kind)];
  };
  auto isZero = [](const Value &part) {
    return part.kind == Value::Kind::Scalar &&
           part.token.is(TokenKind::Integer) &&
           part.token.text.trim('0').empty();
  };
  auto isNone = [&](FieldKind kind) {
    const Value *written = value(kind);
    if (written && written->kind == Value::Kind::Product)
      return llvm::all_of(written->items, isZero);
    return written && isZero(*written);
  };
  const bool names = namesAxes(FieldKind::K) || namesAxes(FieldKind::L);
  typed = names || (!isPresent(FieldKind::Group) && !isPresent(FieldKind::N) &&
                    isNone(FieldKind::K) && isNone(FieldKind::L));
  if (!names)
    return;
  for (FieldKind kind : {FieldKind::Group, FieldKind::N})
    if (const Field *field = fields[static_cast<size_t>(kind)])
      diags
          .error(DiagId::MixedAxes, field->name.range,
                 "a layer whose axes are those of spaces has no field '" +
                     field->name.text + "'")
          .note(place(namesAxes(FieldKind::K) ? FieldKind::K : FieldKind::L),
                "its axes are named here")
          .help("remove the field, or write 'k' and 'l' as integers");
}

/// Whether some spaces of an axis, and whether all, have duals.
static std::pair<bool, bool> haveDuals(const DeclaredSpace &space) {
  auto hasDuals = [](const Space &of) { return rulesOf(of.group).hasDuals(); };
  if (!space.isSum())
    return {hasDuals(space.space), hasDuals(space.space)};
  return {llvm::any_of(space.summands, hasDuals),
          llvm::all_of(space.summands, hasDuals)};
}

const DeclaredSpace *eqc::findSpace(const Value &axis,
                                    const DeclaredSpaces &spaces,
                                    DiagnosticEngine &diags, bool &isDual) {
  StringRef name = axis.token.text;
  const bool primed = name.consume_back("'");
  const auto found = spaces.find(name);
  if (found == spaces.end()) {
    reportUnknown(axis, name, spaces, diags);
    return nullptr;
  }
  if (!found->second)
    return nullptr;
  const auto [someDuals, allDuals] = haveDuals(*found->second);
  if (primed && someDuals && !allDuals) {
    diags.error(DiagId::NotBuiltYet, axis.range,
                "axes of the dual of a sum are not built yet where summands "
                "are their own duals");
    return nullptr;
  }
  if (primed && !someDuals) {
    diags
        .error(DiagId::DualAxis, axis.range,
               "space " + quoted(name) + " is its own dual")
        .fix(axis.range, name, "write it without the apostrophe");
    return nullptr;
  }
  isDual = primed;
  return &*found->second;
}

/// Reads the axes of one side; false where one of them is wrong.
bool LayerChecker::readAxes(FieldKind kind, WrittenAxes &axes,
                            std::optional<int64_t> &order) {
  const Value *written = value(kind);
  if (!written)
    return false;
  if (kind != FieldKind::K || !inputProduct())
    return readAxes(kind, *written, axes, order);
  std::optional<int64_t> first;
  const bool good = readAxes(kind, written->items[0], axes, first);
  if (!readAxes(kind, written->items[1], axes, k2) || !good)
    return false;
  order = *first + *k2;
  return true;
}

/// The same of one value of the field.
bool LayerChecker::readAxes(FieldKind kind, const Value &value,
                            WrittenAxes &axes, std::optional<int64_t> &order) {
  const Value *written = &value;
  const StringRef field = fields[static_cast<size_t>(kind)]->name.text;
  if (written->kind != Value::Kind::Words &&
      !(written->kind == Value::Kind::Scalar &&
        written->token.is(TokenKind::Word))) {
    const std::optional<int64_t> number =
        readInteger(*written, field, 0, "the names of spaces, or 0");
    if (!number)
      return false;
    if (*number != 0) {
      diags
          .error(DiagId::MixedAxes, written->range,
                 "'" + field +
                     "' counts axes, but the others are those of "
                     "spaces")
          .help("write the space of each axis, or 0 for none");
      return false;
    }
    order = 0;
    return true;
  }
  order = written->kind == Value::Kind::Words
              ? static_cast<int64_t>(written->numItems)
              : 1;
  bool good = true;
  const Value one = *written;
  for (const Value &axis : written->kind == Value::Kind::Words
                               ? llvm::ArrayRef(written->items)
                               : llvm::ArrayRef(one)) {
    bool isDual = false;
    const DeclaredSpace *space = findSpace(axis, spaces, diags, isDual);
    good &= space != nullptr;
    if (!space)
      continue;
    axes.spaces.push_back(space);
    axes.dual.push_back(isDual);
  }
  return good;
}

void LayerChecker::readAxes() {
  WrittenAxes outputs, inputs;
  const bool goodOutputs = readAxes(FieldKind::L, outputs, l);
  const bool goodInputs = readAxes(FieldKind::K, inputs, k);
  if (!goodOutputs || !goodInputs)
    return;
  // Spaces are numbered by their first axes, outputs first; those of a sum in
  // its order. Sums are numbered after all spaces.
  std::vector<Space> used;
  std::vector<SpaceSum> sums;
  auto number = [&](const Space &space) {
    const auto known = llvm::find(used, space);
    const auto place = static_cast<int>(known - used.begin());
    if (known == used.end())
      used.push_back(space);
    return place;
  };
  auto numberOfSum = [&](const DeclaredSpace &declared) {
    SpaceSum sum{declared.space.name, {}};
    for (const Space &summand : declared.summands)
      sum.summands.push_back(number(summand));
    const auto known = llvm::find(sums, sum);
    const auto place = static_cast<int>(known - sums.begin());
    if (known == sums.end())
      sums.push_back(std::move(sum));
    return -1 - place; // until all spaces have numbers
  };
  for (auto [written, axes] :
       {std::pair(&outputs, &spec.yAxes), std::pair(&inputs, &spec.xAxes)})
    for (const DeclaredSpace *space : written->spaces)
      axes->push_back(space->isSum() ? numberOfSum(*space)
                                     : number(space->space));
  for (std::vector<int> *axes : {&spec.yAxes, &spec.xAxes})
    for (int &axis : *axes)
      if (axis < 0)
        axis = static_cast<int>(used.size()) - 1 - axis;
  spec.typed = true;
  spec.yDuals = outputs.dual;
  spec.xDuals = inputs.dual;
  if (spec.duals().empty()) {
    spec.yDuals.clear();
    spec.xDuals.clear();
  }
  if (used.size() < 2 && sums.empty()) {
    spec.yAxes.clear();
    spec.xAxes.clear();
    group = used.empty() ? Group(Group::S) : used.front().group;
    n = used.empty() ? 1 : used.front().n;
    if (!used.empty())
      spec.spaceName = used.front().name;
    return;
  }
  if (!checkSpacesOfAxes(used, sums.size(),
                         inputs.spaces.size() >= outputs.spaces.size()))
    return;
  group = Group::product(used, sums);
  n = sizeOfProduct(*group);
}

/// Whether a layer may have axes of these spaces, of so many sums of them; the
/// inputs are more than the outputs where `ofInputs`.
bool LayerChecker::checkSpacesOfAxes(const std::vector<Space> &used,
                                     size_t numSums, bool ofInputs) {
  const SourceRange where = place(ofInputs ? FieldKind::K : FieldKind::L);
  if (used.size() > static_cast<size_t>(kMostSpaces)) {
    diags
        .error(DiagId::TooManySpaces, where,
               "the axes are of " + Twine(used.size()) +
                   " spaces, the limit is " + Twine(kMostSpaces))
        .help("an axis on which nothing acts is a channel: put it there");
    return false;
  }
  if (numSums > static_cast<size_t>(kMostSums)) {
    diags.error(DiagId::TooManySpaces, where,
                "the axes are of " + Twine(numSums) + " sums, the limit is " +
                    Twine(kMostSums));
    return false;
  }
  std::vector<std::string> spelledOut;
  for (const Space &space : used)
    if (space.group.action())
      spelledOut.push_back("'" + space.name + "'");
  if (spelledOut.size() > 1) {
    diags
        .error(DiagId::NotBuiltYet, where,
               "axes of several spaces of Perm and Graph, " +
                   llvm::join(spelledOut, " and ") + ", are not built yet")
        .help("make the axes of all but one channels, or give each a layer of "
              "its own");
    return false;
  }
  return true;
}

LayerRows LayerChecker::rows(bool ofBias) const {
  return {*group,
          *n,
          static_cast<int>(l.value_or(0)),
          ofBias ? 0 : static_cast<int>(k.value_or(0)),
          spec.axes(ofBias),
          spec.duals(ofBias)};
}

/// Jellyfish of two inputs are not read yet.
void LayerChecker::checkHeads() {
  std::string name;
  for (const Diagram &diagram : spec.diagrams)
    if (diagram.head >= 0 && !diagram.orbit.exists())
      name = toString(diagram);
  auto findIn = [&](const LayerRows &assigned) {
    for (size_t c = 0; c < spec.group.numSpaces() && name.empty(); ++c) {
      const auto space = static_cast<int>(c);
      const GroupRules &rules = rulesOf(spec.group.of(space));
      if (rules.hasJellyfish())
        rules.enumerate(sizeOf(spec.group, spec.n, space),
                        assigned.verticesOf(space),
                        [&](const Diagram &diagram) {
                          if (diagram.head >= 0)
                            name = toString(diagram);
                          return diagram.head < 0;
                        });
    }
    return name.empty();
  };
  if (spec.choice != DiagramChoice::List)
    forEachAssignment(rows(), findIn);
  if (!name.empty())
    diags
        .error(DiagId::NotBuiltYet, place(FieldKind::K),
               "jellyfish, such as '" + name +
                   "', are not built yet in layers of two inputs")
        .help("list the diagrams without '*'");
}

/// A diagram has a symbol of one space at most, none of A beside an orbit, and
/// none of A beside a second input.
void LayerChecker::checkSymbols() {
  if (spec.isBilinear())
    checkHeads();
  if (!spec.group.isProduct())
    return;
  std::string orbits, heads; // the space that has them
  auto spacesWithSymbols = [&](const LayerRows &assigned) {
    std::vector<std::string> names;
    orbits.clear();
    heads.clear();
    for (size_t c = 0; c < spec.group.spaces().size(); ++c) {
      const Space &space = spec.group.spaces()[c];
      bool any = false;
      rulesOf(space.group)
          .enumerate(space.n, assigned.verticesOf(static_cast<int>(c)),
                     [&](const Diagram &diagram) {
                       any = diagram.hasSymbol();
                       return !any;
                     });
      const std::string name = "'" + space.name + "'";
      if (any && space.group.action())
        orbits = name;
      else if (any)
        names.push_back(name);
      if (any && rulesOf(space.group).hasJellyfish())
        heads = name;
    }
    return names;
  };
  auto check = [&](bool ofBias, FieldKind where) {
    std::vector<std::string> names;
    forEachAssignment(rows(ofBias), [&](const LayerRows &assigned) {
      names = spacesWithSymbols(assigned);
      return names.size() < 2 && (orbits.empty() || heads.empty());
    });
    if (!orbits.empty() && !heads.empty())
      diags
          .error(DiagId::NotBuiltYet, place(where),
                 "orbits of " + orbits + " beside jellyfish of " + heads +
                     " are not built yet")
          .help("list the diagrams without '*'");
    else if (names.size() > 1)
      diags
          .error(DiagId::NotBuiltYet, place(where),
                 "diagrams with symbols, '*', of several spaces, " +
                     llvm::join(names, " and ") + ", are not built yet")
          .help("list the diagrams without '*'");
  };
  if (spec.choice != DiagramChoice::List)
    check(/*ofBias=*/false, FieldKind::K);
  if (spec.bias)
    check(/*ofBias=*/true, FieldKind::Bias);
}
