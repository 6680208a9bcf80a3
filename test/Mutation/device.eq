layer s { group = S; n = 2; k = 2; l = 2; channels = 3 -> 5; bias = true }
layer sp { group = O(1,1); k = 2; l = 2; channels = 1 -> 4; normalize = mean }
layer so { group = SO(1,1); k = 1; l = 1 }
