// RUN: %eqc-opt %s --verify-roundtrip | FileCheck %s

// Any order of blocks and of vertices is read; the canonical one is printed.

// CHECK-LABEL: @diagrams
// CHECK-SAME: cross_product = #eqc.diagram<"* o1 i1 i2">
// CHECK-SAME: empty = #eqc.diagram<"1">
// CHECK-SAME: jellyfish = #eqc.diagram<"* | o1 i1 | i2">
// CHECK-SAME: many = #eqc.diagram<"o1 i2 | o2 i1 | o3 o4 | i3">
// CHECK-SAME: row = #eqc.diagram<"i1 | i2">
// CHECK-SAME: spaces = #eqc.diagram<"o1 i1 | o2">
// CHECK-SAME: ten = #eqc.diagram<"o1 o2 o3 o4 o5 o6 o7 o8 o9 o10">
// CHECK-SAME: transposition = #eqc.diagram<"o1 i2 | o2 i1">
func.func private @diagrams() attributes {
  transposition = #eqc.diagram<"i1 o2 | i2 o1">,
  cross_product = #eqc.diagram<"* i2 o1 i1">,
  jellyfish = #eqc.diagram<"i1 o1 | * | i2">,
  empty = #eqc.diagram<"1">,
  many = #eqc.diagram<"o4 o3 | i3 | i1 o2 | o1 i2">,
  row = #eqc.diagram<"i2 | i1">,
  spaces = #eqc.diagram<"   o2   |i1    o1 ">,
  ten = #eqc.diagram<"o10 o9 o8 o7 o6 o5 o4 o3 o2 o1">
}

// CHECK-LABEL: @patterns
// CHECK-SAME: diagonal = #eqc.pattern<"1 2">
// CHECK-SAME: dropped = #eqc.pattern<"1 3 | ~2">
// CHECK-SAME: empty = #eqc.pattern<"-">
// CHECK-SAME: free = #eqc.pattern<"* 1 2 | 3">
// CHECK-SAME: head = #eqc.pattern<"* | 1 3 | ~2">
// CHECK-SAME: head_of_empty = #eqc.pattern<"* +3">
// CHECK-SAME: head_of_outputs = #eqc.pattern<"* +11 2 1 | 1 | 2 | ~3">
// CHECK-SAME: head_of_space = #eqc.pattern<"* @1 | 1:0 | ~2:0 | ~3:1">
// CHECK-SAME: row_sums = #eqc.pattern<"1 | ~2">
func.func private @patterns() attributes {
  diagonal = #eqc.pattern<"2 1">,
  dropped = #eqc.pattern<"~ 2 | 3 1">,
  empty = #eqc.pattern<"-">,
  free = #eqc.pattern<"3 | * 2 1">,
  head = #eqc.pattern<"3 1 | ~2 | *">,
  head_of_empty = #eqc.pattern<"* +3">,
  head_of_outputs = #eqc.pattern<"* +11 2 1 | 1 | 2 | ~3">,
  head_of_space = #eqc.pattern<"* @1 | 1:0 | ~2:0 | ~3:1">,
  row_sums = #eqc.pattern<"1 | ~2">
}

// CHECK-LABEL: @choices
// CHECK-SAME: first = #eqc.layout<channels_first>
// CHECK-SAME: groups = [#eqc.group<S>, #eqc.group<O>, #eqc.group<SO>, #eqc.group<Sp>, #eqc.group<"S'">, #eqc.group<SO(1,3)>]
// CHECK-SAME: last = #eqc.layout<channels_last>
// CHECK-SAME: mean = #eqc.normalize<mean>
// CHECK-SAME: none = #eqc.normalize<none>
func.func private @choices() attributes {
  groups = [#eqc.group<S>, #eqc.group<O>, #eqc.group<SO>, #eqc.group<Sp>, #eqc.group<"S'">, #eqc.group<SO(1,3)>],
  first = #eqc.layout<channels_first>,
  last = #eqc.layout<channels_last>,
  none = #eqc.normalize<none>,
  mean = #eqc.normalize<mean>
}

// Equal diagrams are one attribute, however they were written.

// CHECK-LABEL: @unique
// CHECK-SAME: a = #eqc.diagram<"o1 i1">, b = #eqc.diagram<"o1 i1">
func.func private @unique() attributes {
  a = #eqc.diagram<"o1 i1">, b = #eqc.diagram<"i1 o1">
}

// CHECK-LABEL: @kernel
// CHECK-SAME: eqc.kernel = #eqc.kernel<sums of "f" for <name = "v3", cpu = "x86-64-v3", features = "+avx2", vector_bytes = 32, registers = 16> packed [] sums [6, 16, 6, 4, 1] phases 3 parts 5 lanes 0 scratch [1, 0, 2] multiply_adds [0, 7]>
func.func private @kernel() attributes {
  eqc.kernel = #eqc.kernel<sums of "f" for <name = "v3", cpu = "x86-64-v3", features = "+avx2", vector_bytes = 32, registers = 16>
      packed [] sums [6, 16, 6, 4, 1] phases 3 parts 5 lanes 0 scratch [1, 0, 2] multiply_adds [0, 7]>
}

// What plans were compared by; what is 0 is left out.

// CHECK-LABEL: @plan
// CHECK-SAME: a = #eqc.plan<name = "schur", basis = "strands", n = 32, batch = 8, target = "AVX2", compared = {schur = #eqc.cost<multiply_adds = 90, additions = 3, scratch = 16, packed = 256, pack_ps = 7, sample_ps = 9223372036854775807, call_ps = 900, condition = 1.7320508075688772 : f64>, shared = #eqc.cost<multiply_adds = 120>}, refused = {dense = "so"}>
// CHECK-SAME: b = #eqc.plan<name = "shared">
func.func private @plan() attributes {
  a = #eqc.plan<name = "schur", basis = "strands", n = 32, batch = 8, target = "AVX2",
      compared = {shared = #eqc.cost<multiply_adds = 120, scratch = 0>,
                  schur = #eqc.cost<packed = 256, multiply_adds = 90, additions = 3, scratch = 16, pack_ps = 7,
                      sample_ps = 9223372036854775807, call_ps = 900, condition = 1.7320508075688772>},
      refused = {dense = "so"}>,
  b = #eqc.plan<name = "shared">}

// Factors are the same doubles when they are read again.

// CHECK-LABEL: @sums
// CHECK-SAME: #eqc.sums<{{\[\[}}0 : 5.000000e-01, 1 : 5.000000e-01], 0]>
// CHECK-SAME: #eqc.sums<{{\[\[}}0 : 1.000000e-01, 1 : 0.10000000000000002, 3 : -4.940660e-324], [], {{\[}}2 : -1.000000e+00]]>
func.func private @sums() attributes {
  a = #eqc.sums<[[0 : 5.000000e-01, 1 : 5.000000e-01], 0]>,
  b = #eqc.sums<[[0 : 0.1, 1 : 0.10000000000000002, 3 : -4.9406564584124654e-324], [], [2 : -1.0]]>}

// CHECK-LABEL: @interface
// CHECK-SAME: eqc.interfaces = [#eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":O(3)", spaces = 1 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips [1, 0]>]
// CHECK-SAME: #eqc.target<name = "n", cpu = "c", features = "", vector_bytes = 16, registers = 32, level = -1, tested = "sve", kind = "abacus">
func.func private @interface() attributes {
  eqc.interfaces = [#eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":O(3)", spaces = 1 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips [1, 0]>],
  eqc.target = #eqc.target<name = "n", cpu = "c", features = "", vector_bytes = 16, registers = 32, level = -1, tested = "sve", kind = "abacus">
}
