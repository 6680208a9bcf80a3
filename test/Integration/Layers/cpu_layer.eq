layer cpu_layer { group = S; n = 5; k = 1; l = 1 }
