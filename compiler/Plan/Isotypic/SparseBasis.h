//===- SparseBasis.h - Orthonormal bases with many zeros --------*- C++ -*-===//

#ifndef EQC_PLAN_ISOTYPIC_SPARSEBASIS_H
#define EQC_PLAN_ISOTYPIC_SPARSEBASIS_H

#include <Eigen/Dense>

namespace eqc {

/// An orthonormal basis of the span of the columns of `space`, which are
/// orthonormal, with few non-zero entries: the sparsest vector that elimination
/// finds, then the same in its complement.
///
/// With a `rotation` J of the columns' coordinates, J^2 = -1 and J^T = -J, only
/// half of the basis, which J sends to the other half.
Eigen::MatrixXd makeSparseBasis(const Eigen::MatrixXd &space,
                                const Eigen::MatrixXd *rotation = nullptr);

/// Entries whose size matters.
int64_t countNonZeros(const Eigen::MatrixXd &matrix);

} // namespace eqc

#endif // EQC_PLAN_ISOTYPIC_SPARSEBASIS_H
