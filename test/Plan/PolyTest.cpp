//===- PolyTest.cpp - Polynomials in sizes --------------------------------===//

#include "compiler/Plan/Poly.h"

#include <gtest/gtest.h>

using namespace eqc;

TEST(Poly, ZeroHasNoCoefficients) {
  EXPECT_TRUE(Poly().isZero());
  EXPECT_TRUE(Poly(0).isZero());
  EXPECT_TRUE(Poly::power(3, 0).isZero());
  EXPECT_EQ(Poly().degree(), -1);
  EXPECT_TRUE(Poly().isConstant());
  EXPECT_EQ(Poly().at(7), 0);
}

TEST(Poly, ValuesFollowTheCoefficients) {
  Poly p = Poly::power(2, 2) + Poly::power(1, 9) + Poly(4);
  EXPECT_EQ(p.degree(), 2);
  EXPECT_EQ(p.coefficient(1), 9);
  EXPECT_EQ(p.coefficient(5), 0);
  for (int64_t n : {1, 2, 10, 50, 1000})
    EXPECT_EQ(p.at(n), 2 * n * n + 9 * n + 4);
  EXPECT_EQ(Poly::power(62).at(2), int64_t(1) << 62);
}

TEST(Poly, SumsDropLeadingZeros) {
  Poly p = Poly::power(3) + Poly::power(1);
  p += Poly::power(3, -1);
  EXPECT_EQ(p, Poly::power(1));
  EXPECT_EQ(p.degree(), 1);
  EXPECT_TRUE((p + Poly::power(1, -1)).isZero());
}

TEST(Poly, ProductsAgreeWithProductsOfValues) {
  const Poly a = Poly::power(2, 3) + Poly(-1);
  const Poly b = Poly::power(1, 2) + Poly(5);
  const Poly c = a * b;
  EXPECT_EQ(c.degree(), 3);
  for (int64_t n = 1; n < 20; ++n)
    EXPECT_EQ(c.at(n), a.at(n) * b.at(n));
  EXPECT_TRUE((a * Poly()).isZero());
  EXPECT_EQ(a * Poly(1), a);
}

TEST(Poly, HalvesCountPlanes) {
  const Poly planes = Poly::halfN();
  EXPECT_FALSE(planes.isConstant());
  EXPECT_FALSE(planes.isZero());
  EXPECT_EQ(planes.halfCoefficient(), 1);
  EXPECT_EQ((planes + planes + Poly(3)).at(8), 11);
  EXPECT_FALSE(planes == Poly());
}

TEST(Poly, SeveralSizesAreTheirOwn) {
  const Poly n = Poly::size(0), m = Poly::size(1);
  EXPECT_EQ(n, Poly::power(1));
  EXPECT_FALSE(n == m);
  const Poly p = n * n * m * Poly(2) + m * Poly(3) + Poly(-1);
  EXPECT_EQ(p.degree(), 3);
  EXPECT_EQ(p, m * Poly(3) + Poly(-1) + m * n * Poly(2) * n);
  for (int64_t a : {1, 2, 7})
    for (int64_t b : {1, 3, 50})
      EXPECT_EQ(p.at(std::vector<int64_t>{a, b}), 2 * a * a * b + 3 * b - 1);
  EXPECT_EQ(p.at(5), 2 * 125 + 15 - 1); // all the same
  EXPECT_TRUE((p + p * Poly(-1)).isZero());
  Poly twice = p;
  twice += twice;
  EXPECT_EQ(twice, p * Poly(2));
  EXPECT_EQ((n + m) * (n + m * Poly(-1)), n * n + m * m * Poly(-1));
}

TEST(Poly, HalvesAreOfOneSize) {
  const Poly n = Poly::size(0), m = Poly::size(1);
  EXPECT_EQ(Poly(6).over(2), Poly(3));
  EXPECT_EQ(n.over(2), Poly::halfN());
  EXPECT_EQ(m.over(1), m);
  const Poly rows = n * m.over(2);
  EXPECT_EQ(rows.at(std::vector<int64_t>{3, 8}), 12);
  EXPECT_EQ(rows.degree(), 1);
  EXPECT_FALSE(rows.isConstant());
}

TEST(Poly, TermsAreSortedByDegree) {
  const Poly p = Poly::size(1) * Poly::size(0) + Poly::power(3) + Poly::halfN();
  std::vector<int> degrees;
  for (const Poly::Term &term : p.variableTerms())
    degrees.push_back(term.monomial.degree());
  EXPECT_EQ(degrees, (std::vector<int>{0, 2, 3}));
  EXPECT_EQ(p.constantTerm(), 0);
}
