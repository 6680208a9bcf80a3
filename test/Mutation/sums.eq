layer tall { group = S; n = 600; k = 1; l = 0; channels = 2 -> 1 }
layer wide { group = S; n = 9; k = 2; l = 1; channels = 65 -> 3 }
