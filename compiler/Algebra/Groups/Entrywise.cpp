//===- Entrywise.cpp - What may be done to entries of tensors -------------===//
//
// Let f be continuous and not affine. It commutes with a matrix that has two
// nonzero entries in one row never; with a matrix of one entry a row always if
// these are 1, and for odd f if they are 1 and -1. The entries are all 1
// exactly where the tensor of ones is invariant, which is the diagram whose
// blocks are single vertices.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Groups/Entrywise.h"

#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <numeric>

using namespace eqc;

/// Whether the tensor of ones is invariant.
static bool keepsOnes(const GroupRules &rules, int order) {
  if (rules.hasOrbits()) // it is the sum of all of them
    return true;
  const int64_t anyN = -1;
  Diagram ones;
  ones.l = order;
  ones.block.resize(static_cast<size_t>(order));
  std::iota(ones.block.begin(), ones.block.end(), 0);
  return rules.whyNone(anyN, {static_cast<uint64_t>(order), 0, {}}).empty() &&
         rules.whyNot(ones, anyN).empty();
}

Entrywise eqc::entrywise(Group group, int order) {
  const GroupRules &rules = rulesOf(group);
  if (order == 0)
    return Entrywise::All;
  if (!rules.isMonomial())
    return Entrywise::None;
  return keepsOnes(rules, order) ? Entrywise::All : Entrywise::Odd;
}

Entrywise eqc::entrywiseOf(const NetworkSpec &network,
                           const std::vector<int> &axes, int space,
                           int &order) {
  // Entries lie in it on some axes always, on those of sums with others too
  // where they may.
  int least = 0, most = 0;
  for (int axis : axes) {
    const std::vector<int> spaces = network.spacesOf(axis);
    const auto here = std::count(spaces.begin(), spaces.end(), space);
    most += here > 0 ? 1 : 0;
    least += here == static_cast<std::ptrdiff_t>(spaces.size()) ? 1 : 0;
  }
  const Group group = network.spaces[static_cast<size_t>(space)].group;
  Entrywise allowed = Entrywise::All;
  order = least;
  for (int number = least; number <= most; ++number)
    if (const Entrywise here = entrywise(group, number); here < allowed) {
      allowed = here;
      order = number;
    }
  return allowed;
}

Entrywise eqc::entrywise(const NetworkSpec &network,
                         const std::vector<int> &axes) {
  Entrywise least = Entrywise::All;
  int order = 0;
  for (size_t space = 0; space < network.spaces.size(); ++space)
    least = std::min(
        least, entrywiseOf(network, axes, static_cast<int>(space), order));
  return least;
}

bool eqc::keepsSumOfSquares(Group group) {
  const GroupRules &rules = rulesOf(group);
  if (rules.hasDuals()) // without a form
    return false;
  for (int64_t a = 0; a < rules.formPeriod(); ++a)
    if (rules.form(a, a) != 1)
      return false;
  return true;
}

bool eqc::keepsSumOfSquares(const NetworkSpec &network, int axis) {
  const std::vector<int> spaces = network.spacesOf(axis);
  return std::all_of(spaces.begin(), spaces.end(), [&](int space) {
    return keepsSumOfSquares(network.spaces[static_cast<size_t>(space)].group);
  });
}

std::string eqc::whyNotAll(Group group, int order) {
  switch (entrywise(group, order)) {
  case Entrywise::All:
    return "";
  case Entrywise::Odd:
    return "matrices of " + groupName(group) +
           " change the signs of entries, so that only odd functions commute "
           "with them";
  case Entrywise::None:
    return "matrices of " + groupName(group) +
           " mix entries, and no function of single ones commutes with that";
  }
  return "";
}
