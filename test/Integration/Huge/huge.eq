# Layers whose arrays may have more than 2^31 elements.
layer total { group = S; n = ?; k = 1; l = 0 }
layer spread { group = S; n = ?; k = 1; l = 1 }
layer matrix { group = S; n = ?; k = 2; l = 0; channels = 1 -> 1; bias = true }
layer rows { group = S; n = ?; k = 2; l = 1; dtype = f64 }
