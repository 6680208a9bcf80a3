//===- HeaderTest.cpp - The public header alone, as C++ -------------------===//

#include <eqc/runtime.h>

#include <eqc/runtime.h>

#include <cstddef>

#include "gtest/gtest.h"

extern "C" int header_as_c(void);

TEST(Header, ReadsAsCAndAsCxx) { EXPECT_EQ(header_as_c(), 1); }

// Compiled objects rely on the order; new fields only at the end.
TEST(Header, LayerInfoKeepsItsLayout) {
  EXPECT_EQ(offsetof(eqc_layer_info, struct_size), 0u);
  EXPECT_EQ(offsetof(eqc_layer_info, abi), 4u);
  size_t strings[] = {
      offsetof(eqc_layer_info, name),      offsetof(eqc_layer_info, group),
      offsetof(eqc_layer_info, dtype),     offsetof(eqc_layer_info, layout),
      offsetof(eqc_layer_info, normalize), offsetof(eqc_layer_info, plan),
      offsetof(eqc_layer_info, spec),      offsetof(eqc_layer_info, version)};
  for (size_t i = 0; i != 8; ++i)
    EXPECT_EQ(strings[i], 8 + i * sizeof(char *));
  size_t numbers[] = {offsetof(eqc_layer_info, n),
                      offsetof(eqc_layer_info, k),
                      offsetof(eqc_layer_info, l),
                      offsetof(eqc_layer_info, c_in),
                      offsetof(eqc_layer_info, c_out),
                      offsetof(eqc_layer_info, diagrams),
                      offsetof(eqc_layer_info, bias_diagrams),
                      offsetof(eqc_layer_info, weight_size),
                      offsetof(eqc_layer_info, bias_size),
                      offsetof(eqc_layer_info, batch),
                      offsetof(eqc_layer_info, has_backward)};
  for (size_t i = 0; i != 11; ++i)
    EXPECT_EQ(numbers[i], 8 + 8 * sizeof(char *) + 8 * i);
}
