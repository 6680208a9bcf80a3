//===- EqcStages.cpp - What stages hold and refer to ----------------------===//

#include "dialect/Eqc/EqcStages.h"

#include "compiler/Algebra/GraphMap.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

MixOp ir::getMixOf(Value value) {
  while (auto write = value.getDefiningOp<WriteOp>())
    value = write.getTarget();
  return value.getDefiningOp<MixOp>();
}

llvm::DenseSet<Attribute> ir::getReadPatterns(ValueRange values) {
  llvm::DenseSet<Attribute> patterns;
  for (Value value : values)
    if (auto read = value.getDefiningOp<ReadOp>())
      patterns.insert_range(read.getPatterns());
  return patterns;
}

llvm::DenseSet<Attribute> ir::getNodePatterns(ValueRange values) {
  llvm::DenseSet<Attribute> patterns;
  for (Value value : values)
    if (MixOp mix = getMixOf(value))
      patterns.insert_range(mix.getTargets());
  return patterns;
}

/// factor * n^exponent, unless it is past 2^63 - 1.
static std::optional<int64_t> timesPower(int64_t factor, int64_t n,
                                         int64_t exponent) {
  int64_t value = factor;
  // 1^exponent would take long for no use.
  for (int64_t i = 0; i < exponent && n != 1; ++i)
    if (llvm::MulOverflow(value, n, value))
      return std::nullopt;
  return value;
}

/// `rows` times the entries of axes of these spaces; dynamic with a size.
static std::optional<int64_t> timesAxes(int64_t rows, Group group, int64_t n,
                                        ArrayRef<int> spaces) {
  std::optional<int64_t> product = rows;
  bool dynamic = false;
  for (int space : spaces) {
    const int64_t size = sizeOf(group, n, space);
    if (size == EqcDialect::kDynamicN)
      dynamic = true;
    else if (product)
      product = timesPower(*product, size, 1);
  }
  return product && dynamic ? ShapedType::kDynamic : product;
}

std::optional<int64_t> ir::getRowsOfOrder(int64_t order, Group group, int64_t n,
                                          ArrayRef<int> spaces) {
  if (group.isProduct())
    return timesAxes(1, group, n, spaces);
  if (n == EqcDialect::kDynamicN)
    return order == 0 ? 1 : ShapedType::kDynamic;
  return timesPower(1, n, order);
}

std::optional<int64_t> ir::getRowsOfTensors(ArrayRef<std::vector<int>> tensors,
                                            Group group, int64_t n) {
  int64_t total = 0;
  bool dynamic = false;
  for (const std::vector<int> &spaces : tensors) {
    const std::optional<int64_t> rows =
        getRowsOfOrder(static_cast<int64_t>(spaces.size()), group, n, spaces);
    if (!rows)
      return std::nullopt;
    if (ShapedType::isDynamic(*rows))
      dynamic = true;
    else if (llvm::AddOverflow(total, *rows, total))
      return std::nullopt;
  }
  return dynamic ? ShapedType::kDynamic : total;
}

std::optional<int64_t> ir::getRows(ArrayRef<RowPattern> patterns, Group group,
                                   int64_t n) {
  int64_t total = 0;
  bool dynamic = false;
  for (const RowPattern &pattern : patterns) {
    std::optional<int64_t> rows = 1;
    if (pattern.hasSymbol())
      rows = pattern.numEntries(sizeOf(group, n, pattern.spaceOfSymbol()));
    if (rows == std::numeric_limits<int64_t>::max())
      rows = std::nullopt;
    if (rows)
      rows = timesAxes(*rows, group, n, pattern.spacesOfKept());
    if (!rows)
      return std::nullopt;
    if (ShapedType::isDynamic(*rows))
      dynamic = true;
    else if (llvm::AddOverflow(total, *rows, total))
      return std::nullopt;
  }
  return dynamic ? ShapedType::kDynamic : total;
}

bool ir::distinguishes(const RowPattern &finer, const RowPattern &coarser) {
  if (finer.size() != coarser.size() || finer.hasSymbol())
    return false;
  if (!coarser.steps.empty() || !finer.steps.empty())
    return !coarser.steps.empty() && finer == withoutLastStep(coarser);
  // In a part of a sum, or in all of it.
  for (int v = 0; v < finer.size(); ++v)
    if (finer.partOfVertex(v) >= 0 &&
        finer.partOfVertex(v) != coarser.partOfVertex(v))
      return false;
  // The block of `coarser` that each block of `finer` lies in.
  SmallVector<int> container(finer.numBlocks(), -1);
  for (int v = 0; v < finer.size(); ++v) {
    int &block = container[finer.block[v]];
    if (block >= 0 && block != coarser.block[v])
      return false;
    block = coarser.block[v];
  }
  // A block that is dropped already cannot be told from its entries any more:
  // it must be one of the dropped blocks, not a part of a block.
  SmallVector<int> parts(coarser.numBlocks(), 0);
  for (int block : container)
    ++parts[block];
  for (int b = 0; b < finer.numBlocks(); ++b)
    if (!finer.kept[b] &&
        (coarser.kept[container[b]] || container[b] == coarser.free ||
         coarser.isLeg(container[b]) || parts[container[b]] != 1))
      return false;
  return true;
}
