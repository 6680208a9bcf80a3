layer s { group = S; n = 3; k = 2; l = 1; channels = 3 -> 5; bias = true; normalize = mean }
layer sf { group = S; n = 3; k = 1; l = 2; channels = 2 -> 3; layout = channels_first }
layer o { group = O(1,2); k = 2; l = 2; channels = 2 -> 1 }
layer sp { group = Sp; n = 4; k = 2; l = 2 }
layer so12 { group = SO(1,2); k = 2; l = 1 }
layer a { group = A; n = 3; k = 1; l = 2 }
