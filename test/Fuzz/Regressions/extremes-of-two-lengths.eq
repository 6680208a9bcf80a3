# eqc-fuzz: plan=auto opt=1 target= cpu=native cap=0 threads=1 share=1 gradients=1 ragged=0 packed=0 calls=3x1 data=1
# The smallest along axes of different lengths are one stage, which read as many rows at once for either.
space a = A(2)
space b = S(3)
layer f { k = b a b; l = b; pool = min; channels = 3 -> 2; bias = true }
