//===- SemaPool.cpp - Semantic checks: extremes instead of sums -----------===//
//
// The largest of some entries is where the entries are, whatever the order that
// a permutation brings them into: pooling commutes with a group exactly where
// all its matrices are permutations. With signs the largest of -x is not minus
// that of x, and where entries are mixed it is nothing of theirs.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Groups/Entrywise.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Sema.h"

using namespace eqc;
using llvm::Twine;

/// Whether every matrix of the group is a permutation.
static bool isOfPermutations(Group group) {
  return entrywise(group, /*order=*/1) == Entrywise::All;
}

void LayerChecker::checkPool() {
  if (spec.pool == Pool::Sum)
    return;
  const SourceRange where = place(FieldKind::Pool);
  const std::string asked = std::string("'pool = ") + poolName(spec.pool) + "'";
  if (group && n) {
    const std::vector<Space> spaces =
        group->isProduct() ? group->spaces()
                           : std::vector<Space>{{spec.spaceName, *group, *n}};
    for (const Space &space : spaces) {
      if (isOfPermutations(space.group))
        continue;
      const bool mixes = entrywise(space.group, 1) == Entrywise::None;
      Diagnostic &error = diags.error(DiagId::NoPool, where,
                                      asked + " is not equivariant here");
      error.note(
          (typed ? Twine("matrices of '") + space.name + "', of the group " +
                       groupName(space.group) + ","
                 : Twine("matrices of ") + groupName(space.group)) +
          (mixes ? " mix entries, of which none is then the largest"
                 : " change the signs of entries, and the largest of -x is not "
                   "minus that of x"));
      if (!typed)
        error.note(place(FieldKind::Group), "the group is given here");
      error.help("write 'pool = sum', or leave the field out");
      return;
    }
    for (const Space &space : spaces)
      if (rulesOf(space.group).hasOrbits()) {
        diags
            .error(DiagId::NotBuiltYet, where,
                   asked + " is not built yet for groups of permutations that "
                           "are spelled out")
            .help("write 'pool = sum', or leave the field out");
        return;
      }
  }
  if (spec.normalize == Normalize::Mean)
    diags
        .error(DiagId::NoPool, where,
               "there is no mean where " + asked + " takes one entry")
        .note(place(FieldKind::Normalize), "inputs are normalized here")
        .help("write 'normalize = none', or 'pool = sum'");
  if (spec.weightsOf == WeightsOf::Orbits)
    diags
        .error(DiagId::NoPool, where,
               "weights of orbits are for sums, not for " + asked)
        .note(place(FieldKind::Weights), "weights are of orbits here")
        .help("write 'weights = diagram', or 'pool = sum'");
  if (const Value *product = inputProduct())
    diags
        .error(DiagId::NoPool, where,
               "a layer of two inputs sums what y does not have, " + asked +
                   " is for one input")
        .note(product->range, "the inputs are declared here")
        .help("write 'pool = sum', and pool in a layer of its own");
}
