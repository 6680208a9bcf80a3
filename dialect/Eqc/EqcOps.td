//===- EqcOps.td - Operations of the eqc dialect -----------*- tablegen -*-===//
//
// Layers, single diagrams and permutations of n-axes, on tensors.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCOPS_TD
#define EQC_DIALECT_EQCOPS_TD

include "dialect/Eqc/EqcOpBase.td"
include "dialect/Eqc/EqcBasisOps.td"
include "dialect/Eqc/EqcBilinearOps.td"
include "dialect/Eqc/EqcDenseOps.td"
include "dialect/Eqc/EqcFactoredOps.td"
include "dialect/Eqc/EqcNetworkOps.td"
include "dialect/Eqc/EqcStageOps.td"

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

def Eqc_LayerOps : OpDocGroup {
  let summary = "Layers";
  let description = [{
    A whole layer as the front end leaves it: nothing is decided yet about how
    the diagrams are multiplied.
  }];
}

let opDocGroup = Eqc_LayerOps in {

def Eqc_LinearOp : Eqc_LayerOp<"linear"> {
  let summary = "an equivariant linear layer";
  let description = [{
    Applies the equivariant linear map with the given weights, with channels
    and a batch:

        y[b, J, co] = sum_d sum_ci weight[d, ci, co] * (D_d x[b, :, ci])[J]
                    + sum_e        bias[e, co]       * (D_e 1)[J]

    `d` runs over `diagrams` and `e` over `bias_diagrams`, in the order of the
    attributes. With `layout channels_first` the channels of `x` and `y` stand
    right after the batch. With `normalize mean` each `D_d` and `D_e` is divided
    by n for each of its blocks of inputs only.

    Where the axes are of several spaces, a product of groups acts and is written
    with its sizes, `[users: S(34), xyz: SO(3)]`; everything below holds for each
    space on its own axes. Every vertex of a diagram then names its space by its
    number, `o1:0 i1:0 | o2:1 i2:1`, the same in all diagrams, and no block has
    vertices of two spaces; so do vertices in the patterns of stages. The n-axes
    have the lengths of their spaces. Vertices on axes of the dual of a space have
    an apostrophe, `o1 i3 | i1 i2'`, or `o1:0 i3:0 | i1:0 i2:0'`.

    Axes may also be of direct sums of the spaces, which have numbers behind
    theirs: `[carbon: S(60), oxygen: S(12) sums atoms: 0 + 1]` has space 0, space
    1 and sum 2. A vertex on an axis of a sum names, behind its space, which part
    of a sum it lies in, `o1:0/0 i1:0/0 | i2:1/1`, where the summands of all sums
    are counted one after another; the space of a part is that summand. These may
    differ from diagram to diagram, the axes do not. A pattern of vertices in
    parts is of a slice of the row. One that keeps all vertices of a row apart may
    have the number of a sum instead, `1:2`: all of the axis.

    `in_symmetry` lists permutations of the n-axes of `x` that leave it as it is,
    or with a leading `-` change its sign, in cycles of axes counted from 1;
    `out_symmetry` the same of `y`. A diagram then stands for its orbit: `D_d` is
    the sum over the diagrams that the permutations take it to, with the signs
    that the tensors, and pairs and symbols whose vertices move, are given.

    With `orbit_weights` a weight multiplies the matrix of the tuples whose
    indices are equal exactly within the blocks of its diagram, in place of `D_d`:
    the sum of `mu(d, r) D_r` over all coarser `r`, `mu` the Moebius function of
    the lattice of partitions. Jellyfish and orbits of tuples stay as they are.

    With `pool max` or `pool min` the largest or smallest entry is taken over the
    joint index of the blocks of inputs only, where `sum` adds. With `at` this is
    the gradient of x of such a layer, and `at` that x: what `D_d` would spread
    over blocks of outputs only is added to one entry each, the first one where
    `at` has its extreme over them.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) The orders `k` and `l` are between 0 and 2^31 - 1.
    - (C3) `x` has rank `k + 2`, `y` rank `l + 2`, `weight` rank 3, `bias`
      rank 2.
    - (C4) All element types are the same.
    - (C5) The n-axes of `x` and `y` have extent `n`, dynamic if `n` is `?`.
    - (C6) `x` and `y` have the same batch, static or dynamic.
    - (C7) `weight` is `[diagrams, c_in, c_out]` where `c_in` is the channel
      extent of `x` and `c_out` that of `y`; all three are static and positive.
    - (C8) There is at least one diagram, and no diagram occurs twice.
    - (C9) Each diagram is one of the group's, with `l` outputs and `k` inputs.
    - (C10) `bias` is given exactly when `bias_diagrams` is not empty, and is
      `[bias_diagrams, c_out]`.
    - (C11) Each bias diagram is one of the group's, with `l` outputs and no
      inputs, and none occurs twice.
    - (C12) The symmetries are permutations of the n-axes, between axes of the
      same space, or both of its dual. No orbit cancels, and no two diagrams are
      of one orbit.
    - (C13) With `orbit_weights` every element of the group is a monomial matrix,
      and nothing is normalized.
    - (C14) With a `pool` other than `sum` every element of the group is a
      permutation, nothing is normalized, and there are no `orbit_weights`. `at`
      is given only then, has the type of `y`, and there is no `bias`.

    Example:

    ```mlir
    %y = eqc.linear S(34) order 1 -> 1
        x(%x : tensor<?x34x16xf32>) weight(%w : tensor<2x16x32xf32>)
        bias(%b : tensor<1x32xf32>)
        diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"]
        normalize mean : tensor<?x34x32xf32>
    %z = eqc.linear [users: S(34), items: S(5)] order 2 -> 1
        x(%v : tensor<?x34x5x16xf32>) weight(%u : tensor<2x16x32xf32>)
        diagrams ["o1:0 i1:0 | i2:1", "o1:0 | i1:0 | i2:1"] : tensor<?x34x32xf32>
    ```
  }];
  let arguments = layerArguments;
  let assemblyFormat = layerFormat # " attr-dict `:` type($y)";
}

def Eqc_GradWeightOp : Eqc_Op<"grad_weight", [Pure]> {
  let summary = "the gradients of a layer's weight and bias";
  let description = [{
    From the input of a layer and the gradient of its output, summed over the
    batch:

        grad_weight[d, ci, co] = sum_b sum_J (D_d x[b, :, ci])[J] * grad_y[b, J, co]
        grad_bias[e, co]       = sum_b sum_J (D_e 1)[J] * grad_y[b, J, co]

    The attributes are those of the layer's `eqc.linear`. The gradient of x needs
    no operation: it is `eqc.linear` with the flipped diagrams.

    - (C1..C14) Those of `eqc.linear`, of which `grad_y` is the `y`,
      `grad_weight` the `weight` and `grad_bias` the `bias`.

    Example:

    ```mlir
    %dw, %db = eqc.grad_weight S(34) order 1 -> 1
        x(%x : tensor<?x34x16xf32>) grad_y(%dy : tensor<?x34x32xf32>)
        diagrams ["o1 i1", "o1 | i1"] bias_diagrams ["o1"]
        normalize mean : tensor<2x16x32xf32>, tensor<1x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$x,
    Eqc_Tensor:$grad_y,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_IntAttr:$k,
    Eqc_IntAttr:$l,
    Eqc_DiagramArrayAttr:$diagrams,
    DefaultValuedAttr<Eqc_DiagramArrayAttr, "{}">:$bias_diagrams,
    DefaultValuedAttr<Eqc_LayoutAttr, "::eqc::Layout::ChannelsLast">:$layout,
    DefaultValuedAttr<Eqc_NormalizeAttr, "::eqc::Normalize::None">:$normalize,
    DefaultValuedAttr<StrArrayAttr, "{}">:$in_symmetry,
    DefaultValuedAttr<StrArrayAttr, "{}">:$out_symmetry,
    UnitAttr:$orbit_weights,
    DefaultValuedAttr<Eqc_PoolAttr, "::eqc::Pool::Sum">:$pool
  );
  let results = (outs Eqc_Tensor:$grad_weight, Optional<Eqc_Tensor>:$grad_bias);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) `order` $k `->` $l
    `x` `(` $x `:` type($x) `)` `grad_y` `(` $grad_y `:` type($grad_y) `)`
    `diagrams` custom<Diagrams>($diagrams)
    (`bias_diagrams` custom<Diagrams>($bias_diagrams)^)?
    (`layout` custom<Layout>($layout)^)?
    (`normalize` custom<Normalize>($normalize)^)?
    (`in_symmetry` $in_symmetry^)?
    (`out_symmetry` $out_symmetry^)?
    (`orbit_weights` $orbit_weights^)?
    (`pool` custom<Pool>($pool)^)?
    attr-dict `:` type($grad_weight) (`,` type($grad_bias)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The channel extents.
    int64_t getCIn() {
      return ::llvm::cast<::mlir::RankedTensorType>(getGradWeight().getType())
          .getDimSize(1);
    }
    int64_t getCOut() {
      return ::llvm::cast<::mlir::RankedTensorType>(getGradWeight().getType())
          .getDimSize(2);
    }
    ::std::vector<::eqc::Diagram> getDiagramValues() {
      return ::eqc::ir::getDiagramValues(getDiagrams());
    }
    ::std::vector<::eqc::Diagram> getBiasDiagramValues() {
      return ::eqc::ir::getDiagramValues(getBiasDiagrams());
    }
  }];
}

} // opDocGroup

//===----------------------------------------------------------------------===//
// Single diagrams
//===----------------------------------------------------------------------===//

def Eqc_DiagramOps : OpDocGroup {
  let summary = "Single diagrams";
  let description = [{
    One diagram at a time, channels last. These are what the algebra of diagrams
    is stated on.
  }];
}

let opDocGroup = Eqc_DiagramOps in {

def Eqc_ApplyDiagramOp : Eqc_Op<"apply_diagram", [Pure]> {
  let summary = "multiplies by the matrix of one diagram";
  let description = [{
    Applies the matrix of a diagram to every batch entry and channel:
    `y[b, J, c] = (D x[b, :, c])[J]`. Channels are not mixed.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) `x` is `[batch, n-axes, channels]` with one n-axis for each input of
      the diagram, `y` the same with one for each output.
    - (C3) Both have the same element type, batch and channels.
    - (C4) The n-axes have extent `n`, dynamic if `n` is `?`.
    - (C5) The diagram is one of the group's.

    The identity folds away. A diagram applied to the only use of another one
    becomes their composition, times a power of n for the loops that close
    between them and, for `Sp`, a sign; this is left alone when `n` is `?` and a
    loop closes, when the power of n is not exact in the element type, and for
    diagrams with free vertices.

    Example:

    ```mlir
    %y = eqc.apply_diagram S(5) "o1 i1 | i2" %x
        : tensor<?x5x5x16xf32> -> tensor<?x5x16xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$x,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_DiagramAttr:$diagram
  );
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) custom<Diagram>($diagram) $x attr-dict
    `:` type($x) `->` type($y)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Eqc_PermuteOp : Eqc_Op<"permute", [Pure, SameOperandsAndResultType]> {
  let summary = "permutes the n-axes of a tensor";
  let description = [{
    Permutes the n-axes and nothing else: n-axis `q` of `y` is n-axis
    `permutation[q]` of `x`. Both are `[batch, n-axes, channels]`, or
    `[batch, nodes, n-axes, channels]` when several tensors are stacked along an
    axis of nodes.

    - (C1) The permutation names every number below its length exactly once.
    - (C2) The rank of `x` is the length of the permutation plus 2, or plus 3
      with an axis of nodes.
    - (C3) All n-axes have the same extent.

    The identity folds away, and two permutations in a row become one.

    Example:

    ```mlir
    %y = eqc.permute %x by [1, 2, 0] : tensor<?x5x5x5x16xf32>
    ```
  }];
  let arguments = (ins Eqc_Tensor:$x, DenseI64ArrayAttr:$permutation);
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat = "$x `by` $permutation attr-dict `:` type($x)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    /// Position of the first n-axis: 1, or 2 with an axis of nodes.
    int64_t getFirstAxis();
  }];
}

} // opDocGroup

#endif // EQC_DIALECT_EQCOPS_TD
