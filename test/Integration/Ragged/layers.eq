# Layers whose samples may differ in size: orders, layouts, types, groups.
layer example { group = S; n = ?; k = 1; l = 1; bias = true }
layer example_mean { group = S; n = ?; k = 1; l = 1; bias = true; normalize = mean }
layer sets { group = S; n = ?; k = 1; l = 1; channels = 3 -> 5; bias = true }
layer sets_first { group = S; n = ?; k = 1; l = 1; channels = 4 -> 2; dtype = f64; layout = channels_first; normalize = mean }
layer graphs { group = S; n = ?; k = 2; l = 2; channels = 8 -> 8; bias = true; normalize = mean }
layer graphs_first { group = S; n = ?; k = 2; l = 2; channels = 3 -> 5; layout = channels_first; bias = true }
layer pool { group = S; n = ?; k = 2; l = 0; channels = 4 -> 6; bias = true; normalize = mean }
layer spread { group = S; n = ?; k = 0; l = 2; channels = 3 -> 4; bias = true }
layer point { group = S; n = ?; k = 0; l = 0; channels = 3 -> 4; bias = true }
layer lift { group = S; n = ?; k = 1; l = 3; channels = 2 -> 2; dtype = f64; normalize = mean }
layer turns { group = O; n = ?; k = 2; l = 2; channels = 4 -> 4; dtype = f64; bias = true }
layer forms { group = Sp; n = ?; k = 2; l = 2; channels = 2 -> 3; normalize = mean }
