//===- MachineTest.cpp - What a core is like ------------------------------===//

#include "compiler/Machine/Machine.h"
#include "runtime/src/Internal.h"

#include <gtest/gtest.h>

using namespace eqc;

namespace {

TEST(Machine, ScratchOfTheRuntimeBeginsAtALine) {
  EXPECT_EQ(EQC_RT_ALIGN % kLineBytes, 0);
}

TEST(Machine, RowsOfOneSetAreAWayApart) {
  const Machine machine;
  EXPECT_EQ(machine.l1SetStride() * machine.l1Ways, machine.l1Bytes);
  EXPECT_EQ(machine.l1SetStride() % kLineBytes, 0);
}

} // namespace
