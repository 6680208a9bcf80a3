//===- Listing.h - Diagrams of axes with spaces, for tests ------*- C++ -*-===//

#ifndef EQC_TEST_ALGEBRA_LISTING_H
#define EQC_TEST_ALGEBRA_LISTING_H

#include "compiler/Algebra/Enumerate.h"

#include <string>
#include <vector>

namespace eqc::test {

/// A layer whose axes are of spaces or, by the numbers after theirs, of sums.
inline LayerRows rowsOf(const std::vector<Space> &spaces,
                        const std::vector<SpaceSum> &sums,
                        std::vector<int> outputs,
                        const std::vector<int> &inputs) {
  LayerRows rows;
  rows.group = Group::product(spaces, sums);
  rows.n = sizeOfProduct(rows.group);
  rows.l = static_cast<int>(outputs.size());
  rows.k = static_cast<int>(inputs.size());
  rows.axes = std::move(outputs);
  rows.axes.insert(rows.axes.end(), inputs.begin(), inputs.end());
  return rows;
}
inline LayerRows rowsOf(const std::vector<Space> &spaces,
                        std::vector<int> outputs,
                        const std::vector<int> &inputs) {
  return rowsOf(spaces, {}, std::move(outputs), inputs);
}

/// All diagrams of such axes, in canonical order.
inline std::vector<Diagram> list(const LayerRows &rows) {
  std::vector<Diagram> diagrams;
  forEachDiagram(rows, [&](const Diagram &diagram) {
    diagrams.push_back(diagram);
    return true;
  });
  return diagrams;
}

/// The same as text.
inline std::vector<std::string> texts(const LayerRows &rows) {
  std::vector<std::string> result;
  for (const Diagram &diagram : list(rows))
    result.push_back(toString(diagram));
  return result;
}

} // namespace eqc::test

#endif // EQC_TEST_ALGEBRA_LISTING_H
