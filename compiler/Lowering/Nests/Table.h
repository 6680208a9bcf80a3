//===- Table.h - What the loops of a nest look up ---------------*- C++ -*-===//

#ifndef EQC_LOWERING_NESTS_TABLE_H
#define EQC_LOWERING_NESTS_TABLE_H

#include "compiler/Plan/Poly.h"

#include <cstddef>
#include <vector>

namespace eqc {

/// Rows of polynomials in n: offsets, strides, extents and ranges of other
/// tables. What differs between diagrams stands in tables, so that thousands of
/// diagrams are no more code than one.
class Table {
public:
  explicit Table(int64_t fields) : fields(fields) {}

  /// Fields that are not given are zero.
  void addRow(std::vector<Poly> row) {
    row.resize(static_cast<size_t>(fields));
    rows.push_back(std::move(row));
  }
  int64_t size() const { return static_cast<int64_t>(rows.size()); }
  int64_t numFields() const { return fields; }
  bool empty() const { return rows.empty(); }
  const std::vector<Poly> &row(int64_t row) const {
    return rows[static_cast<size_t>(row)];
  }
  int64_t at(int64_t row, int64_t field, int64_t n) const {
    return rows[static_cast<size_t>(row)][static_cast<size_t>(field)].at(n);
  }

private:
  int64_t fields;
  std::vector<std::vector<Poly>> rows;
};

/// One loop of a nest. Every axis has an extent of its own.
struct Axis {
  Poly extent;
  /// Whether its values may be worked on at the same time: no two of them write
  /// the same rows.
  bool parallel = true;
};

/// Axes of these extents.
inline std::vector<Axis> axesOf(const std::vector<Poly> &extents) {
  std::vector<Axis> axes;
  for (const Poly &extent : extents)
    axes.push_back({extent});
  return axes;
}

} // namespace eqc

#endif // EQC_LOWERING_NESTS_TABLE_H
