//===- EqcSyntax.cpp - Custom syntax directives ---------------------------===//
//
// Sizes, diagrams and patterns as operations write them: without the attribute
// prefix, which would drown a list of a few thousand diagrams.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcSyntax.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

ParseResult eqc::ir::parseSize(OpAsmParser &parser, IntegerAttr &n) {
  int64_t value = EqcDialect::kDynamicN;
  if (failed(parser.parseOptionalQuestion()) &&
      failed(parser.parseInteger(value)))
    return failure();
  n = parser.getBuilder().getI64IntegerAttr(value);
  return success();
}

void eqc::ir::printSize(OpAsmPrinter &printer, Operation *, IntegerAttr n) {
  if (n.getInt() == EqcDialect::kDynamicN)
    printer << '?';
  else
    printer << n.getInt();
}

ParseResult eqc::ir::parseGroupOfSize(OpAsmParser &parser, GroupAttr &group,
                                      IntegerAttr &n) {
  FailureOr<std::optional<Group>> product = parseOptionalProduct(parser);
  if (failed(product))
    return failure();
  if (*product) {
    group = GroupAttr::get(parser.getContext(), **product);
    n = parser.getBuilder().getI64IntegerAttr(sizeOfProduct(**product));
    return success();
  }
  FailureOr<Family> family = parseFamily(parser);
  if (failed(family) || failed(parser.parseLParen()))
    return failure();
  const SMLoc loc = parser.getCurrentLocation();
  if (failed(parseSize(parser, n)))
    return failure();
  FailureOr<Group> value = Group(*family);
  const bool isLonger = succeeded(parser.parseOptionalComma());
  if (std::string text;
      isLonger && succeeded(parser.parseOptionalString(&text))) {
    value = parseAction(parser, *family, n.getInt(), text);
    if (failed(value))
      return failure();
  } else if (isLonger) {
    int64_t minus = 0;
    if (failed(parser.parseInteger(minus)))
      return failure();
    value = makeSignedGroup(parser, loc, *family, n.getInt(), minus);
    if (failed(value))
      return failure();
    n = parser.getBuilder().getI64IntegerAttr(n.getInt() + minus);
  }
  group = GroupAttr::get(parser.getContext(), *value);
  return parser.parseRParen();
}

void eqc::ir::printGroupOfSize(OpAsmPrinter &printer, Operation *op,
                               GroupAttr group, IntegerAttr n) {
  const Group value = group.getValue();
  if (value.isProduct())
    return printProduct(printer, value);
  printFamily(printer, value.family());
  printer << '(';
  if (value.hasSignature())
    printer << value.plus() << ',' << value.minus();
  else if (value.action())
    printAction(printer, value);
  else
    printSize(printer, op, n);
  printer << ')';
}

ParseResult eqc::ir::parseWord(OpAsmParser &parser, StringAttr &word) {
  std::string text;
  if (parser.parseKeywordOrString(&text))
    return failure();
  word = StringAttr::get(parser.getContext(), text);
  return success();
}

void eqc::ir::printWord(OpAsmPrinter &printer, Operation *, StringAttr word) {
  printer.printKeywordOrString(word.getValue());
}

ParseResult eqc::ir::parseLayout(OpAsmParser &parser, LayoutAttr &layout) {
  FailureOr<Layout> value = parseLayoutKeyword(parser);
  if (failed(value))
    return failure();
  layout = LayoutAttr::get(parser.getContext(), *value);
  return success();
}

void eqc::ir::printLayout(OpAsmPrinter &printer, Operation *,
                          LayoutAttr layout) {
  printer << getSpelling(layout.getValue());
}

ParseResult eqc::ir::parseBilinearRole(OpAsmParser &parser,
                                       BilinearRoleAttr &role) {
  FailureOr<BilinearRole> value = parseBilinearRoleKeyword(parser);
  if (failed(value))
    return failure();
  role = BilinearRoleAttr::get(parser.getContext(), *value);
  return success();
}

void eqc::ir::printBilinearRole(OpAsmPrinter &printer, Operation *,
                                BilinearRoleAttr role) {
  printer << getSpelling(role.getValue());
}

ParseResult eqc::ir::parseNormalize(OpAsmParser &parser,
                                    NormalizeAttr &normalize) {
  FailureOr<Normalize> value = parseNormalizeKeyword(parser);
  if (failed(value))
    return failure();
  normalize = NormalizeAttr::get(parser.getContext(), *value);
  return success();
}

void eqc::ir::printNormalize(OpAsmPrinter &printer, Operation *,
                             NormalizeAttr normalize) {
  printer << getSpelling(normalize.getValue());
}

ParseResult eqc::ir::parsePool(OpAsmParser &parser, PoolAttr &pool) {
  FailureOr<Pool> value = parsePoolKeyword(parser);
  if (failed(value))
    return failure();
  pool = PoolAttr::get(parser.getContext(), *value);
  return success();
}

void eqc::ir::printPool(OpAsmPrinter &printer, Operation *, PoolAttr pool) {
  printer << getSpelling(pool.getValue());
}

ParseResult eqc::ir::parseDiagram(OpAsmParser &parser, DiagramAttr &diagram) {
  FailureOr<DiagramAttr> parsed = parseDiagramLiteral(parser);
  if (failed(parsed))
    return failure();
  diagram = *parsed;
  return success();
}

void eqc::ir::printDiagram(OpAsmPrinter &printer, Operation *,
                           DiagramAttr diagram) {
  printer << '"' << toTypedString(diagram.getValue()) << '"';
}

ParseResult eqc::ir::parsePattern(OpAsmParser &parser,
                                  RowPatternAttr &pattern) {
  FailureOr<RowPatternAttr> parsed = parsePatternLiteral(parser);
  if (failed(parsed))
    return failure();
  pattern = *parsed;
  return success();
}

void eqc::ir::printPattern(OpAsmPrinter &printer, Operation *,
                           RowPatternAttr pattern) {
  printer << '"' << toString(pattern.getValue()) << '"';
}

/// Reads `[element, element, ..]` into an array attribute.
template <typename AttrT>
static ParseResult parseList(OpAsmParser &parser, ArrayAttr &list,
                             ParseResult (*parseElement)(OpAsmParser &,
                                                         AttrT &)) {
  SmallVector<Attribute> elements;
  if (failed(parser.parseCommaSeparatedList(
          AsmParser::Delimiter::Square, [&]() -> ParseResult {
            AttrT element;
            if (failed(parseElement(parser, element)))
              return failure();
            elements.push_back(element);
            return success();
          })))
    return failure();
  list = parser.getBuilder().getArrayAttr(elements);
  return success();
}

template <typename AttrT>
static void printList(OpAsmPrinter &printer, Operation *op, ArrayAttr list,
                      void (*printElement)(OpAsmPrinter &, Operation *,
                                           AttrT)) {
  printer << '[';
  llvm::interleaveComma(list.getAsRange<AttrT>(), printer, [&](AttrT element) {
    printElement(printer, op, element);
  });
  printer << ']';
}

ParseResult eqc::ir::parseDiagrams(OpAsmParser &parser, ArrayAttr &diagrams) {
  return parseList<DiagramAttr>(parser, diagrams, parseDiagram);
}

void eqc::ir::printDiagrams(OpAsmPrinter &printer, Operation *op,
                            ArrayAttr diagrams) {
  printList<DiagramAttr>(printer, op, diagrams, printDiagram);
}

ParseResult eqc::ir::parsePatterns(OpAsmParser &parser, ArrayAttr &patterns) {
  return parseList<RowPatternAttr>(parser, patterns, parsePattern);
}

void eqc::ir::printPatterns(OpAsmPrinter &printer, Operation *op,
                            ArrayAttr patterns) {
  printList<RowPatternAttr>(printer, op, patterns, printPattern);
}

static ParseResult parseNumbers(OpAsmParser &parser,
                                DenseI64ArrayAttr &numbers) {
  SmallVector<int64_t> values;
  if (failed(parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
        return parser.parseInteger(values.emplace_back());
      })))
    return failure();
  numbers = parser.getBuilder().getDenseI64ArrayAttr(values);
  return success();
}

static void printNumbers(OpAsmPrinter &printer, Operation *,
                         DenseI64ArrayAttr numbers) {
  printer << '[';
  llvm::interleaveComma(numbers.asArrayRef(), printer);
  printer << ']';
}

ParseResult eqc::ir::parsePermutations(OpAsmParser &parser,
                                       ArrayAttr &permutations) {
  return parseList<DenseI64ArrayAttr>(parser, permutations, parseNumbers);
}

void eqc::ir::printPermutations(OpAsmPrinter &printer, Operation *op,
                                ArrayAttr permutations) {
  printList<DenseI64ArrayAttr>(printer, op, permutations, printNumbers);
}

ParseResult eqc::ir::parseSums(OpAsmParser &parser, SumsAttr &sums) {
  FailureOr<SumsAttr> parsed = parseSumsList(parser);
  if (failed(parsed))
    return failure();
  sums = *parsed;
  return success();
}

void eqc::ir::printSums(OpAsmPrinter &printer, Operation *, SumsAttr sums) {
  printSumsList(printer, sums);
}

ParseResult eqc::ir::parseCopies(OpAsmParser &parser, DenseI64ArrayAttr &starts,
                                 DenseI64ArrayAttr &copies,
                                 DenseI64ArrayAttr &biasRows) {
  SmallVector<int64_t> start{0}, copy, bias;
  auto parseCopy = [&]() { return parser.parseInteger(copy.emplace_back()); };
  auto parseTarget = [&]() -> ParseResult {
    if (failed(parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                              parseCopy)))
      return failure();
    start.push_back(static_cast<int64_t>(copy.size()));
    bias.push_back(-1);
    if (succeeded(parser.parseOptionalKeyword("bias")))
      return parser.parseInteger(bias.back());
    return success();
  };
  if (failed(parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                            parseTarget)))
    return failure();
  Builder &b = parser.getBuilder();
  starts = b.getDenseI64ArrayAttr(start);
  copies = b.getDenseI64ArrayAttr(copy);
  biasRows = b.getDenseI64ArrayAttr(bias);
  return success();
}

void eqc::ir::printCopies(OpAsmPrinter &printer, Operation *,
                          DenseI64ArrayAttr starts, DenseI64ArrayAttr copies,
                          DenseI64ArrayAttr biasRows) {
  printer << '[';
  const ArrayRef<int64_t> start = starts, copy = copies, bias = biasRows;
  for (size_t target = 0; target < bias.size(); ++target) {
    printer << (target == 0 ? "[" : ", [");
    llvm::interleaveComma(
        copy.slice(start[target], start[target + 1] - start[target]), printer);
    printer << ']';
    if (bias[target] >= 0)
      printer << " bias " << bias[target];
  }
  printer << ']';
}

static ParseResult parsePatternPairs(OpAsmParser &parser, StringRef keyword,
                                     ArrayAttr &firsts, ArrayAttr &seconds) {
  SmallVector<Attribute> first, second;
  auto parsePair = [&]() -> ParseResult {
    eqc::ir::RowPatternAttr a, b;
    if (failed(parsePattern(parser, a)) ||
        failed(parser.parseKeyword(keyword)) || failed(parsePattern(parser, b)))
      return failure();
    first.push_back(a);
    second.push_back(b);
    return success();
  };
  if (failed(parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                            parsePair)))
    return failure();
  firsts = parser.getBuilder().getArrayAttr(first);
  seconds = parser.getBuilder().getArrayAttr(second);
  return success();
}

static void printPatternPairs(OpAsmPrinter &printer, Operation *op,
                              StringRef keyword, ArrayAttr firsts,
                              ArrayAttr seconds) {
  printer << '[';
  llvm::interleaveComma(
      llvm::zip(firsts.getAsRange<eqc::ir::RowPatternAttr>(),
                seconds.getAsRange<eqc::ir::RowPatternAttr>()),
      printer, [&](auto pair) {
        printPattern(printer, op, std::get<0>(pair));
        printer << ' ' << keyword << ' ';
        printPattern(printer, op, std::get<1>(pair));
      });
  printer << ']';
}

ParseResult eqc::ir::parsePatternsFrom(OpAsmParser &parser, ArrayAttr &patterns,
                                       ArrayAttr &sources) {
  return parsePatternPairs(parser, "from", patterns, sources);
}

void eqc::ir::printPatternsFrom(OpAsmPrinter &printer, Operation *op,
                                ArrayAttr patterns, ArrayAttr sources) {
  printPatternPairs(printer, op, "from", patterns, sources);
}

ParseResult eqc::ir::parsePatternsInto(OpAsmParser &parser, ArrayAttr &patterns,
                                       ArrayAttr &targets) {
  return parsePatternPairs(parser, "into", patterns, targets);
}

void eqc::ir::printPatternsInto(OpAsmPrinter &printer, Operation *op,
                                ArrayAttr patterns, ArrayAttr targets) {
  printPatternPairs(printer, op, "into", patterns, targets);
}
