# Coordinates in pairs: position and momentum of the first oscillator, then of the second.
layer area { group = Sp; n = 4; k = 2; l = 0; dtype = f64 }
