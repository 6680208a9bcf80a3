# Strain to stiffness.
layer elastic_24 {
  group    = O
  n        = 3
  k        = 2
  l        = 4
  channels = 32 -> 32
}

# Third order, 15 diagrams.
layer elastic_33 {
  group    = O
  n        = 3
  k        = 3
  l        = 3
  channels = 32 -> 32
}

# Stiffness to stiffness, 105 diagrams of which 91 are independent.
layer elastic_44 {
  group    = O
  n        = 3
  k        = 4
  l        = 4
  channels = 32 -> 32
}

layer elastic_24_f64 {
  group    = O
  n        = 3
  k        = 2
  l        = 4
  channels = 32 -> 32
  dtype    = f64
}

layer elastic_33_f64 {
  group    = O
  n        = 3
  k        = 3
  l        = 3
  channels = 32 -> 32
  dtype    = f64
}

layer elastic_44_f64 {
  group    = O
  n        = 3
  k        = 4
  l        = 4
  channels = 32 -> 32
  dtype    = f64
}
