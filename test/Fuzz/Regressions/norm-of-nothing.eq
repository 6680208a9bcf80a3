# eqc-fuzz: plan=shared opt=0 target= cpu=native cap=0 threads=1 share=1 gradients=1 ragged=0 packed=0 calls=1x7,1x2 data=38
# The cross product of two vectors that are the same but for a factor is 0: roundings are
# left, and their norm differs from that of 0 by more than a part in ten thousand.
space v = SO(3)
layer c {
  k = v * v
  l = v
  channels = 1 * 1 -> 1
}
layer m {
  k = v
  l = v
  channels = 3 -> 1
}
network net {
  input x : v, 3
  t = m(x)
  u = m(x)
  w = c(t, u)
  output y = norm(w, v)
}
