//===- EqcDialect.td - The eqc dialect ---------------------*- tablegen -*-===//
//
// The dialect of equivariant linear layers: its name, its namespace and what it
// depends on.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCDIALECT_TD
#define EQC_DIALECT_EQCDIALECT_TD

include "mlir/IR/OpBase.td"

def Eqc_Dialect : Dialect {
  let name = "eqc";
  let summary = "Equivariant linear layers, made of diagrams";
  let description = [{
    The dialect speaks about linear maps between tensor powers of R^n that
    commute with a group. Such a map is a sum of diagram matrices, so the
    attributes hold diagrams and the patterns that they leave in a row, and the
    operations apply them to tensors. Operations work on ranked tensors of `f32`
    or `f64`; nothing in the dialect touches memory.

    Everywhere `n` is the dimension of the space that the group acts on. In an
    attribute -1 stands for a size given at run time, which is written `?`.
    A *row* of a diagram is its outputs or its inputs; an axis of extent `n` is
    an *n-axis*.
  }];
  let cppNamespace = "::eqc::ir";
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  // Canonicalisations of diagrams leave a factor behind, written with these.
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let extraClassDeclaration = [{
    /// The value of an `n` attribute that stands for `n = ?`.
    static constexpr int64_t kDynamicN = -1;

    // Attributes that the compiler puts on functions and layers. On an
    // `eqc.linear` and on a layer in stages: the plan, `#eqc.plan<..>` on the
    // operation, its name on the function. On a layer: the batch that it is
    // compiled for, the most registers that its tiles may use.
    static constexpr ::llvm::StringLiteral kPlanAttrName = "eqc.plan";
    static constexpr ::llvm::StringLiteral kBatchAttrName = "eqc.batch";
    // On a layer whose inputs and outputs lie in memory in 16 bits: their type.
    static constexpr ::llvm::StringLiteral kStorageAttrName = "eqc.storage";
    static constexpr ::llvm::StringLiteral kMaxRegistersAttrName =
        "eqc.max_registers";
    // On the gradient of a layer's input: for each diagram the sign and the power
    // of 1/n that its weights are multiplied by, of a product that of the size
    // of each space.
    static constexpr ::llvm::StringLiteral kFlipsAttrName = "eqc.flips";
    // On a layer for one CPU: its name, its CPU.
    static constexpr ::llvm::StringLiteral kLayerAttrName = "eqc.layer";
    static constexpr ::llvm::StringLiteral kTargetAttrName = "eqc.target";
    // On a layer: which diagrams it was written with, "all" or "basis"; none for
    // a list.
    static constexpr ::llvm::StringLiteral kDiagramsAttrName = "eqc.diagrams";
    // On a layer whose axes are typed and all of one space: its name; empty
    // where there are no axes.
    static constexpr ::llvm::StringLiteral kSpaceAttrName = "eqc.space";
    // On a module: what programs are told of each layer, and its functions are
    // made from.
    static constexpr ::llvm::StringLiteral kInterfacesAttrName =
        "eqc.interfaces";
    // On a network: its text, which programs are told.
    static constexpr ::llvm::StringLiteral kSourceAttrName = "eqc.source";
    // On a module: the options that it is compiled with, which programs are told.
    static constexpr ::llvm::StringLiteral kOptionsAttrName = "eqc.options";
    // On a kernel: what a caller must know of it.
    static constexpr ::llvm::StringLiteral kKernelAttrName = "eqc.kernel";
    // On arguments of a kernel: the phase, and what it writes.
    static constexpr ::llvm::StringLiteral kPhaseAttrName = "eqc.phase";
    static constexpr ::llvm::StringLiteral kOutputAttrName = "eqc.output";

    void registerAttributes();
  }];
}

#endif // EQC_DIALECT_EQCDIALECT_TD
