//===- EqcNetworkOps.td - Networks of layers ---------------*- tablegen -*-===//
//
// A network as a symbol beside the layers that it calls, and what stands in it.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCNETWORKOPS_TD
#define EQC_DIALECT_EQCNETWORKOPS_TD

include "dialect/Eqc/EqcOpBase.td"
include "mlir/IR/SymbolInterfaces.td"

def Eqc_NetworkOps : OpDocGroup {
  let summary = "Networks";
  let description = [{
    Networks of layers as the front end leaves them. They are carried out by the
    runtime, which walks over their steps, so they stay as they are until the C
    functions are added.
  }];
}

let opDocGroup = Eqc_NetworkOps in {

def Eqc_NetworkOp : Eqc_Op<"network", [
    Symbol, IsolatedFromAbove, SingleBlock
  ]> {
  let summary = "a network of layers";
  let description = [{
    Its arguments are the inputs, its `eqc.output` has the outputs, and each
    operation between is a step. Values are tensors with a batch, axes of the
    spaces in `spaces`, and channels. Which space an axis is of is said of the
    inputs, and of what layers make; for all other values it follows.

    - (C1) `input_names` and `input_axes` are one for each argument, and
      `output_names` one for each output.
    - (C2) Every value has the batch `?`, for each of its axes the size of the
      space, `?` if that is given at run time, and its channels; these stand
      before the axes with `layout channels_first`. All element types are the
      same.
    - (C3) `eqc.call` names a layer: a function of the module that takes these
      operands first and makes this result, as long as there are functions.
    - (C4) The function of `eqc.pointwise` commutes with the groups of its
      operand's axes.
    - (C5) `eqc.norm` is over axes whose group keeps the sum of squares.
    - (C6) The factor of `eqc.scale` has the axes of the value less all of some
      spaces, on which all matrices are permutations, and one channel or those
      of the value.
    - (C7) The operands of `eqc.add` have one type and the same axes; those of
      `eqc.concat` differ in channels alone, which add up to those of the result.
    - (C8) At least one layer is called.

    Example:

    ```mlir
    eqc.network @net spaces "points:S(?) xyz:O(3)" inputs ["h", "x"]
        axes [array<i32: 0>, array<i32: 0, 1>] outputs ["y"] {
    ^bb0(%h: tensor<?x?x8xf32>, %x: tensor<?x?x3x8xf32>):
      %0 = eqc.call up(%h) axes [0] : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
      %1 = eqc.pointwise relu %0 : tensor<?x?x8xf32>
      %2 = eqc.norm %x over [1] : tensor<?x?x3x8xf32> -> tensor<?x?x8xf32>
      %3 = eqc.add %1, %2 : tensor<?x?x8xf32>, tensor<?x?x8xf32> -> tensor<?x?x8xf32>
      %4 = eqc.scale %x by %3 : tensor<?x?x3x8xf32>, tensor<?x?x8xf32>
      %5 = eqc.concat %4, %x : tensor<?x?x3x8xf32>, tensor<?x?x3x8xf32> -> tensor<?x?x3x16xf32>
      eqc.output %5 : tensor<?x?x3x16xf32>
    }
    ```
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    StrAttr:$spaces,
    StrArrayAttr:$input_names,
    TypedArrayAttrBase<DenseI32ArrayAttr, "axes of values">:$input_axes,
    StrArrayAttr:$output_names,
    DefaultValuedAttr<Eqc_LayoutAttr, "::eqc::Layout::ChannelsLast">:$layout
  );
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `spaces` $spaces `inputs` $input_names `axes` $input_axes
    `outputs` $output_names (`layout` custom<Layout>($layout)^)?
    attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
}

class Eqc_StepOp<string mnemonic, list<Trait> traits = []>
    : Eqc_Op<mnemonic, [Pure, HasParent<"NetworkOp">] # traits>;

def Eqc_CallOp : Eqc_StepOp<"call"> {
  let summary = "a layer of a network";
  let description = [{
    Applies the layer `callee`, with its own weights and bias: a layer that is
    called twice has one set of them. The callee is a name and no reference,
    since layers stop being functions when there are kernels. `axes` are the spaces of the result's
    axes. Rules and an example: `eqc.network`.
  }];
  let arguments = (ins
    StrAttr:$callee,
    Variadic<Eqc_Tensor>:$inputs,
    DenseI32ArrayAttr:$axes
  );
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat = [{
    custom<Word>($callee) `(` $inputs `)` `axes` $axes attr-dict `:` functional-type($inputs, $y)
  }];
}

def Eqc_PointwiseOp : Eqc_StepOp<"pointwise", [SameOperandsAndResultType]> {
  let summary = "a function of every entry";
  let description = [{
    `function` is one of `relu leaky_relu elu gelu silu sigmoid softplus tanh
    softsign sin cos exp abs square`. Rules and an example: `eqc.network`.
  }];
  let arguments = (ins StrAttr:$function, Eqc_Tensor:$x);
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat = "custom<Word>($function) $x attr-dict `:` type($x)";
}

def Eqc_NormOp : Eqc_StepOp<"norm"> {
  let summary = "the norm over the axes of some spaces";
  let description = [{
    The root of 1e-12 and the sum of the squares over all axes of the spaces
    `over`. Rules and an example: `eqc.network`.
  }];
  let arguments = (ins Eqc_Tensor:$x, DenseI32ArrayAttr:$over);
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat =
      "$x `over` $over attr-dict `:` type($x) `->` type($y)";
}

def Eqc_ScaleOp : Eqc_StepOp<"scale", [AllTypesMatch<["x", "y"]>]> {
  let summary = "every entry times that of a factor with fewer axes";
  let description = [{
    The factor is repeated along the axes that it lacks and, where it has one
    channel, along the channels. Rules and an example: `eqc.network`.
  }];
  let arguments = (ins Eqc_Tensor:$x, Eqc_Tensor:$factor);
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat =
      "$x `by` $factor attr-dict `:` type($x) `,` type($factor)";
}

def Eqc_ConcatOp : Eqc_StepOp<"concat"> {
  let summary = "the channels of some values one after the other";
  let description = [{
    Rules and an example: `eqc.network`.
  }];
  let arguments = (ins Variadic<Eqc_Tensor>:$inputs);
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat =
      "$inputs attr-dict `:` type($inputs) `->` type($y)";
}

def Eqc_AddOp : Eqc_StepOp<"add"> {
  let summary = "the sum of some values, from left to right";
  let description = [{
    Of one value it is a copy. Rules and an example: `eqc.network`.
  }];
  let arguments = (ins Variadic<Eqc_Tensor>:$inputs);
  let results = (outs Eqc_Tensor:$y);
  let assemblyFormat =
      "$inputs attr-dict `:` type($inputs) `->` type($y)";
}

def Eqc_OutputOp
    : Eqc_Op<"output", [Pure, Terminator, HasParent<"NetworkOp">]> {
  let summary = "the outputs of a network";
  let description = [{
    Rules and an example: `eqc.network`.
  }];
  let arguments = (ins Variadic<Eqc_Tensor>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

} // opDocGroup

#endif // EQC_DIALECT_EQCNETWORKOPS_TD
