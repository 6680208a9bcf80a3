layer big { group = Sp; n = ?; k = 2; l = 2; channels = 8 -> 8; dtype = f32 }
