//===- KernelTargetTest.cpp - What kinds of targets supply ----------------===//

#include "compiler/Lowering/KernelTarget.h"
#include "test/Plan/Support.h"

#include "llvm/ADT/StringSet.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

TEST(KernelTargets, AreFoundByTheirKind) {
  EXPECT_FALSE(kernelTargets().empty());
  EXPECT_TRUE(llvm::is_contained(kernelTargets(), findKernelTarget("cpu")));
  EXPECT_EQ(findKernelTarget("abacus"), nullptr);
  EXPECT_EQ(findKernelTarget(""), nullptr);
  for (const KernelTarget *target : kernelTargets())
    EXPECT_EQ(findKernelTarget(kindOf(*target)), target);
}

TEST(KernelTargets, AreDevicesByTheirKindOrTheHostByATriple) {
  int hosts = 0;
  for (const KernelTarget *target : kernelTargets()) {
    hosts += !target->device();
    if (target->device())
      EXPECT_EQ(&kernelTargetOf(kindOf(*target)), target);
  }
  EXPECT_EQ(hosts, 1);
  for (const char *triple : {"", "x86_64-linux-gnu", "aarch64", "cpu"})
    EXPECT_FALSE(kernelTargetOf(triple).device()) << triple;
}

TEST(KernelTargets, KnowTheirMachines) {
  for (const KernelTarget *target : kernelTargets()) {
    const std::string triple =
        target->device() ? kindOf(*target).str() : "x86_64-linux-gnu";
    std::vector<CpuVariant> variants;
    std::string error;
    ASSERT_TRUE(resolveVariants(triple, {}, variants, error)) << error;
    ASSERT_FALSE(variants.empty());
    for (const CpuVariant &variant : variants) {
      EXPECT_EQ(variant.kind, kindOf(*target));
      EXPECT_FALSE(target->costTarget(variant).name.empty());
    }
    EXPECT_FALSE(resolveVariants(triple, {"abacus"}, variants, error));
    EXPECT_NE(error.find("'abacus' is no "), std::string::npos) << error;
  }
}

TEST(KernelTargets, HaveKernelsForAPlanOfEveryLayer) {
  for (const KernelTarget *target : kernelTargets()) {
    const std::string triple = target->device() ? kindOf(*target).str() : "";
    std::vector<CpuVariant> variants;
    std::string error;
    ASSERT_TRUE(resolveVariants(triple, {}, variants, error)) << error;
    const CostTarget cost = costTargetOf(*target, variants.back());
    EXPECT_EQ(cost.kind, target);
    for (const LayerSpec &spec : {makeLayer(Group::S, -1, 3, 3, 4, 4),
                                  makeLayer(Group::O, 3, 2, 2, 4, 4),
                                  makeLayer(Group::SO, 3, 3, 1, 4, 4),
                                  makeLayer(Group::Sp, 4, 2, 2, 4, 4)}) {
      const PlanChoice choice = choosePlan(spec, cost);
      EXPECT_EQ(choice.winner().refused, "") << spec.k;
      // What nobody measured is not predicted.
      EXPECT_EQ(choice.isPredicted, cost.rates.areKnown());
      EXPECT_EQ(choice.winner().callNs > 0, choice.isPredicted);
      if (!choice.isPredicted)
        EXPECT_EQ(choice.chosen, 0u);
    }
  }
}

TEST(KernelTargets, NameTheirStagesApart) {
  llvm::StringSet<> names;
  for (const KernelTarget *target : kernelTargets()) {
    EXPECT_FALSE(target->stages().empty());
    for (const LoweringStage &stage : target->stages()) {
      EXPECT_TRUE(names.insert(stage.name).second) << stage.name.str();
      EXPECT_FALSE(stage.summary.empty());
      EXPECT_NE(stage.populate, nullptr);
    }
  }
}

TEST(KernelTargets, SayHowTheyCarryOutEveryPlan) {
  const LayerSpec spec = makeLayer(Group::O, 3, 2, 2, 16, 16, true);
  std::string refused;
  const auto isotypic = buildIsotypicPlan(spec, refused);
  ASSERT_TRUE(isotypic) << refused;
  const Machine machine{32, 16};
  for (const KernelTarget *target : kernelTargets()) {
    for (const LayerPlan &plan : {
             LayerPlan(withoutStrands(buildSharedPlan(spec))),
             LayerPlan(*isotypic),
             LayerPlan(FactoredLayer{buildFactoredPlan(spec), {}, {}}),
             LayerPlan(buildDensePlan(spec)),
         })
      EXPECT_NE(target->describe(spec, plan, machine).find("mix"),
                std::string::npos)
          << plan.index();
    EXPECT_FALSE(
        target->describe(spec, buildGradientPlan(spec), machine).empty());
  }
}
