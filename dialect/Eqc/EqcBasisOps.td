//===- EqcBasisOps.td - Stages in an isotypic basis --------*- tablegen -*-===//
//
// Changes of basis, and mixes between copies of one irreducible representation.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCBASISOPS_TD
#define EQC_DIALECT_EQCBASISOPS_TD

include "dialect/Eqc/EqcStageOps.td"

let opDocGroup = Eqc_StageOps in {

def Eqc_TransformOp : Eqc_StageOp<"transform"> {
  let summary = "a sparse change of basis of rows";
  let description = [{
    Each row of the result is a sum of multiples of rows of the sources, which
    are numbered one source after the other. Channels are not mixed. So `x`
    falls apart into the copies of irreducible representations that it holds,
    and `y` is put together from such copies. A bias has no batch.

    - (C1) There is at least one source; sources and result are `[batch, rows,
      channels]`, or all `[rows, channels]`, of the same batch, channels and
      element type, with static rows and channels.
    - (C2) Sums name rows that exist, none of them twice in one sum.
    - (C3) The result has as many rows as there are sums.

    Taking each row of one source as it is folds away.

    Example:

    ```mlir
    %means = eqc.transform %x to [[0 : 5.000000e-01, 1 : 5.000000e-01], 0]
        : (tensor<?x2x16xf32>) -> tensor<?x2x16xf32>
    ```
  }];
  let arguments = (ins Variadic<Eqc_Tensor>:$sources, Eqc_SumsAttr:$sums);
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    $sources `to` custom<Sums>($sums) attr-dict
    `:` functional-type($sources, $rows)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Eqc_MixCopiesOp : Eqc_StageOp<"mix_copies"> {
  let summary = "mixes channels between copies of irreducible representations";
  let description = [{
    `stored` are rows in a basis in which the group acts on copies of its
    irreducible representations, each `dimension` rows one after the other. By
    Schur's lemma an equivariant map takes a copy to a multiple of another one of
    the same representation: every target, a copy too, is the sum over the
    copies that it names, by their first rows, of their rows times a weight. The
    weights lie in `weights` one after the other, from number `first` on. A
    target may start as a row of the bias.

    - (C1) `n` is positive; for `Sp` it is even; it is not `?`.
    - (C2) `dimension` is positive and there is at least one target.
    - (C3) All rows of the copies are among `stored`.
    - (C4) `weights` holds the weights from `first` on of all copies.
    - (C5) `bias` is given exactly when a target names a row of it, which exists;
      then `dimension` is 1.
    - (C6) The result has `dimension` rows for each target, the batch and element
      type of `stored` and the channels of the weights.

    Example:

    ```mlir
    %nodes = eqc.mix_copies O(3) dimension 3 %stored
        weights(%packed : tensor<2x16x32xf32>) from 0
        targets [[0, 3]] : tensor<?x6x16xf32> -> tensor<?x3x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$stored,
    Eqc_Tensor:$weights,
    Optional<Eqc_Tensor>:$bias,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_IntAttr:$dimension,
    Eqc_IntAttr:$first,
    DenseI64ArrayAttr:$starts,
    DenseI64ArrayAttr:$copies,
    DenseI64ArrayAttr:$bias_rows
  );
  let results = (outs Eqc_Tensor:$nodes);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) `dimension` $dimension $stored
    `weights` `(` $weights `:` type($weights) `)` `from` $first
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `targets` custom<Copies>($starts, $copies, $bias_rows)
    attr-dict `:` type($stored) `->` type($nodes)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    int64_t getNumTargets() {
      return static_cast<int64_t>(getBiasRows().size());
    }
    /// The first rows of the copies that a target sums.
    ::llvm::ArrayRef<int64_t> getCopiesOf(int64_t target) {
      return getCopies().slice(getStarts()[target],
                               getStarts()[target + 1] - getStarts()[target]);
    }
  }];
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

def Eqc_SumCopiesOp : Eqc_StageOp<"sum_copies"> {
  let summary = "sums products of copies of irreducible representations";
  let description = [{
    The gradients of the weights of `eqc.mix_copies`: `x` holds what that mixes,
    `grad_y` the gradient of what it mixes to. For every pair of a copy of each,
    named by their first rows and `dimension` rows long, the products of the rows
    are summed over the batch:

        sums[p, ci, co] = sum_b sum_r x[b, x_p + r, ci] * grad_y[b, y_p + r, co]

    - (C1) `n` is positive; for `Sp` it is even; it is not `?`.
    - (C2) `dimension` is positive, and as many copies of `x` as of `grad_y` are
      named, at least one.
    - (C3) `x` and `grad_y` are `[batch, rows, channels]` of the same batch and
      element type, and hold all rows of the copies.
    - (C4) The result is `[pairs, c_in, c_out]`.

    Example:

    ```mlir
    %sums = eqc.sum_copies O(3) dimension 3 x(%x : tensor<?x6x16xf32>) copies [0, 3]
        grad_y(%dy : tensor<?x3x32xf32>) copies [0, 0] : tensor<2x16x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$x,
    Eqc_Tensor:$grad_y,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_IntAttr:$dimension,
    DenseI64ArrayAttr:$x_copies,
    DenseI64ArrayAttr:$grad_y_copies
  );
  let results = (outs Eqc_Tensor:$sums);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) `dimension` $dimension
    `x` `(` $x `:` type($x) `)` `copies` $x_copies
    `grad_y` `(` $grad_y `:` type($grad_y) `)` `copies` $grad_y_copies
    attr-dict `:` type($sums)
  }];
  let hasVerifier = 1;
}

def Eqc_SumRowsOp : Eqc_StageOp<"sum_rows"> {
  let summary = "sums rows over the batch";
  let description = [{
    The gradient of a bias that is added to some rows: for each of these its sum
    over the batch.

    - (C1) `source` is `[batch, rows, channels]` and the rows are among its own.
    - (C2) The result is `[rows, channels]`.

    Example:

    ```mlir
    %sums = eqc.sum_rows %dy rows [0, 4] : tensor<?x6x32xf32> -> tensor<2x32xf32>
    ```
  }];
  let arguments = (ins Eqc_Tensor:$source, DenseI64ArrayAttr:$rows);
  let results = (outs Eqc_Tensor:$sums);
  let assemblyFormat = [{
    $source `rows` $rows attr-dict `:` type($source) `->` type($sums)
  }];
  let hasVerifier = 1;
}

def Eqc_UnpackOp : Eqc_StageOp<"unpack"> {
  let summary = "puts gradients of packed weights back into the order of weights";
  let description = [{
    The transpose of `eqc.pack`: the gradient of weight `d` is sum `d` of the
    order, of multiples of the sources, which are numbered one source after the
    other.

    - (C1) There is at least one source; sources and result are `[.., c_in,
      c_out]` with the same static channels and the same element type.
    - (C2) The order names what the sources hold, nothing twice in one sum.
    - (C3) The result has as many weights as there are sums.

    Example:

    ```mlir
    %dw = eqc.unpack %sum order [1, [0 : 5.000000e-01, 1 : -1.000000e+00]]
        : (tensor<2x16x32xf32>) -> tensor<2x16x32xf32>
    ```
  }];
  let arguments = (ins Variadic<Eqc_Tensor>:$sources, Eqc_SumsAttr:$order);
  let results = (outs Eqc_Tensor:$weight);
  let assemblyFormat = [{
    $sources `order` custom<Sums>($order) attr-dict
    `:` functional-type($sources, $weight)
  }];
  let hasVerifier = 1;
}

} // opDocGroup

#endif // EQC_DIALECT_EQCBASISOPS_TD
