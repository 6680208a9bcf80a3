//===- Table.cpp - Columns of text ----------------------------------------===//

#include "compiler/Report/Table.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

void eqc::appendTable(const std::vector<std::vector<std::string>> &rows,
                      std::string &text) {
  std::vector<size_t> widths;
  for (const std::vector<std::string> &row : rows)
    for (size_t c = 0; c < row.size(); ++c) {
      widths.resize(std::max(widths.size(), c + 1));
      widths[c] = std::max(widths[c], row[c].size());
    }
  for (const std::vector<std::string> &row : rows) {
    std::string line = " ";
    for (size_t c = 0; c < row.size(); ++c)
      // Indices to the right, words to the left.
      line += c == 0 ? fmt::format(" {:>{}}", row[c], widths[c])
                     : fmt::format("  {:<{}}", row[c], widths[c]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
}
