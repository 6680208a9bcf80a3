//===- EntryNest.h - The entries of dense matrices --------------*- C++ -*-===//
//
// matrix[row, column] += sign, for all values of the letters and all terms of
// the diagrams of a list; the dense plan assembles its matrix and its bias so.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_NESTS_ENTRYNEST_H
#define EQC_LOWERING_NESTS_ENTRYNEST_H

#include "compiler/Lowering/Nests/Table.h"
#include "compiler/Plan/Dense/DensePlan.h"

namespace eqc {

/// Diagrams meet in the same entries, so nothing here is parallel but channels.
struct EntryNest {
  EntryNest(const DensePlan &plan, const std::vector<DenseEntry> &list);

  /// Fields of `diagrams`: a range of `terms`, then LetterField
  /// for every letter, padded with letters of extent 1, then StepField for
  /// every signed vertex.
  enum DiagramField : int64_t { kFirstTerm, kEndTerm, kLetters };
  enum LetterField : int64_t { kExtent, kRow, kColumn, kNumLetterFields };
  /// Fields of `terms`; the values of the signed vertices follow.
  enum TermField : int64_t { kSign, kValues };
  int64_t letterField(int64_t letter, LetterField field) const {
    return kLetters + kNumLetterFields * letter + field;
  }
  int64_t rowOfVertex(int64_t vertex) const {
    return kLetters + kNumLetterFields * letters + 2 * vertex;
  }
  int64_t columnOfVertex(int64_t vertex) const {
    return rowOfVertex(vertex) + 1;
  }

  int64_t letters = 0, signedVertices = 0; ///< of the longest diagram
  /// Whether diagrams share weights, as members of orbits do, and the weight of
  /// each; else it has that of its number.
  bool sharesWeights = false;
  Table weights{1};
  /// Of each diagram what its entries are multiplied by: 1 over the divisor,
  /// with the sign that the weight is given. Empty where that is 1.
  std::vector<double> scales;
  Table diagrams, terms;
};

} // namespace eqc

#endif // EQC_LOWERING_NESTS_ENTRYNEST_H
