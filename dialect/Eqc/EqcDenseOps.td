//===- EqcDenseOps.td - A layer as one matrix --------------*- tablegen -*-===//
//
// The matrix is assembled once for all samples; each is multiplied by it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCDENSEOPS_TD
#define EQC_DIALECT_EQCDENSEOPS_TD

include "dialect/Eqc/EqcStageOps.td"

let opDocGroup = Eqc_StageOps in {

def Eqc_AssembleOp : Eqc_StageOp<"assemble"> {
  let summary = "assembles the matrix of a layer from its weights";
  let description = [{
    The sum over the diagrams of their matrices, each entry times the weight of
    its diagram, a matrix of c_in x c_out. Rows are the entries of a sample of
    the input, columns those of a sample of the output, channels included, in
    the order of `layout`. With `normalize mean` each diagram is divided by n for
    each of its blocks of inputs only. A bias, which has no c_in, becomes the one
    row of the matrix of its diagrams, which have no inputs.

    - (C1) `n` is positive; for `Sp` it is even; it is not `?`.
    - (C2) The orders `k` and `l` are between 0 and 2^31 - 1.
    - (C3) There is at least one diagram, each one of the group's with `l`
      outputs and `k` inputs, and none occurs twice.
    - (C4) `weights` is `[diagrams, c_in, c_out]`, or `[diagrams, c_out]` where
      `k` is 0, and static.
    - (C5) `matrix` is `[n^k * c_in, n^l * c_out]` of the same element type.

    Example:

    ```mlir
    %m = eqc.assemble S(5) order 1 -> 1 %w
        diagrams ["o1 i1", "o1 | i1"] normalize mean
        : tensor<2x16x32xf32> -> tensor<80x160xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$weights,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_IntAttr:$k,
    Eqc_IntAttr:$l,
    Eqc_DiagramArrayAttr:$diagrams,
    DefaultValuedAttr<Eqc_LayoutAttr, "::eqc::Layout::ChannelsLast">:$layout,
    DefaultValuedAttr<Eqc_NormalizeAttr, "::eqc::Normalize::None">:$normalize
  );
  let results = (outs Eqc_Tensor:$matrix);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) `order` $k `->` $l $weights
    `diagrams` custom<Diagrams>($diagrams)
    (`layout` custom<Layout>($layout)^)?
    (`normalize` custom<Normalize>($normalize)^)?
    attr-dict `:` type($weights) `->` type($matrix)
  }];
  let hasVerifier = 1;
}

def Eqc_MultiplyOp : Eqc_StageOp<"multiply"> {
  let summary = "multiplies samples by a matrix";
  let description = [{
    Each sample of `x`, all its axes made one, times the matrix, plus a row that
    is the same for all samples.

    - (C1) `x` and `y` have a batch, the same, and further axes, which are static.
    - (C2) The matrix has a row for each entry of a sample of `x` and a column
      for each of `y`; all element types are the same.
    - (C3) What is added is one row of the matrix' columns.

    Example:

    ```mlir
    %y = eqc.multiply %x by %m : (tensor<?x5x16xf32>, tensor<80x160xf32>)
        -> tensor<?x5x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$x,
    Eqc_Tensor:$matrix,
    Optional<Eqc_Tensor>:$added
  );
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat = [{
    $x `by` $matrix (`plus` $added^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

} // opDocGroup

#endif // EQC_DIALECT_EQCDENSEOPS_TD
