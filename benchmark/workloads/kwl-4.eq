# Order 4: 4140 diagrams, less those of more than 6 blocks.
layer kwl4 {
  group    = S
  n        = 6
  k        = 4
  l        = 4
  channels = 8 -> 8
}
