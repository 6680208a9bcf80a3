//===- EqcVerify.cpp - Checks that several operations share ---------------===//
//
// Sizes, diagrams and n-axes.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcVerify.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/GraphMatrix.h"
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
  if (group.isProduct()) {
    if (n != sizeOfProduct(group))
      return op->emitOpError() << "'n' must be " << sizeOfProduct(group)
                               << " for these spaces, found " << n;
    for (const Space &space : group.spaces())
      if (failed(verifySize(op, space.group, space.n)))
        return failure();
    return success();
  }
  if (n < 1 && n != EqcDialect::kDynamicN)
    return op->emitOpError() << "'n' must be positive or '?', found " << n;
  const GroupRules &rules = rulesOf(group);
  if (n > 0 && n < rules.leastN())
    return op->emitOpError() << "'n' must be at least " << rules.leastN()
                             << " for " << groupName(group) << ", found " << n;
  if (n > 0 && n % rules.sizeUnit() != 0)
    return op->emitOpError()
           << "'n' must be " << sizeUnitInWords(rules.sizeUnit()) << " for "
           << groupName(group) << ", found " << n;
  if (group.hasSignature() && n != group.plus() + group.minus())
    return op->emitOpError() << "'n' must be " << group.plus() + group.minus()
                             << " for " << groupName(group) << ", found " << n;
  if (rules.hasOrbits() && (!group.action() || n != group.action()->n()))
    return op->emitOpError() << "'n' must be that of the permutations of "
                             << groupName(group) << ", which follow it";
  if (n == EqcDialect::kDynamicN && !rules.allowsDynamicN())
    return op->emitOpError() << "'n' cannot be '?' for " << groupName(group)
                             << ", whose diagrams depend on it";
  return success();
}

/// Every vertex says of which space it is, just where the group is a product,
/// and of which part of a sum where it is in one. Of a pattern it may be all of
/// a sum.
static LogicalResult verifySpaces(Operation *op, StringRef what, StringRef text,
                                  ArrayRef<int> spaces, ArrayRef<int> parts,
                                  size_t vertices, Group group,
                                  bool maybeSums) {
  if (!group.isProduct() && !spaces.empty())
    return op->emitOpError()
           << what << " '" << text << "' names spaces, but all axes are of one";
  if (group.isProduct() && spaces.size() != vertices)
    return op->emitOpError()
           << what << " '" << text << "' must name the spaces of its vertices";
  for (int space : spaces)
    if (space >= static_cast<int>(group.spaces().size() +
                                  (maybeSums ? group.sums().size() : 0)))
      return op->emitOpError() << what << " '" << text << "' names space "
                               << space << " of " << group.spaces().size();
  for (size_t v = 0; v < parts.size(); ++v)
    if (parts[v] >= 0 && (v >= spaces.size() || parts[v] >= numParts(group) ||
                          placeOfPart(group, parts[v]).space != spaces[v]))
      return op->emitOpError() << what << " '" << text << "' names part "
                               << parts[v] << ", which is not of that space";
  return success();
}

/// A head is of a space that has jellyfish.
static LogicalResult verifyHead(Operation *op, StringRef what, StringRef text,
                                int head, Group group) {
  if (head < 0 || (head < static_cast<int>(group.numSpaces()) &&
                   rulesOf(group.of(head)).hasJellyfish()))
    return success();
  return op->emitOpError() << what << " '" << text
                           << "' has a head, but its space no jellyfish";
}

LogicalResult ir::verifyOfGroup(Operation *op, const RowPattern &pattern,
                                Group group) {
  if (failed(verifySpaces(op, "pattern", toString(pattern), pattern.space,
                          pattern.part, pattern.block.size(), group,
                          /*maybeSums=*/pattern.droppedBlocks().empty() &&
                              !pattern.hasSymbol())))
    return failure();
  for (int v = 0; v < pattern.size(); ++v)
    if (pattern.spaceOfVertex(v) != pattern.spaceOf(pattern.block[v]))
      return op->emitOpError() << "pattern '" << toString(pattern)
                               << "' joins axes of two spaces";
  if (pattern.orbit.exists()) {
    const std::string why =
        pattern.head < static_cast<int>(group.numSpaces())
            ? rulesOf(group.of(pattern.head)).whyNotRow(pattern.orbit)
            : "there is no such space";
    if (why.empty())
      return success();
    return op->emitOpError()
           << "pattern '" << toString(pattern) << "' is not one of "
           << groupName(group) << ": " << why;
  }
  if (!pattern.steps.empty()) {
    const std::string why = rulesOf(group).hasGraphMaps()
                                ? whyTooLarge(pattern, *group.action())
                                : "only Graph has graph maps";
    if (!why.empty())
      return op->emitOpError()
             << "pattern '" << toString(pattern) << "' is not one of "
             << groupName(group) << ": " << why;
  }
  return verifyHead(op, "pattern", toString(pattern), pattern.head, group);
}

LogicalResult ir::verifyOfGroup(Operation *op, ArrayAttr patterns,
                                Group group) {
  for (auto attr : patterns.getAsRange<RowPatternAttr>())
    if (failed(verifyOfGroup(op, attr.getValue(), group)))
      return failure();
  return success();
}

LogicalResult ir::verifyOfGroup(Operation *op, StringRef what,
                                const Diagram &diagram, Group group,
                                int64_t n) {
  if (failed(verifySpaces(op, what, toTypedString(diagram), diagram.space,
                          diagram.part, diagram.block.size(), group,
                          /*maybeSums=*/false)))
    return failure();
  for (int v = 0; v < diagram.l + diagram.k; ++v)
    if (diagram.isDual(v) && !rulesOf(group.of(diagram.spaceOf(v))).hasDuals())
      return op->emitOpError()
             << what << " '" << toTypedString(diagram)
             << "' names duals, but spaces of "
             << groupName(group.of(diagram.spaceOf(v))) << " are their own";
  std::string why = whyNotOfGroup(diagram, group, n);
  if (why.empty() && (diagram.orbit.exists() || diagram.map.exists()))
    return success();
  if (why.empty())
    return verifyHead(op, what, toTypedString(diagram), diagram.head, group);
  if (group.isProduct())
    return op->emitOpError()
           << what << " '" << toTypedString(diagram) << "' is not one of "
           << groupText(group, n) << ": " << why;
  return op->emitOpError() << what << " '" << toString(diagram)
                           << "' is not one of " << groupName(group)
                           << (group.hasSize() ? ""
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
    const Diagram &one = cast<DiagramAttr>(diagrams[0]).getValue();
    if (axesOf(group, diagram) != axesOf(group, one) ||
        diagram.dual != one.dual)
      return op->emitOpError() << what << " '" << toTypedString(diagram)
                               << "' is of axes of other spaces than the first";
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
                              int64_t count, Group group, int64_t n,
                              ArrayRef<int> spaces) {
  for (int64_t axis = first; axis < first + count; ++axis) {
    const int64_t size =
        sizeOf(group, n, group.isProduct() ? spaces[axis - first] : 0);
    if (type.getDimSize(axis) !=
        (size == EqcDialect::kDynamicN ? ShapedType::kDynamic : size))
      return op->emitOpError()
             << "axis " << axis << " of '" << name
             << "' must have extent n = " << formatExtent(size) << ", found "
             << formatExtent(type.getDimSize(axis));
  }
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
