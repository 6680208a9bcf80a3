# A DeepSets layer on sets of 1000 points.
layer sets_1000 {
  group    = S
  n        = 1000
  k        = 1
  l        = 1
  channels = 64 -> 64
  bias     = true
}

# Larger sets, more channels.
layer sets_4096 {
  group    = S
  n        = 4096
  k        = 1
  l        = 1
  channels = 128 -> 128
  bias     = true
}
