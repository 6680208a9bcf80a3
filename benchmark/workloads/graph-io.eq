# From node features to edge features.
layer graph_lift {
  group    = S
  n        = 50
  k        = 1
  l        = 2
  channels = 32 -> 32
}

# From edge features to node features.
layer graph_nodes {
  group    = S
  n        = 50
  k        = 2
  l        = 1
  channels = 32 -> 32
}

# From edge features to one vector per graph.
layer graph_readout {
  group    = S
  n        = 50
  k        = 2
  l        = 0
  channels = 32 -> 32
}
