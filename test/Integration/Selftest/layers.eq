# One of each kind: what a self-test knows of a layer, it has to know of all of them.
space users = S(5)
space items = S(4)
space xyz   = SO(3)
space event = O(1,3)
space V     = GL(3)
space both  = users + items
space state = xyz + items
space twice = items + items
space water = Graph(3, "0-1 0-2")
space parts = water + items

layer s        { group = S;  n = 5; k = 2; l = 2; channels = 3 -> 4; bias = true }
layer s_sized  { group = S;  n = ?; k = 2; l = 1; channels = 2 -> 3; bias = true; dtype = f64 }
layer o        { group = O;  n = 3; k = 2; l = 2; channels = 5 -> 7; bias = true; layout = channels_first }
layer o_minus  { group = O(1,3);    k = 2; l = 2; channels = 2 -> 1; bias = true }
layer o_number { group = O(1,2);    k = 0; l = 0; channels = 3 -> 2; bias = true }
layer so       { group = SO; n = 3; k = 2; l = 1; channels = 2 -> 2 }
layer so_minus { group = SO(2,1);   k = 1; l = 2; channels = 2 -> 2 }
layer sp       { group = Sp; n = 4; k = 2; l = 2; channels = 2 -> 3; bias = true }
layer sp_sized { group = Sp; n = ?; k = 1; l = 3; channels = 1 -> 2; dtype = f64 }
layer h        { group = H;  n = 3; k = 2; l = 2; channels = 2 -> 2; bias = true }
layer b        { group = B;  n = ?; k = 1; l = 2; channels = 2 -> 2; bias = true }
layer s_sign   { group = S'; n = 4; k = 1; l = 1; channels = 2 -> 2 }
layer b_sign   { group = B'; n = 4; k = 2; l = 2; channels = 1 -> 2; layout = channels_first }
layer even_only { group = A; n = 4; k = 1; l = 1; channels = 2 -> 2; bias = true }
layer gl       { k = V V'; l = V V'; channels = 2 -> 2; bias = true }
layer typed    { k = users items; l = users xyz xyz; channels = 2 -> 3; bias = true }
layer boost    { k = event users; l = users event; channels = 2 -> 2 }
layer sum      { k = both both; l = both; channels = 2 -> 3; bias = true }
layer sum_so   { k = state state; l = state xyz; channels = 2 -> 2; dtype = f64; normalize = mean }
layer sum_twice { k = items twice; l = twice; channels = 2 -> 2; bias = true; weights = orbit }
layer mean     { group = S; n = 6; k = 2; l = 1; channels = 2 -> 2; normalize = mean }
layer basis    { group = S; n = 2; k = 2; l = 2; channels = 2 -> 2; diagrams = basis }
layer listed   { group = S; n = 4; k = 2; l = 2; diagrams = ["o1 i2 | o2 i1", "o1 o2 | i1 | i2"]; batch = 20 }
layer even     { group = S; n = 4; k = 2; l = 2; in_symmetry = ["(1 2)"]; out_symmetry = ["(1 2)"]; channels = 2 -> 2; bias = true }
layer odd      { group = O; n = 3; k = 2; l = 2; in_symmetry = ["-(1 2)"]; out_symmetry = ["-(1 2)"]; channels = 2 -> 2 }
layer exact    { group = S; n = 4; k = 2; l = 2; channels = 2 -> 3; bias = true; weights = orbit }
layer exact_pairs { k = users items; l = users users; channels = 2 -> 2; bias = true; weights = orbit }
layer ring     { group = Graph(5, "0-1 1-2 2-3 3-4 4-0"); k = 1; l = 2; channels = 2 -> 3; bias = true }
layer turn     { group = Perm(4, "(0 1 2)"); k = 2; l = 1; channels = 3 -> 2; dtype = f64; layout = channels_first }
layer forces   { k = water xyz; l = xyz water xyz; channels = 2 -> 3; bias = true }
layer bonds    { k = water items; l = items water items; channels = 2 -> 2; bias = true; weights = orbit }
layer boosted  { k = event water; l = event event water event; channels = 2 -> 2; dtype = f64 }
layer sum_water { k = parts; l = parts parts; channels = 2 -> 3; bias = true }
layer steps    { group = Graph(4, "0-1:2 1>2 2-3:-1 0-0"); k = 1; l = 1; channels = 3 -> 4; bias = true
                 diagrams = ["o1=a i1=b : a-b", "o1=a i1=a", "o1=a i1=b : a-c c-b", "o1=a i1=a : a-b b-c c-c"] }
layer triangles { group = Graph(3, "0-1 1-2 2-0"); k = 0; l = 0; channels = 2 -> 2; diagrams = [": a-b b-c c-a"] }
layer half     { group = S; n = 4; k = 2; l = 2; channels = 3 -> 17; bias = true; dtype = bf16 }
layer half_f16 { group = O; n = 3; k = 2; l = 2; channels = 2 -> 3; bias = true; dtype = f16; layout = channels_first }
layer half_sized { group = S; n = ?; k = 2; l = 1; channels = 2 -> 3; bias = true; dtype = f16; in_symmetry = ["(1 2)"] }
layer scalar   { group = S; n = 4; k = 0; l = 0; channels = 4 -> 3; bias = true }
layer out_only { group = O; n = 3; k = 0; l = 2; channels = 2 -> 3 }
layer product  { group = S; n = 4; k = 1 * 1; l = 1; channels = 2 * 3 -> 2; bias = true }
layer cross    { group = SO; n = 3; k = 1 * 1; l = 1; channels = 4; diagrams = connected }
layer charges  { k = water xyz * water; l = xyz water; channels = 2 * 2 -> 3 }
layer pairs    { k = users items * items users; l = users; channels = 2; dtype = f64; layout = channels_first }

space nodes = S(?)
layer up { k = nodes; l = nodes; channels = 2 -> 3; bias = true }
layer down { k = nodes; l = 0; channels = 3 -> 2 }
network model {
  input x : nodes, 2
  output y = down(relu(up(x)))
}
