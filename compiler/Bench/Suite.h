//===- Suite.h - The named workloads ----------------------------*- C++ -*-===//
//
// The layers of benchmark/workloads, built into the program so that every eqc
// measures the same ones.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_BENCH_SUITE_H
#define EQC_BENCH_SUITE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace eqc {

/// A layer of a workload at one batch.
struct WorkloadCase {
  std::string layer;
  int64_t batch = 0;
};

struct Workload {
  std::string name;
  std::string standsFor;
  std::string source; ///< the .eq file
  std::vector<WorkloadCase> cases;
};

/// All workloads in the suite's order. Nothing and `error` when a description
/// is damaged.
std::vector<Workload> loadSuite(std::string &error);

/// Reads one description, the contents of NAME.json, into `workload`; returns
/// what is wrong with it, or an empty string.
std::string parseWorkload(llvm::StringRef json, Workload &workload);

/// `eqc bench --suite`: names and what they stand for.
std::string listSuite(llvm::ArrayRef<Workload> suite);

} // namespace eqc

#endif // EQC_BENCH_SUITE_H
