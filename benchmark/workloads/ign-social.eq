# An invariant graph network on social graphs.
layer ign_social_50 {
  group    = S
  n        = 50
  k        = 2
  l        = 2
  channels = 32 -> 32
}

layer ign_social_100 {
  group    = S
  n        = 100
  k        = 2
  l        = 2
  channels = 32 -> 32
}
