# Sizes given at run time, a bias and means; signs.
layer graph { group = S; n = ?; k = 2; l = 1; channels = 2 -> 3; bias = true; normalize = mean }
layer cross { group = SO; n = 3; k = 2; l = 1; channels = 1 -> 2 }
