//===- Passes.td - Passes of the eqc compiler --------------*- tablegen -*-===//

#ifndef EQC_TRANSFORMS_PASSES
#define EQC_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// On the eqc dialect
//===----------------------------------------------------------------------===//

def AddGradientsPass : Pass<"eqc-add-gradients", "mlir::ModuleOp"> {
  let summary = "add the gradients of every layer as functions";
  let description = [{
    After each function NAME with an `eqc.linear` adds two:

    - `NAME.grad_x`: from the gradient of y and the weights to the gradient of x.
      It is a layer itself, whose diagrams are flipped: their rows are exchanged.
      It wants `weight[d]` with its channels exchanged, times the sign of the
      transpose (-1 only for some diagrams of SO), divided by n for each block of
      inputs only if the layer normalizes by `mean`.
    - `NAME.grad_weight`: from x and the gradient of y to the gradients of weight and
      bias.

    A function with an `eqc.bilinear` gets three, `NAME.grad_x`, `NAME.grad_z` and
    `NAME.grad_weight`: the same operation, which computes another array.

    ```text
    func.func @f(%x : .., %w : tensor<1x16x32xf32>) -> tensor<?x32xf32> {
      %y = eqc.linear O(3) order 2 -> 0 x(%x : tensor<?x3x3x16xf32>) weight(%w : ..)
          diagrams ["i1 i2"] : tensor<?x32xf32>
      return %y : tensor<?x32xf32>
    }
    // is followed by
    func.func @f.grad_x(%dy : .., %w : tensor<1x32x16xf32>) -> tensor<?x3x3x16xf32> {
      %dx = eqc.linear O(3) order 0 -> 2 x(%dy : tensor<?x32xf32>) weight(%w : ..)
          diagrams ["o1 o2"] : tensor<?x3x3x16xf32>
      return %dx : tensor<?x3x3x16xf32>
    }
    func.func @f.grad_weight(%x : .., %dy : ..) -> tensor<1x16x32xf32> {
      %dw = eqc.grad_weight O(3) order 2 -> 0 x(%x : ..) grad_y(%dy : ..)
          diagrams ["i1 i2"] : tensor<1x16x32xf32>
      return %dw : tensor<1x16x32xf32>
    }
    ```
  }];
  let dependentDialects = ["eqc::ir::EqcDialect", "mlir::func::FuncDialect"];
  let statistics = [Statistic<"numLayers", "layers", "layers given gradients">];
}

def DescribeLayersPass : Pass<"eqc-describe-layers", "mlir::ModuleOp"> {
  let summary = "note what programs are told of each layer";
  let description = [{
    Puts an `#eqc.interface` for every function with an `eqc.linear` on the module, as
    `eqc.interfaces`: the fields of `eqc_layer_info` (the plan is filled in once it is
    decided; the options are those of the module's `eqc.options`, which is removed), and the factors by which weights go to the gradient of x where
    `eqc-add-gradients` has added it. From these `eqc-add-entry-points` makes the C
    functions, when nothing else says what the kernels compute.

    ```text
    func.func @f(..) { %y = eqc.linear O(3) order 1 -> 1 .. }
    // adds to the module
    module attributes {eqc.interfaces = [#eqc.interface<{name = "f", group = "O", n = 3,
        k = 1, l = 1, ..} flips []>]}
    ```
  }];
  let dependentDialects = ["eqc::ir::EqcDialect"];
  let statistics = [Statistic<"numLayers", "layers", "layers described">];
}

def ChoosePlansPass : Pass<"eqc-choose-plans", "mlir::ModuleOp"> {
  let summary = "choose how the diagrams of each layer are multiplied";
  let description = [{
    Puts an `#eqc.plan` on every `eqc.linear`, the gradients of x included: the plan of
    least predicted time on the most able of the CPUs, with what all cost and why
    some are refused. A plan that the operation has already, or that the option `plan`
    wants, is kept; one that the layer cannot have, or that the target does not serve,
    is an error. With `compare` plans of layers are compared then too, for whoever wants
    to know.

    Programs are told the plan of the layer alone and rely on what it promises. So the
    gradient of x takes that plan, or one that promises no less: `dense` and `schur` let a
    NaN reach all elements of its sample. An `eqc.grad_weight` is given the plan of its layer
    where that has an isotypic basis in which its sums take fewer operations.

    ```text
    %y = eqc.linear S(?) order 1 -> 1 x(%x : ..) weight(%w : ..)
        diagrams ["o1 i1", "o1 | i1"] : tensor<?x?x32xf32>
    // becomes
    %y = eqc.linear S(?) order 1 -> 1 x(%x : ..) weight(%w : ..)
        diagrams ["o1 i1", "o1 | i1"] {eqc.plan = #eqc.plan<name = "shared", n = 32, batch = 32,
        target = "AVX2",
        compared = {factored = #eqc.cost<multiply_adds = 33792, .., call_ps = 27000000>,
                    schur = #eqc.cost<..>, shared = #eqc.cost<..>},
        refused = {dense = "n is given at run time"}>} : tensor<?x?x32xf32>
    ```

    The reason and each refusal are remarks of the category `eqc-choose-plans`
    (`--remarks-filter=eqc-choose-plans --remark-format=emitRemark`).
  }];
  let dependentDialects = ["eqc::ir::EqcDialect"];
  let options = [Option<"plan", "plan", "std::string", /*default=*/"\"auto\"",
                        "the plan of all layers; auto: the fastest of each">,
                 Option<"batch", "batch", "int64_t", /*default=*/"0",
                        "samples of a call; 0: the layer's batch, else 32">,
                 Option<"compareAll", "compare", "bool", /*default=*/"false",
                        "compare plans also where one is wanted">,
                 Option<"triple", "triple", "std::string", /*default=*/"\"\"",
                        "the target triple; empty: the host's">,
                 ListOption<"cpus", "cpus", "std::string",
                            "the CPUs; none: the triple's default">];
  let statistics = [Statistic<"numChosen", "chosen", "layers given a plan">];
}

def ExpandPlanPass : Pass<"eqc-expand-plan", "mlir::ModuleOp"> {
  let summary = "write each layer as the stages of its plan";
  let description = [{
    Builds the plan of every `eqc.linear`, which `eqc-choose-plans` has left as `eqc.plan`,
    and replaces the layer by the stages of the plan:

    - `shared`: every input pattern is read once, channels are mixed once per
      propagating order, every output pattern is written once;
    - `factored`: the published algorithm, one stage of all diagrams after the
      other: `eqc.to_planar`, an `eqc.contract` for each Kronecker factor,
      `eqc.mix_each`, `eqc.expand`, `eqc.from_planar`, `eqc.add_bias`;
    - `dense`: `eqc.assemble`, the matrix of the whole layer, and of its bias, and
      `eqc.multiply`;
    - `schur`: in a basis adapted to a symmetry. That of the group:
      `eqc.to_rows`, `eqc.pack`, `eqc.transform` of x (and of the bias), an
      `eqc.mix_copies` for each dimension of irreducible representations,
      `eqc.transform` to y and `eqc.from_rows`. Or that of the strands: the
      stages of the shared plan, of which mixes say `basis strands(t)`.

    An `eqc.grad_weight` that has a plan becomes stages in its basis: `eqc.to_rows` and
    `eqc.transform` of x and of the gradient of y, an `eqc.sum_copies` for each dimension,
    `eqc.unpack`, and `eqc.sum_rows` and `eqc.transform` for the bias.

    ```text
    %y = eqc.linear S(5) order 1 -> 1 x(%x : ..) weight(%w : ..)
        diagrams ["o1 i1", "o1 | i1"] : tensor<?x5x32xf32>
    // becomes
    %0 = eqc.to_rows %x : tensor<?x5x16xf32> -> tensor<?x5x16xf32>
    %1 = eqc.pack %w order [1, 0] : ..
    %2 = eqc.read S(5) x(%0 : ..) patterns ["~1" from "1"] : tensor<?x1x16xf32>
    %3 = eqc.mix S(5) propagating 0 x(%0 : ..) reads(%2 : ..) weights(%1 : ..) from 0
        targets ["~1"] diagrams ["o1 | i1"] : tensor<?x1x32xf32>
    %4 = eqc.mix S(5) propagating 1 x(%0 : ..) nodes(%3 : ..) weights(%1 : ..) from 1
        targets ["1"] diagrams ["o1 i1"] broadcasts ["~1" into "1"] : tensor<?x5x32xf32>
    %y = eqc.from_rows %4 : tensor<?x5x32xf32> -> tensor<?x5x32xf32>
    ```

    The function keeps the plan's name as `eqc.plan`.
  }];
  let dependentDialects = ["eqc::ir::EqcDialect"];
  let statistics = [Statistic<"numExpanded", "expanded", "layers written as stages">];
}

def OrderContractionsPass : Pass<"eqc-order-contractions", "mlir::func::FuncOp"> {
  let summary = "contract inputs in the order of least cost";
  let description = [{
    Each diagram of a factored layer contracts its blocks of inputs one after the other,
    in as many `eqc.contract`, and what is left is smaller each time. Chooses, by the exact
    number of additions, the cheapest order; orders that cost the same stay as they are.

    The patterns of `eqc.read` are read each as one sum of a finer one, and what the
    mixes use seldom holds a finer pattern for each: others are read on the way, which
    may serve several. Chooses those of the fewest additions (by a search that is exact
    but for layers of hundreds of diagrams, where it stops after some thousand steps).

    Remarks say how many additions that saves.

    ```text
    %a = eqc.contract S(5) %p patterns ["~1 | 2 | 3"] : tensor<?x125x4xf32> -> tensor<?x25x4xf32>
    %b = eqc.contract S(5) %a patterns ["~1 2"] : tensor<?x25x4xf32> -> tensor<?x1x4xf32>
    // becomes, for any n > 1
    %c = eqc.contract S(5) %p patterns ["1 | ~2 3"] : tensor<?x125x4xf32> -> tensor<?x5x4xf32>
    %d = eqc.contract S(5) %c patterns ["~1"] : tensor<?x5x4xf32> -> tensor<?x1x4xf32>
    ```
  }];
  let dependentDialects = ["eqc::ir::EqcDialect"];
  let statistics = [Statistic<"numReordered", "reordered", "diagrams with a cheaper order">,
                    Statistic<"numKept", "missed-reorder",
                              "diagrams whose order was as cheap as any">,
                    Statistic<"numReadsOrdered", "layers-read-anew",
                              "layers whose inputs are read in fewer additions">];
}

def CloneForTargetsPass : Pass<"eqc-clone-for-targets", "mlir::ModuleOp"> {
  let summary = "copy each layer once per CPU that it is compiled for";
  let description = [{
    Replaces every function in stages by one clone per CPU, called `NAME.CPU`. A clone
    carries its CPU and the shape of its vector registers as `eqc.target`, and the
    name of the layer as `eqc.layer`; everything after this pass reads them. Where
    the function carries `eqc.max_registers`, register tiles are cut as on a CPU
    with at most so many.

    ```text
    func.func @f(..) attributes {eqc.plan = "shared"}
    // becomes, with cpus=x86-64-v3
    func.func @"f.x86-64-v3"(..) attributes {eqc.layer = "f", eqc.plan = "shared",
        eqc.target = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "",
                                 vector_bytes = 32, registers = 16>}
    ```
  }];
  let dependentDialects = ["eqc::ir::EqcDialect"];
  let options = [Option<"triple", "triple", "std::string", /*default=*/"\"\"",
                        "the target triple; empty: the host's">,
                 ListOption<"cpus", "cpus", "std::string",
                            "the CPUs; none: the triple's default">];
  let statistics = [Statistic<"numClones", "clones", "clones made">];
}

def VerifyContractPass : Pass<"eqc-verify-contract", "mlir::ModuleOp"> {
  let summary = "check that a stage of the compiler left what the next one needs";
  let description = [{
    Reports, in the language's words, everything that should not be there after

    - `import`: functions that are not one layer and nothing else, for only the layer of
      a function is compiled;
    - `expand`: the same, and layers whose plan is not decided;
    - `linalg`: anything but operations of builtin, func, linalg, tensor and arith;
    - `convert`: anything of the eqc dialect.

    Each would be a fault of the compiler, not of the layer.
  }];
  let options = [Option<"after", "after", "std::string", /*default=*/"",
                        "import, expand, linalg or convert">];
  let statistics = [Statistic<"numViolations", "violations", "operations reported">];
}

#endif // EQC_TRANSFORMS_PASSES
