// Compiled once for every plan, into one object.
layer tiny { group = S; n = 3; k = 1; l = 1 }
layer odd_last { group = S; n = 5; k = 2; l = 2; channels = 3 -> 17; bias = true }
layer odd_first { group = S; n = 5; k = 2; l = 2; channels = 3 -> 17; bias = true; layout = channels_first }
layer wide { group = O; n = 3; k = 2; l = 2; channels = 17 -> 33; dtype = f64; bias = true }
layer chiral { group = SO; n = 3; k = 2; l = 1; channels = 5 -> 3; dtype = f64; layout = channels_first }
layer symplectic { group = Sp; n = 4; k = 1; l = 3; channels = 1 -> 1; layout = channels_first }
layer pooled { group = S; n = 4; k = 3; l = 0; channels = 1 -> 9; normalize = mean; bias = true }
layer lines { group = O; n = 3; k = 1; l = 1; channels = 16 -> 16 }
