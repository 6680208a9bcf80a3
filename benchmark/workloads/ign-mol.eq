# An invariant graph network on graphs of 20 atoms.
layer ign_mol {
  group    = S
  n        = 20
  k        = 2
  l        = 2
  channels = 16 -> 16
  bias     = true
}
