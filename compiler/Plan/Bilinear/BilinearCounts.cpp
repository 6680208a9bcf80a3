//===- BilinearCounts.cpp - What plans of two inputs add up to ------------===//

#include "compiler/Plan/Bilinear/BilinearPlan.h"

using namespace eqc;

Poly JoinStage::positions() const {
  return productOf(shared) * productOf(ofA) * productOf(ofB);
}

Poly BilinearPlan::joinProducts() const {
  Poly sum;
  for (const JoinStage &stage : stages)
    sum += stage.positions() * stage.terms() *
           Poly(static_cast<int64_t>(stage.joins.size()));
  return sum;
}

Poly BilinearPlan::resultProducts() const {
  Poly sum;
  for (const JoinStage &stage : stages)
    for (const Join &join : stage.joins)
      sum +=
          stage.positions() * Poly(static_cast<int64_t>(join.results.size()));
  return sum;
}

int64_t BilinearPlan::numJoins(int letters) const {
  size_t count = 0;
  for (const JoinStage &stage : stages)
    if (stage.numKept() + stage.summed.size() == static_cast<size_t>(letters))
      count += stage.joins.size();
  return static_cast<int64_t>(count);
}

int64_t BilinearPlan::numResults(int letters) const {
  size_t count = 0;
  for (const JoinStage &stage : stages)
    if (stage.numKept() == static_cast<size_t>(letters))
      for (const Join &join : stage.joins)
        count += join.results.size();
  return static_cast<int64_t>(count);
}

int64_t eqc::countJoinTerms(const LayerSpec &spec) {
  // Symbols alone: n! for each diagram that has one. Forms repeat.
  double terms = 0;
  for (const Diagram &diagram : spec.diagrams) {
    double factorial = diagram.free < 0 ? 0 : 1;
    for (size_t i = 2; i <= diagram.freeVertices().size(); ++i)
      factorial *= static_cast<double>(i);
    terms += factorial;
  }
  return terms > 1e18 ? INT64_MAX : static_cast<int64_t>(terms);
}
