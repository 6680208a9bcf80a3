# What bytes are changed in: a tail of channels, n at run time, a bias, gradients.
layer patched { group = S; n = ?; k = 2; l = 1; channels = 5 -> 7; bias = true }
