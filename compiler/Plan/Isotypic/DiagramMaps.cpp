//===- DiagramMaps.cpp - Diagrams as sparse matrices ----------------------===//

#include "compiler/Plan/Isotypic/DiagramMaps.h"

#include "compiler/Algebra/Enumerate.h"

#include <utility>

using namespace eqc;

double FixedRandom::symmetric() {
  // splitmix64
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-52 - 1;
}

DiagramMaps::DiagramMaps(Group group, int64_t n, int from, int to,
                         std::vector<Diagram> diagrams, bool mean) {
  spec.group = group;
  spec.n = n;
  spec.k = from;
  spec.l = to;
  spec.normalize = mean ? Normalize::Mean : Normalize::None;
  spec.diagrams = std::move(diagrams);
  plan = buildDensePlan(spec);
}

DiagramMaps::DiagramMaps(Group group, int64_t n, int from, int to)
    : DiagramMaps(group, n, from, to, enumerateDiagrams(group, n, to, from)) {}

double DiagramMaps::scale(int64_t d) const {
  double scale = 1;
  if (plan.mean)
    scale /= plan.diagrams[d].divisor;
  return scale;
}

std::vector<double> DiagramMaps::apply(int64_t d,
                                       const std::vector<double> &x) const {
  std::vector<double> y(outputs(), 0.0);
  const double factor = scale(d);
  forDenseEntries(plan, plan.diagrams[d],
                  [&](int64_t row, int64_t column, int sign) {
                    y[column] += sign * factor * x[row];
                  });
  return y;
}

std::vector<double>
DiagramMaps::combine(const std::vector<double> &coefficients) const {
  std::vector<double> matrix(outputs() * inputs(), 0.0);
  for (int64_t d = 0; d < size(); ++d) {
    if (coefficients[d] == 0)
      continue;
    const double factor = coefficients[d] * scale(d);
    forDenseEntries(plan, plan.diagrams[d],
                    [&](int64_t row, int64_t column, int sign) {
                      matrix[column * inputs() + row] += sign * factor;
                    });
  }
  return matrix;
}

std::vector<double> DiagramMaps::random(FixedRandom &numbers) const {
  std::vector<double> coefficients(size());
  for (double &coefficient : coefficients)
    coefficient = numbers.symmetric();
  return combine(coefficients);
}
