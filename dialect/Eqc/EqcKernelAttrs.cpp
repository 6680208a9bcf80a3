//===- EqcKernelAttrs.cpp - What callers know of kernels ------------------===//
//
// Verification of the records of kernels and of the descriptions of layers, and
// the way to them from values and back.
//
//===----------------------------------------------------------------------===//

#include "compiler/Interface/LayerInfo.h"
#include "dialect/Eqc/EqcAttrs.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

LogicalResult KernelAttr::verify(
    function_ref<InFlightDiagnostic()> emitError, KernelRole role,
    StringRef layer, TargetAttr target, ArrayRef<int64_t> packed,
    ArrayRef<int64_t> sums, int64_t phases, int64_t parts, int64_t lanes,
    ArrayRef<int64_t> scratch, ArrayRef<int64_t> multiplyAdds, int64_t sizes) {
  auto negative = [](int64_t number) { return number < 0; };
  if (phases < 1 || parts < 1 || lanes < 0 || llvm::any_of(packed, negative) ||
      llvm::any_of(sums, negative))
    return emitError()
           << "a kernel has at least one phase and one part, and no "
              "negative sizes";
  if (sums.size() != (role == KernelRole::Sums ? 5 : 0))
    return emitError() << "a kernel of sums, and no other, has five sizes of "
                          "sums, found "
                       << sums.size() << " for '" << getSpelling(role) << "'";
  if (sizes < 1 || sizes > Monomial::kMostSizes)
    return emitError() << "a kernel has 1 to " << Monomial::kMostSizes
                       << " sizes, found " << sizes;
  for (ArrayRef<int64_t> terms : {scratch, multiplyAdds})
    for (size_t i = 0; sizes > 1 && i < terms.size(); ++i) {
      const bool isPower = i % (sizes + 1) != 0;
      if (terms.size() % (sizes + 1) != 0 ||
          (isPower && (terms[i] < 0 || terms[i] > UINT8_MAX)))
        return emitError() << "a term in " << sizes
                           << " sizes is a coefficient and the power of each";
    }
  return success();
}

/// How many sizes a polynomial has: one more than the last that occurs.
static int64_t sizesOf(const Poly &poly) {
  int64_t sizes = 1;
  for (const Poly::Term &term : poly.variableTerms())
    for (int64_t i = 0; i < Monomial::kMostSizes; ++i)
      if (term.monomial.degrees[i] > 0)
        sizes = std::max(sizes, i + 1);
  return sizes;
}

/// Coefficients from degree 0 on or, in several sizes, terms; no count is a
/// multiple of half of a size.
static SmallVector<int64_t> coefficientsOf(const Poly &poly, int64_t sizes) {
  SmallVector<int64_t> numbers;
  for (int degree = 0; sizes == 1 && degree <= poly.degree(); ++degree)
    numbers.push_back(poly.coefficient(degree));
  if (sizes == 1)
    return numbers;
  auto add = [&](int64_t coefficient, const Monomial &monomial) {
    numbers.push_back(coefficient);
    for (int64_t i = 0; i < sizes; ++i)
      numbers.push_back(monomial.degrees[i]);
  };
  if (poly.constantTerm() != 0)
    add(poly.constantTerm(), Monomial());
  for (const Poly::Term &term : poly.variableTerms()) {
    assert(term.monomial.half < 0 && "no count is a multiple of n/2");
    add(term.coefficient, term.monomial);
  }
  return numbers;
}

static Poly polyOf(ArrayRef<int64_t> numbers, int64_t sizes) {
  Poly poly;
  if (sizes == 1) {
    for (auto [degree, coefficient] : llvm::enumerate(numbers))
      poly += Poly::power(static_cast<int>(degree), coefficient);
    return poly;
  }
  for (; !numbers.empty(); numbers = numbers.drop_front(sizes + 1)) {
    Poly term(numbers.front());
    for (int64_t i = 0; i < sizes; ++i)
      for (int64_t power = 0; power < numbers[1 + i]; ++power)
        term = term * Poly::size(static_cast<int>(i));
    poly += term;
  }
  return poly;
}

KernelRecord KernelAttr::getRecord() const {
  KernelRecord record;
  record.packedShape = getPacked().vec();
  if (ArrayRef<int64_t> sums = getSums(); !sums.empty())
    record.sums = {sums[0], sums[1], sums[2], sums[3], sums[4]};
  record.phases = getPhases();
  record.parts = getParts();
  record.lanes = getLanes();
  record.scratchElements = polyOf(getScratch(), getSizes());
  record.multiplyAdds = polyOf(getMultiplyAdds(), getSizes());
  return record;
}

KernelAttr KernelAttr::get(MLIRContext *context, KernelRole role,
                           StringRef layer, TargetAttr target,
                           const KernelRecord &record) {
  SmallVector<int64_t> sums;
  if (role == KernelRole::Sums)
    sums = {record.sums.rows, record.sums.columns, record.sums.diagramRows,
            record.sums.shiftedFrom, record.sums.terms};
  const int64_t sizes =
      std::max(sizesOf(record.scratchElements), sizesOf(record.multiplyAdds));
  return get(context, role, layer, target, record.packedShape, sums,
             record.phases, record.parts, record.lanes,
             coefficientsOf(record.scratchElements, sizes),
             coefficientsOf(record.multiplyAdds, sizes), sizes);
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

LogicalResult
InterfaceAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      DictionaryAttr info, ArrayRef<int64_t> flips) {
  for (const InfoField &field : infoFields()) {
    const Attribute value = info.get(field.name);
    auto number = dyn_cast_or_null<IntegerAttr>(value);
    StringRef expected = "a 64-bit integer";
    bool valid = number && number.getType().isInteger(64);
    if (field.type == InfoType::Text) {
      expected = "a string";
      valid = isa_and_nonnull<StringAttr>(value);
    } else if (field.type == InfoType::Spaces) {
      expected = "spaces such as \"users:S(8)\"";
      auto text = dyn_cast_or_null<StringAttr>(value);
      valid = text && parseSpaces(std::string_view(text.getValue()));
    } else if (field.type == InfoType::Axes) {
      expected = "an array of 32-bit integers";
      valid = isa_and_nonnull<DenseI32ArrayAttr>(value);
    }
    if (!valid) {
      InFlightDiagnostic error = emitError();
      error << "field '" << field.name << "' must be " << expected
            << ", found ";
      return value ? error << value : error << "nothing";
    }
  }
  if (info.size() != infoFields().size())
    return emitError() << "'eqc_layer_info' has " << infoFields().size()
                       << " fields, found " << info.size();
  auto numberOf = [&](StringRef field) {
    return cast<IntegerAttr>(info.get(field)).getInt();
  };
  const SpaceList spaces = *parseSpaces(
      std::string_view(cast<StringAttr>(info.get("space")).getValue()));
  const auto numSpaces = static_cast<int64_t>(spaces.spaces.size());
  const auto numSums = static_cast<int64_t>(spaces.sums.size());
  if (numberOf("spaces") != numSpaces)
    return emitError() << "field 'spaces' is " << numberOf("spaces")
                       << ", but there are " << numSpaces;
  if (numberOf("sums") != numSums)
    return emitError() << "field 'sums' is " << numberOf("sums")
                       << ", but there are " << numSums;
  for (auto [field, order] :
       {std::pair("y_axes", numberOf("l")),
        std::pair("x_axes",
                  numberOf("k") + std::max<int64_t>(numberOf("k2"), 0))}) {
    const ArrayRef<int32_t> axes =
        cast<DenseI32ArrayAttr>(info.get(field)).asArrayRef();
    if (static_cast<int64_t>(axes.size()) != order ||
        llvm::any_of(axes, [&](int32_t axis) {
          return axis < 0 || axis >= 2 * kDualAxis ||
                 axis % kDualAxis >= numSpaces + numSums;
        }))
      return emitError() << "field '" << field
                         << "' must name a space of each of " << order
                         << " axes";
  }
  const int64_t each = 1 + std::max<int64_t>(1, numSpaces);
  const int64_t expected = numberOf("has_backward") && numberOf("k2") < 0
                               ? each * numberOf("diagrams")
                               : 0;
  if (static_cast<int64_t>(flips.size()) != expected)
    return emitError() << "'flips' must have " << expected << " numbers, "
                       << (each == 2 ? "two" : "one and one for each space")
                       << " for each diagram of a layer with gradients, found "
                       << flips.size();
  return success();
}

StringRef InterfaceAttr::getText(StringRef field) const {
  return cast<StringAttr>(getInfo().get(field)).getValue();
}

SpaceList InterfaceAttr::getSpaces() const {
  return *parseSpaces(std::string_view(getText("space")));
}

ArrayRef<int32_t> InterfaceAttr::getAxes(StringRef field) const {
  return cast<DenseI32ArrayAttr>(getInfo().get(field)).asArrayRef();
}

int64_t InterfaceAttr::getNumber(StringRef field) const {
  return cast<IntegerAttr>(getInfo().get(field)).getInt();
}
