layer join { group = S; n = 3; k = 1 * 2; l = 2; channels = 2 * 3 -> 2; bias = true; normalize = mean }
layer joino { group = O(1,1); k = 2 * 1; l = 1; channels = 3 }
layer cross { group = SO; n = 3; k = 1 * 1; l = 1; channels = 1 * 2 -> 2 }
space u = S(3)
space v = S(2)
space w = Sp(2)
layer mix { k = u v; l = v u; channels = 2 -> 3; bias = true }
layer mixsp { k = u w w; l = u; normalize = mean }
layer first { k = u u; l = u u; channels = 2 -> 3; bias = true }
layer last { k = u u; l = u; channels = 3 -> 2 }
network net {
  input x : u u, 2
  h = relu(first(x))
  output y = last(h)
}
