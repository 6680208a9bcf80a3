# Order 3: 203 diagrams.
layer kwl3_8 {
  group    = S
  n        = 8
  k        = 3
  l        = 3
  channels = 16 -> 16
}

layer kwl3_20 {
  group    = S
  n        = 20
  k        = 3
  l        = 3
  channels = 16 -> 16
}
