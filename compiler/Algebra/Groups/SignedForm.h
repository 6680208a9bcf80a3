//===- SignedForm.h - Groups whose form has a signature ---------*- C++ -*-===//
//
// O(p,q) and SO(p,q) have the diagrams of O(n) and SO(n), n = p + q; what a
// pair within one row contributes is a sign.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_GROUPS_SIGNEDFORM_H
#define EQC_ALGEBRA_GROUPS_SIGNEDFORM_H

#include "compiler/Algebra/GroupElement.h"
#include "compiler/Algebra/Groups/MatchingRules.h"

namespace eqc {

/// A product of so many reflections 1 - 2 v v^T eta / (v^T eta v) of some of
/// the coordinates, eta being 1 for the first `plus` of all and -1 for the
/// others.
Eigen::MatrixXd randomReflections(int64_t plus, int count,
                                  const std::vector<int64_t> &coordinates,
                                  Random &random);

/// The rules of a group, whose elements are drawn as `numReflections`
/// reflections, with the form diag(1 plus times, -1 minus times).
template <typename Rules, int numReflections>
class WithSignature : public Rules {
public:
  explicit WithSignature(Group group) : Rules(group) {}

  bool allowsDynamicN() const override { return false; }

  std::unique_ptr<GroupRules> withSignature(int64_t, int64_t) const override {
    return nullptr;
  }

  int form(int64_t a, int64_t b) const override {
    return a != b ? 0 : a < Rules::group.plus() ? 1 : -1;
  }

  int64_t formPeriod() const override {
    return Rules::group.plus() + Rules::group.minus();
  }

  bool hasSchurBasis() const override { return false; }

  GroupElement randomElement(int64_t n, Random &random) const override {
    const int64_t plus = Rules::group.plus();
    return GroupElement::inBlocks(
        n, 1, random, [plus](const auto &coordinates, Random &numbers) {
          return randomReflections(plus, numReflections, coordinates, numbers);
        });
  }
};

} // namespace eqc

#endif // EQC_ALGEBRA_GROUPS_SIGNEDFORM_H
