//===- NestsTest.cpp - Nests against the definition of a layer ------------===//

#include "EvaluateNests.h"
#include "test/Plan/Support.h"

#include "compiler/Check/Oracle.h"
#include "compiler/Lowering/Cpu/Schedules/SharedSchedule.h"
#include "compiler/Lowering/Nests/GradientNest.h"
#include "compiler/Lowering/Nests/RowsNest.h"
#include "compiler/Plan/Shared/SharedGeometry.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

using namespace eqc;
using namespace eqc::test;

namespace {

constexpr double tolerance = 1e-12;
const Machine avx512{64, 32};

NestArrays makeArrays(const LayerSpec &spec, const SharedPlan &plan,
                      int64_t n) {
  NestArrays arrays;
  arrays.n = n;
  arrays.cIn = spec.cIn;
  arrays.cOut = spec.cOut;
  for (PlanArray array : {PlanArray::Input, PlanArray::Stored, PlanArray::Nodes,
                          PlanArray::Output}) {
    const bool ofInput =
        array == PlanArray::Input || array == PlanArray::Stored;
    Rows &rows = arrays[array];
    rows.channels = ofInput ? spec.cIn : spec.cOut;
    rows.values.assign(
        static_cast<size_t>(plan.rowsOf(array).at(n) * rows.channels), 0);
  }
  arrays[PlanArray::Bias].channels = spec.cOut;
  return arrays;
}

/// Runs the nests of a plan under its schedule; counts the forms it meets.
std::vector<double> run(const LayerSpec &spec, const StrandPlan &strands,
                        NestArrays &arrays, std::multiset<StageForm> &forms) {
  const SharedPlan &plan = strands.shared;
  const SharedSchedule schedule = scheduleShared(spec, strands, avx512);
  EXPECT_EQ(schedule.stages.size(), plan.stages.size());
  int64_t firstTerm = 0;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    const StageForm form = schedule.stages[i].form;
    forms.insert(form);
    const auto *read = std::get_if<ReadStage>(&plan.stages[i]);
    const auto *mix = std::get_if<MixStage>(&plan.stages[i]);
    if (form == StageForm::Read && schedule.stages[i].read.sweeps)
      arrays.run(SweepNest(plan, *read));
    else if (form == StageForm::Read)
      arrays.run(ReadNest(plan, *read));
    if (form == StageForm::Tiles)
      arrays.run(MixNest(*mix, firstTerm));
    if (form == StageForm::Strands)
      arrays.run(StrandNest(*strands.strands[i], firstTerm,
                            schedule.writesOfMix(plan, i)),
                 mix->target);
    if (form == StageForm::Gather)
      arrays.run(GatherNest(plan, *mix, schedule.writesOfMix(plan, i)));
    if (form == StageForm::Write) {
      const auto &write = std::get<WriteStage>(plan.stages[i]);
      std::vector<const Walk *> walks;
      for (const WriteEntry &entry : write.entries)
        walks.push_back(&entry.walk);
      arrays.run(WalkNest(walks), write.target);
    }
    if (mix)
      firstTerm += strands.strands[i]
                       ? static_cast<int64_t>(strands.strands[i]->packed.size())
                       : mix->terms();
  }
  return arrays[PlanArray::Output].values;
}

/// The error of a layer's nests for one sample at size n.
double errorOf(const LayerSpec &spec, const StrandPlan &strands, int64_t n,
               std::multiset<StageForm> &forms) {
  Random random(11);
  NestArrays arrays = makeArrays(spec, strands.shared, n);
  auto fill = [&](PlanArray array, size_t size) {
    return arrays[array].values = randomVector(random, size);
  };
  const auto x = fill(PlanArray::Input, arrays[PlanArray::Input].values.size());
  const auto bias = fill(PlanArray::Bias, spec.biasDiagrams.size() * spec.cOut);
  const size_t pairs = spec.cIn * spec.cOut;
  const auto weight = randomVector(random, spec.diagrams.size() * pairs);
  for (const PackedTerm &term : strands.packed) {
    std::vector<double> sum(pairs);
    for (const WeightedDiagram &each : term)
      for (size_t i = 0; i < pairs; ++i)
        sum[i] += each.factor * weight[each.diagram * pairs + i];
    arrays.packed.push_back(std::move(sum));
  }
  return relativeError(run(spec, strands, arrays, forms),
                       oracleForward(spec, n, 1, x.data(), weight.data(),
                                     spec.bias ? bias.data() : nullptr));
}

std::vector<LayerSpec> layers() {
  std::vector<LayerSpec> list;
  for (auto [group, n] : {std::pair<Group, int64_t>{Group::S, 4},
                          {Group::O, 3},
                          {Group::SO, 3},
                          {Group::SO, 2},
                          {Group::Sp, 4},
                          {Group::H, 3},
                          {Group::B, 3},
                          {Group(Family::O, 1, 2), 3},
                          {Group(Family::SO, 2, 1), 3},
                          {Group(Family::SO, 1, 1), 2}})
    forLayers(group, {n}, {3, 5}, [&](LayerSpec spec) {
      if ((spec.k + spec.l) % 2 == 1)
        spec.normalize = Normalize::Mean;
      list.push_back(std::move(spec));
    });
  return list;
}

TEST(Nests, OfTheSharedPlanGiveTheLayer) {
  std::multiset<StageForm> forms;
  for (const LayerSpec &spec : layers())
    EXPECT_LE(
        errorOf(spec, withoutStrands(buildSharedPlan(spec)), spec.n, forms),
        tolerance)
        << nameOf(spec);
  // Every form has been met, or this says nothing of it.
  for (StageForm form : {StageForm::Read, StageForm::Tiles, StageForm::Gather,
                         StageForm::Write, StageForm::Done})
    EXPECT_GE(forms.count(form), 3u) << static_cast<int>(form);
}

TEST(Nests, OfADynamicSizeAreThoseOfEverySize) {
  std::multiset<StageForm> forms;
  for (auto [group, even] : {std::pair<Group, bool>{Group::S, false},
                             {Group::O, false},
                             {Group::Sp, true}}) {
    const LayerSpec dynamic = makeLayer(group, -1, 2, 2, 2, 3, true);
    const StrandPlan plan = withoutStrands(buildSharedPlan(dynamic));
    for (int64_t n : {1, 2, 4, 5, 6})
      if (!even || n % 2 == 0)
        EXPECT_LE(errorOf(dynamic, plan, n, forms), tolerance)
            << nameOf(dynamic) << " at " << n;
  }
}

TEST(Nests, OfStrandsGiveTheLayer) {
  std::multiset<StageForm> forms;
  for (auto [k, l] : {std::pair<int, int>{2, 2}, {3, 3}, {3, 2}}) {
    const LayerSpec spec = makeLayer(Group::S, 4, k, l, 3, 2, true);
    StrandPlan plan = withStrands(buildSharedPlan(spec), spec);
    EXPECT_LE(errorOf(spec, plan, spec.n, forms), tolerance) << nameOf(spec);
  }
  LayerSpec wide = makeLayer(Group::S, 12, 2, 2, 32, 32, true);
  EXPECT_LE(
      errorOf(wide, withStrands(buildSharedPlan(wide), wide), wide.n, forms),
      tolerance);
  EXPECT_GE(forms.count(StageForm::Strands), 1u);
  // The diagonal of y is a write of its own after tiles, and after strands of
  // three letters, not after those of two.
  EXPECT_GE(forms.count(StageForm::Done), 1u);
}

TEST(Nests, SweepsAreReadsOneByOne) {
  int seen = 0;
  for (const LayerSpec &spec : layers()) {
    const SharedPlan plan = buildSharedPlan(spec);
    for (const SharedStage &stage : plan.stages) {
      const auto *read = std::get_if<ReadStage>(&stage);
      if (!read || !SweepNest::serves(plan, *read))
        continue;
      Random random(5);
      NestArrays swept = makeArrays(spec, plan, spec.n);
      swept[PlanArray::Input].values =
          randomVector(random, swept[PlanArray::Input].values.size());
      NestArrays each = swept;
      swept.run(SweepNest(plan, *read));
      each.run(ReadNest(plan, *read));
      EXPECT_LE(relativeError(swept[PlanArray::Stored].values,
                              each[PlanArray::Stored].values),
                tolerance)
          << nameOf(spec);
      ++seen;
    }
  }
  EXPECT_GE(seen, 3);
}

// x of 3 x 5 rows: means along either axis, by one sweep and one by one.
TEST(Nests, EveryIndexHasItsOwnExtent) {
  const auto letter = [](int64_t extent, int64_t row, int64_t inner) {
    return Letter{Poly(extent), Poly(row), Poly(inner), Poly(extent)};
  };
  const auto entry = [](const Letter &kept, const Letter &dropped,
                        int64_t target) {
    ReadEntry entry;
    entry.parent = identityPattern(2);
    entry.target = Poly(target);
    entry.walk.kept = {kept};
    entry.walk.dropped = {dropped};
    entry.walk.terms.push_back({});
    entry.divisions = 1;
    return entry;
  };
  SharedPlan plan;
  plan.n = 7; // of no axis
  plan.k = 2;
  plan.mean = true;
  ReadStage both, first, second;
  for (ReadStage *stage : {&both, &first, &second}) {
    stage->kept = 1;
    if (stage != &second)
      stage->entries.push_back(entry(letter(3, 5, 1), letter(5, 1, 0), 0));
    if (stage != &first)
      stage->entries.push_back(entry(letter(5, 1, 1), letter(3, 5, 0), 3));
  }
  NestArrays swept;
  swept.n = plan.n;
  Random random(3);
  swept[PlanArray::Input].values = randomVector(random, 15);
  swept[PlanArray::Stored].values.assign(8, 0);
  NestArrays each = swept;
  ASSERT_TRUE(SweepNest::serves(plan, both));
  const SweepNest sweep(plan, both);
  EXPECT_EQ(extentsOf(sweep.axes, plan.n), (std::vector<int64_t>{3, 5}));
  EXPECT_EQ(sweep.rowsOf(sweep.sums[0]).at(plan.n), 3);
  EXPECT_EQ(sweep.rowsOf(sweep.sums[1]).at(plan.n), 5);
  swept.run(sweep);
  each.run(ReadNest(plan, first));
  each.run(ReadNest(plan, second));
  const std::vector<double> &x = swept[PlanArray::Input].values;
  std::vector<double> expected(8, 0);
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 5; ++j) {
      expected[i] += x[i * 5 + j] / 5;
      expected[3 + j] += x[i * 5 + j] / 3;
    }
  for (NestArrays *arrays : {&swept, &each})
    EXPECT_LE(relativeError((*arrays)[PlanArray::Stored].values, expected),
              tolerance);
}

TEST(Nests, LinesAreWritesWithinTheirRows) {
  int seen = 0;
  for (const LayerSpec &spec : layers()) {
    const SharedPlan plan = buildSharedPlan(spec);
    for (const SharedStage &stage : plan.stages) {
      const auto *write = std::get_if<WriteStage>(&stage);
      if (!write || write->target != PlanArray::Output || spec.l < 2 ||
          !LinesNest::serves(spec, *write))
        continue;
      Random random(7);
      NestArrays whole = makeArrays(spec, plan, spec.n);
      whole[PlanArray::Nodes].values =
          randomVector(random, whole[PlanArray::Nodes].values.size());
      NestArrays lines = whole;
      std::vector<const Walk *> walks;
      for (const WriteEntry &entry : write->entries)
        walks.push_back(&entry.walk);
      whole.run(WalkNest(walks), PlanArray::Output);
      const LinesNest nest(spec, *write);
      const std::vector<double> &y = lines[PlanArray::Output].values;
      const size_t ofLine = y.size() / static_cast<size_t>(spec.n);
      for (int64_t line = 0; line < spec.n; ++line) {
        const std::vector<double> before = y;
        lines.run(nest, line);
        for (size_t i = 0; i < y.size(); ++i)
          if (i / ofLine != static_cast<size_t>(line))
            ASSERT_EQ(y[i], before[i]) << nameOf(spec) << " line " << line;
      }
      EXPECT_LE(relativeError(y, whole[PlanArray::Output].values), tolerance)
          << nameOf(spec);
      ++seen;
    }
  }
  EXPECT_GE(seen, 3);
}

TEST(Nests, OfEntriesAssembleTheDenseMatrix) {
  for (LayerSpec spec : layers()) {
    spec.cIn = spec.cOut = 1;
    Random random(3);
    const DensePlan plan = buildDensePlan(spec);
    const auto weight = randomVector(random, spec.diagrams.size());
    const EntryNest nest(plan, plan.diagrams);
    std::vector<double> matrix(static_cast<size_t>(plan.rows * plan.columns));
    for (int64_t d = 0; d < nest.diagrams.size(); ++d) {
      std::vector<int64_t> extents;
      for (int64_t a = 0; a < nest.letters; ++a)
        extents.push_back(
            nest.diagrams.at(d, nest.letterField(a, EntryNest::kExtent), 0));
      const double scale = plan.mean ? 1 / plan.diagrams[d].divisor : 1;
      for (int64_t t = nest.diagrams.at(d, EntryNest::kFirstTerm, 0),
                   end = nest.diagrams.at(d, EntryNest::kEndTerm, 0);
           t < end; ++t)
        forAxes(extents, [&](const std::vector<int64_t> &letters) {
          int64_t row = 0, column = 0;
          for (int64_t v = 0; v < nest.signedVertices; ++v) {
            const int64_t value = nest.terms.at(t, EntryNest::kValues + v, 0);
            row += value * nest.diagrams.at(d, nest.rowOfVertex(v), 0);
            column += value * nest.diagrams.at(d, nest.columnOfVertex(v), 0);
          }
          for (int64_t a = 0; a < nest.letters; ++a) {
            row += letters[a] *
                   nest.diagrams.at(d, nest.letterField(a, EntryNest::kRow), 0);
            column +=
                letters[a] *
                nest.diagrams.at(d, nest.letterField(a, EntryNest::kColumn), 0);
          }
          matrix[row * plan.columns + column] +=
              weight[d] * scale * nest.terms.at(t, EntryNest::kSign, 0);
        });
    }
    EXPECT_LE(relativeError(matrix, assembleDense(plan, spec, weight)),
              tolerance)
        << nameOf(spec);
  }
}

/// The gradients of the weights for random rows, by the definition and by what
/// the nests of `plan` sum.
double errorOfSums(LayerSpec spec, const GradientPlan &plan) {
  spec.cIn = spec.cOut = 1;
  Random random(9);
  NestArrays x = makeArrays(spec, plan.x, spec.n);
  NestArrays gradY = makeArrays(spec, plan.gradY, spec.n);
  for (auto *side : {&x, &gradY}) {
    const SharedPlan &reads = side == &x ? plan.x : plan.gradY;
    (*side)[PlanArray::Input].values =
        randomVector(random, (*side)[PlanArray::Input].values.size());
    for (const SharedStage &stage : reads.stages)
      side->run(ReadNest(reads, std::get<ReadStage>(stage)));
  }
  std::vector<double> sums(static_cast<size_t>(plan.numTerms()));
  for (const GradientStage &stage : plan.stages)
    if (stage.strands)
      addSums(StrandSumsNest(stage, /*diagramRows=*/1), x, gradY, sums);
    else
      addSums(GradientNest(stage, /*diagramRows=*/1), x, gradY, sums);
  std::vector<double> gradient = sums, expected;
  if (plan.unpack) {
    gradient.assign(spec.diagrams.size(), 0);
    for (size_t d = 0; d < spec.diagrams.size(); ++d)
      for (const WeightedDiagram &term : plan.unpack->weight[d])
        gradient[d] += term.factor * sums[static_cast<size_t>(term.diagram)];
  }
  // <grad_y, layer of one diagram(x)> is the gradient of that one's weight.
  for (size_t d = 0; d < spec.diagrams.size(); ++d) {
    std::vector<double> weight(spec.diagrams.size());
    weight[d] = 1;
    const auto y =
        oracleForward(spec, spec.n, 1, x[PlanArray::Input].values.data(),
                      weight.data(), nullptr);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i)
      sum += y[i] * gradY[PlanArray::Input].values[i];
    expected.push_back(sum);
  }
  return relativeError(gradient, expected);
}

TEST(Nests, OfGradientsSumWhatTheDefinitionSays) {
  for (LayerSpec spec : layers()) {
    spec.bias = false;
    spec.biasDiagrams.clear();
    EXPECT_LE(errorOfSums(spec, buildGradientPlan(spec)), tolerance)
        << nameOf(spec);
  }
}

TEST(Nests, OfGradientsOverStrandsSumWhatTheDefinitionSays) {
  auto layer = [](Group group, int64_t n, int k, int l) {
    return makeLayer(group, n, k, l, 64, 64);
  };
  for (const LayerSpec &spec :
       {layer(Group::S, 6, 2, 2), layer(Group::S, 5, 3, 2),
        layer(Group::S, 5, 2, 3), layer(Group::S, 4, 3, 3),
        layer(Group::O, 4, 3, 3), layer(Group::Sp, 6, 2, 2),
        layer(Group::SO, 6, 2, 2)}) {
    const GradientPlan plan = buildStrandGradientPlan(spec);
    EXPECT_TRUE(plan.changesBasis()) << nameOf(spec);
    EXPECT_LE(errorOfSums(spec, plan), tolerance) << nameOf(spec);
  }
}

TEST(Nests, OfGradientsTakeStrandsWhereTheyPay) {
  // Of one channel a change of basis costs more than it saves.
  EXPECT_FALSE(buildStrandGradientPlan(makeLayer(Group::S, 6, 2, 2, 1, 1))
                   .changesBasis());
  EXPECT_FALSE(buildStrandGradientPlan(makeLayer(Group::S, 6, 1, 2, 32, 32))
                   .changesBasis());
  // 2 sums in place of 2, of two rows in place of four; 10 of 36 at order 3.
  const LayerSpec graphs = makeLayer(Group::S, 20, 2, 2, 16, 16);
  const GradientPlan sums = buildStrandGradientPlan(graphs);
  EXPECT_EQ(sums.numTerms(), 15);
  EXPECT_LT(flopsOf(sums, graphs, 20).sample,
            0.75 * flopsOf(buildGradientPlan(graphs), graphs, 20).sample);
}

TEST(Nests, OfRowsGiveEveryTargetItsSum) {
  RowTransform transform;
  // Two alike, one of another pattern, one target of nothing.
  transform.rows = {
      {{0, 1.0}, {1, -2.0}},          {{2, 1.0}, {3, -2.0}}, {{4, 0.5}}, {},
      {{5, 3.0}, {6, 1.0}, {7, 1.0}}, {{5, 1.0}, {7, -1.0}}};
  Random random(1);
  const auto source = randomVector(random, 8);
  std::vector<double> expected, inLine(6), sums(6);
  for (const SparseVector &row : transform.rows) {
    double sum = 0;
    for (const auto &[at, factor] : row)
      sum += factor * source[at];
    expected.push_back(sum);
  }
  for (const RowComponentClass &shape : classifyComponents(transform)) {
    const RowsNest nest(shape);
    for (int64_t i = 0; i < nest.components.size(); ++i) {
      size_t coefficient = nest.alike ? 0 : i * nest.numTerms;
      for (int64_t t = 0; t < nest.numTargets; ++t)
        for (int s : nest.pattern[t])
          inLine[nest.components.at(i, nest.numSources + t, 0)] +=
              nest.coefficients[coefficient++] *
              source[nest.components.at(i, s, 0)];
    }
    const RowSumsNest loops(shape);
    for (int64_t t = 0; t < loops.targets.size(); ++t) {
      const int64_t first = loops.targets.at(t, RowSumsNest::kFirstTerm, 0);
      const int64_t end = loops.targets.at(t, RowSumsNest::kEndTerm, 0);
      EXPECT_LE(end - first, loops.most);
      for (int64_t i = first; i < end; ++i)
        sums[loops.targets.at(t, RowSumsNest::kRow, 0)] +=
            loops.coefficients[i] * source[loops.terms.at(i, 0, 0)];
    }
  }
  EXPECT_LE(relativeError(inLine, expected), tolerance);
  EXPECT_LE(relativeError(sums, expected), tolerance);
}

} // namespace
