//===- Listing.h - Diagrams of axes with spaces, for tests ------*- C++ -*-===//

#ifndef EQC_TEST_ALGEBRA_LISTING_H
#define EQC_TEST_ALGEBRA_LISTING_H

#include "compiler/Algebra/Enumerate.h"

#include <string>
#include <vector>

namespace eqc::test {

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
