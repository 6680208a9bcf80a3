# eqc-fuzz: plan=auto opt=3 target= cpu=native cap=0 threads=1 share=1 gradients=0 ragged=0 packed=0 calls=1x1 data=1
# In another basis y is beside a tie of 16 bits, of which the self-test rounds to the other side.
layer f1 {
  group = S(3)
  k = 2
  l = 4
  channels = 1 -> 6
  dtype = bf16
}
