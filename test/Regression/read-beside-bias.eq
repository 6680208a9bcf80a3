# A diagram whose outputs alone have more than n blocks has an output pattern that no
# bias diagram has: nothing before the bias may be read for it. `eqc check` notices that.
#
# REQUIRES: eqc
#
# RUN: %eqc check -O0 --cpu=native %s --plan=dense | FileCheck %s
# RUN: %eqc check -O0 --cpu=native %s --plan=factored | FileCheck %s
# RUN: %eqc check -O0 --cpu=native %s --plan=shared | FileCheck %s
# RUN: %eqc check -O0 --cpu=native %s --plan=schur | FileCheck %s
# CHECK: 6 of 6 layers agree with the definition
layer scalars { group = S; n = 1; k = 1; l = 2; bias = true; diagrams = ["o1 | o2 | i1"] }
layer doubles { group = S; n = 2; k = 1; l = 3; bias = true; diagrams = ["o1 | o2 | o3 | i1"]; dtype = f64 }
layer planes { group = S; n = 2; k = 1; l = 3; channels = 3 -> 17; bias = true; layout = channels_first; diagrams = ["o1 | o2 | o3 | i1"] }
layer mixed { group = S; n = 1; k = 1; l = 2; channels = 3 -> 2; bias = true; diagrams = ["o1 | o2 | i1", "o1 i1 | o2"] }
layer constant { group = S; n = 2; k = 0; l = 3; channels = 17 -> 33; bias = true; diagrams = ["o1 | o2 | o3"] }
layer strands { group = S; n = 2; k = 2; l = 2; channels = 16 -> 16; bias = true; diagrams = ["o1 i1 | o2 i2", "o1 i2 | o2 i1", "o1 | o2 | i1 | i2"] }
