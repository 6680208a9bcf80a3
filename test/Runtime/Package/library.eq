layer summed { group = S; n = ?; k = 1; l = 0 }
