//===- CpuWorkTest.cpp - What a CPU does for a layer ----------------------===//
//
// The work that is counted follows from the schedules that kernels are emitted
// by: where a schedule takes another form, the work changes with it.
//
//===----------------------------------------------------------------------===//

#include "compiler/Lowering/Cpu/Schedules/CpuWork.h"
#include "compiler/Lowering/Cpu/Schedules/SharedSchedule.h"
#include "test/Plan/Support.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

const Machine v4{64, 32}, v3{32, 16};

PlanWork workOf(const LayerSpec &spec, const Machine &machine, int64_t batch,
                PlanKind kind = PlanKind::Shared, int64_t n = 0) {
  BuiltPlans built;
  return countCpuWork(spec, rulesOf(kind).count(spec, built).plan, machine,
                      n > 0 ? n : spec.n, batch);
}

double bytesOfArrays(const LayerSpec &spec) {
  return double(leastBytesOf(spec, spec.n).perSample);
}

} // namespace

TEST(CpuWork, GroupsOfSamplesInLanesAreLessWork) {
  // Two channels leave most of a vector empty; eight samples fill it.
  const LayerSpec spec = makeLayer(Group::S, 12, 2, 2, 2, 2);
  const Work alone = workOf(spec, v3, 7).sample;
  const Work lanes = workOf(spec, v3, 8).sample;
  EXPECT_LT(lanes.rows, alone.rows / 2);
  EXPECT_LT(lanes.bytes, alone.bytes);
  // Of 15 samples, seven are left.
  const Work most = workOf(spec, v3, 15).sample;
  EXPECT_DOUBLE_EQ(most.rows, (8 * lanes.rows + 7 * alone.rows) / 15);
}

TEST(CpuWork, AnAxisSummedWithOthersIsReadOnce) {
  // Rows, columns and the diagonal: the sums over rows and columns are one
  // sweep, those of a layer that takes one of them are not.
  const LayerSpec spec = makeLayer(Group::S, 20, 2, 1, 32, 32);
  const SharedSchedule schedule =
      scheduleShared(spec, withoutStrands(buildSharedPlan(spec)), v4);
  bool sweeps = false;
  for (const StageSchedule &stage : schedule.stages)
    sweeps |= stage.form == StageForm::Read && stage.read.sweeps;
  ASSERT_TRUE(sweeps);
  double rows = 0;
  for (const StageCost &stage :
       costOf(withoutStrands(buildSharedPlan(spec))).stages)
    if (stage.kind == StageKind::Read)
      rows += double(countAt(stage.sourceRows, spec.n));
  EXPECT_LT(workOf(spec, v4, 8).sample.rows, rows);
}

TEST(CpuWork, OnlyWhatIsReadOfXIsMoved) {
  // The trace reads the diagonal, unless channels come first: then all of x is
  // transposed.
  LayerSpec spec = makeLayer(Group::O, 20, 2, 0, 16, 16);
  EXPECT_EQ(workOf(spec, v4, 8).movedBytes, (20 * 16 + 16) * 4);
  EXPECT_EQ(workOf(spec, v4, 8, PlanKind::Factored).movedBytes,
            bytesOfArrays(spec));
  spec.layout = Layout::ChannelsFirst;
  EXPECT_EQ(workOf(spec, v4, 8).movedBytes, bytesOfArrays(spec));
  EXPECT_GT(
      workOf(spec, v4, 8).sample.vectors,
      workOf(makeLayer(Group::O, 20, 2, 0, 16, 16), v4, 8).sample.vectors);
}

TEST(CpuWork, OneChannelIsTheSameInBothLayouts) {
  LayerSpec spec = makeLayer(Group::S, 20, 2, 2, 1, 1);
  const PlanWork last = workOf(spec, v4, 1);
  spec.layout = Layout::ChannelsFirst;
  const PlanWork first = workOf(spec, v4, 1);
  EXPECT_EQ(first.sample.vectors, last.sample.vectors);
  EXPECT_EQ(first.movedBytes, last.movedBytes);
}

TEST(CpuWork, PrefetchesAreThoseOfTheSchedule) {
  // The longest mix of many channels fetches the next x; one of few would not
  // hide it.
  EXPECT_TRUE(
      workOf(makeLayer(Group::S, 20, 2, 2, 32, 32), v4, 8, PlanKind::Schur)
          .fetchesAhead);
  EXPECT_FALSE(workOf(makeLayer(Group::S, 20, 2, 0, 4, 4), v4, 8).fetchesAhead);
}

TEST(CpuWork, ARowOfEveryTileIsPaidFor) {
  // 33 columns are a dot more than 32, 48 a vector more; the same with n given
  // at run time, at the size that is asked for.
  auto vectors = [](int64_t n, int64_t columns) {
    return workOf(makeLayer(Group::S, n, 2, 2, 32, columns), v4, 8,
                  PlanKind::Shared, 20)
        .sample.vectors;
  };
  for (int64_t n : {20, -1}) {
    EXPECT_LT(vectors(n, 32), vectors(n, 33)) << n;
    EXPECT_LT(vectors(n, 33), vectors(n, 48)) << n;
    EXPECT_LT(vectors(n, 48), vectors(n, 64)) << n;
  }
}

TEST(CpuWork, EntriesOfDenseMatricesArePaidForOnce) {
  const LayerSpec spec = makeLayer(Group::S, 4, 2, 2, 8, 8);
  const PlanWork one = workOf(spec, v4, 1, PlanKind::Dense);
  const PlanWork many = workOf(spec, v4, 64, PlanKind::Dense);
  EXPECT_EQ(one.packing.elements, many.packing.elements);
  EXPECT_GT(one.packing.elements, 0);
  EXPECT_EQ(workOf(spec, v4, 1).packing.elements, 0);
  // Eight samples share the rows of the matrix.
  EXPECT_LT(many.sample.terms, one.sample.terms);
}
