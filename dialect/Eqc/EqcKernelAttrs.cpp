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

LogicalResult KernelAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 KernelRole role, StringRef layer,
                                 TargetAttr target, ArrayRef<int64_t> packed,
                                 ArrayRef<int64_t> sums, int64_t phases,
                                 int64_t parts, int64_t lanes,
                                 ArrayRef<int64_t> scratch,
                                 ArrayRef<int64_t> multiplyAdds) {
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
  return success();
}

/// Coefficients from degree 0 on; sizes have no multiple of n/2.
static SmallVector<int64_t> coefficientsOf(const Poly &poly) {
  assert(poly.halfCoefficient() == 0 && "no size is a multiple of n/2");
  SmallVector<int64_t> coefficients;
  for (int degree = 0; degree <= poly.degree(); ++degree)
    coefficients.push_back(poly.coefficient(degree));
  return coefficients;
}

static Poly polyOf(ArrayRef<int64_t> coefficients) {
  Poly poly;
  for (auto [degree, coefficient] : llvm::enumerate(coefficients))
    poly += Poly::power(static_cast<int>(degree), coefficient);
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
  record.scratchElements = polyOf(getScratch());
  record.multiplyAdds = polyOf(getMultiplyAdds());
  return record;
}

KernelAttr KernelAttr::get(MLIRContext *context, KernelRole role,
                           StringRef layer, TargetAttr target,
                           const KernelRecord &record) {
  SmallVector<int64_t> sums;
  if (role == KernelRole::Sums)
    sums = {record.sums.rows, record.sums.columns, record.sums.diagramRows,
            record.sums.shiftedFrom, record.sums.terms};
  return get(context, role, layer, target, record.packedShape, sums,
             record.phases, record.parts, record.lanes,
             coefficientsOf(record.scratchElements),
             coefficientsOf(record.multiplyAdds));
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
