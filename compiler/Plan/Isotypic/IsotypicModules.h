//===- IsotypicModules.h - Irreducible parts of tensors ---------*- C++ -*-===//
//
// V^t under a group G is a sum of irreducible subspaces. Found numerically from
// the diagrams t -> t, whose span is everything that commutes with G.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_ISOTYPIC_ISOTYPICMODULES_H
#define EQC_PLAN_ISOTYPIC_ISOTYPICMODULES_H

#include "compiler/Algebra/Group.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eqc {

/// One irreducible subspace of the tensors of order `order`, the least order in
/// which its kind occurs: orthonormal vectors of n^order elements, in an order
/// of the diagonal group elements' eigenspaces. Every D_d, from here to any
/// order, sends them to orthogonal vectors of one length.
///
/// A kind that is a sum of two conjugate ones over the complex numbers (in SO
/// with even n) is commuted with by some J, J^2 = -1, that diagrams span too.
/// Then only half of an orthonormal basis is here, `vectors`; the other half is
/// J times it.
struct IsotypicModule {
  int order = 0;
  bool complexType = false;
  std::vector<std::vector<double>> vectors;
};

/// One module of each kind that occurs in tensors of order `order` and in no
/// lower one. On failure, `refused` says why.
std::vector<IsotypicModule> findModules(Group group, int64_t n, int order,
                                        std::string &refused);

} // namespace eqc

#endif // EQC_PLAN_ISOTYPIC_ISOTYPICMODULES_H
