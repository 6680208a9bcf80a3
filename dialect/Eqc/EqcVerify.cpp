//===- EqcVerify.cpp - Checks that several operations share ---------------===//
//
// Sizes, diagrams and n-axes.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcVerify.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "dialect/Eqc/EqcDialect.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

std::string ir::formatExtent(int64_t extent) {
  return extent < 0 ? "?" : std::to_string(extent);
}

LogicalResult ir::verifySize(Operation *op, Group group, int64_t n) {
  if (n < 1 && n != EqcDialect::kDynamicN)
    return op->emitOpError() << "'n' must be positive or '?', found " << n;
  const GroupRules &rules = rulesOf(group);
  if (n > 0 && n % rules.sizeUnit() != 0)
    return op->emitOpError()
           << "'n' must be " << sizeUnitInWords(rules.sizeUnit()) << " for "
           << groupName(group) << ", found " << n;
  if (group.hasSignature() && n != group.plus() + group.minus())
    return op->emitOpError() << "'n' must be " << group.plus() + group.minus()
                             << " for " << groupName(group) << ", found " << n;
  if (n == EqcDialect::kDynamicN && !rules.allowsDynamicN())
    return op->emitOpError() << "'n' cannot be '?' for " << groupName(group)
                             << ", whose diagrams depend on it";
  return success();
}

LogicalResult ir::verifyOfGroup(Operation *op, StringRef what,
                                const Diagram &diagram, Group group,
                                int64_t n) {
  std::string why = whyNotOfGroup(diagram, group, n);
  if (why.empty())
    return success();
  return op->emitOpError() << what << " '" << toString(diagram)
                           << "' is not one of " << groupName(group)
                           << (group.hasSignature()
                                   ? ""
                                   : "(" + formatExtent(n) + ")")
                           << ": " << why;
}

LogicalResult ir::verifyDiagrams(Operation *op, StringRef what,
                                 ArrayAttr diagrams, Group group, int64_t n,
                                 int64_t l, int64_t k) {
  // Equal diagrams are the same attribute, so comparing pointers is enough.
  llvm::SmallDenseMap<Attribute, size_t> seen;
  for (auto [index, attr] :
       llvm::enumerate(diagrams.getAsRange<DiagramAttr>())) {
    const Diagram &diagram = attr.getValue();
    if (diagram.l != l || diagram.k != k)
      return op->emitOpError() << what << " '" << toString(diagram) << "' has "
                               << diagram.l << " outputs and " << diagram.k
                               << " inputs, expected " << l << " and " << k;
    if (failed(verifyOfGroup(op, what, diagram, group, n)))
      return failure();
    auto [first, isNew] = seen.try_emplace(attr, index);
    if (!isNew)
      return op->emitOpError()
             << what << " '" << toString(diagram) << "' occurs twice, at "
             << first->second << " and " << index;
  }
  return success();
}

LogicalResult ir::verifyRank(Operation *op, StringRef name,
                             RankedTensorType type, int64_t rank,
                             StringRef why) {
  if (type.getRank() == rank)
    return success();
  return op->emitOpError() << "'" << name << "' must have rank " << rank << " ("
                           << why << "), found " << type.getRank();
}

LogicalResult ir::verifyNAxes(Operation *op, StringRef name,
                              RankedTensorType type, int64_t first,
                              int64_t count, int64_t n) {
  int64_t expected = n == EqcDialect::kDynamicN ? ShapedType::kDynamic : n;
  for (int64_t axis = first; axis < first + count; ++axis)
    if (type.getDimSize(axis) != expected)
      return op->emitOpError()
             << "axis " << axis << " of '" << name
             << "' must have extent n = " << formatExtent(n) << ", found "
             << formatExtent(type.getDimSize(axis));
  return success();
}

RankedTensorType ir::typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

LogicalResult ir::verifyRows(Operation *op, StringRef name,
                             RankedTensorType type, int64_t batch,
                             std::optional<int64_t> rows, int64_t channels,
                             Type element) {
  if (!rows)
    return op->emitOpError() << "takes more rows than fit 63 bits";
  if (type == RankedTensorType::get({batch, *rows, channels}, element))
    return success();
  return op->emitOpError() << "'" << name
                           << "' must be [batch, rows, channels] = ["
                           << formatExtent(batch) << ", " << formatExtent(*rows)
                           << ", " << formatExtent(channels) << "] of "
                           << element << ", found " << type;
}

LogicalResult ir::verifySums(Operation *op, StringRef name, StringRef what,
                             SumsAttr sums, int64_t count) {
  // In which sum each was seen last.
  llvm::SmallDenseMap<int64_t, int64_t> seen;
  for (int64_t sum = 0; sum < sums.size(); ++sum)
    for (int64_t number : sums.getNumbersOf(sum)) {
      if (number < 0 || number >= count)
        return op->emitOpError()
               << name << " names " << what << " " << number << " of " << count;
      auto [place, isNew] = seen.try_emplace(number, sum);
      if (!isNew && place->second == sum)
        return op->emitOpError() << name << " names " << what << " " << number
                                 << " twice in one sum";
      place->second = sum;
    }
  return success();
}
