// RUN: %eqc-opt %s --eqc-add-entry-points --split-input-file --verify-diagnostics

// expected-error @below {{layer 'f' has no kernel to be called}}
module attributes {eqc.interfaces = [#eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 0 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":O(3)", spaces = 1 : i64, spec = "", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips []>]} {
}

// -----

// expected-error @below {{layer 'f' has no kernel 'pack' of 'f' for 'v3'}}
module attributes {eqc.interfaces = [#eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64, bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64, depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O", has_backward = 0 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64, layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "", plan = "shared", pool = "sum", space = ":O(3)", spaces = 1 : i64, spec = "", sums = 0 : i64, version = "1", weight_size = 1 : i64, x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips []>]} {
  llvm.func @g() attributes {eqc.kernel = #eqc.kernel<forward of "f" for <name = "v3", cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16> packed [1, 1] sums [] phases 1 parts 1 lanes 0 scratch [] multiply_adds []>} {
    llvm.return
  }
}
