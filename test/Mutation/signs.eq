layer s31 { group = S; n = 5; k = 3; l = 1; channels = 2 -> 1 }
layer sym { group = S; n = 4; k = 2; l = 2; channels = 2 -> 2; in_symmetry = ["(1 2)"]; out_symmetry = ["-(1 2)"] }
layer o13 { group = O(1,2); k = 1; l = 3; dtype = f64 }
layer so { group = SO; n = 3; k = 2; l = 2; channels = 2 -> 2; bias = true }
layer so12 { group = SO(1,2); k = 1; l = 2 }
layer a12 { group = A; n = 3; k = 1; l = 2 }
layer h22 { group = H; n = 3; k = 2; l = 2; channels = 2 -> 2 }
