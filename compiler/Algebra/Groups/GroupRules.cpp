//===- GroupRules.cpp - The list of groups, and what they share -----------===//

#include "compiler/Algebra/Groups/GroupRules.h"

using namespace eqc;

const GroupRules &eqc::rulesOf(Group group) {
  using Getter = const GroupRules &(*)();
  static constexpr Getter rules[] = {
#define EQC_GROUP(ID, RULES) RULES,
#include "compiler/Algebra/Groups/Groups.def"
  };
  return rules[static_cast<size_t>(group)]();
}

RowPattern GroupRules::keepDropped(const RowPattern &pattern, int block) const {
  return splitIntoKept(pattern, block);
}

std::vector<BlockTerm> eqc::termsOfRowBlock(const GroupRules &rules, int size) {
  std::vector<BlockTerm> terms;
  for (int64_t first = 0; first < rules.sizeUnit(); ++first) {
    BlockTerm term;
    term.values.push_back(first);
    while (static_cast<int>(term.values.size()) < size) {
      const int64_t last = term.values.back();
      term.values.push_back(rules.partner(last));
      term.sign *= rules.form(last, term.values.back());
    }
    terms.push_back(std::move(term));
  }
  return terms;
}

std::string eqc::sizeUnitInWords(int unit) {
  return unit == 2 ? "even" : "a multiple of " + std::to_string(unit);
}

std::string eqc::groupText(Group group, int64_t n) {
  return std::string(groupName(group)) + "(" +
         (n < 0 ? std::string("n") : std::to_string(n)) + ")";
}
