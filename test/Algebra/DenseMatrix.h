//===- DenseMatrix.h - Diagrams as matrices, by definition ------*- C++ -*-===//
//
// The matrix of a diagram entry by entry, and random elements of the groups:
// what the algebra is compared with.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_ALGEBRA_DENSEMATRIX_H
#define EQC_TEST_ALGEBRA_DENSEMATRIX_H

#include "compiler/Algebra/Diagram.h"

#include <Eigen/Dense>

#include <ostream>
#include <random>
#include <vector>

namespace eqc {

/// How GoogleTest prints a diagram.
inline void PrintTo(const Diagram &diagram, std::ostream *os) {
  *os << toString(diagram);
}

namespace test {

/// Every family of groups, and some signatures.
std::vector<Group> testGroups();

/// The group's name with letters and digits alone, for names of tests.
std::string identifierOf(Group group);

/// Whether the group acts on R^n.
bool hasSize(Group group, int n);

/// Up to `most` outputs and as many inputs, of the duals in every way where the
/// group has any.
std::vector<Vertices> allVertices(Group group, int most);

/// n to the power e.
int power(int n, int e);

/// The `order` digits of a flat index, the last one fastest.
std::vector<int> digitsOf(int flat, int n, int order);

/// The flat index of digits.
int flatOf(const std::vector<int> &digits, int n);

/// The Levi-Civita symbol: the sign of a permutation, 0 on a repeat.
int leviCivita(const std::vector<int> &values);

/// The symplectic form in the interleaved basis.
int symplectic(int a, int b);

/// The form that a pair within one row contributes: of Sp the symplectic one,
/// of groups with a signature eta, else the identity.
int formOf(Group group, int a, int b);

/// D_d: n^l rows, n^k columns.
Eigen::MatrixXd denseMatrix(Group group, const Diagram &diagram, int n);

/// A random element of the group.
Eigen::MatrixXd randomElement(Group group, int n, std::mt19937 &rng);

/// The Kronecker product.
Eigen::MatrixXd kron(const Eigen::MatrixXd &a, const Eigen::MatrixXd &b);

/// g (x) .. (x) g, `order` times.
Eigen::MatrixXd tensorPower(const Eigen::MatrixXd &g, int order);

} // namespace test
} // namespace eqc

#endif // EQC_TEST_ALGEBRA_DENSEMATRIX_H
