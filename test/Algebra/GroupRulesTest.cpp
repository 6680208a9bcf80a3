//===- GroupRulesTest.cpp - Every table of rules agrees with itself -------===//
//
// The same for each group of the list, a new one included.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "DenseMatrix.h"
#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Random.h"
#include "test/Algebra/PrintGroup.h"

#include <gtest/gtest.h>

using namespace eqc;

class GroupRulesTest : public testing::TestWithParam<Group> {
protected:
  const Group group = GetParam();
  const GroupRules &rules = rulesOf(group);

  /// Sizes the group has.
  std::vector<int64_t> sizes() const {
    std::vector<int64_t> result;
    for (int n = 1; n <= 6; ++n)
      if (test::hasSize(group, n))
        result.push_back(n);
    return result;
  }

  Eigen::MatrixXd form(int64_t n) const {
    Eigen::MatrixXd matrix(n, n);
    for (int64_t a = 0; a < n; ++a)
      for (int64_t b = 0; b < n; ++b)
        matrix(a, b) = rules.form(a, b);
    return matrix;
  }
};

TEST_P(GroupRulesTest, NameIsReadBack) {
  EXPECT_EQ(parseGroup(groupName(group)), group);
  EXPECT_FALSE(rules.words().empty());
  EXPECT_EQ(rules.whySizeUnit().empty(), rules.sizeUnit() == 1);
  for (int64_t n : sizes())
    EXPECT_EQ(n % rules.sizeUnit(), 0);
}

TEST_P(GroupRulesTest, ElementsKeepTheForm) {
  Random random(7);
  for (int64_t n : sizes()) {
    const GroupElement element = rules.randomElement(n, random);
    const Eigen::MatrixXd g = element.matrix();
    // Of a space with its dual, where that is another one.
    const Eigen::MatrixXd kept =
        (rules.hasDuals() ? element.dual().matrix() : g).transpose() * form(n) *
        g;
    EXPECT_LT((kept - form(n)).cwiseAbs().maxCoeff(), 1e-11) << n;
    if (rules.isMonomial())
      EXPECT_EQ((g.array() != 0).count(), n);
  }
}

TEST_P(GroupRulesTest, PartnersAreTheFormsOnlyEntries) {
  for (int64_t n : sizes())
    for (int64_t a = 0; a < n; ++a)
      for (int64_t b = 0; b < n; ++b)
        EXPECT_EQ(rules.form(a, b) != 0, rules.partner(a) == b);
}

// Letters and terms together visit each entry of the form once.
TEST_P(GroupRulesTest, TermsOfARowBlockAreTheForm) {
  for (int64_t n : sizes()) {
    Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(n, n);
    const int64_t period = rules.formPeriod();
    EXPECT_EQ(n % period, 0);
    for (int64_t letter = 0; letter < n / period; ++letter)
      for (const BlockTerm &term : termsOfRowBlock(rules, 2))
        matrix(letter * period + term.values[0],
               letter * period + term.values[1]) += term.sign;
    EXPECT_EQ(matrix, form(n));
  }
}

TEST_P(GroupRulesTest, EveryListedDiagramIsTheGroups) {
  for (int64_t n : sizes())
    for (const Vertices &vertices : test::allVertices(group, 3)) {
      uint64_t listed = 0, independent = 0;
      Diagram last;
      rules.enumerate(n, vertices, [&](const Diagram &diagram) {
        EXPECT_EQ(rules.whyNot(diagram, n), "") << toString(diagram);
        EXPECT_TRUE(listed == 0 || canonicalLess(last, diagram));
        last = diagram;
        ++listed;
        independent += rules.inBasis(diagram, n);
        return true;
      });
      EXPECT_EQ(rules.count(n, vertices).value, listed);
      EXPECT_EQ(rules.countBasis(n, vertices).value, independent);
      EXPECT_EQ(rules.whyNone(n, vertices).empty(), listed != 0);
    }
}

TEST_P(GroupRulesTest, VisitorsCanStop) {
  const int64_t n = sizes().front();
  int calls = 0;
  rules.enumerate(n, {2, 2, {}}, [&](const Diagram &) {
    ++calls;
    return false;
  });
  EXPECT_EQ(calls, 1);
}

TEST_P(GroupRulesTest, KeepingADroppedBlockIsFiner) {
  RowPattern dropped;
  dropped.block = {0, 0};
  dropped.kept = {false};
  const RowPattern finer = rules.keepDropped(dropped, 0);
  EXPECT_EQ(finer.size(), 2);
  EXPECT_TRUE(finer.droppedBlocks().empty());
  EXPECT_GE(finer.numBlocks(), 1);
}

TEST(Groups, SignaturesAreOfOrthogonalGroupsAlone) {
  for (Group group : allGroups)
    EXPECT_EQ(rulesOf(group).takesSignature(),
              group == Group::O || group == Group::SO);
  const Group lorentz(Family::O, 1, 3);
  EXPECT_FALSE(rulesOf(lorentz).takesSignature());
  EXPECT_FALSE(rulesOf(lorentz).allowsDynamicN());
  EXPECT_EQ(&rulesOf(lorentz), &rulesOf(Group(Family::O, 1, 3)));
  EXPECT_NE(&rulesOf(lorentz), &rulesOf(Group(Family::O, 3, 1)));
  EXPECT_EQ(groupText(lorentz, 4), "O(1,3)");
}

INSTANTIATE_TEST_SUITE_P(Groups, GroupRulesTest,
                         testing::ValuesIn(test::testGroups()),
                         [](const testing::TestParamInfo<Group> &group) {
                           return test::identifierOf(group.param);
                         });
