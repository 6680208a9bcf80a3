# eqc-fuzz: plan=auto opt=3 target= cpu=native cap=0 threads=1 share=1 gradients=1 ragged=0 packed=0 calls=1x1 data=1
# The gradient went to all entries of the axis that is pooled, where a jellyfish is on another one.
space v2 = S(2)
space v1 = A(2)
layer f1 {
  k = v2
  l = v1
  pool = min
}
layer f2 {
  k = v2 v1
  l = v1
  pool = max
}
