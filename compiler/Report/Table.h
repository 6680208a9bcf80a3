//===- Table.h - Columns of text --------------------------------*- C++ -*-===//

#ifndef EQC_REPORT_TABLE_H
#define EQC_REPORT_TABLE_H

#include <string>
#include <vector>

namespace eqc {

/// Appends a table of strings with columns as wide as needed, the first one to
/// the right.
void appendTable(const std::vector<std::vector<std::string>> &rows,
                 std::string &text);

} // namespace eqc

#endif // EQC_REPORT_TABLE_H
