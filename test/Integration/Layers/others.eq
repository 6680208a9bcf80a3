// A second object in the same program.
layer dynamic { group = S; n = ?; k = 2; l = 2; channels = 16 -> 16; bias = true }
layer dynamic_first { group = O; n = ?; k = 2; l = 2; channels = 3 -> 3; layout = channels_first }
layer serial { group = S; n = 4; k = 1; l = 2; channels = 2 -> 2 }
