# PELICAN: pairwise invariants of 80 particles. Neither number of channels is a
# multiple of a vector.
layer pelican_jet {
  group    = S
  n        = 80
  k        = 2
  l        = 2
  channels = 35 -> 60
}
