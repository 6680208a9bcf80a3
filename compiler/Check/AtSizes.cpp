//===- AtSizes.cpp - Layers of several spaces at some sizes ---------------===//

#include "compiler/Check/AtSizes.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <fmt/format.h>

#include <iterator>

using namespace eqc;

bool eqc::isCheckedAtSizes(const LayerSpec &spec) {
  return spec.group.isProduct() && spec.dynamicN();
}

/// Sizes about as large as `n`, or all as large; else neighbours differ.
static std::vector<int64_t> sizesFrom(const LayerSpec &spec, int64_t n,
                                      bool same) {
  std::vector<int64_t> sizes;
  for (int space : spacesWithSizes(spec.group)) {
    const int64_t unit = rulesOf(spec.group.of(space)).sizeUnit();
    sizes.push_back((same ? (n + unit - 1) / unit : n) * unit);
    // Both a shorter and a longer one than the first.
    n += same ? 0 : (sizes.size() % 2 == 1 && n > 2 ? -1 : 2);
  }
  return sizes;
}

std::vector<CheckRow> eqc::checkAtSizes(const LayerSpec &spec,
                                        const CheckOptions &options,
                                        const CheckSized &check) {
  struct Case {
    std::vector<int64_t> sizes;
    int64_t batch;
  };
  std::vector<Case> cases;
  for (auto [n, batch] : options.cases)
    cases.push_back({sizesFrom(spec, n, /*same=*/true), batch});
  // As for layers of one size, but fewer.
  static constexpr int64_t sizes[] = {3, 1, 2, 5}, batches[] = {3, 8, 1, 17};
  for (size_t i = 0; options.cases.empty() && i < std::size(sizes); ++i)
    cases.push_back({sizesFrom(spec, sizes[i], /*same=*/false), batches[i]});
  if (options.cases.empty() && spec.batch > 0)
    cases.push_back({sizesFrom(spec, sizes[0], /*same=*/false), spec.batch});

  const std::vector<int> spaces = spacesWithSizes(spec.group);
  std::vector<CheckRow> table;
  for (const Case &each : cases) {
    CheckOptions one = options;
    one.cases = {{0, each.batch}};
    std::string named;
    for (size_t i = 0; i < spaces.size(); ++i)
      named += fmt::format("{}{} = {}", i > 0 ? ", " : "",
                           spec.group.spaces()[spaces[i]].name, each.sizes[i]);
    const int64_t n = each.sizes.size() == 1
                          ? each.sizes.front()
                          : -reinterpret_cast<intptr_t>(each.sizes.data());
    for (CheckRow &row : check(atSizes(spec, each.sizes), one, n)) {
      row.note = row.note.empty() ? named : named + ", " + row.note;
      table.push_back(std::move(row));
    }
  }
  return table;
}
