//===- MixTables.cpp - The tables of a channel mix ------------------------===//

#include "compiler/Lowering/Cpu/MixTables.h"

using namespace eqc;
using namespace mlir;

Value MixTables::rowAt(Value offset, ArrayRef<Value> index,
                       function_ref<Value(int)> strideOf) const {
  Value row = offset;
  for (int a = 0; a < nest.strided; ++a)
    row = kernel.add(row, kernel.mul(index[a], strideOf(a)));
  if (hasEntries())
    row = kernel.add(row, index.back());
  return row;
}

Value MixTables::rowStep(function_ref<Value(int)> strideOf) const {
  if (hasEntries())
    return kernel.index(1);
  return nest.strided == 0 ? kernel.index(0) : strideOf(nest.strided - 1);
}

Values MixTables::addInits(Value target, Values sums, AddNode addNode,
                           AddBias addBias) const {
  if (nodeInits.size() > 0)
    sums = kernel.accumulate(
        targets.get(kernel, target, MixNest::kNodeInits),
        targets.get(kernel, target, MixNest::kNodeInits + 1), std::move(sums),
        [&](Value e, Values partial) {
          auto strideOf = [&](int a) {
            return nodeInits.get(kernel, e, MixNest::kInitStrides + a);
          };
          return addNode(nodeInits.get(kernel, e, MixNest::kInitOffset),
                         strideOf, std::move(partial));
        });
  if (!nest.hasBias)
    return sums;
  // The row can be read where there is none, since loads are hoisted out of
  // loops without iterations.
  Value row = targets.get(kernel, target, MixNest::kBias);
  Value numRows = targets.get(kernel, target, MixNest::kNumBias);
  return kernel.accumulate(
      kernel.index(0), numRows, std::move(sums),
      [&](Value, Values partial) { return addBias(row, std::move(partial)); });
}

SmallVector<Value> MixTables::extents() const {
  SmallVector<Value> extents;
  for (const Axis &axis : nest.axes)
    extents.push_back(kernel.poly(axis.extent));
  return extents;
}
