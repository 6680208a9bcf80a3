//===- Enumerate.cpp - Counting and listing diagrams ----------------------===//

#include "compiler/Algebra/Enumerate.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <cassert>

using namespace eqc;

/// Two values of at most 2^63 - 1 each.
static uint64_t sum(long long l, long long k) {
  assert(l >= 0 && k >= 0 && "rows have sizes");
  return static_cast<uint64_t>(l) + static_cast<uint64_t>(k);
}

Count eqc::countDiagrams(Group group, long long n, long long l, long long k) {
  return rulesOf(group).count(n, sum(l, k));
}

std::string eqc::whyNoDiagrams(Group group, long long n, long long l,
                               long long k) {
  return rulesOf(group).whyNone(n, sum(l, k));
}

Count eqc::countBasis(Group group, long long n, int l, int k) {
  assert(n > 0 && "a basis needs a fixed n");
  return rulesOf(group).countBasis(n, sum(l, k));
}

bool eqc::inBasis(const Diagram &diagram, Group group, long long n) {
  assert(n > 0 && "a basis needs a fixed n");
  return rulesOf(group).inBasis(diagram, n);
}

void eqc::forEachDiagram(Group group, long long n, int l, int k,
                         const std::function<bool(const Diagram &)> &visit) {
  rulesOf(group).enumerate(n, l, k, visit);
}

std::vector<Diagram> eqc::enumerateDiagrams(Group group, long long n, int l,
                                            int k) {
  std::vector<Diagram> result;
  forEachDiagram(group, n, l, k, [&](const Diagram &diagram) {
    result.push_back(diagram);
    return true;
  });
  return result;
}
