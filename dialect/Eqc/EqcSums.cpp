//===- EqcSums.cpp - Sums of multiples as an attribute --------------------===//

#include "dialect/Eqc/EqcAttrs.h"

#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

LogicalResult SumsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               DenseI64ArrayAttr starts,
                               DenseI64ArrayAttr numbers,
                               DenseF64ArrayAttr factors) {
  const ArrayRef<int64_t> start = starts;
  if (start.empty() || start.front() != 0 || !llvm::is_sorted(start) ||
      start.back() != static_cast<int64_t>(numbers.size()) ||
      numbers.size() != factors.size())
    return emitError()
           << "sums must begin with entry 0, in order, and end with "
              "the last one";
  if (!llvm::all_of(factors.asArrayRef(),
                    [](double factor) { return std::isfinite(factor); }))
    return emitError() << "factors of sums must be finite";
  return success();
}

namespace {

/// Collects entries, sum by sum.
struct SumsBuilder {
  SmallVector<int64_t> starts{0}, numbers;
  SmallVector<double> factors;

  void add(int64_t number, double factor) {
    numbers.push_back(number);
    factors.push_back(factor);
  }
  void finishSum() { starts.push_back(static_cast<int64_t>(numbers.size())); }
  SumsAttr get(MLIRContext *context) const {
    return SumsAttr::get(context, DenseI64ArrayAttr::get(context, starts),
                         DenseI64ArrayAttr::get(context, numbers),
                         DenseF64ArrayAttr::get(context, factors));
  }
};

} // namespace

SumsAttr SumsAttr::get(MLIRContext *context,
                       const std::vector<SparseVector> &rows) {
  SumsBuilder sums;
  for (const SparseVector &row : rows) {
    for (auto [number, factor] : row)
      sums.add(number, factor);
    sums.finishSum();
  }
  return sums.get(context);
}

SumsAttr SumsAttr::get(MLIRContext *context, ArrayRef<PackedTerm> terms) {
  SumsBuilder sums;
  for (const PackedTerm &term : terms) {
    for (const WeightedDiagram &weighted : term)
      sums.add(weighted.diagram, weighted.factor);
    sums.finishSum();
  }
  return sums.get(context);
}

ArrayRef<int64_t> SumsAttr::getNumbersOf(int64_t sum) const {
  const ArrayRef<int64_t> starts = getStarts();
  return getNumbers().asArrayRef().slice(starts[sum],
                                         starts[sum + 1] - starts[sum]);
}

ArrayRef<double> SumsAttr::getFactorsOf(int64_t sum) const {
  const ArrayRef<int64_t> starts = getStarts();
  return getFactors().asArrayRef().slice(starts[sum],
                                         starts[sum + 1] - starts[sum]);
}

std::vector<SparseVector> SumsAttr::getRows() const {
  std::vector<SparseVector> rows(size());
  for (int64_t r = 0; r < size(); ++r)
    for (auto [number, factor] : llvm::zip(getNumbersOf(r), getFactorsOf(r)))
      rows[r].push_back({number, factor});
  return rows;
}

std::vector<PackedTerm> SumsAttr::getTerms() const {
  std::vector<PackedTerm> terms(size());
  for (int64_t t = 0; t < size(); ++t)
    for (auto [number, factor] : llvm::zip(getNumbersOf(t), getFactorsOf(t)))
      terms[t].push_back({static_cast<int>(number), factor});
  return terms;
}

FailureOr<SumsAttr> ir::parseSumsList(AsmParser &parser) {
  SumsBuilder sums;
  int64_t number = 0;
  auto parseEntry = [&]() -> ParseResult {
    double factor = 1;
    if (failed(parser.parseInteger(number)) || failed(parser.parseColon()) ||
        failed(parser.parseFloat(factor)))
      return failure();
    sums.add(number, factor);
    return success();
  };
  auto parseSum = [&]() -> ParseResult {
    OptionalParseResult alone = parser.parseOptionalInteger(number);
    if (alone.has_value()) {
      sums.add(number, 1);
    } else {
      alone = parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                             parseEntry);
    }
    sums.finishSum();
    return *alone;
  };
  const SMLoc loc = parser.getCurrentLocation();
  if (failed(parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                            parseSum)))
    return failure();
  MLIRContext *context = parser.getContext();
  SumsAttr attr =
      SumsAttr::getChecked([&] { return parser.emitError(loc); }, context,
                           DenseI64ArrayAttr::get(context, sums.starts),
                           DenseI64ArrayAttr::get(context, sums.numbers),
                           DenseF64ArrayAttr::get(context, sums.factors));
  if (!attr)
    return failure();
  return attr;
}

void ir::printSumsList(AsmPrinter &printer, SumsAttr sums) {
  raw_ostream &os = printer.getStream();
  os << '[';
  for (int64_t s = 0; s < sums.size(); ++s) {
    const ArrayRef<int64_t> numbers = sums.getNumbersOf(s);
    const ArrayRef<double> factors = sums.getFactorsOf(s);
    if (s > 0)
      os << ", ";
    if (numbers.size() == 1 && factors.front() == 1) {
      os << numbers.front();
      continue;
    }
    os << '[';
    for (size_t i = 0; i < numbers.size(); ++i) {
      os << (i > 0 ? ", " : "") << numbers[i] << " : ";
      printer.printFloat(APFloat(factors[i]));
    }
    os << ']';
  }
  os << ']';
}

Attribute SumsAttr::parse(AsmParser &parser, Type) {
  if (failed(parser.parseLess()))
    return {};
  FailureOr<SumsAttr> sums = parseSumsList(parser);
  if (failed(sums) || failed(parser.parseGreater()))
    return {};
  return *sums;
}

void SumsAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printSumsList(printer, *this);
  printer << '>';
}
