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

} // opDocGroup

#endif // EQC_DIALECT_EQCBASISOPS_TD
