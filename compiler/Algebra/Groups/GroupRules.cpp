//===- GroupRules.cpp - The list of groups, and what they share -----------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/GroupElement.h"

#include <map>
#include <mutex>
#include <tuple>

using namespace eqc;

/// Rules of signatures and of permutations are made once each and stay.
static const GroupRules &rulesOfSized(const GroupRules &family, Group group) {
  static std::mutex mutex;
  static std::map<std::tuple<Family, int64_t, int64_t, const Action *>,
                  std::unique_ptr<GroupRules>>
      known;
  const std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<GroupRules> &rules =
      known[{group.family(), group.plus(), group.minus(), group.action()}];
  if (!rules)
    rules = group.action() ? family.withAction(group.action())
                           : family.withSignature(group.plus(), group.minus());
  return *rules;
}

const GroupRules &eqc::rulesOf(Group group) {
  using Getter = const GroupRules &(*)();
  static constexpr Getter rules[] = {
#define EQC_GROUP(ID, NAME, RULES) RULES,
#include "compiler/Algebra/Groups/Groups.def"
  };
  if (group.isProduct())
    return rulesOfProduct(group);
  const GroupRules &family = rules[static_cast<size_t>(group.family())]();
  return group.hasSize() ? rulesOfSized(family, group) : family;
}

std::string GroupRules::whyNotRow(const RowOrbit &row) const {
  return "only Perm and Graph have orbits of values";
}

GroupElement GroupRules::integerElement(int64_t n, Random &random) const {
  return randomElement(n, random);
}

RowPattern GroupRules::keepDropped(const RowPattern &pattern, int block) const {
  return splitIntoKept(pattern, block);
}

std::vector<BlockTerm> eqc::termsOfRowBlock(const GroupRules &rules, int size) {
  std::vector<BlockTerm> terms;
  for (int64_t first = 0; first < rules.formPeriod(); ++first) {
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

std::string eqc::whyNoneOfOddOrder(Group group, uint64_t numVertices) {
  if (numVertices % 2 == 0)
    return "";
  return groupText(group, -1) +
         " has no equivariant maps when k + l is odd (k + l = " +
         std::to_string(numVertices) + ")";
}

std::string eqc::whyNoJellyfish() {
  return "only A has jellyfish, which start with a lone '*'";
}

std::string eqc::groupText(Group group, int64_t n) {
  if (group.isProduct()) {
    std::string text;
    for (const Space &space : group.spaces())
      text += (text.empty() ? "" : " x ") + groupText(space.group, space.n);
    return text;
  }
  if (group.hasSize())
    return groupName(group);
  return groupName(group) + "(" +
         (n < 0 ? std::string("n") : std::to_string(n)) + ")";
}
