# eqc-fuzz: plan=schur opt=3 target= cpu=native cap=0 threads=1 share=1 gradients=1 ragged=0 packed=0 calls=3x1 data=1
# Schur had nothing to add where a symmetry leaves no map but zero.
layer f2 {
  group = B
  n = 1
  k = 1
  l = 2
  out_symmetry = ["-(1 2)"]
}
layer f3 {
  group = O
  n = 1
  k = 2
  l = 2
  channels = 3 -> 2
  bias = true
  in_symmetry = ["-(1 2)"]
}
