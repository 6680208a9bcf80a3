# An invariant graph network on graphs of which a batch is beyond the caches.
layer ign_large_100 {
  group    = S
  n        = 100
  k        = 2
  l        = 2
  channels = 32 -> 32
}

layer ign_large_200 {
  group    = S
  n        = 200
  k        = 2
  l        = 2
  channels = 32 -> 32
}
