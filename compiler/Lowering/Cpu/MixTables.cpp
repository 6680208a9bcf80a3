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

std::pair<Value, Value> MixTables::biasOf(Value target) const {
  return {targets.get(kernel, target, MixNest::kBias),
          targets.get(kernel, target, MixNest::kNumBias)};
}

SmallVector<Value> MixTables::extents() const {
  SmallVector<Value> extents;
  for (const Axis &axis : nest.axes)
    extents.push_back(kernel.poly(axis.extent));
  return extents;
}
