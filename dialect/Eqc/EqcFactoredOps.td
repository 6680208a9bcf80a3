//===- EqcFactoredOps.td - The published algorithm ---------*- tablegen -*-===//
//
// One diagram at a time, factored: the same stage of all diagrams is one
// operation.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCFACTOREDOPS_TD
#define EQC_DIALECT_EQCFACTOREDOPS_TD

include "dialect/Eqc/EqcStageOps.td"

def Eqc_PermutationArrayAttr
    : TypedArrayAttrBase<DenseI64ArrayAttr, "array of permutations">;

let opDocGroup = Eqc_StageOps in {

def Eqc_ToPlanarOp : Eqc_StageOp<"to_planar"> {
  let summary = "permutes the n-axes of an input, for each diagram";
  let description = [{
    The first step of the published algorithm: the n-axes of `x` in the order in
    which the diagram is planar. The result holds as many rows as `x` for each
    permutation, one after the other; planar axis q is axis `permutation[q]` of
    `x`. Of a product of groups `axes` has the number of the space of every axis
    of `x`.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) There is at least one permutation, and all are of the same number k
      of n-axes, each of which is of a space where the group is a product.
    - (C3) `x` has n^k rows and the result as many for each permutation; both
      have the same batch, channels and element type.

    Example:

    ```mlir
    %p = eqc.to_planar S(5) %x by [[0, 1], [1, 0]]
        : tensor<?x25x16xf32> -> tensor<?x50x16xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$x,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_PermutationArrayAttr:$permutations,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$axes
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) $x (`axes` $axes^)?
    `by` custom<Permutations>($permutations)
    attr-dict `:` type($x) `->` type($rows)
  }];
  let hasVerifier = 1;
}

def Eqc_ContractOp : Eqc_StageOp<"contract"> {
  let summary = "contracts one Kronecker factor of each diagram";
  let description = [{
    What is left of the input of each diagram, one after the other, loses one
    Kronecker factor of the planar diagram: pattern d says of which axes it is.
    A dropped block is summed along its diagonal, for `Sp` with the signs of the
    form; with `normalize mean` the sum is divided by n. Kept blocks of several
    axes become their diagonals. Free axes are contracted with the Levi-Civita
    symbol, whose other arguments are the first axes of the result. A pattern
    that keeps all axes apart leaves a diagram as it is. In which order factors
    are contracted is the order of these operations.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) There is at least one pattern.
    - (C3) Blocks are of axes side by side and are factors of the group's
      diagrams.
    - (C4) A pattern drops at most one block; one that drops a block, or has
      free axes, keeps all others apart.
    - (C5) Free axes come first.
    - (C6) `source` has n^m rows for each pattern of m axes, and the result
      n^m' rows, where m' counts the kept blocks, and n - f axes of the symbol
      where f axes are free; both have the same batch, channels and element
      type.

    Example:

    ```mlir
    %c = eqc.contract S(5) %p patterns ["1 | ~2", "1 | 2"]
        : tensor<?x50x16xf32> -> tensor<?x30x16xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$source,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_RowPatternArrayAttr:$patterns,
    DefaultValuedAttr<Eqc_NormalizeAttr, "::eqc::Normalize::None">:$normalize
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) $source `patterns` custom<Patterns>($patterns)
    (`normalize` custom<Normalize>($normalize)^)?
    attr-dict `:` type($source) `->` type($rows)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Eqc_MixEachOp : Eqc_StageOp<"mix_each"> {
  let summary = "mixes channels, each diagram with a weight of its own";
  let description = [{
    The n^m rows of diagram d, where m is `orders[d]`, times weight d. Of a
    product of groups `axes[d]` has the number of the space of each of the m
    axes.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) There is at least one order and none is negative.
    - (C3) `weights` holds a weight for each order, and `axes`, of a product and
      no other group, as many spaces as the order says.
    - (C4) `source` and the result have n^m rows for each order m; the
      channels are those of the weights.

    Example:

    ```mlir
    %m = eqc.mix_each S(5) %c orders [1, 2] weights(%w : tensor<2x16x32xf32>)
        : tensor<?x30x16xf32> -> tensor<?x30x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$source,
    Eqc_Tensor:$weights,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    DenseI64ArrayAttr:$orders,
    DefaultValuedAttr<Eqc_PermutationArrayAttr, "{}">:$axes
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) $source `orders` $orders
    (`axes` custom<Permutations>($axes)^)?
    `weights` `(` $weights `:` type($weights) `)`
    attr-dict `:` type($source) `->` type($rows)
  }];
  let hasVerifier = 1;
}

def Eqc_ExpandOp : Eqc_StageOp<"expand"> {
  let summary = "copies what is mixed to the outputs, for each diagram";
  let description = [{
    The outputs of each diagram in planar order, n^l rows one after the other:
    a kept block of pattern d puts the values of an axis on the diagonal of its
    axes, a dropped one is the diagonal itself, for `Sp` the form. Free axes
    are the first ones of the source, the other arguments of a symbol that
    `eqc.contract` contracted; where the pattern has all n of them they are those
    of a symbol that is written.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) There is at least one pattern and all are of the same number l of
      axes.
    - (C3) Blocks are of axes side by side and are factors of the group's
      diagrams.
    - (C4) Free axes come before those of kept blocks.
    - (C5) `source` has n^m rows for each pattern, where m counts the kept
      blocks and the free axes unless there are n of them, and the result n^l;
      both have the same batch, channels and element type.

    Example:

    ```mlir
    %e = eqc.expand S(5) %m patterns ["1 2", "1 | 2"]
        : tensor<?x30x32xf32> -> tensor<?x50x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$source,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_RowPatternArrayAttr:$patterns
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) $source `patterns` custom<Patterns>($patterns)
    attr-dict `:` type($source) `->` type($rows)
  }];
  let hasVerifier = 1;
}

def Eqc_FromPlanarOp : Eqc_StageOp<"from_planar"> {
  let summary = "permutes the n-axes of each diagram's output and adds them up";
  let description = [{
    The last step of the published algorithm, the inverse of the first one for
    outputs: planar axis q of diagram d is axis `permutation[q]` of the result,
    which is the sum over the diagrams. Of a product of groups `axes` has the
    number of the space of every axis of the result.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) There is at least one permutation, and all are of the same number l
      of n-axes, each of which is of a space where the group is a product.
    - (C3) The result has n^l rows and `source` as many for each permutation;
      both have the same batch, channels and element type.

    Example:

    ```mlir
    %y = eqc.from_planar S(5) %e by [[0, 1], [1, 0]]
        : tensor<?x50x32xf32> -> tensor<?x25x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$source,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_PermutationArrayAttr:$permutations,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$axes
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) $source (`axes` $axes^)?
    `by` custom<Permutations>($permutations)
    attr-dict `:` type($source) `->` type($rows)
  }];
  let hasVerifier = 1;
}

def Eqc_AddBiasOp
    : Eqc_StageOp<"add_bias", [AllTypesMatch<["source", "rows"]>]> {
  let summary = "adds the bias of a layer to its output";
  let description = [{
    Row e of the bias goes to every entry that bias diagram e does not make
    zero, times that entry of the diagram.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) There is at least one diagram, each one of the group's, without
      inputs and with `order` outputs, and none occurs twice.
    - (C3) `bias` is `[diagrams, channels]` of the element type of `source`.
    - (C4) `source` has n^l rows, where l is `order`.

    Example:

    ```mlir
    %z = eqc.add_bias S(5) order 2 %y bias(%b : tensor<1x32xf32>)
        diagrams ["o1 | o2"] : tensor<?x25x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$source,
    Eqc_Tensor:$bias,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_IntAttr:$order,
    Eqc_DiagramArrayAttr:$diagrams
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) `order` $order $source
    `bias` `(` $bias `:` type($bias) `)` `diagrams` custom<Diagrams>($diagrams)
    attr-dict `:` type($rows)
  }];
  let hasVerifier = 1;
}

} // opDocGroup

#endif // EQC_DIALECT_EQCFACTOREDOPS_TD
