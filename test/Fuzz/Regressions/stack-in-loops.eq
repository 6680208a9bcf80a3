# eqc-fuzz: plan=auto opt=0 target= cpu=x86-64-v2,x86-64-v3,x86-64-v4 cap=0 threads=3 share=1 gradients=0 ragged=0 packed=0 calls=1x1 data=1
# At -O0 each turn of a loop took some of the stack, and threads have 1 MiB.
layer f1 {
  group = GL(?)
  k = 4
  l = 4
  channels = 1 -> 4
  layout = channels_first
}
