//===- IntegerElement.h - Group elements of integers ------------*- C++ -*-===//
//
// Elements that act on integers exactly, so that a test of equivariance needs
// no tolerance.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUPS_INTEGERELEMENT_H
#define EQC_ALGEBRA_GROUPS_INTEGERELEMENT_H

#include "compiler/Algebra/GroupElement.h"

namespace eqc {

/// A random element of the group, not of a product, whose matrix and whose
/// inverse are of integers. Few elements of an infinite group are; these are
/// monomial matrices, and products with a shear where the group has those,
/// whose inverse comes out without a rounding.
GroupElement integerElement(Group group, int64_t n, Random &random);

} // namespace eqc

#endif // EQC_ALGEBRA_GROUPS_INTEGERELEMENT_H
