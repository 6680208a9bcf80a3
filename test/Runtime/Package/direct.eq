layer direct { group = S; n = 4; k = 1; l = 1 }
