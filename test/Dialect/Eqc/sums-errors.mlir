// RUN: %eqc-opt %s --split-input-file --verify-diagnostics

func.func @no_such_summand(%x: tensor<?x5x1xf32>, %w: tensor<1x1x1xf32>)
    -> tensor<?x5x1xf32> {
  // expected-error @+1 {{a sum has at most 16 summands, each one of 2 spaces}}
  %y = eqc.linear [a: S(2), b: S(3) sums ab: 0 + 2] order 1 -> 1
      x(%x : tensor<?x5x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1:0/0 i1:0/0"] : tensor<?x5x1xf32>
  return %y : tensor<?x5x1xf32>
}

// -----

func.func @part_of_another_space(%x: tensor<?x5x1xf32>, %w: tensor<1x1x1xf32>)
    -> tensor<?x5x1xf32> {
  // expected-error @below {{diagram 'o1:0/1 i1:0/0' names part 1, which is not of that space}}
  %y = eqc.linear [a: S(2), b: S(3) sums ab: 0 + 1] order 1 -> 1
      x(%x : tensor<?x5x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1:0/1 i1:0/0"] : tensor<?x5x1xf32>
  return %y : tensor<?x5x1xf32>
}

// -----

func.func @no_such_part(%x: tensor<?x5x1xf32>, %w: tensor<1x1x1xf32>)
    -> tensor<?x5x1xf32> {
  // expected-error @below {{diagram 'o1:0/7 i1:0/0' names part 7, which is not of that space}}
  %y = eqc.linear [a: S(2), b: S(3) sums ab: 0 + 1] order 1 -> 1
      x(%x : tensor<?x5x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1:0/7 i1:0/0"] : tensor<?x5x1xf32>
  return %y : tensor<?x5x1xf32>
}

// -----

func.func @all_of_a_sum(%x: tensor<?x5x1xf32>, %w: tensor<1x1x1xf32>)
    -> tensor<?x5x1xf32> {
  // expected-error @below {{diagram 'o1:2 i1:2' names space 2 of 2}}
  %y = eqc.linear [a: S(2), b: S(3) sums ab: 0 + 1] order 1 -> 1
      x(%x : tensor<?x5x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1:2 i1:2"] : tensor<?x5x1xf32>
  return %y : tensor<?x5x1xf32>
}

// -----

func.func @other_axes(%x: tensor<?x5x1xf32>, %w: tensor<2x1x1xf32>)
    -> tensor<?x5x1xf32> {
  // expected-error @below {{diagram 'o1:0 i1:0/0' is of axes of other spaces than the first}}
  %y = eqc.linear [a: S(2), b: S(3) sums ab: 0 + 1] order 1 -> 1
      x(%x : tensor<?x5x1xf32>) weight(%w : tensor<2x1x1xf32>)
      diagrams ["o1:0/0 i1:0/0", "o1:0 i1:0/0"] : tensor<?x5x1xf32>
  return %y : tensor<?x5x1xf32>
}

// -----

func.func @wrong_length(%x: tensor<?x6x1xf32>, %w: tensor<1x1x1xf32>)
    -> tensor<?x5x1xf32> {
  // expected-error @below {{axis 1 of 'x' must have extent n = 5, found 6}}
  %y = eqc.linear [a: S(2), b: S(3) sums ab: 0 + 1] order 1 -> 1
      x(%x : tensor<?x6x1xf32>) weight(%w : tensor<1x1x1xf32>)
      diagrams ["o1:0/0 i1:0/0"] : tensor<?x5x1xf32>
  return %y : tensor<?x5x1xf32>
}

// -----

func.func @from_another_slice(%x: tensor<?x5x4xf32>) -> tensor<?x1x4xf32> {
  // expected-error @below {{pattern '~1:1/1' cannot be read from '1:0/0', which distinguishes less}}
  %read = eqc.read [a: S(2), b: S(3) sums ab: 0 + 1] x(%x : tensor<?x5x4xf32>)
      patterns ["~1:1/1" from "1:0/0"] : tensor<?x1x4xf32>
  return %read : tensor<?x1x4xf32>
}

// -----

func.func @a_sum_of_all(%x: tensor<?x5x4xf32>) -> tensor<?x1x4xf32> {
  // expected-error @below {{pattern '~1:2' names space 2 of 2}}
  %read = eqc.read [a: S(2), b: S(3) sums ab: 0 + 1] x(%x : tensor<?x5x4xf32>)
      patterns ["~1:2" from "1:2"] : tensor<?x1x4xf32>
  return %read : tensor<?x1x4xf32>
}
