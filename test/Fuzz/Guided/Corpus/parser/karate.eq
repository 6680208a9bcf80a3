# One equivariant layer on graphs of 34 members: every linear map from pairs of
# members to pairs of members that does not depend on how members are numbered.
layer karate {
  group    = S
  n        = 34
  k        = 2
  l        = 2
  channels = 4 -> 8
  bias     = true
}
