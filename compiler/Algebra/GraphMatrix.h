//===- GraphMatrix.h - The matrices of graph maps and their steps -*- C++ -*-=//
//
// Sums over the values of letters of products of entries of the adjacency
// matrix: what a graph map is by definition, and what a step of its contraction
// multiplies by.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GRAPHMATRIX_H
#define EQC_ALGEBRA_GRAPHMATRIX_H

#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/RowPattern.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace eqc {

/// Products that a step may have, of all values of its letters, and the largest
/// entry, lest tables and sums of them are wrong.
inline constexpr int64_t kMostProducts = int64_t(1) << 24;
inline constexpr int64_t kLargestEntry = INT32_MAX;
/// Entries of what a step makes, per sample and channel.
inline constexpr int64_t kMostIntermediate = int64_t(1) << 26;

/// Calls visit(values, product) for all values of `letters` letters where the
/// product over all edges is not 0, until it returns false. Letters with a
/// value of at least 0 in `fixed` have it.
using LetterVisitor =
    std::function<bool(const std::vector<int> &values, int64_t product)>;
void forLetterValues(const Adjacency &matrix, int64_t n, int letters,
                     const std::vector<LetterEdge> &edges,
                     const std::vector<int> &fixed, const LetterVisitor &visit);

/// The entry of a graph map at these values of the outputs and inputs, by
/// definition.
double graphMapEntry(const Diagram &map, const Action &graph,
                     const std::vector<int64_t> &index);

/// Calls visit(values of the blocks, product) for every product of edges that
/// is not 0, as forLetterValues() does.
void forGraphMap(const Diagram &map, const Action &graph,
                 const LetterVisitor &visit);

/// The entries that are not 0, by the values of the blocks; or the sums of the
/// absolute values of their products.
std::map<std::vector<int>, double> graphMapEntries(const Diagram &map,
                                                   const Action &graph,
                                                   bool isAbsolute = false);

/// What a start of weights has to know of a map: of its rows how many are not
/// zero, the sum of the squares of their sums, and of all entries' squares; of
/// a large map the last is an estimate.
struct GraphMapNorms {
  double rows = 0, squaresOfSums = 0, squares = 0;
};
GraphMapNorms normsOf(const Diagram &map, const Action &graph);

/// How many products there are, as far as they are not above `most`.
int64_t countProducts(const Diagram &map, const Action &graph, int64_t most);

/// The matrix of a pattern that is one step, over the letters that its edges
/// have: the others run along.
struct StepMatrix {
  std::vector<int> letters;     ///< with edges in the step, ascending
  std::vector<int> values;      ///< of `letters`, entry by entry, ascending
  std::vector<int64_t> factors; ///< by entry, none of them 0
  bool tooLarge = false;        ///< whether a factor is above kLargestEntry
  bool tooMany = false;         ///< whether products are above kMostProducts
};
/// Made once each, and kept.
const StepMatrix &stepMatrix(const RowPattern &step, const Action &graph);

/// Why the steps of a row are too much to compute, or an empty string.
std::string whyTooLarge(const RowPattern &row, const Action &graph);

} // namespace eqc

#endif // EQC_ALGEBRA_GRAPHMATRIX_H
