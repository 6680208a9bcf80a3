//===- SymmetricGroup.cpp - Irreducible representations of S_t ------------===//

#include "compiler/Algebra/SymmetricGroup.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

using namespace eqc;

std::vector<std::vector<int>> eqc::permutationsOf(int t) {
  std::vector<int> permutation(t);
  std::iota(permutation.begin(), permutation.end(), 0);
  std::vector<std::vector<int>> all;
  do
    all.push_back(permutation);
  while (std::next_permutation(permutation.begin(), permutation.end()));
  return all;
}

int eqc::rankOf(const std::vector<int> &permutation) {
  // The digits of the rank in the factorial number system count the smaller
  // images still to come.
  const int t = static_cast<int>(permutation.size());
  int rank = 0;
  for (int a = 0; a < t; ++a) {
    int smaller = 0;
    for (int b = a + 1; b < t; ++b)
      smaller += permutation[b] < permutation[a];
    rank = rank * (t - a) + smaller;
  }
  return rank;
}

namespace {

/// A standard Young tableau: the row of every number.
using Tableau = std::vector<int>;

void addPartitions(int rest, int largest, std::vector<int> &parts,
                   std::vector<std::vector<int>> &all) {
  if (rest == 0)
    all.push_back(parts);
  for (int part = std::min(rest, largest); part >= 1; --part) {
    parts.push_back(part);
    addPartitions(rest - part, part, parts, all);
    parts.pop_back();
  }
}

void addTableaux(const std::vector<int> &partition, int t,
                 std::vector<int> &lengths, Tableau &tableau,
                 std::vector<Tableau> &all) {
  if (static_cast<int>(tableau.size()) == t)
    all.push_back(tableau);
  for (size_t row = 0; row < partition.size(); ++row) {
    // Rows grow one by one and stay no longer than the row above.
    if (lengths[row] == partition[row] ||
        (row > 0 && lengths[row] == lengths[row - 1]))
      continue;
    ++lengths[row];
    tableau.push_back(static_cast<int>(row));
    addTableaux(partition, t, lengths, tableau, all);
    tableau.pop_back();
    --lengths[row];
  }
}

/// Column minus row of the cell of `number`.
int contentOf(const Tableau &tableau, int number) {
  int column = 0;
  for (int earlier = 0; earlier < number; ++earlier)
    column += tableau[earlier] == tableau[number];
  return column - tableau[number];
}

using Matrix = std::vector<double>; // d x d, row-major

Matrix multiply(const Matrix &a, const Matrix &b, int d) {
  Matrix product(d * d, 0);
  for (int i = 0; i < d; ++i)
    for (int k = 0; k < d; ++k)
      for (int j = 0; j < d; ++j)
        product[i * d + j] += a[i * d + k] * b[k * d + j];
  return product;
}

/// The matrix of the transposition of `i` and i + 1.
Matrix transpositionOf(const std::vector<Tableau> &tableaux, int i) {
  const int d = static_cast<int>(tableaux.size());
  Matrix matrix(d * d, 0);
  for (int row = 0; row < d; ++row) {
    const Tableau &tableau = tableaux[row];
    const double distance = contentOf(tableau, i + 1) - contentOf(tableau, i);
    matrix[row * d + row] = 1 / distance;
    Tableau swapped = tableau;
    std::swap(swapped[i], swapped[i + 1]);
    auto it = std::find(tableaux.begin(), tableaux.end(), swapped);
    if (it != tableaux.end() && swapped != tableau)
      matrix[row * d + (it - tableaux.begin())] =
          std::sqrt(1 - 1 / (distance * distance));
  }
  return matrix;
}

} // namespace

std::vector<Irrep> eqc::irrepsOf(int t) {
  std::vector<std::vector<int>> partitions;
  std::vector<int> parts;
  addPartitions(t, t, parts, partitions);
  std::vector<Irrep> irreps;
  for (const std::vector<int> &partition : partitions) {
    std::vector<Tableau> tableaux;
    std::vector<int> lengths(partition.size(), 0);
    Tableau tableau;
    addTableaux(partition, t, lengths, tableau, tableaux);
    const int d = static_cast<int>(tableaux.size());
    std::vector<Matrix> transpositions;
    for (int i = 0; i + 1 < t; ++i)
      transpositions.push_back(transpositionOf(tableaux, i));

    Irrep irrep;
    irrep.partition = partition;
    irrep.dimension = d;
    for (std::vector<int> permutation : permutationsOf(t)) {
      // Sorting the images multiplies by transpositions from the right.
      Matrix matrix(d * d, 0);
      for (int i = 0; i < d; ++i)
        matrix[i * d + i] = 1;
      for (bool sorted = false; !sorted;) {
        sorted = true;
        for (int a = 0; a + 1 < t; ++a)
          if (permutation[a] > permutation[a + 1]) {
            std::swap(permutation[a], permutation[a + 1]);
            matrix = multiply(transpositions[a], matrix, d);
            sorted = false;
          }
      }
      irrep.matrices.push_back(std::move(matrix));
    }
    irreps.push_back(std::move(irrep));
  }
  return irreps;
}
