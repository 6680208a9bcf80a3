# Vectors to matrices: the Levi-Civita symbol alone.
layer chiral_12 {
  group    = SO
  n        = 3
  k        = 1
  l        = 2
  channels = 64 -> 64
}

layer chiral_23 {
  group    = SO
  n        = 3
  k        = 2
  l        = 3
  channels = 64 -> 64
}

# The diagrams of O(3); the symbol needs an odd k + l.
layer chiral_33 {
  group    = SO
  n        = 3
  k        = 3
  l        = 3
  channels = 64 -> 64
}
