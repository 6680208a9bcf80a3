//===- WeightedSums.cpp - Sums of elements times constants ----------------===//

#include "compiler/Lowering/Gpu/WeightedSums.h"

#include <algorithm>

using namespace eqc;
using namespace eqc::device;
using namespace mlir;

void WeightedSums::add(const SparseVector &terms) {
  const int64_t first = sources.size();
  for (const auto &[source, factor] : terms) {
    sources.addRow({Poly(source)});
    factors.push_back(factor);
  }
  most = std::max<int64_t>(most, terms.size());
  ranges.addRow({Poly(first), Poly(sources.size())});
}

Value WeightedSums::emit(DeviceKernel &kernel, Value which, int64_t width,
                         llvm::function_ref<Value(Value)> at) const {
  const DeviceTable range(kernel, ranges), source(kernel, sources);
  Value zero = kernel.real(0, width);
  if (factors.empty())
    return zero;
  Value table = kernel.constantArray(factors);
  return blockedSum(kernel, range.get(kernel, which, 0),
                    range.get(kernel, which, 1), most, 1, {zero},
                    [&](Value term, Values partial) {
                      Value from = at(source.get(kernel, term, 0));
                      Value factor =
                          kernel.loadConstant(table, term, kernel.elementType);
                      return Values{kernel.fma(factor,
                                               kernel.load(0, from, width),
                                               partial.front())};
                    })
      .front();
}
