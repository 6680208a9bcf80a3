# What eqc-fuzz tries on a compiler with a fault, in three parts.
layer s22 { group = S; n = 4; k = 2; l = 2; channels = 3 -> 5; bias = true }
layer s12 { group = S; n = ?; k = 1; l = 2; channels = 9 -> 17; bias = true; normalize = mean }
layer o22 { group = O; n = 3; k = 2; l = 2; channels = 4 -> 3; normalize = mean; layout = channels_first }
layer sp { group = Sp; n = 4; k = 2; l = 2; channels = 2 -> 3; dtype = f64 }
layer s1 { group = S; n = 40; k = 1; l = 0; channels = 70 -> 2; normalize = mean }
