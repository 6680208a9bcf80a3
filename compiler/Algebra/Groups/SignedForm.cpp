//===- SignedForm.cpp - Groups whose form has a signature -----------------===//

#include "compiler/Algebra/Groups/SignedForm.h"

#include <cmath>

using namespace eqc;

/// A vector of length 1 with v^T eta v of at least 0.94 in absolute value: a
/// reflection then stretches by less than 1.43, and errors are told from it.
static Eigen::VectorXd randomNormal(const Eigen::VectorXd &eta,
                                    Random &random) {
  Eigen::VectorXd v(eta.size());
  double length[] = {0, 0}; // squared, of the entries of either sign
  for (Eigen::Index i = 0; i < v.size(); ++i) {
    v(i) = random.normal();
    length[eta(i) < 0] += v(i) * v(i);
  }
  if (length[0] == 0 || length[1] == 0)
    return v.normalized();
  double share[] = {0.97 + 0.03 * random.uniform(), 0};
  share[1] = 1 - share[0];
  if (random.below(2) == 0)
    std::swap(share[0], share[1]);
  for (Eigen::Index i = 0; i < v.size(); ++i)
    v(i) *= std::sqrt(share[eta(i) < 0] / length[eta(i) < 0]);
  return v;
}

Eigen::MatrixXd eqc::randomReflections(int64_t plus, int count,
                                       const std::vector<int64_t> &coordinates,
                                       Random &random) {
  const auto size = static_cast<Eigen::Index>(coordinates.size());
  Eigen::VectorXd eta(size);
  for (Eigen::Index i = 0; i < size; ++i)
    eta(i) = coordinates[static_cast<size_t>(i)] < plus ? 1 : -1;
  Eigen::MatrixXd g = Eigen::MatrixXd::Identity(size, size);
  for (int i = 0; i < count; ++i) {
    const Eigen::VectorXd v = randomNormal(eta, random);
    const Eigen::VectorXd lowered = v.cwiseProduct(eta);
    g -= (2 / lowered.dot(v)) * v * (lowered.transpose() * g);
  }
  return g;
}
