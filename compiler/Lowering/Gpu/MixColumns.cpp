//===- MixColumns.cpp - The columns of a thread of a mix ------------------===//

#include "compiler/Lowering/Gpu/MixColumns.h"

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

void MixColumns::find(Value number) {
  const int64_t all = weights.vectors();
  for (int64_t v = 0; v < tile.vectors; ++v) {
    Value vector = kernel.add(number, kernel.index(v * tile.count));
    const bool mayEnd = (v + 1) * tile.count > all;
    exist.push_back(mayEnd ? kernel.isLess(vector, kernel.index(all))
                           : Value());
    if (mayEnd)
      vector = kernel.min(vector, kernel.index(all - 1));
    vectors.push_back(vector);
    begins.push_back(kernel.mul(vector, kernel.index(weights.width)));
  }
}

/// Column `i` of those that are dealt to a vector, and whether the layer has
/// it; null: always.
std::pair<Value, Value> MixColumns::dealt(int64_t vector, int64_t i) {
  const int64_t all = weights.vectors();
  Value column = kernel.add(vectors[vector], kernel.index(i * all));
  return {column, (i + 1) * all > weights.columns
                      ? kernel.isLess(column, kernel.index(weights.columns))
                      : Value()};
}

Value MixColumns::load(size_t array, Value row, int64_t vector) {
  if (!weights.areDealt())
    return loadWeights(array, row, vector);
  Value values = kernel.real(0, weights.width);
  for (int64_t i = 0; i < weights.width; ++i) {
    auto [column, exists] = dealt(vector, i);
    if (exists)
      column = kernel.min(column, kernel.index(weights.columns - 1));
    values = kernel.withElement(values, i,
                                kernel.load(array, kernel.add(row, column), 1));
  }
  return values;
}

Value MixColumns::loadWeights(size_t array, Value row, int64_t vector) {
  return kernel.load(array, kernel.add(row, begins[vector]), weights.width);
}

void MixColumns::store(size_t array, Value row, int64_t vector, Value sums) {
  auto write = [&] {
    if (weights.areDealt())
      storeDealt(array, row, vector, sums);
    else
      kernel.store(array, kernel.add(row, begins[vector]), sums);
  };
  if (exist[vector])
    kernel.when(exist[vector], write);
  else
    write();
}

void MixColumns::storeDealt(size_t array, Value row, int64_t vector,
                            Value sums) {
  for (int64_t i = 0; i < weights.width; ++i) {
    const auto [column, exists] = dealt(vector, i);
    Value at = kernel.add(row, column);
    auto write = [&] { kernel.store(array, at, kernel.element(sums, i)); };
    if (exists)
      kernel.when(exists, write);
    else
      write();
  }
}
