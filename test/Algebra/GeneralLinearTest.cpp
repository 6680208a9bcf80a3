//===- GeneralLinearTest.cpp - Diagrams of axes and of their duals --------===//
//
// What GL(n) has that no other group has: axes of V and of V', on which
// elements act by the inverse transpose.
//
//===----------------------------------------------------------------------===//

#include "DenseMatrix.h"
#include "Listing.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/Random.h"

#include <gtest/gtest.h>

#include <climits>

using namespace eqc;
using namespace eqc::test;
using Eigen::MatrixXd;

namespace {

/// "VV'V -> V": inputs, then outputs.
LayerRows layer(int64_t n, const std::string &inputs,
                const std::string &outputs) {
  LayerRows rows{Group::GL, n, 0, 0, {}, {}};
  for (auto [side, order] :
       {std::pair(&outputs, &rows.l), std::pair(&inputs, &rows.k)})
    for (char c : *side) {
      *order += c == 'V';
      if (c == 'V')
        rows.dual.push_back(false);
      else
        rows.dual.back() = true;
    }
  return rows;
}

/// How an element acts on vertices [begin, end) of a diagram.
MatrixXd actionOn(const Diagram &diagram, int begin, int end,
                  const MatrixXd &g) {
  MatrixXd action = MatrixXd::Identity(1, 1);
  for (int v = begin; v < end; ++v)
    action =
        kron(action, diagram.isDual(v) ? MatrixXd(g.inverse().transpose()) : g);
  return action;
}

uint64_t rankOf(const std::vector<Diagram> &diagrams, int n) {
  if (diagrams.empty())
    return 0;
  const MatrixXd first = denseMatrix(Group::GL, diagrams.front(), n);
  MatrixXd stacked(first.size(), Eigen::Index(diagrams.size()));
  for (size_t d = 0; d < diagrams.size(); ++d)
    stacked.col(Eigen::Index(d)) =
        denseMatrix(Group::GL, diagrams[d], n).reshaped();
  Eigen::ColPivHouseholderQR<MatrixXd> qr(stacked);
  qr.setThreshold(1e-9);
  return uint64_t(qr.rank());
}

using Texts = std::vector<std::string>;

} // namespace

TEST(GeneralLinear, DiagramsJoinAxesWithTheirDuals) {
  EXPECT_EQ(texts(layer(3, "VV'V", "V")),
            (Texts{"o1 i1 | i2 i3", "o1 i3 | i1 i2"}));
  EXPECT_EQ(texts(layer(3, "VV", "VV")),
            (Texts{"o1 i1 | o2 i2", "o1 i2 | o2 i1"}));
  EXPECT_EQ(texts(layer(3, "VV'", "VV'")),
            (Texts{"o1 o2 | i1 i2", "o1 i1 | o2 i2"}));
  EXPECT_EQ(texts(layer(3, "VV'", "")), (Texts{"i1 i2"}));
  EXPECT_EQ(texts(layer(3, "", "V'V")), (Texts{"o1 o2"}));
  EXPECT_EQ(texts(layer(3, "", "")), (Texts{"1"}));
  EXPECT_EQ(texts(layer(3, "VV", "")), Texts());
  EXPECT_EQ(texts(layer(3, "V'", "V")), Texts());
  for (const Diagram &diagram : list(layer(3, "VV'V", "V")))
    EXPECT_EQ(toTypedString(diagram).substr(0, 5),
              "o1 i" + toString(diagram).substr(4, 1));
}

TEST(GeneralLinear, TypedNotationReadsBack) {
  for (const Diagram &diagram : list(layer(3, "VV'V'V", "V'V"))) {
    const std::string text = toTypedString(diagram);
    EXPECT_NE(text, toString(diagram));
    EXPECT_EQ(std::get<Diagram>(parseDiagram(text, 2, 4, /*typed=*/true)),
              diagram);
    EXPECT_TRUE(std::holds_alternative<DiagramError>(parseDiagram(text, 2, 4)));
  }
  EXPECT_EQ(toTypedString(list(layer(3, "VV'", ""))[0]), "i1 i2'");
}

// Known numbers for pairs p = 0, 1, 2, 3 and n = 1, 2, 3, and p! in all.
TEST(GeneralLinear, Counts) {
  const uint64_t all[] = {1, 1, 2, 6, 24};
  const uint64_t independent[][5] = {
      {1, 1, 1, 1, 1}, {1, 1, 2, 5, 14}, {1, 1, 2, 6, 23}, {1, 1, 2, 6, 24}};
  for (uint64_t p = 0; p < 5; ++p)
    for (int n = 1; n <= 4; ++n) {
      EXPECT_EQ(countDiagrams(Group::GL, n, p, p).value, all[p]);
      EXPECT_EQ(countBasis(Group::GL, n, int(p), int(p)).value,
                independent[n - 1][p]);
    }
  EXPECT_EQ(countDiagrams(Group::GL, -1, 2, 1).value, 0u);
  EXPECT_EQ(countDiagrams(Group::GL, -1, 20, 20).value, 2432902008176640000u);
  EXPECT_TRUE(countDiagrams(Group::GL, -1, LLONG_MAX, LLONG_MAX).saturated);
  EXPECT_EQ(countBasis(Group::GL, 1, 1 << 30, 1 << 30).value, 1u);
  EXPECT_EQ(countBasis(Group::GL, 2, 35, 35).value, 3116285494907301262u);
  EXPECT_TRUE(countBasis(Group::GL, 2, 1 << 30, 1 << 30).saturated);
}

TEST(GeneralLinear, SaysWhyThereIsNone) {
  EXPECT_EQ(whyNoDiagrams(layer(3, "VV'", "V")),
            "GL(n) has equivariant maps only where there are as many outputs V "
            "and inputs V' as there are outputs V' and inputs V, not 2 and 1");
  EXPECT_EQ(whyNoDiagrams(layer(3, "VV'V", "V")), "");
  const Diagram mixed =
      std::get<Diagram>(parseDiagram("o1 i2' | i1 i3", 1, 3, /*typed=*/true));
  EXPECT_EQ(
      whyNotOfGroup(mixed, Group::GL, 3),
      "a diagram of GL(3) joins an output V or an input V' with an output "
      "V' or an input V, but the block 'o1 i2' joins two of the former");
}

// The diagrams commute with every element, the basis is one, and there are as
// many maps: by the null space of what random elements require.
TEST(GeneralLinear, BasisSpansAllMaps) {
  std::mt19937 rng(11);
  for (int n = 1; n <= 3; ++n)
    for (const Vertices &vertices : allVertices(Group::GL, n == 1 ? 4 : 3)) {
      const int size = vertices.size();
      if (power(n, size) > 250 && (size > 5 || n > 2 || size % 2 != 0))
        continue;
      LayerRows rows{Group::GL,       n,  int(vertices.l),
                     int(vertices.k), {}, vertices.dual};
      const std::vector<Diagram> all = list(rows);
      Diagram alone = vertices.diagramOf(std::vector<int>(size));
      const int entries = power(n, size);
      MatrixXd gram = MatrixXd::Zero(entries, entries);
      for (int i = 0; i < 3; ++i) {
        const MatrixXd g = randomElement(Group::GL, n, rng);
        const MatrixXd out = actionOn(alone, 0, alone.l, g);
        const MatrixXd in = actionOn(alone, alone.l, size, g);
        // out D in^-1 = D, of D as a vector in row-major order.
        const MatrixXd change = kron(out, in.inverse().transpose()) -
                                MatrixXd::Identity(entries, entries);
        gram += change.transpose() * change;
        for (const Diagram &diagram : all) {
          const MatrixXd matrix = denseMatrix(Group::GL, diagram, n);
          EXPECT_LT((out * matrix - matrix * in).norm(), 1e-9)
              << toTypedString(diagram);
        }
      }
      Eigen::SelfAdjointEigenSolver<MatrixXd> solver(gram,
                                                     Eigen::EigenvaluesOnly);
      const auto dimension =
          uint64_t((solver.eigenvalues().array() < 1e-8).count());
      EXPECT_EQ(countBasis(rows).value, dimension);
      std::vector<Diagram> basis;
      for (const Diagram &diagram : all)
        if (inBasis(diagram, Group::GL, n))
          basis.push_back(diagram);
      EXPECT_EQ(basis.size(), dimension);
      EXPECT_EQ(rankOf(basis, n), dimension);
      EXPECT_EQ(rankOf(all, n), dimension);
    }
}

// Duals stay with their axes.
TEST(GeneralLinear, TransposesAndProducts) {
  for (const Diagram &d1 : list(layer(2, "VV'", "V'V"))) {
    const SignedDiagram flipped = transpose(Group::GL, d1);
    EXPECT_EQ(flipped.sign, 1);
    EXPECT_EQ(whyNotOfGroup(flipped.diagram, Group::GL, 2), "");
    EXPECT_EQ(denseMatrix(Group::GL, d1, 2).transpose(),
              denseMatrix(Group::GL, flipped.diagram, 2));
    EXPECT_EQ(transpose(Group::GL, flipped.diagram).diagram, d1);
    for (const Diagram &d2 : list(layer(2, "VVV'V'", "VV'"))) {
      const Composition product = compose(Group::GL, d1, d2);
      EXPECT_EQ(product.sign, 1);
      EXPECT_EQ(whyNotOfGroup(product.diagram, Group::GL, 2), "");
      EXPECT_EQ(denseMatrix(Group::GL, d1, 2) * denseMatrix(Group::GL, d2, 2),
                denseMatrix(Group::GL, product.diagram, 2) *
                    power(2, product.loops));
    }
  }
}

TEST(GeneralLinear, AsAFactorOfAProduct) {
  const Space users{"users", Group::S, 3}, v{"V", Group::GL, 2};
  LayerRows rows{Group::product({users, v}),
                 0,
                 3,
                 4,
                 {0, 1, 1, 1, 0, 1, 1},
                 {false, false, true, true, false, false, false}};
  rows.k = 4;
  // Sinks: o2, i1; sources: o3, i3, i4. One too many.
  EXPECT_EQ(
      whyNoDiagrams(rows),
      "GL(n) has equivariant maps only where there are as many outputs V "
      "and inputs V' as there are outputs V' and inputs V, not 2 and 3 on "
      "the 5 axes of 'V'");
  rows.k = 3;
  rows.axes.pop_back();
  rows.dual.pop_back();
  const std::vector<Diagram> all = list(rows);
  EXPECT_EQ(countDiagrams(rows).value, 2u * 2u);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(toTypedString(all[0]), "o1:0 i2:0 | o2:1 o3:1' | i1:1' i3:1");
  EXPECT_EQ(toTypedString(all[3]), "o1:0 | o2:1 i3:1 | o3:1' i1:1' | i2:0");
  for (size_t d = 0; d < all.size(); ++d) {
    EXPECT_EQ(whyNotOfGroup(all[d], rows.group, 0), "");
    EXPECT_TRUE(inBasis(all[d], rows.group, 0));
    EXPECT_EQ(
        std::get<Diagram>(parseDiagram(toTypedString(all[d]), 3, 3, true)),
        all[d]);
    if (d > 0) {
      EXPECT_TRUE(canonicalLess(all[d - 1], all[d]));
      EXPECT_FALSE(canonicalLess(all[d], all[d - 1]));
    }
  }
}

TEST(GeneralLinear, ElementsActOnDualsByTheInverseTranspose) {
  Random random(3);
  for (int64_t n : {1, 2, 5, 64, 65, 130}) {
    const GroupElement g = rulesOf(Group::GL).randomElement(n, random);
    const MatrixXd product = g.dual().matrix().transpose() * g.matrix();
    EXPECT_LT((product - MatrixXd::Identity(n, n)).norm(), 1e-10) << n;
    EXPECT_LE(g.norm(), 2 + 1e-9);
    EXPECT_LE(g.dual().norm(), 2 + 1e-9);
    // Not orthogonal, or it would test O.
    if (n > 1)
      EXPECT_FALSE(g.matrix().isUnitary(0.01));
  }
}
