# Stress from strain: both are 3 x 3 and symmetric.
layer hooke {
  group = O
  n = 3
  k = 2
  l = 2
  dtype = f64
  in_symmetry = ["(1 2)"]
  out_symmetry = ["(1 2)"]
}
