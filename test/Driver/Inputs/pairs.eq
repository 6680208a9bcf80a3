layer pairs {
  group    = S
  n        = 5
  k        = 2
  l        = 2
  channels = 3 -> 4
  bias     = true
}
