//===- EqcAttrs.cpp - Attributes of the eqc dialect -----------------------===//
//
// Uniquing, syntax and verification of the attributes.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcAttrs.h"

#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/GraphMap.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Plan/PlanRules.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

llvm::hash_code eqc::hash_value(const Group &group) {
  if (group.isProduct())
    return llvm::hash_value(&group.spaces());
  return llvm::hash_combine(group.family(), group.plus(), group.minus(),
                            group.action());
}

llvm::hash_code eqc::hash_value(const Diagram &diagram) {
  llvm::hash_code hash = llvm::hash_combine(
      diagram.l, diagram.k, diagram.free, diagram.head,
      llvm::hash_combine_range(diagram.block.begin(), diagram.block.end()),
      llvm::hash_combine_range(diagram.space.begin(), diagram.space.end()),
      llvm::hash_combine_range(diagram.part.begin(), diagram.part.end()));
  for (int value : diagram.orbit.values)
    hash = llvm::hash_combine(hash, value);
  for (bool dual : diagram.dual)
    hash = llvm::hash_combine(hash, dual);
  for (auto [a, b] : diagram.map.edges)
    hash = llvm::hash_combine(hash, a, b);
  return hash;
}

llvm::hash_code eqc::hash_value(const RowPattern &pattern) {
  llvm::hash_code hash = llvm::hash_combine(
      pattern.free, pattern.head, pattern.otherLegs,
      llvm::hash_combine_range(pattern.through.begin(), pattern.through.end()),
      llvm::hash_combine_range(pattern.block.begin(), pattern.block.end()));
  for (const std::vector<int> *values :
       {&pattern.orbit.values, &pattern.orbit.others})
    for (int value : *values)
      hash = llvm::hash_combine(hash, value);
  for (bool kept : pattern.kept)
    hash = llvm::hash_combine(hash, kept);
  for (const std::vector<int> *numbers : {&pattern.space, &pattern.part})
    for (int number : *numbers)
      hash = llvm::hash_combine(hash, number);
  for (const RowStep &step : pattern.steps)
    for (auto [a, b] : step.edges)
      hash = llvm::hash_combine(hash, a, b);
  return hash;
}

/// Numbers in brackets, maybe none.
static ParseResult parseNumbers(AsmParser &parser,
                                SmallVector<int64_t> &numbers) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parser.parseInteger(numbers.emplace_back());
  });
}

static void printNumbers(AsmPrinter &printer, ArrayRef<int64_t> numbers) {
  printer << '[';
  llvm::interleaveComma(numbers, printer);
  printer << ']';
}

static ParseResult parseInfo(AsmParser &parser, DictionaryAttr &info) {
  return parser.parseAttribute(info);
}

static void printInfo(AsmPrinter &printer, DictionaryAttr info) {
  printer.printAttribute(info);
}

static ParseResult parseKernelRole(AsmParser &parser, KernelRole &role);
static void printKernelRole(AsmPrinter &printer, KernelRole role);

#define GET_ATTRDEF_CLASSES
#include "dialect/Eqc/EqcAttrs.cpp.inc"

void EqcDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/Eqc/EqcAttrs.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Numbers of vertices from the text
//===----------------------------------------------------------------------===//

/// The largest number that follows `letter` (or stands alone, for letter 0) in
/// `text`. A row of m vertices takes more than m characters, so a larger number
/// means that others are missing; it is refused before anything is sized by it.
static std::variant<int, DiagramError> largestVertex(StringRef text,
                                                     char letter) {
  int largest = 0;
  for (size_t pos = 0; pos < text.size(); ++pos) {
    // Numbers of spaces and of legs, and values, have marks before them.
    bool startsWord = pos == 0 || (!llvm::isAlnum(text[pos - 1]) &&
                                   !StringRef(":@+=").contains(text[pos - 1]));
    size_t digits = pos + (letter ? 1 : 0);
    if (!startsWord || (letter && text[pos] != letter))
      continue;
    size_t end = std::min(text.find_if_not(llvm::isDigit, digits), text.size());
    if (end <= digits)
      continue;
    uint64_t value = 0;
    bool tooLong = text.slice(digits, end).getAsInteger(10, value);
    if (tooLong || value > text.size()) {
      std::string vertex = text.slice(pos, end).str();
      return DiagramError{pos, end - pos,
                          "vertex '" + vertex +
                              "' is named but vertices before it are missing"};
    }
    largest = std::max(largest, static_cast<int>(value));
  }
  return largest;
}

std::variant<Diagram, DiagramError> ir::parseDiagramText(StringRef text) {
  std::variant<int, DiagramError> l = largestVertex(text, 'o');
  if (auto *error = std::get_if<DiagramError>(&l))
    return *error;
  std::variant<int, DiagramError> k = largestVertex(text, 'i');
  if (auto *error = std::get_if<DiagramError>(&k))
    return *error;
  return eqc::parseDiagram(std::string_view(text.data(), text.size()),
                           std::get<int>(l), std::get<int>(k), /*typed=*/true);
}

std::variant<RowPattern, DiagramError> ir::parsePatternText(StringRef text) {
  // Behind the vertices of a row of an orbit, or with steps, stand other
  // numbers.
  std::variant<int, DiagramError> size = largestVertex(
      text.take_until([](char c) { return c == '>' || c == '#' || c == ';'; }),
      0);
  if (auto *error = std::get_if<DiagramError>(&size))
    return *error;
  return eqc::parseRowPattern(std::string_view(text.data(), text.size()),
                              std::get<int>(size));
}

//===----------------------------------------------------------------------===//
// Diagrams and patterns
//===----------------------------------------------------------------------===//

/// Where a byte of a string stands in its literal, whose text begins at `text`:
/// `\n`, `\"` and `\FF` are one byte each.
static const char *placeInLiteral(const char *text, size_t byte) {
  for (; byte > 0; --byte)
    text += *text != '\\'                                            ? 1
            : llvm::isHexDigit(text[1]) && llvm::isHexDigit(text[2]) ? 3
                                                                     : 2;
  return text;
}

/// Reads a string literal and hands its text to `read`. An error points at the
/// offending bytes.
template <typename AttrT, typename ValueT>
static FailureOr<AttrT>
parseLiteral(AsmParser &parser, StringRef what,
             std::variant<ValueT, DiagramError> (*read)(StringRef)) {
  SMLoc loc = parser.getCurrentLocation();
  std::string text;
  if (failed(parser.parseOptionalString(&text)))
    return parser.emitError(loc) << "expected a " << what << " in quotes";
  std::variant<ValueT, DiagramError> value = read(text);
  if (auto *error = std::get_if<DiagramError>(&value)) {
    const size_t byte = std::min(error->offset, text.size());
    loc = SMLoc::getFromPointer(placeInLiteral(loc.getPointer() + 1, byte));
    // The text may hold any bytes.
    return parser.emitError(loc)
           << "invalid " << what << ": " << llvm::json::fixUTF8(error->message);
  }
  return AttrT::getChecked([&] { return parser.emitError(loc); },
                           parser.getContext(), std::get<ValueT>(value));
}

FailureOr<DiagramAttr> ir::parseDiagramLiteral(AsmParser &parser) {
  return parseLiteral<DiagramAttr, Diagram>(parser, "diagram",
                                            parseDiagramText);
}

FailureOr<RowPatternAttr> ir::parsePatternLiteral(AsmParser &parser) {
  return parseLiteral<RowPatternAttr, RowPattern>(parser, "pattern",
                                                  parsePatternText);
}

/// Whether `block` is a restricted growth string, and the number of blocks.
static FailureOr<int> countBlocks(ArrayRef<int> block) {
  int blocks = 0;
  for (int b : block) {
    if (b < 0 || b > blocks)
      return failure();
    blocks += b == blocks;
  }
  return blocks;
}

LogicalResult DiagramAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  Diagram value) {
  if (value.l < 0 || value.k < 0 ||
      value.block.size() != static_cast<size_t>(value.l) + value.k)
    return emitError() << "a diagram with " << value.l << " outputs and "
                       << value.k << " inputs must have as many vertices, but "
                       << value.block.size() << " were given";
  FailureOr<int> blocks = countBlocks(value.block);
  if (failed(blocks))
    return emitError() << "the blocks of a diagram must be numbered by first "
                          "appearance";
  if (value.free < -1 || value.free >= *blocks)
    return emitError() << "block " << value.free
                       << " of free vertices does not exist";
  if (!value.space.empty() && value.space.size() != value.block.size())
    return emitError()
           << "all vertices of a diagram name their spaces, or none "
              "of them";
  if (!value.dual.empty() && (value.dual.size() != value.block.size() ||
                              !llvm::is_contained(value.dual, true)))
    return emitError() << "says of no vertex of a diagram that it is of a dual";
  return success();
}

Attribute DiagramAttr::parse(AsmParser &parser, Type) {
  if (failed(parser.parseLess()))
    return {};
  FailureOr<DiagramAttr> diagram = parseDiagramLiteral(parser);
  if (failed(diagram) || failed(parser.parseGreater()))
    return {};
  return *diagram;
}

void DiagramAttr::print(AsmPrinter &printer) const {
  printer << "<\"" << toTypedString(getValue()) << "\">";
}

LogicalResult CostAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t multiplyAdds, int64_t additions,
                               int64_t scratch, int64_t packed, int64_t packPs,
                               int64_t samplePs, int64_t callPs,
                               FloatAttr condition) {
  for (int64_t number :
       {multiplyAdds, additions, scratch, packed, packPs, samplePs, callPs})
    if (number < 0)
      return emitError() << "what a plan costs must not be negative, found "
                         << number;
  if (condition && !(condition.getValueAsDouble() >= 1))
    return emitError() << "the condition of a basis must be at least 1";
  return success();
}

LogicalResult PlanAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               StringRef name, StringRef basis, int64_t n,
                               int64_t batch, StringRef,
                               DictionaryAttr compared,
                               DictionaryAttr refused) {
  auto isPlan = [](StringRef text) {
    const std::optional<PlanKind> kind = findPlan(text);
    return kind && kind != PlanKind::Auto;
  };
  if (!isPlan(name))
    return emitError() << "there is no plan '" << llvm::json::fixUTF8(name)
                       << "'; plans are " << planNames();
  const auto isBasis = rulesOf(*findPlan(name)).isBasis;
  if (!basis.empty() && !(isBasis && isBasis(basis)))
    return emitError() << "the plan '" << name << "' has no basis '"
                       << llvm::json::fixUTF8(basis) << "'";
  if (n < 0 || batch < 0)
    return emitError() << "the size and the batch that plans are compared at "
                          "must not be negative";
  for (DictionaryAttr given : {compared, refused})
    for (NamedAttribute entry :
         given ? given.getValue() : ArrayRef<NamedAttribute>()) {
      const bool valid = given == compared ? isa<CostAttr>(entry.getValue())
                                           : isa<StringAttr>(entry.getValue());
      if (!isPlan(entry.getName()) || !valid)
        return emitError() << "what plans cost is '#eqc.cost' and reasons of "
                              "refusal are strings, by names of plans";
    }
  if (refused && refused.contains(name))
    return emitError() << "the plan '" << name << "' itself is refused";
  for (NamedAttribute entry :
       refused ? refused.getValue() : ArrayRef<NamedAttribute>())
    if (compared && compared.contains(entry.getName()))
      return emitError() << "the plan '" << entry.getName().getValue()
                         << "' is compared and is refused";
  return success();
}

LogicalResult
RowPatternAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       RowPattern value) {
  FailureOr<int> blocks = countBlocks(value.block);
  if (failed(blocks))
    return emitError() << "the blocks of a pattern must be numbered by first "
                          "appearance";
  if (!value.steps.empty()) {
    const std::string why = whyNoSteps(value);
    return why.empty() ? success() : emitError() << why;
  }
  if (value.numBlocks() != *blocks)
    return emitError() << "a pattern with " << *blocks
                       << " blocks must say of each whether it is kept";
  if (value.free < -1 || value.free >= *blocks)
    return emitError() << "block " << value.free
                       << " of free vertices does not exist";
  if (value.free >= 0 && value.kept[value.free])
    return emitError() << "the block of free vertices cannot be kept";
  if (!value.space.empty() && value.space.size() != value.block.size())
    return emitError()
           << "all vertices of a pattern name their spaces, or none "
              "of them";
  return success();
}

Attribute RowPatternAttr::parse(AsmParser &parser, Type) {
  if (failed(parser.parseLess()))
    return {};
  FailureOr<RowPatternAttr> pattern = parsePatternLiteral(parser);
  if (failed(pattern) || failed(parser.parseGreater()))
    return {};
  return *pattern;
}

void RowPatternAttr::print(AsmPrinter &printer) const {
  printer << "<\"" << toString(getValue()) << "\">";
}

std::vector<Diagram> ir::getDiagramValues(ArrayAttr diagrams) {
  std::vector<Diagram> values;
  values.reserve(diagrams.size());
  for (DiagramAttr diagram : diagrams.getAsRange<DiagramAttr>())
    values.push_back(diagram.getValue());
  return values;
}

ArrayAttr ir::getPermutationArrayAttr(MLIRContext *context,
                                      ArrayRef<AxisPermutation> permutations) {
  SmallVector<Attribute> texts;
  for (const AxisPermutation &permutation : permutations)
    texts.push_back(StringAttr::get(context, toString(permutation)));
  return ArrayAttr::get(context, texts);
}

std::vector<AxisPermutation> ir::getPermutationValues(ArrayAttr texts,
                                                      int64_t order) {
  std::vector<AxisPermutation> permutations;
  for (auto text : texts.getAsRange<StringAttr>())
    permutations.push_back(std::get<AxisPermutation>(
        parseAxisPermutation(text.getValue(), static_cast<int>(order))));
  return permutations;
}

ArrayAttr ir::getDiagramArrayAttr(MLIRContext *context,
                                  ArrayRef<Diagram> diagrams) {
  SmallVector<Attribute> attrs;
  attrs.reserve(diagrams.size());
  for (const Diagram &diagram : diagrams)
    attrs.push_back(DiagramAttr::get(context, diagram));
  return ArrayAttr::get(context, attrs);
}

std::vector<RowPattern> ir::getPatternValues(ArrayAttr patterns) {
  std::vector<RowPattern> values;
  values.reserve(patterns.size());
  for (RowPatternAttr pattern : patterns.getAsRange<RowPatternAttr>())
    values.push_back(pattern.getValue());
  return values;
}

ArrayAttr ir::getPatternArrayAttr(MLIRContext *context,
                                  ArrayRef<RowPattern> patterns) {
  SmallVector<Attribute> attrs;
  attrs.reserve(patterns.size());
  for (const RowPattern &pattern : patterns)
    attrs.push_back(RowPatternAttr::get(context, pattern));
  return ArrayAttr::get(context, attrs);
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// A keyword and what it stands for.
template <typename EnumT> using Choice = std::pair<StringRef, EnumT>;

static constexpr Choice<Layout> layouts[] = {
    {"channels_last", Layout::ChannelsLast},
    {"channels_first", Layout::ChannelsFirst}};
static constexpr Choice<Normalize> normalizations[] = {
    {"none", Normalize::None}, {"mean", Normalize::Mean}};
static constexpr Choice<Pool> pools[] = {
    {"sum", Pool::Sum}, {"max", Pool::Max}, {"min", Pool::Min}};
static constexpr Choice<BilinearRole> bilinearRoles[] = {
    {"y", BilinearRole::Forward},
    {"grad_x", BilinearRole::GradX},
    {"grad_z", BilinearRole::GradZ},
    {"grad_weight", BilinearRole::GradWeight}};
static constexpr Choice<KernelRole> roles[] = {
    {"pack", KernelRole::Pack},          {"forward", KernelRole::Forward},
    {"lanes", KernelRole::Lanes},        {"sums", KernelRole::Sums},
    {"lane_sums", KernelRole::LaneSums}, {"unpack", KernelRole::Unpack}};

template <typename EnumT>
static FailureOr<EnumT> parseChoice(AsmParser &parser, StringRef what,
                                    ArrayRef<Choice<EnumT>> choices) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef keyword;
  if (succeeded(parser.parseOptionalKeyword(&keyword)))
    for (const Choice<EnumT> &choice : choices)
      if (choice.first == keyword)
        return choice.second;
  InFlightDiagnostic diag = parser.emitError(loc);
  diag << "expected " << what << ", one of ";
  llvm::interleaveComma(choices, diag, [&](const Choice<EnumT> &choice) {
    diag << choice.first;
  });
  if (!keyword.empty())
    diag << "; found '" << keyword << "'";
  return failure();
}

template <typename EnumT>
static StringRef spell(EnumT value, ArrayRef<Choice<EnumT>> choices) {
  for (const Choice<EnumT> &choice : choices)
    if (choice.second == value)
      return choice.first;
  llvm_unreachable("a value without a spelling");
}

StringRef ir::getSpelling(Layout layout) {
  return spell<Layout>(layout, layouts);
}
StringRef ir::getSpelling(Normalize normalize) {
  return spell<Normalize>(normalize, normalizations);
}
StringRef ir::getSpelling(Pool pool) { return spell<Pool>(pool, pools); }

StringRef ir::getSpelling(BilinearRole role) {
  return spell<BilinearRole>(role, bilinearRoles);
}

FailureOr<Family> ir::parseFamily(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  // Names that are no words, as `S'`, stand in quotes.
  std::string name;
  if (failed(parser.parseOptionalKeywordOrString(&name)))
    name.clear();
  for (Group group : allGroups)
    if (name == familyName(group.family()))
      return group.family();
  InFlightDiagnostic diag = parser.emitError(loc);
  diag << "expected a group, one of ";
  llvm::interleaveComma(allGroups, diag,
                        [&](Group group) { diag << groupName(group); });
  if (!name.empty())
    diag << "; found '" << name << "'";
  return failure();
}

void ir::printFamily(AsmPrinter &printer, Family family) {
  printer.printKeywordOrString(familyName(family));
}

FailureOr<Group> ir::makeSignedGroup(AsmParser &parser, SMLoc loc,
                                     Family family, int64_t plus,
                                     int64_t minus) {
  const Group group(family, plus, minus);
  if (parseGroup(groupName(group)) == group)
    return group;
  return parser.emitError(loc) << "there is no group " << familyName(family)
                               << "(" << plus << "," << minus << ")";
}

FailureOr<Group> ir::parseAction(AsmParser &parser, Family family, int64_t n,
                                 std::string first) {
  const SMLoc loc = parser.getCurrentLocation();
  std::vector<std::string> texts{std::move(first)};
  while (succeeded(parser.parseOptionalComma()))
    if (failed(parser.parseString(&texts.emplace_back())))
      return failure();
  if (!rulesOf(Group(family)).hasOrbits())
    return parser.emitError(loc)
           << "group " << familyName(family) << " is not given by permutations";
  auto action = Action::make(family, n, texts);
  if (auto *error = std::get_if<Action::Error>(&action))
    return parser.emitError(loc) << llvm::json::fixUTF8(error->message);
  return Group(std::get<const Action *>(action));
}

void ir::printAction(AsmPrinter &printer, Group group) {
  printer << group.action()->n();
  for (const std::string &text : group.action()->texts())
    printer << ", \"" << text << '"';
}

/// A group and its size in parentheses, `S(34)`, `O(?)`, `O(1,3)`, `Graph(2,
/// "0-1")`.
static ParseResult parseSpace(AsmParser &parser, Space &space) {
  const SMLoc start = parser.getCurrentLocation();
  if (failed(parser.parseKeywordOrString(&space.name)) ||
      failed(parser.parseColon()))
    return failure();
  if (space.name.empty())
    return parser.emitError(start, "a space of a product must have a name");
  FailureOr<Family> family = parseFamily(parser);
  if (failed(family) || failed(parser.parseLParen()))
    return failure();
  const SMLoc loc = parser.getCurrentLocation();
  space.group = Group(*family);
  space.n = EqcDialect::kDynamicN;
  if (failed(parser.parseOptionalQuestion()) &&
      failed(parser.parseInteger(space.n)))
    return failure();
  if (failed(parser.parseOptionalComma()))
    return parser.parseRParen();
  std::string text;
  const bool isSpelledOut = succeeded(parser.parseOptionalString(&text));
  int64_t minus = 0;
  if (!isSpelledOut && failed(parser.parseInteger(minus)))
    return failure();
  FailureOr<Group> group =
      isSpelledOut ? parseAction(parser, *family, space.n, text)
                   : makeSignedGroup(parser, loc, *family, space.n, minus);
  if (failed(group))
    return failure();
  space.group = *group;
  space.n += minus;
  return parser.parseRParen();
}

/// Reads `name: 0 + 1`, a sum of spaces by their numbers.
static ParseResult parseSum(AsmParser &parser, size_t numSpaces,
                            SpaceSum &sum) {
  if (failed(parser.parseKeywordOrString(&sum.name)) ||
      failed(parser.parseColon()))
    return failure();
  do {
    const SMLoc loc = parser.getCurrentLocation();
    if (failed(parser.parseInteger(sum.summands.emplace_back())))
      return failure();
    const int summand = sum.summands.back();
    if (summand < 0 || static_cast<size_t>(summand) >= numSpaces ||
        sum.summands.size() > kMostSummands)
      return parser.emitError(loc)
             << "a sum has at most " << kMostSummands
             << " summands, each one of " << numSpaces << " spaces";
  } while (succeeded(parser.parseOptionalPlus()));
  return success();
}

FailureOr<std::optional<Group>> ir::parseOptionalProduct(AsmParser &parser) {
  if (failed(parser.parseOptionalLSquare()))
    return std::optional<Group>();
  const SMLoc loc = parser.getCurrentLocation();
  std::vector<Space> spaces;
  do
    if (failed(parseSpace(parser, spaces.emplace_back())))
      return failure();
  while (succeeded(parser.parseOptionalComma()));
  std::vector<SpaceSum> sums;
  if (succeeded(parser.parseOptionalKeyword("sums")))
    do
      if (failed(parseSum(parser, spaces.size(), sums.emplace_back())))
        return failure();
    while (succeeded(parser.parseOptionalComma()));
  if (failed(parser.parseRSquare()))
    return failure();
  if (sums.size() > kMostSums)
    return parser.emitError(loc) << "a product has at most " << kMostSums
                                 << " sums, found " << sums.size();
  if (spaces.size() < (sums.empty() ? 2 : 1) || spaces.size() > kMostSpaces)
    return parser.emitError(loc)
           << "a product has between 2 and " << kMostSpaces << " spaces, found "
           << spaces.size();
  return std::optional<Group>(Group::product(spaces, sums));
}

void ir::printProduct(AsmPrinter &printer, Group group) {
  printer << '[';
  llvm::interleaveComma(group.spaces(), printer, [&](const Space &space) {
    printer.printKeywordOrString(space.name);
    printer << ": ";
    printFamily(printer, space.group.family());
    printer << '(';
    if (space.group.hasSignature())
      printer << space.group.plus() << ',' << space.group.minus();
    else if (space.group.action())
      printAction(printer, space.group);
    else if (space.n == EqcDialect::kDynamicN)
      printer << '?';
    else
      printer << space.n;
    printer << ')';
  });
  if (group.hasSums())
    printer << " sums ";
  llvm::interleaveComma(group.sums(), printer, [&](const SpaceSum &sum) {
    printer.printKeywordOrString(sum.name);
    printer << ": ";
    llvm::interleave(sum.summands, printer, " + ");
  });
  printer << ']';
}

static FailureOr<Group> parseGroupInBrackets(AsmParser &parser) {
  FailureOr<std::optional<Group>> product = parseOptionalProduct(parser);
  if (failed(product))
    return failure();
  if (*product)
    return **product;
  FailureOr<Family> family = parseFamily(parser);
  if (failed(family) || failed(parser.parseOptionalLParen()))
    return family;
  SMLoc loc = parser.getCurrentLocation();
  int64_t plus = 0, minus = 0;
  std::string text;
  if (failed(parser.parseInteger(plus)) || failed(parser.parseComma()))
    return failure();
  if (succeeded(parser.parseOptionalString(&text))) {
    FailureOr<Group> group = parseAction(parser, *family, plus, text);
    if (failed(group) || failed(parser.parseRParen()))
      return failure();
    return group;
  }
  if (failed(parser.parseInteger(minus)) || failed(parser.parseRParen()))
    return failure();
  return makeSignedGroup(parser, loc, *family, plus, minus);
}
FailureOr<Layout> ir::parseLayoutKeyword(AsmParser &parser) {
  return parseChoice<Layout>(parser, "a layout", layouts);
}
FailureOr<Normalize> ir::parseNormalizeKeyword(AsmParser &parser) {
  return parseChoice<Normalize>(parser, "a normalisation", normalizations);
}
FailureOr<Pool> ir::parsePoolKeyword(AsmParser &parser) {
  return parseChoice<Pool>(parser, "what is taken over inputs", pools);
}

FailureOr<BilinearRole> ir::parseBilinearRoleKeyword(AsmParser &parser) {
  return parseChoice<BilinearRole>(parser, "what is computed", bilinearRoles);
}

/// Reads `<keyword>`.
template <typename AttrT, typename EnumT>
static Attribute parseInBrackets(AsmParser &parser,
                                 FailureOr<EnumT> (*parse)(AsmParser &)) {
  if (failed(parser.parseLess()))
    return {};
  FailureOr<EnumT> value = parse(parser);
  if (failed(value) || failed(parser.parseGreater()))
    return {};
  return AttrT::get(parser.getContext(), *value);
}

Attribute GroupAttr::parse(AsmParser &parser, Type) {
  return parseInBrackets<GroupAttr>(parser, parseGroupInBrackets);
}

void GroupAttr::print(AsmPrinter &printer) const {
  const Group group = getValue();
  printer << '<';
  if (group.isProduct()) {
    printProduct(printer, group);
    printer << '>';
    return;
  }
  printFamily(printer, group.family());
  if (group.hasSignature())
    printer << '(' << group.plus() << ',' << group.minus() << ')';
  if (group.action()) {
    printer << '(';
    printAction(printer, group);
    printer << ')';
  }
  printer << '>';
}

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  return parseInBrackets<LayoutAttr>(parser, parseLayoutKeyword);
}

void LayoutAttr::print(AsmPrinter &printer) const {
  printer << '<' << getSpelling(getValue()) << '>';
}

Attribute NormalizeAttr::parse(AsmParser &parser, Type) {
  return parseInBrackets<NormalizeAttr>(parser, parseNormalizeKeyword);
}

void NormalizeAttr::print(AsmPrinter &printer) const {
  printer << '<' << getSpelling(getValue()) << '>';
}

Attribute PoolAttr::parse(AsmParser &parser, Type) {
  return parseInBrackets<PoolAttr>(parser, parsePoolKeyword);
}

void PoolAttr::print(AsmPrinter &printer) const {
  printer << '<' << getSpelling(getValue()) << '>';
}

Attribute BilinearRoleAttr::parse(AsmParser &parser, Type) {
  return parseInBrackets<BilinearRoleAttr>(parser, parseBilinearRoleKeyword);
}

void BilinearRoleAttr::print(AsmPrinter &printer) const {
  printer << '<' << getSpelling(getValue()) << '>';
}

//===----------------------------------------------------------------------===//
// What kernels do
//===----------------------------------------------------------------------===//

StringRef ir::getSpelling(KernelRole role) {
  return spell<KernelRole>(role, roles);
}

static ParseResult parseKernelRole(AsmParser &parser, KernelRole &role) {
  FailureOr<KernelRole> parsed =
      parseChoice<KernelRole>(parser, "what a kernel does", roles);
  if (succeeded(parsed))
    role = *parsed;
  return failure(failed(parsed));
}

static void printKernelRole(AsmPrinter &printer, KernelRole role) {
  printer << getSpelling(role);
}
