# eqc-fuzz: plan=shared opt=3 target= cpu=native cap=0 threads=1 share=1 gradients=1 ragged=0 packed=0 calls=1x3 data=42000113
# The gradients of partitions read y's own row, those of jellyfish all of whose legs are inputs a
# copy of it: two arrays, which were taken for one.
layer f {
  group = A
  n = 2
  k = 2
  l = 0
}
