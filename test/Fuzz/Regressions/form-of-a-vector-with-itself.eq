# eqc-fuzz: plan=auto opt=0 target= cpu=native cap=0 threads=1 share=1 gradients=1 ragged=0 packed=0 calls=1x1 data=1
# The symplectic form of a vector with itself is 0, and so are all gradients: what was
# compared were roundings.
space q = Sp(2)
layer g4 { k = q; l = q; channels = 1 -> 9 }
layer g9 { k = q * q; l = 0; channels = 9 * 1 -> 1 }
network net {
  input x1 : q, 1
  t1 = g4(x1)
  output t6 = g9(t1, x1)
}
