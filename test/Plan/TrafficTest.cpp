//===- TrafficTest.cpp - Bytes that plans move ----------------------------===//

#include "Support.h"

#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/PlanRules.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

int64_t rowsRead(PlanKind plan, const LayerSpec &spec) {
  BuiltPlans built;
  return rulesOf(plan).count(spec, built).cost.inputRows.at(spec.n);
}

} // namespace

TEST(Traffic, SumsOverGraphsAreAPassOfTheirOwn) {
  const LayerSpec graphs = makeLayer(Group::S, 50, 2, 2, 32, 32);
  // Row and column sums in one sweep; the diagonal for one mix and for a sum;
  // both views of x for the other mix.
  EXPECT_EQ(rowsRead(PlanKind::Shared, graphs), 2500 + 50 + 50 + 2500);
  EXPECT_EQ(rowsRead(PlanKind::Schur, graphs), 2500 + 50 + 50 + 2500);
  // Fifteen diagrams, each on its own.
  EXPECT_GE(rowsRead(PlanKind::Factored, graphs), 15 * 50);
}

TEST(Traffic, OtherPlansReadOnce) {
  const LayerSpec tensors = makeLayer(Group::O, 3, 2, 2, 16, 16);
  EXPECT_EQ(rowsRead(PlanKind::Dense, tensors), 9);
  EXPECT_EQ(rowsRead(PlanKind::Schur, tensors), 9);
}

TEST(Traffic, IsWhatIsReadAndWritten) {
  const LayerSpec graphs = makeLayer(Group::S, 50, 2, 2, 32, 16);
  BuiltPlans built;
  const PlanCost cost = rulesOf(PlanKind::Shared).count(graphs, built).cost;
  EXPECT_EQ(plannedBytesOf(cost, graphs, 50), (5100 * 32 + 2500 * 16) * 4);
  EXPECT_GT(plannedBytesOf(cost, graphs, 50),
            leastBytesOf(graphs, 50).perSample);
}
