# eqc-fuzz: plan=auto opt=3 target= cpu=native cap=0 threads=1 share=1 gradients=1 ragged=0 packed=0 calls=1x1 data=1
# The self-test took the gradient of an old grad_y for that of a sample of size 0, which has an x.
layer f1 {
  group = S'(?)
  k = 0
  l = 0
}
