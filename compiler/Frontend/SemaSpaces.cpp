//===- SemaSpaces.cpp - Semantic checks: spaces and axes ------------------===//
//
// Spaces as they are declared, and the axes of layers that name them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Sema.h"
#include "compiler/Interface/Names.h"

#include "llvm/ADT/StringExtras.h"

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

/// The space declared, or nothing.
static std::optional<Space> checkSpace(const SpaceDecl &decl,
                                       const FrontendOptions &options,
                                       DiagnosticEngine &diags) {
  checkName(decl.name, "space", diags);
  if (decl.name.is(TokenKind::Word) && isVertex(decl.name.text))
    diags
        .error(DiagId::BadSpace, decl.name.range,
               "space name " + quoted(decl.name.text) + " is that of a vertex")
        .help("choose another name: diagrams are written with 'o1' and 'i1'");
  if (decl.value.kind == Value::Kind::Error)
    return std::nullopt;
  if (decl.value.kind == Value::Kind::Sum) {
    diags
        .error(DiagId::NotBuiltYet, decl.value.range,
               "sums of spaces are not built yet")
        .help("write a layer for each pair of summands, and add up their "
              "results");
    return std::nullopt;
  }
  LayerDecl layer;
  layer.name = decl.name;
  layer.fields.push_back({decl.keyword, decl.value});
  return LayerChecker(layer, DeclaredSpaces(), options, diags).checkSpace();
}

DeclaredSpaces eqc::checkSpaces(const SourceFile &file,
                                const FrontendOptions &options,
                                DiagnosticEngine &diags) {
  DeclaredSpaces spaces;
  for (const SpaceDecl &decl : file.spaces) {
    if (diags.saturated())
      break;
    std::optional<Space> space = ::checkSpace(decl, options, diags);
    if (decl.name.is(TokenKind::Word))
      spaces.try_emplace(decl.name.text, std::move(space));
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

const Space *eqc::findSpace(const Value &axis, const DeclaredSpaces &spaces,
                            DiagnosticEngine &diags, bool *isDual) {
  StringRef name = axis.token.text;
  const bool primed = name.consume_back("'");
  const auto found = spaces.find(name);
  if (found == spaces.end()) {
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
    return nullptr;
  }
  if (!found->second)
    return nullptr;
  if (primed && !rulesOf(found->second->group).hasDuals()) {
    diags
        .error(DiagId::DualAxis, axis.range,
               "space " + quoted(name) + " is its own dual")
        .fix(axis.range, name, "write it without the apostrophe");
    return nullptr;
  }
  if (primed && !isDual) {
    diags.error(DiagId::NotBuiltYet, axis.range,
                "axes of duals are not built yet in networks");
    return nullptr;
  }
  if (isDual)
    *isDual = primed;
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
    const Space *space = findSpace(axis, spaces, diags, &isDual);
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
  // Spaces are numbered by their first axes, outputs first.
  std::vector<Space> used;
  auto number = [&](const std::vector<const Space *> &axes) {
    std::vector<int> numbers;
    for (const Space *space : axes) {
      auto known = llvm::find(used, *space);
      numbers.push_back(static_cast<int>(known - used.begin()));
      if (known == used.end())
        used.push_back(*space);
    }
    return numbers;
  };
  spec.typed = true;
  spec.yAxes = number(outputs.spaces);
  spec.xAxes = number(inputs.spaces);
  spec.yDuals = outputs.dual;
  spec.xDuals = inputs.dual;
  if (spec.duals().empty()) {
    spec.yDuals.clear();
    spec.xDuals.clear();
  }
  if (used.size() > static_cast<size_t>(kMostSpaces)) {
    diags
        .error(DiagId::TooManySpaces,
               place(inputs.spaces.size() >= outputs.spaces.size()
                         ? FieldKind::K
                         : FieldKind::L),
               "the axes are of " + Twine(used.size()) +
                   " spaces, the limit is " + Twine(kMostSpaces))
        .help("an axis on which nothing acts is a channel: put it there");
    return;
  }
  if (used.size() < 2) {
    spec.yAxes.clear();
    spec.xAxes.clear();
    group = used.empty() ? Group(Group::S) : used.front().group;
    n = used.empty() ? 1 : used.front().n;
    if (!used.empty())
      spec.spaceName = used.front().name;
    return;
  }
  for (const Space &space : used)
    if (space.group.action()) {
      diags
          .error(DiagId::NotBuiltYet,
                 place(inputs.spaces.size() >= outputs.spaces.size()
                           ? FieldKind::K
                           : FieldKind::L),
                 "axes of '" + space.name + "', of " +
                     std::string(familyName(space.group.family())) +
                     ", beside those of other spaces are not built yet")
          .help("make the other axes channels, or give them a layer of their "
                "own");
      return;
    }
  for (const Space &space : used)
    if (space.n < 0) {
      diags
          .error(DiagId::NotBuiltYet,
                 place(inputs.spaces.size() >= outputs.spaces.size()
                           ? FieldKind::K
                           : FieldKind::L),
                 "axes of several spaces of which one, '" + space.name +
                     "', has a size given at run time are not built yet")
          .help("give its size where it is declared");
      return;
    }
  group = Group::product(used);
  n = sizeOfProduct(*group);
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
    if (diagram.head >= 0)
      name = toString(diagram);
  for (size_t c = 0;
       spec.choice != DiagramChoice::List && c < spec.group.numSpaces(); ++c) {
    const auto space = static_cast<int>(c);
    const GroupRules &rules = rulesOf(spec.group.of(space));
    if (rules.hasJellyfish())
      rules.enumerate(sizeOf(spec.group, spec.n, space),
                      rows().verticesOf(space), [&](const Diagram &diagram) {
                        if (diagram.head >= 0)
                          name = toString(diagram);
                        return diagram.head < 0;
                      });
  }
  if (!name.empty())
    diags
        .error(DiagId::NotBuiltYet, place(FieldKind::K),
               "jellyfish, such as '" + name +
                   "', are not built yet in layers of two inputs")
        .help("list the diagrams without '*'");
}

/// A diagram has a symbol of one space at most, and none of A beside a second
/// input.
void LayerChecker::checkSymbols() {
  if (spec.isBilinear())
    checkHeads();
  if (!spec.group.isProduct())
    return;
  auto check = [&](bool ofBias, FieldKind where) {
    std::vector<std::string> names;
    for (size_t c = 0; c < spec.group.spaces().size(); ++c) {
      const Space &space = spec.group.spaces()[c];
      const auto number = static_cast<int>(c);
      const auto outputs = static_cast<int>(llvm::count(spec.yAxes, number));
      const auto inputs =
          ofBias ? 0 : static_cast<int>(llvm::count(spec.xAxes, number));
      bool any = false;
      forEachDiagram(space.group, space.n, outputs, inputs,
                     [&](const Diagram &diagram) {
                       any = diagram.hasSymbol();
                       return !any;
                     });
      if (any)
        names.push_back("'" + space.name + "'");
    }
    if (names.size() > 1)
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
