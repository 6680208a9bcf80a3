//===- AtSizes.h - Layers of several spaces at some sizes -------*- C++ -*-===//
//
// A layer whose axes are of several spaces, with sizes given at run time, is
// checked as the layer of fixed sizes that it is in each call.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_ATSIZES_H
#define EQC_CHECK_ATSIZES_H

#include "compiler/Check/Check.h"

#include <functional>
#include <vector>

namespace eqc {

/// Whether a layer is checked so.
bool isCheckedAtSizes(const LayerSpec &spec);

/// Runs the tests of a layer of fixed sizes, with the cases of `options`, on
/// the functions of the layer, which take `n`. Returns the rows of the table.
using CheckSized = std::function<std::vector<CheckRow>(
    const LayerSpec &fixed, const CheckOptions &options, int64_t n)>;

/// `functions`, of a layer of one input or of two, called with `n` whatever
/// they are given. They must outlive what is returned.
template <typename Functions>
Functions calledWith(const Functions &functions, int64_t n) {
  Functions sized;
  sized.forward = [&functions, n](int64_t, auto... rest) {
    return functions.forward(n, rest...);
  };
  if (functions.backward)
    sized.backward = [&functions, n](int64_t, auto... rest) {
      return functions.backward(n, rest...);
    };
  return sized;
}

/// The rows for some lists of sizes, which they name.
std::vector<CheckRow> checkAtSizes(const LayerSpec &spec,
                                   const CheckOptions &options,
                                   const CheckSized &check);

} // namespace eqc

#endif // EQC_CHECK_ATSIZES_H
