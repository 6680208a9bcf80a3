//===- BuiltPlans.h - What plans of layers have been built ------*- C++ -*-===//
//
// A layer is planned several times on its way to an object: counted, then
// written as stages. What takes long to build is kept in between, by whoever
// compiles.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_BUILTPLANS_H
#define EQC_PLAN_BUILTPLANS_H

#include <map>
#include <memory>
#include <string>

namespace eqc {

class BuiltPlans {
public:
  BuiltPlans() = default;
  BuiltPlans(const BuiltPlans &) = delete;
  BuiltPlans &operator=(const BuiltPlans &) = delete;

  /// What `build` makes, which is called once for each key. Keys begin with the
  /// name of what is built.
  template <typename PlanT, typename Build>
  const PlanT &get(const std::string &key, const Build &build) {
    std::shared_ptr<const void> &plan = plans[key];
    if (!plan)
      plan = std::make_shared<const PlanT>(build());
    return *static_cast<const PlanT *>(plan.get());
  }

  /// How many have been built.
  size_t size() const { return plans.size(); }

private:
  std::map<std::string, std::shared_ptr<const void>> plans;
};

} // namespace eqc

#endif // EQC_PLAN_BUILTPLANS_H
