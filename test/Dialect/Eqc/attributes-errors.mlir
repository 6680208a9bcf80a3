// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

// A wrong notation is refused with a reason, whatever it is; nothing crashes.

// Diagrams: nothing, or nothing between the bars.

// expected-error @below {{invalid diagram: empty diagram; the diagram without vertices is written '1'}}
func.func private @f() attributes {a = #eqc.diagram<"">}

// -----

// expected-error @below {{invalid diagram: empty diagram; the diagram without vertices is written '1'}}
func.func private @f() attributes {a = #eqc.diagram<"   ">}

// -----

// expected-error @below {{invalid diagram: empty block}}
func.func private @f() attributes {a = #eqc.diagram<"|">}

// -----

// expected-error @below {{invalid diagram: empty block}}
func.func private @f() attributes {a = #eqc.diagram<"o1 |">}

// -----

// expected-error @below {{invalid diagram: empty block}}
func.func private @f() attributes {a = #eqc.diagram<"| o1">}

// -----

// expected-error @below {{invalid diagram: empty block}}
func.func private @f() attributes {a = #eqc.diagram<"o1 || i1">}

// -----

// Diagrams: vertices twice or missing, also where a huge number would size a table.

// expected-error @below {{invalid diagram: vertex 'o1' appears twice}}
func.func private @f() attributes {a = #eqc.diagram<"o1 o1">}

// -----

// expected-error @below {{invalid diagram: vertex 'o1' appears twice}}
func.func private @f() attributes {a = #eqc.diagram<"o1 i1 | o1">}

// -----

// expected-error @below {{invalid diagram: vertex 'i1' appears twice}}
func.func private @f() attributes {a = #eqc.diagram<"o1 i1 | o2 i1">}

// -----

// expected-error @below {{invalid diagram: vertex 'o2' is missing}}
func.func private @f() attributes {a = #eqc.diagram<"o1 o3">}

// -----

// expected-error @below {{invalid diagram: vertex 'o3' is named but vertices before it are missing}}
func.func private @f() attributes {a = #eqc.diagram<"o3">}

// -----

// expected-error @below {{invalid diagram: vertex 'o99999999999' is named but vertices before it are missing}}
func.func private @f() attributes {a = #eqc.diagram<"o99999999999">}

// -----

// expected-error @below {{invalid diagram: vertex 'i18446744073709551617' is named but vertices before it are missing}}
func.func private @f() attributes {a = #eqc.diagram<"i18446744073709551617">}

// -----

// expected-error @below {{invalid diagram: vertex 'o2147483648' is named but vertices before it are missing}}
func.func private @f() attributes {a = #eqc.diagram<"o2147483648 o1">}

// -----

// expected-error @below {{invalid diagram: vertex 'i2' appears twice}}
func.func private @f() attributes {a = #eqc.diagram<"o1 i1 \0A| i2 i2">}

// -----

// Diagrams: not vertices at all.

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not 'o0'}}
func.func private @f() attributes {a = #eqc.diagram<"o0 o1">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not 'o-1'}}
func.func private @f() attributes {a = #eqc.diagram<"o-1">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not 'o01'}}
func.func private @f() attributes {a = #eqc.diagram<"o01">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not 'O1'}}
func.func private @f() attributes {a = #eqc.diagram<"O1">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not 'x1'}}
func.func private @f() attributes {a = #eqc.diagram<"x1">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not 'o'}}
func.func private @f() attributes {a = #eqc.diagram<"o">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not 'o1,i1'}}
func.func private @f() attributes {a = #eqc.diagram<"o1,i1">}

// -----

// expected-error @below {{invalid diagram: '1' is the diagram without vertices, but here l + k = 1}}
func.func private @f() attributes {a = #eqc.diagram<"1 o1">}

// -----

// expected-error @below {{invalid diagram: nothing may follow '1', the diagram without vertices}}
func.func private @f() attributes {a = #eqc.diagram<"1 1">}

// -----

// expected-error @below {{invalid diagram: nothing may follow '1', the diagram without vertices}}
func.func private @f() attributes {a = #eqc.diagram<"1 | 1">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not 'o1\x00'}}
func.func private @f() attributes {a = #eqc.diagram<"o1\00">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not '"'}}
func.func private @f() attributes {a = #eqc.diagram<"o1 \22">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not 'o１'}}
func.func private @f() attributes {a = #eqc.diagram<"o１">}

// -----

// expected-error @below {{invalid diagram: expected a vertex such as 'o1' or 'i2', not '~'}}
func.func private @f() attributes {a = #eqc.diagram<"o1 i1 ~">}

// -----

// Diagrams: the free block.

// expected-error @below {{invalid diagram: empty block}}
func.func private @f() attributes {a = #eqc.diagram<"*">}

// -----

// expected-error @below {{invalid diagram: a second '*' block}}
func.func private @f() attributes {a = #eqc.diagram<"* o1 | * o2">}

// -----

// expected-error @below {{invalid diagram: '*' stands before the vertices of its block}}
func.func private @f() attributes {a = #eqc.diagram<"o1 *">}

// -----

// expected-error @below {{invalid diagram: '*' stands before the vertices of its block}}
func.func private @f() attributes {a = #eqc.diagram<"* * o1">}

// -----

// Patterns.

// expected-error @below {{invalid pattern: empty pattern; an empty row is written '-'}}
func.func private @f() attributes {a = #eqc.pattern<"">}

// -----

// expected-error @below {{invalid pattern: vertex '1' appears twice}}
func.func private @f() attributes {a = #eqc.pattern<"1 1">}

// -----

// expected-error @below {{invalid pattern: vertex '2' is missing}}
func.func private @f() attributes {a = #eqc.pattern<"1 | 3">}

// -----

// expected-error @below {{invalid pattern: expected a vertex number, not '0'}}
func.func private @f() attributes {a = #eqc.pattern<"0">}

// -----

// expected-error @below {{invalid pattern: empty block}}
func.func private @f() attributes {a = #eqc.pattern<"~">}

// -----

// expected-error @below {{invalid pattern: '~' stands before the vertices of its block}}
func.func private @f() attributes {a = #eqc.pattern<"~ ~1">}

// -----

// expected-error @below {{invalid pattern: '~' stands before the vertices of its block}}
func.func private @f() attributes {a = #eqc.pattern<"1 ~">}

// -----

// expected-error @below {{invalid pattern: expected a vertex number, not 'o1'}}
func.func private @f() attributes {a = #eqc.pattern<"o1">}

// -----

// expected-error @below {{invalid pattern: expected a vertex number, not '-1'}}
func.func private @f() attributes {a = #eqc.pattern<"-1">}

// -----

// expected-error @below {{invalid pattern: expected a vertex number, not '-'}}
func.func private @f() attributes {a = #eqc.pattern<"- 1">}

// -----

// expected-error @below {{invalid pattern: vertex '99999999999' is named but vertices before it are missing}}
func.func private @f() attributes {a = #eqc.pattern<"99999999999">}

// -----

// expected-error @below {{invalid pattern: vertex '4294967297' is named but vertices before it are missing}}
func.func private @f() attributes {a = #eqc.pattern<"4294967297 1">}

// -----

// expected-error @below {{invalid pattern: a second '*' block}}
func.func private @f() attributes {a = #eqc.pattern<"* 1 | * 2">}

// -----

// expected-error @below {{invalid pattern: '*' stands before the vertices of its block}}
func.func private @f() attributes {a = #eqc.pattern<"~ * 1">}

// -----

// expected-error @below {{invalid pattern: empty block}}
func.func private @f() attributes {a = #eqc.pattern<"1 |">}

// -----

// expected-error @below {{invalid pattern: empty block}}
func.func private @f() attributes {a = #eqc.pattern<"1 || 2">}

// -----

// expected-error @below {{invalid pattern: expected a vertex number, not '1\x00'}}
func.func private @f() attributes {a = #eqc.pattern<"1\00">}

// -----

// Not the form of the attribute.

// expected-error @below {{expected '<'}}
func.func private @f() attributes {a = #eqc.diagram}

// -----

// expected-error @below {{expected a diagram in quotes}}
func.func private @f() attributes {a = #eqc.diagram<>}

// -----

// expected-error @below {{expected a diagram in quotes}}
func.func private @f() attributes {a = #eqc.diagram<o1>}

// -----

// expected-error @below {{expected '>'}}
func.func private @f() attributes {a = #eqc.diagram<"o1", 3>}

// -----

// expected-error @below {{expected a pattern in quotes}}
func.func private @f() attributes {a = #eqc.pattern<1>}

// -----

// expected-error @below {{expected a group, one of S, O, SO, Sp, H, S', B, B', GL, A, Perm, Graph; found 's'}}
func.func private @f() attributes {a = #eqc.group<s>}

// -----

// expected-error @below {{expected a group, one of S, O, SO, Sp, H, S', B, B', GL, A, Perm, Graph}}
func.func private @f() attributes {a = #eqc.group<>}

// -----

// expected-error @below {{expected ','}}
func.func private @f() attributes {a = #eqc.group<SO(3)>}

// -----

// expected-error @below {{there is no group H(1,3)}}
func.func private @f() attributes {a = #eqc.group<H(1,3)>}

// -----

// expected-error @below {{there is no group O(0,3)}}
func.func private @f() attributes {a = #eqc.group<O(0,3)>}

// -----

// expected-error @below {{expected a layout, one of channels_last, channels_first; found 'nchw'}}
func.func private @f() attributes {a = #eqc.layout<nchw>}

// -----

// expected-error @below {{expected a normalisation, one of none, mean; found 'sum'}}
func.func private @f() attributes {a = #eqc.normalize<sum>}

// -----

// expected-error @below {{unknown attribute `diagramm` in dialect `eqc`}}
func.func private @f() attributes {a = #eqc.diagramm<"o1">}

// -----

// expected-error @below {{expected what a kernel does, one of pack, forward, lanes, sums, lane_sums, unpack; found 'pool'}}
func.func private @f() attributes {a = #eqc.kernel<pool of "f" for <name = "a", cpu = "", features = "", vector_bytes = 16, registers = 16> packed [] sums [] phases 1 parts 1 lanes 0 scratch [] multiply_adds []>}

// -----

// expected-error @below {{a kernel has at least one phase and one part, and no negative sizes}}
func.func private @f() attributes {a = #eqc.kernel<pack of "f" for <name = "a", cpu = "", features = "", vector_bytes = 16, registers = 16> packed [] sums [] phases 0 parts 1 lanes 0 scratch [] multiply_adds []>}

// -----

// expected-error @below {{a kernel of sums, and no other, has five sizes of sums, found 5 for 'forward'}}
func.func private @f() attributes {a = #eqc.kernel<forward of "f" for <name = "a", cpu = "", features = "", vector_bytes = 16, registers = 16> packed [] sums [4, 4, 4, 0, 1] phases 1 parts 1 lanes 0 scratch [] multiply_adds []>}

// -----

// Attributes of functions: what nobody reads would be ignored without a word.

// expected-error @below {{the dialect has no attribute 'eqc.max_register'}}
func.func private @f() attributes {eqc.max_register = 8 : i64}

// -----

// expected-error @below {{'eqc.max_registers' must be a positive 64-bit integer, found 0 : i64}}
func.func private @f() attributes {eqc.max_registers = 0 : i64}

// -----

// expected-error @below {{'eqc.max_registers' must be a positive 64-bit integer, found 8 : i32}}
func.func private @f() attributes {eqc.max_registers = 8 : i32}

// -----

// expected-error @below {{'eqc.batch' must be a positive 64-bit integer, found "many"}}
func.func private @f() attributes {eqc.batch = "many"}

// -----

// expected-error @below {{there is no plan 'fast'; plans are auto, shared, schur, factored, dense}}
func.func private @f() attributes {a = #eqc.plan<name = "fast">}

// -----

// expected-error @below {{the plan 'schur' has no basis 'b'}}
func.func private @f() attributes {a = #eqc.plan<name = "schur", basis = "b">}

// -----

// expected-error @below {{the plan 'shared' has no basis 'strands'}}
func.func private @f() attributes {a = #eqc.plan<name = "shared", basis = "strands">}

// -----

// expected-error @below {{the size and the batch that plans are compared at must not be negative}}
func.func private @f() attributes {a = #eqc.plan<name = "shared", n = -1>}

// -----

// expected-error @below {{what plans cost is '#eqc.cost' and reasons of refusal are strings, by names of plans}}
func.func private @f() attributes {a = #eqc.plan<name = "shared", refused = {dense = 1}>}

// -----

// expected-error @below {{the plan 'dense' itself is refused}}
func.func private @f() attributes {a = #eqc.plan<name = "dense", refused = {dense = "so"}>}

// -----

// expected-error @below {{what plans cost is '#eqc.cost' and reasons of refusal are strings, by names of plans}}
func.func private @f() attributes {a = #eqc.plan<name = "shared", compared = {dense = 900}>}

// -----

// expected-error @below {{the plan 'dense' is compared and is refused}}
func.func private @f() attributes {a = #eqc.plan<name = "shared", compared = {dense = #eqc.cost<packed = 1>}, refused = {dense = "so"}>}

// -----

// expected-error @below {{what a plan costs must not be negative, found -3}}
func.func private @f() attributes {a = #eqc.cost<scratch = -3>}

// -----

// expected-error @below {{the condition of a basis must be at least 1}}
func.func private @f() attributes {a = #eqc.cost<condition = 5.000000e-01 : f64>}

// -----

// expected-error @below {{'eqc.plan' must be the name of a plan, found 1 : i64}}
func.func private @f() attributes {eqc.plan = 1}

// -----

// expected-error @below {{'eqc.layer' must be the name of a layer, found @f}}
func.func private @f() attributes {eqc.layer = @f}

// -----

// expected-error @below {{'eqc.target' must be '#eqc.target<..>', found "x86-64-v3"}}
func.func private @f() attributes {eqc.target = "x86-64-v3"}

// -----

// expected-error @below {{'eqc.kernel' must be '#eqc.kernel<..>', found {phases = 1 : i64}}}
func.func private @f() attributes {eqc.kernel = {phases = 1}}

// -----

// sums_c1: what is written is in order; that of others is checked too.
// sums_c2
// expected-error @below {{factors of sums must be finite}}
func.func private @f() attributes {a = #eqc.sums<[[0 : 0x7FF0000000000000]]>}

// -----

// interface_c1
// expected-error @below {{field 'plan' must be a string, found 3 : i64}}
func.func private @f() attributes {a = #eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = 3 : i64, space = ":O(3)", spaces = 1 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips [1, 0]>}

// -----

// interface_c1
// expected-error @below {{field 'n' must be a 64-bit integer, found nothing}}
func.func private @f() attributes {a = #eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":O(3)", spaces = 1 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips [1, 0]>}

// -----

// interface_c1
// expected-error @below {{'eqc_layer_info' has 32 fields, found 33}}
func.func private @f() attributes {a = #eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":O(3)", spaces = 1 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>, z = 1 : i64} flips [1, 0]>}

// -----

// interface_c1
// expected-error @below {{field 'space' must be spaces such as "users:S(8)", found ":U(3)"}}
func.func private @f() attributes {a = #eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":U(3)", spaces = 1 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips [1, 0]>}

// -----

// interface_c1
// expected-error @below {{field 'spaces' is 2, but there are 1}}
func.func private @f() attributes {a = #eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":O(3)", spaces = 2 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips [1, 0]>}

// -----

// interface_c2
// expected-error @below {{field 'y_axes' must name a space of each of 1 axes}}
func.func private @f() attributes {a = #eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":O(3)", spaces = 1 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 1>} flips [1, 0]>}

// -----

// interface_c3
// expected-error @below {{'flips' must have 3 numbers, one and one for each space for each diagram of a layer with gradients, found 2}}
func.func private @f() attributes {a = #eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = "a:O(3) b:S(?)", spaces = 2 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips [1, 0]>}

// -----

// interface_c3
// expected-error @below {{'flips' must have 2 numbers, two for each diagram of a layer with gradients, found 0}}
func.func private @f() attributes {a = #eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":O(3)", spaces = 1 : i64, spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips []>}

// -----

// expected-error @below {{'eqc.interfaces' must be an array of '#eqc.interface<..>', found "f"}}
func.func private @f() attributes {eqc.interfaces = "f"}

// -----

// expected-error @below {{'eqc.diagrams' must be "all", "basis" or "connected", found "some"}}
func.func private @f() attributes {eqc.diagrams = "some"}
