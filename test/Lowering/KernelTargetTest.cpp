//===- KernelTargetTest.cpp - What kinds of targets supply ----------------===//

#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Target/CpuVariant.h"
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
}

TEST(KernelTargets, WriteKernelsForEverySupportedMachine) {
  for (const char *triple : {"x86_64-linux-gnu", "aarch64-linux-gnu"}) {
    std::vector<CpuVariant> variants;
    std::string error;
    ASSERT_TRUE(resolveVariants(triple, {}, variants, error)) << error;
    for (const CpuVariant &variant : variants)
      EXPECT_NE(findKernelTarget(variant.kind), nullptr) << variant.name;
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
  const auto isotypic = getIsotypicPlan(spec, refused);
  ASSERT_TRUE(isotypic) << refused;
  const Machine machine{32, 16};
  for (const KernelTarget *target : kernelTargets()) {
    for (const LayerPlan &plan : {
             LayerPlan(withoutStrands(buildSharedPlan(spec))),
             LayerPlan(*isotypic),
             LayerPlan(FactoredLayer{buildFactoredPlan(spec), {}}),
             LayerPlan(buildDensePlan(spec)),
         })
      EXPECT_NE(target->describe(spec, plan, machine).find("mix"),
                std::string::npos)
          << plan.index();
    EXPECT_FALSE(
        target->describe(spec, buildGradientPlan(spec), machine).empty());
  }
}
