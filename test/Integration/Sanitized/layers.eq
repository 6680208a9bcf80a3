// Layers whose code the sanitizers watch: every kind of stage, threads that share a sample.
layer graphs { group = S; n = 6; k = 2; l = 2; channels = 3 -> 5; bias = true }
layer sized { group = S; n = ?; k = 2; l = 1; channels = 2 -> 3; bias = true; normalize = mean }
layer rotations { group = SO; n = 3; k = 2; l = 1; channels = 4 -> 2; dtype = f64 }
layer product { group = O; n = 3; k = 1 * 1; l = 2; channels = 2 * 1 -> 2 }
