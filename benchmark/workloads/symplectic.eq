# Phase space of 2 degrees of freedom.
layer symplectic_4_22 {
  group    = Sp
  n        = 4
  k        = 2
  l        = 2
  channels = 32 -> 32
}

layer symplectic_4_33 {
  group    = Sp
  n        = 4
  k        = 3
  l        = 3
  channels = 32 -> 32
}

# Phase space of 4 degrees of freedom.
layer symplectic_8_22 {
  group    = Sp
  n        = 8
  k        = 2
  l        = 2
  channels = 32 -> 32
}

layer symplectic_8_33 {
  group    = Sp
  n        = 8
  k        = 3
  l        = 3
  channels = 32 -> 32
}

layer symplectic_4_22_f64 {
  group    = Sp
  n        = 4
  k        = 2
  l        = 2
  channels = 32 -> 32
  dtype    = f64
}

layer symplectic_4_33_f64 {
  group    = Sp
  n        = 4
  k        = 3
  l        = 3
  channels = 32 -> 32
  dtype    = f64
}

layer symplectic_8_22_f64 {
  group    = Sp
  n        = 8
  k        = 2
  l        = 2
  channels = 32 -> 32
  dtype    = f64
}

layer symplectic_8_33_f64 {
  group    = Sp
  n        = 8
  k        = 3
  l        = 3
  channels = 32 -> 32
  dtype    = f64
}
