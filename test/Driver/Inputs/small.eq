layer f { group = S; n = 3; k = 1; l = 1 }
