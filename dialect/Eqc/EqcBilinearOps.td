//===- EqcBilinearOps.td - Layers of two inputs ------------*- tablegen -*-===//
//
// A bilinear layer and its gradients.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCBILINEAROPS_TD
#define EQC_DIALECT_EQCBILINEAROPS_TD

include "dialect/Eqc/EqcOpBase.td"

def Eqc_BilinearOps : OpDocGroup {
  let summary = "Layers of two inputs";
  let description = [{
    A bilinear layer, and its gradients, which are the same trilinear forms with
    another array as the result.
  }];
}

let opDocGroup = Eqc_BilinearOps in {

def Eqc_BilinearOp : Eqc_Op<"bilinear", [Pure]> {
  let summary = "an equivariant bilinear layer, or one of its gradients";
  let description = [{
    Applies diagrams to the products of two tensors, with channels and a batch:

        y[b, J, c] = sum_d weight[d, c] * (D_d (x[b, :, c] (x) z[b, :, c]))[J]
                   + sum_e bias[e, c]   * (D_e 1)[J]

    or, where `weight` has an axis for each array's channels,

        y[b, J, c3] = sum_d,c1,c2 weight[d, c1, c2, c3]
                      * (D_d (x[b, :, c1] (x) z[b, :, c2]))[J] + ..

    The inputs `i1 ..` of a diagram are the n-axes of `x`, then those of `z`.
    `computes` says which arrays are given and what is made of them:

    | computes | operands | results |
    | --- | --- | --- |
    | `y` | x, z, weight, bias where there are bias diagrams | y |
    | `grad_x` | grad_y, z, weight | grad_x |
    | `grad_z` | grad_y, x, weight | grad_z |
    | `grad_weight` | x, z, grad_y | grad_weight, grad_bias where there are bias diagrams |

    Every pair of vertices keeps the factor that it has in the diagram, whichever
    array is the result: a gradient is no layer of its own with rotated diagrams.
    `layout` and `normalize` are those of `eqc.linear`.

    - (C1) `n` is positive or `?`; for `Sp` it is even, for `SO` it is not `?`.
    - (C2) The orders `k1`, `k2` and `l` are between 0 and 2^31 - 1.
    - (C3) There are the operands and results that `computes` says.
    - (C4) All element types are the same.
    - (C5) Arrays have the rank and the n-axes of their order.
    - (C6) All batches are the same, static or dynamic.
    - (C7) `weight` is `[diagrams, c]`, where all arrays have c channels, or
      `[diagrams, c1, c2, c3]`, those of x, z and y; all are static and positive.
    - (C8) There is at least one diagram, and no diagram occurs twice.
    - (C9) Each diagram is one of the group's, with `l` outputs and `k1 + k2`
      inputs.
    - (C10) `bias` is `[bias_diagrams, channels of y]`.
    - (C11) Each bias diagram is one of the group's, with `l` outputs and no
      inputs, and none occurs twice.

    Example:

    ```mlir
    %y = eqc.bilinear y S(5) order 2 * 1 -> 1 (%x, %z, %w)
        diagrams ["o1 i1 | i2 i3"]
        : (tensor<?x5x5x16xf32>, tensor<?x5x16xf32>, tensor<1x16xf32>)
        -> tensor<?x5x16xf32>
    ```
  }];
  let arguments = (ins
    Variadic<Eqc_Tensor>:$inputs,
    Eqc_BilinearRoleAttr:$computes,
    Eqc_GroupAttr:$group,
    Eqc_IntAttr:$n,
    Eqc_IntAttr:$k1,
    Eqc_IntAttr:$k2,
    Eqc_IntAttr:$l,
    Eqc_DiagramArrayAttr:$diagrams,
    DefaultValuedAttr<Eqc_DiagramArrayAttr, "{}">:$bias_diagrams,
    DefaultValuedAttr<Eqc_LayoutAttr, "::eqc::Layout::ChannelsLast">:$layout,
    DefaultValuedAttr<Eqc_NormalizeAttr, "::eqc::Normalize::None">:$normalize
  );
  let results = (outs Variadic<Eqc_Tensor>:$results);
  let assemblyFormat = [{
    custom<BilinearRole>($computes)
    custom<GroupOfSize>($group, $n) `order` $k1 `*` $k2 `->` $l
    `(` $inputs `)`
    `diagrams` custom<Diagrams>($diagrams)
    (`bias_diagrams` custom<Diagrams>($bias_diagrams)^)?
    (`layout` custom<Layout>($layout)^)?
    (`normalize` custom<Normalize>($normalize)^)?
    attr-dict `:` functional-type($inputs, $results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The type of an array, wherever it stands.
    ::mlir::RankedTensorType typeOf(::eqc::BilinearRow row);
    ::mlir::RankedTensorType getWeightType();
    /// The channels of an array.
    int64_t channelsOf(::eqc::BilinearRow row);
    /// Whether there are weights on each channel.
    bool isDepthwise() { return getWeightType().getRank() == 2; }
    ::std::vector<::eqc::Diagram> getDiagramValues() {
      return ::eqc::ir::getDiagramValues(getDiagrams());
    }
    ::std::vector<::eqc::Diagram> getBiasDiagramValues() {
      return ::eqc::ir::getDiagramValues(getBiasDiagrams());
    }
  }];
}

} // opDocGroup

#endif // EQC_DIALECT_EQCBILINEAROPS_TD
