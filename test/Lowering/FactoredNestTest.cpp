//===- FactoredNestTest.cpp - The published algorithm, by its tables ------===//

#include "EvaluateNests.h"
#include "test/Plan/Support.h"

#include "compiler/Check/Oracle.h"
#include "compiler/Lowering/Nests/FactoredNest.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

using Nest = FactoredNest;

/// One channel of one sample.
class FactoredRun {
public:
  FactoredRun(const FactoredPlan &plan, int64_t n, const std::vector<double> &x)
      : nest(plan), plan(plan), n(n), x(x), planar(plan.planarRows.at(n)) {
    arrays.n = n;
    arrays[PlanArray::Nodes].values.resize(plan.mixedRows.at(n));
    arrays[PlanArray::Output].values.resize(Poly::power(plan.l).at(n));
  }

  std::vector<double> run(const std::vector<double> &weight) {
    const WalkNest all = nest.write;
    for (int64_t d = 0; d < nest.diagrams.size(); ++d) {
      permute(d);
      for (int64_t c = at(d, Nest::kFirstContraction);
           c < at(d, Nest::kEndContraction); ++c)
        contract(c);
      leviCivita(d);
      diagonals(d);
      for (int64_t row = 0; row < at(d, Nest::kMixRows); ++row)
        arrays[PlanArray::Nodes].values[row] =
            planar[at(d, Nest::kMixSource) + row] * weight[d];
      // The walk of this diagram alone.
      nest.write.walks = Table(all.walks.numFields());
      nest.write.walks.addRow(all.walks.row(d));
      arrays.run(nest.write, PlanArray::Output);
    }
    return arrays[PlanArray::Output].values;
  }

private:
  int64_t at(int64_t d, int64_t field) { return nest.diagrams.at(d, field, n); }

  void permute(int64_t d) {
    int64_t target = 0;
    forAxes(extentsOf(nest.input, n), [&](const std::vector<int64_t> &index) {
      int64_t source = 0;
      for (size_t a = 0; a < index.size(); ++a)
        source += index[a] * at(d, Nest::kPermute + a);
      planar[target++] = x[source];
    });
  }

  void contract(int64_t c) {
    auto field = [&](Nest::ContractionField of) {
      return nest.contractions.at(c, of, n);
    };
    for (int64_t left = 0; left < field(Nest::kLeft); ++left)
      for (int64_t right = 0; right < field(Nest::kRight); ++right) {
        const int64_t source =
            field(Nest::kSource) + right + left * field(Nest::kLeftStride);
        double sum = 0;
        for (int64_t j = 0; j < field(Nest::kExtent); ++j)
          sum += planar[source + j * field(Nest::kStride) + field(Nest::kPlus)];
        for (int64_t j = 0; j < field(Nest::kMinusExtent); ++j)
          sum -=
              planar[source + j * field(Nest::kStride) + field(Nest::kMinus)];
        planar[field(Nest::kTarget) + right + left * field(Nest::kRight)] =
            plan.mean ? sum / static_cast<double>(n) : sum;
      }
  }

  void leviCivita(int64_t d) {
    const int64_t kept = at(d, Nest::kLeviCivitaKept);
    const int64_t target = at(d, Nest::kLeviCivitaTarget);
    for (int64_t row = 0; row < at(d, Nest::kZeroRows); ++row)
      planar[target + row] = 0;
    for (int64_t term = at(d, Nest::kFirstLeviCivita);
         term < at(d, Nest::kEndLeviCivita); ++term)
      for (int64_t q = 0; q < kept; ++q)
        planar[target + kept * nest.leviCivita.at(term, Nest::kToRow, n) + q] +=
            static_cast<double>(nest.leviCivita.at(term, Nest::kSign, n)) *
            planar[at(d, Nest::kLeviCivitaSource) +
                   kept * nest.leviCivita.at(term, Nest::kFromRow, n) + q];
  }

  void diagonals(int64_t d) {
    if (!at(d, Nest::kDiagonals))
      return;
    std::vector<int64_t> extents;
    for (int64_t a = 0; a < nest.axes; ++a)
      extents.push_back(at(d, nest.diagonalExtent(a)));
    int64_t target = at(d, Nest::kDiagonalTarget);
    forAxes(extents, [&](const std::vector<int64_t> &index) {
      int64_t source = at(d, Nest::kDiagonalSource);
      for (int64_t a = 0; a < nest.axes; ++a)
        source += index[a] * at(d, nest.diagonalStride(a));
      planar[target++] = planar[source];
    });
  }

  Nest nest;
  const FactoredPlan &plan;
  int64_t n;
  const std::vector<double> &x;
  std::vector<double> planar;
  NestArrays arrays;
};

TEST(FactoredNest, GivesTheLayer) {
  Random random(13);
  for (auto [group, n] : {std::pair<Group, int64_t>{Group::S, 4},
                          {Group::O, 3},
                          {Group::SO, 3},
                          {Group::Sp, 4},
                          {Group::H, 3},
                          {Group::B, 3},
                          {Group(Family::O, 1, 2), 3},
                          {Group(Family::SO, 2, 1), 3}})
    for (int k = 0; k <= 3; ++k)
      for (int l = 0; l <= 3 && k + l <= 5; ++l) {
        if (!whyNoDiagrams(group, n, l, k).empty())
          continue;
        LayerSpec spec = makeLayer(group, n, k, l);
        if (k % 2 == 0)
          spec.normalize = Normalize::Mean;
        const FactoredPlan plan = buildFactoredPlan(spec);
        const auto x = randomVector(random, Poly::power(k).at(n));
        const auto weight = randomVector(random, spec.diagrams.size());
        EXPECT_LE(relativeError(FactoredRun(plan, n, x).run(weight),
                                oracleForward(spec, n, 1, x.data(),
                                              weight.data(), nullptr)),
                  1e-12)
            << nameOf(spec);
      }
}

} // namespace
