//===- EqcStageOps.td - The stages of a plan ---------------*- tablegen -*-===//
//
// How a layer is computed, one operation per stage of its plan.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCSTAGEOPS_TD
#define EQC_DIALECT_EQCSTAGEOPS_TD

include "dialect/Eqc/EqcOpBase.td"

def Eqc_StageOps : OpDocGroup {
  let summary = "Stages of a plan";
  let description = [{
    A layer after `eqc-expand-plan`: how its diagrams are multiplied is decided,
    for which CPU is not. Every diagram is a split `E_top P_sigma C_bottom`: its
    inputs are read by a bottom pattern, its channels are mixed, its outputs are
    written by a top pattern.

    Stages work on *rows*: tensors `[batch, rows, channels]`. An array of
    patterns holds their rows one pattern after the other; a pattern that keeps
    t blocks and has f free vertices takes n^t * binomial(n, f) rows; of a head
    one for every tuple of distinct values of the t legs that run through and
    every set of values of the c that only inputs have,
    n! / (n - t)! * binomial(n - t, c). However many diagrams a layer has, it is a handful of stages.
  }];
}

// What a layer in stages is made of: other operations cannot stand beside them.
def Eqc_Stage : NativeOpTrait<"Stage"> {
  let cppNamespace = "::eqc::ir";
}

class Eqc_StageOp<string mnemonic, list<Trait> traits = []>
    : Eqc_Op<mnemonic, !listconcat([Pure, Eqc_Stage], traits)>;

let opDocGroup = Eqc_StageOps in {

//===----------------------------------------------------------------------===//
// Rows and weights
//===----------------------------------------------------------------------===//

def Eqc_ToRowsOp : Eqc_StageOp<"to_rows"> {
  let summary = "sees a layer's input as rows of channels";
  let description = [{
    The tensor `x` of a layer with its n-axes made one axis of rows, the last
    n-axis fastest, and its channels last. With `layout channels_first` that is
    a transposition of each sample.

    - (C1) `x` has a batch and channels and any number of n-axes; its channels
      are static and stand where the layout says.
    - (C2) `rows` is `[batch, rows, channels]` with the batch, channels and
      element type of `x`.
    - (C3) There are as many rows as the n-axes have positions; dynamic if an
      n-axis is.

    Rows that were just made a tensor of the same type fold away.

    Example:

    ```mlir
    %rows = eqc.to_rows %x layout channels_first
        : tensor<?x16x5x5xf32> -> tensor<?x25x16xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$x,
    DefaultValuedAttr<Eqc_LayoutAttr, "::eqc::Layout::ChannelsLast">:$layout
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    $x (`layout` custom<Layout>($layout)^)? attr-dict
    `:` type($x) `->` type($rows)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Eqc_FromRowsOp : Eqc_StageOp<"from_rows"> {
  let summary = "sees rows of channels as a layer's output";
  let description = [{
    The inverse of `eqc.to_rows`.

    - (C1) `y` has a batch and channels and any number of n-axes; its channels
      are static and stand where the layout says.
    - (C2) `rows` is `[batch, rows, channels]` with the batch, channels and
      element type of `y`.
    - (C3) There are as many rows as the n-axes have positions; dynamic if an
      n-axis is.

    Example:

    ```mlir
    %y = eqc.from_rows %rows : tensor<?x25x32xf32> -> tensor<?x5x5x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$rows,
    DefaultValuedAttr<Eqc_LayoutAttr, "::eqc::Layout::ChannelsLast">:$layout
  );
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat = [{
    $rows (`layout` custom<Layout>($layout)^)? attr-dict
    `:` type($rows) `->` type($y)
  }];
  let hasVerifier = 1;
}

def Eqc_PackOp : Eqc_StageOp<"pack"> {
  let summary = "puts weights into the order in which they are used";
  let description = [{
    Packed weight `p` is entry `p` of the order, a weight or a sum of multiples
    of weights: stages then read the weights from the first to the last. An
    empty sum is zero. Packing happens once for all samples; the lowering also
    cuts the columns into tiles of whole vectors.

    - (C1) `weight` and `packed` are `[diagrams, c_in, c_out]` with the same
      static channels and the same element type.
    - (C2) The order names weights that exist, none of them twice in one sum.
    - (C3) There are as many packed weights as the order has entries.

    Example:

    ```mlir
    %packed = eqc.pack %weight order [1, 0, [0 : 5.000000e-01, 1 : -1.000000e+00]]
        : tensor<2x16x32xf32> -> tensor<3x16x32xf32>
    ```
  }];
  let arguments = (ins Eqc_Tensor:$weight, Eqc_SumsAttr:$order);
  let results = (outs Eqc_Tensor:$packed);
  let assemblyFormat = [{
    $weight `order` custom<Sums>($order) attr-dict
    `:` type($weight) `->` type($packed)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// The shared plan
//===----------------------------------------------------------------------===//

def Eqc_ReadOp : Eqc_StageOp<"read", [AttrSizedOperandSegments]> {
  let summary = "reads input patterns, each from a coarser one";
  let description = [{
    Computes the rows of input patterns: sums over the values of the dropped
    blocks, signed sums over the free vertices or the orders of the legs that
    inputs have alone. With `pool max` or `pool min` it is the largest or
    smallest entry over the values of dropped blocks. Each pattern is read from
    another one that distinguishes at least as much: one that drops nothing is
    a view of `x`, others are among `reads`. So each costs one sum over one
    block, however many diagrams use it. With `normalize mean` each dropped
    block is divided by n.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) There is at least one pattern and none occurs twice.
    - (C3) All patterns are of the same row of inputs, keep the same number of
      blocks and have the same number of free vertices, and heads with as many
      rows and terms of each.
    - (C4) Each pattern drops a block or has free vertices or a head, which have
      values.
    - (C5) The sources either are all views of `x` or are all among `reads`,
      each of which is the result of `eqc.read`.
    - (C6) A source distinguishes at least what its pattern does, and the
      pattern drops at most one block more.
    - (C7) `x` has n^k rows, and the result the rows of its patterns; both have
      the same batch, channels and element type.
    - (C8) Of a product of groups, patterns keep and sum blocks of the same
      spaces, or all are sums over single axes of `x`, none of length 1.
    - (C9) Nothing is normalized where the `pool` is not `sum`.

    Patterns that no stage uses are not read.

    Example:

    ```mlir
    %read = eqc.read S(5) x(%x : tensor<?x25x16xf32>)
        patterns ["1 | ~2" from "1 | 2", "~1 | 2" from "1 | 2"]
        : tensor<?x10x16xf32>
    ```
  }];
  let arguments = (ins
    Optional<Eqc_Tensor>:$x,
    Variadic<Eqc_Tensor>:$reads,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_RowPatternArrayAttr:$patterns,
    Eqc_RowPatternArrayAttr:$sources,
    DefaultValuedAttr<Eqc_NormalizeAttr, "::eqc::Normalize::None">:$normalize,
    DefaultValuedAttr<Eqc_PoolAttr, "::eqc::Pool::Sum">:$pool
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n)
    (`x` `(` $x^ `:` type($x) `)`)?
    (`reads` `(` $reads^ `:` type($reads) `)`)?
    `patterns` custom<PatternsFrom>($patterns, $sources)
    (`normalize` custom<Normalize>($normalize)^)?
    (`pool` custom<Pool>($pool)^)?
    attr-dict `:` type($rows)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    /// The patterns as values of the algebra library.
    ::std::vector<::eqc::RowPattern> getPatternValues();
    ::std::vector<::eqc::RowPattern> getSourceValues();
    /// Whether `x` is what is read.
    bool readsInput() { return static_cast<bool>(getX()); }
  }];
}

def Eqc_MixOp : Eqc_StageOp<"mix", [AttrSizedOperandSegments]> {
  let summary = "mixes channels for all diagrams of one propagating order";
  let description = [{
    Computes the rows of output patterns that keep `propagating` blocks. Each is
    the sum, over the diagrams with this top pattern, of the rows of the
    diagram's bottom pattern, permuted, times its weight; plus the coarser
    output patterns that are broadcast into it; plus rows of the bias. The
    weights of the diagrams lie in `weights` one after the other, from number
    `first` on.

    With `basis strands(t)` channels are mixed in the irreducible representations
    of the group S_t that permutes the t kept blocks, its strands: what stands in
    `weights` are blocks of the Fourier transform of the diagrams' weights, one
    for each target, irrep and column of it, bottom pattern and row of it, in
    this order, the last fastest. Bottom patterns are numbered by their first
    diagrams, views of `x` before others.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) There is at least one target and none occurs twice.
    - (C3) Each target keeps `propagating` blocks, all are of the same row of
      outputs and take the same number of rows; of a product of groups they keep
      blocks of the same spaces.
    - (C4) The output itself, the pattern that keeps every vertex apart, stands
      alone; that follows from C2 and C3.
    - (C5) Each diagram is one of the group's, its top pattern is a target, its
      bottom pattern a view of `x` or among `reads`.
    - (C6) Diagrams are sorted by target; within a target those that read `x`
      come first.
    - (C7) `weights` holds the weights from `first` on: one for each diagram, in
      the basis of the strands t! for each target and bottom pattern.
    - (C8) Each of `reads` is the result of `eqc.read`, each of `nodes` the
      result of `eqc.mix` or `eqc.write`.
    - (C9) Each broadcast pattern is among `nodes` and what it is broadcast into
      is a target; all blocks of the target that it does not keep it drops
      whole.
    - (C10) `bias` is given exactly when bias diagrams are; each of them is one of
      the group's without inputs, has a target as its top pattern, no other
      with the same one, and a row in `bias`.
    - (C11) The result has the rows of the targets and the channels of the
      weights.
    - (C12) A basis of strands is that of all kept blocks, 2 or 3; there are
      diagrams, no pattern has free vertices or a head, and `n` is not 1.

    Operands that nothing refers to are dropped.

    Example:

    ```mlir
    %mixed = eqc.mix S(5) propagating 1 x(%x : tensor<?x25x16xf32>)
        reads(%read : tensor<?x10x16xf32>)
        weights(%packed : tensor<2x16x32xf32>) from 0
        targets ["1 2"] diagrams ["o1 o2 i1 i2", "o1 o2 i1 | i2"]
        : tensor<?x5x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$x,
    Variadic<Eqc_Tensor>:$reads,
    Variadic<Eqc_Tensor>:$nodes,
    Eqc_Tensor:$weights,
    Optional<Eqc_Tensor>:$bias,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_IntAttr:$propagating,
    Eqc_IntAttr:$first,
    OptionalAttr<Eqc_IntAttr>:$strands,
    Eqc_RowPatternArrayAttr:$targets,
    Eqc_DiagramArrayAttr:$diagrams,
    DefaultValuedAttr<Eqc_RowPatternArrayAttr, "{}">:$broadcasts,
    DefaultValuedAttr<Eqc_RowPatternArrayAttr, "{}">:$into,
    DefaultValuedAttr<Eqc_DiagramArrayAttr, "{}">:$bias_diagrams,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$bias_rows
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n) `propagating` $propagating
    `x` `(` $x `:` type($x) `)`
    (`reads` `(` $reads^ `:` type($reads) `)`)?
    (`nodes` `(` $nodes^ `:` type($nodes) `)`)?
    `weights` `(` $weights `:` type($weights) `)` `from` $first
    (`basis` `strands` `(` $strands^ `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `targets` custom<Patterns>($targets)
    `diagrams` custom<Diagrams>($diagrams)
    (`broadcasts` custom<PatternsInto>($broadcasts, $into)^)?
    (`bias_diagrams` custom<Diagrams>($bias_diagrams)^
     `rows` $bias_rows)?
    attr-dict `:` type($rows)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::std::vector<::eqc::RowPattern> getTargetValues();
    ::std::vector<::eqc::Diagram> getDiagramValues();
    /// The bottom patterns of the diagrams, each once, as their blocks of
    /// weights are numbered.
    ::std::vector<::eqc::RowPattern> getBottomValues();
    /// How many weights are read from `first` on.
    int64_t getNumWeights();
    /// Whether the output itself is what is computed.
    bool writesOutput();
  }];
}

def Eqc_WriteOp
    : Eqc_StageOp<"write", [AttrSizedOperandSegments,
                            AllTypesMatch<["target", "rows"]>]> {
  let summary = "adds output patterns to finer ones or to the output";
  let description = [{
    Adds the rows of coarser output patterns to those of `target` that they
    stand for: a block that the pattern joins is a diagonal, one that it drops
    is a sum over its values, a pair of `Sp` carries the form, free vertices
    carry the sign of their values, legs that of those of all.

    With `pool max` or `pool min` the rows are gradients of what a layer takes of
    its `x`, which is `at`: where a pattern drops blocks, each of its rows is
    added to one of those that it stands for, the first where the rows of the
    finer pattern, read of `at` in the same way, have their extreme.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) There are as many patterns as patterns that they are added to.
    - (C3) Each pattern is among `nodes`, which are results of `eqc.mix` or
      `eqc.write`; each pattern that it is added to is among `target`, which is
      so too.
    - (C4) A pattern distinguishes at most what the one does that it is added
      to, which has no free vertices and no head, and lies in the same parts of
      sums, or in all of them.
    - (C5) The result has the type of `target`.
    - (C6) `at` is given exactly when the `pool` is not `sum`, with the channels,
      the batch and the element type of `target`.

    Where the outputs have axes of sums, their slices are added to an output of
    zeros, a mix without diagrams. Kernels write each slice where it lies in y,
    and that mix and this write are nothing then.

    Writing nothing folds away.

    Example:

    ```mlir
    %y1 = eqc.write S(5) nodes(%diagonal : tensor<?x5x32xf32>)
        patterns ["1 2" into "1 | 2"] %y0 : tensor<?x25x32xf32>
    ```
  }];
  let arguments = (ins
    Eqc_Tensor:$target,
    Variadic<Eqc_Tensor>:$nodes,
    Optional<Eqc_Tensor>:$at,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_RowPatternArrayAttr:$patterns,
    Eqc_RowPatternArrayAttr:$into,
    DefaultValuedAttr<Eqc_PoolAttr, "::eqc::Pool::Sum">:$pool
  );
  let results = (outs Eqc_Tensor:$rows);
  let assemblyFormat = [{
    custom<GroupOfSize>($group, $n)
    (`nodes` `(` $nodes^ `:` type($nodes) `)`)?
    `patterns` custom<PatternsInto>($patterns, $into)
    $target (`at` `(` $at^ `:` type($at) `)`)? (`pool` custom<Pool>($pool)^)?
    attr-dict `:` type($rows)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

} // opDocGroup

#endif // EQC_DIALECT_EQCSTAGEOPS_TD
