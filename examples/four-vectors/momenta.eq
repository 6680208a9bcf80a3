# Sums of the momenta of eight particles: one for each of two groups of them.
layer add { group = O(1,3); k = 1; l = 1; channels = 8 -> 2; dtype = f64 }

# The square of each sum's outer product with itself: E^2 - p^2.
layer square { group = O(1,3); k = 2; l = 0; channels = 2 -> 2; dtype = f64 }
