# TensorNet: matrices of 128 channels, one per atom.
layer tensornet_128 {
  group    = O
  n        = 3
  k        = 2
  l        = 2
  channels = 128 -> 128
}

layer tensornet_64 {
  group    = O
  n        = 3
  k        = 2
  l        = 2
  channels = 64 -> 64
}
