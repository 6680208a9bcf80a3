//===- RateFields.h - The rates of the cost model by name -------*- C++ -*-===//
//
// Files, reports and the fit go through this table, so that a rate that is
// added to the model is written, read and measured too.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TUNE_RATEFIELDS_H
#define EQC_TUNE_RATEFIELDS_H

#include "compiler/Plan/CostModel.h"

#include <iterator>

namespace eqc {

struct RateField {
  const char *name; ///< in files
  double CostRates::*rate;
  /// Found by fitting to kernels; the others by measuring them alone.
  bool fitted;
};

inline constexpr RateField rateFields[] = {
    {"gflops", &CostRates::flops, true},
    {"cache_gbytes_per_second", &CostRates::cacheBytes, true},
    {"memory_gbytes_per_second", &CostRates::memoryBytes, false},
    {"cache_bytes", &CostRates::cacheSize, false},
    {"row_ns", &CostRates::rowNs, true},
    {"tile_ns", &CostRates::tileNs, true},
    {"term_ns", &CostRates::termNs, true},
    {"element_ns", &CostRates::elementNs, true},
    {"call_ns", &CostRates::callNs, true},
};
static_assert(sizeof(CostRates) == std::size(rateFields) * sizeof(double),
              "every rate has a row in the table");

} // namespace eqc

#endif // EQC_TUNE_RATEFIELDS_H
