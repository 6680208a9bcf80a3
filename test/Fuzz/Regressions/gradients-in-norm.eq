# eqc-fuzz: plan=auto opt=3 target= cpu=native cap=0 threads=1 share=1 gradients=1 ragged=0 packed=0 calls=1x1 data=1
layer f2 {
  group = S'(5)
  k = 2
  l = 2
  channels = 7 -> 25
  dtype = f64
}
