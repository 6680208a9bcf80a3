# One channel: the vectors run along the graph.
layer tiny_1 {
  group    = S
  n        = 16
  k        = 2
  l        = 2
  channels = 1 -> 1
}

layer tiny_3 {
  group    = S
  n        = 16
  k        = 2
  l        = 2
  channels = 3 -> 3
}
