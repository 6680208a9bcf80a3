//===- EvaluateNests.h - Run nests without compiling ------------*- C++ -*-===//
//
// Follows the tables of nests entry by entry, as a kernel does, for one sample.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_LOWERING_EVALUATENESTS_H
#define EQC_TEST_LOWERING_EVALUATENESTS_H

#include "compiler/Lowering/Nests/EntryNest.h"
#include "compiler/Lowering/Nests/GatherNest.h"
#include "compiler/Lowering/Nests/GradientNest.h"
#include "compiler/Lowering/Nests/LinesNest.h"
#include "compiler/Lowering/Nests/MixNest.h"
#include "compiler/Lowering/Nests/ReadNest.h"
#include "compiler/Lowering/Nests/StrandNest.h"
#include "compiler/Lowering/Nests/SweepNest.h"
#include "compiler/Lowering/Nests/WalkNest.h"

#include <map>
#include <vector>

namespace eqc::test {

/// The rows of a sample, [rows, channels] each.
struct Rows {
  int64_t channels = 1;
  std::vector<double> values;
  double &at(int64_t row, int64_t channel) {
    return values[static_cast<size_t>(row * channels + channel)];
  }
};

struct NestArrays {
  int64_t n = 1, cIn = 1, cOut = 1;
  std::map<PlanArray, Rows> rows;
  /// c_in x c_out for each packed term.
  std::vector<std::vector<double>> packed;

  void run(const ReadNest &nest);
  void run(const SweepNest &nest);
  void run(const MixNest &nest);
  void run(const StrandNest &nest, PlanArray target);
  void run(const GatherNest &nest);
  void run(const WalkNest &nest, PlanArray target);
  /// One line of the output.
  void run(const LinesNest &nest, int64_t line);

  Rows &operator[](PlanArray array) { return rows[array]; }

private:
  /// One walk whose sides start at these rows.
  void runWalk(const WalkNest &nest, int64_t walk, Rows &target,
               int64_t firstTarget, int64_t firstSource);
};

/// Adds what a nest sums of one channel of either side.
void addSums(const GradientNest &nest, NestArrays &x, NestArrays &gradY,
             std::vector<double> &sums);
void addSums(const StrandSumsNest &nest, NestArrays &x, NestArrays &gradY,
             std::vector<double> &sums);

/// Calls visit(values) for all values of axes with these extents.
template <typename Visit>
void forAxes(const std::vector<int64_t> &extents, const Visit &visit) {
  std::vector<int64_t> index(extents.size(), 0);
  auto along = [&](auto &self, size_t axis) -> void {
    if (axis == extents.size())
      return visit(index);
    for (index[axis] = 0; index[axis] < extents[axis]; ++index[axis])
      self(self, axis + 1);
  };
  along(along, 0);
}

/// The extents of axes at n.
std::vector<int64_t> extentsOf(const std::vector<Axis> &axes, int64_t n);

} // namespace eqc::test

#endif // EQC_TEST_LOWERING_EVALUATENESTS_H
