//===- EqcOpBase.td - What all operations are made of ------*- tablegen -*-===//
//
// The base class of the dialect's operations and their kinds of operands.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCOPBASE_TD
#define EQC_DIALECT_EQCOPBASE_TD

include "dialect/Eqc/EqcAttrs.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Eqc_Op<string mnemonic, list<Trait> traits = []>
    : Op<Eqc_Dialect, mnemonic, traits>;

// What every operation works on.
def Eqc_Tensor : RankedTensorOf<[F32, F64]>;

// A size or an order. `I64Attr` would hand it out unsigned.
def Eqc_IntAttr
    : TypedSignlessIntegerAttrBase<I64, "int64_t",
                                   "64-bit signless integer attribute"> {
  let convertFromStorage = "$_self.getInt()";
}

// A whole layer, however it is computed.
class Eqc_LayerOp<string mnemonic>
    : Eqc_Op<mnemonic, [Pure, AttrSizedOperandSegments]> {
  dag layerArguments = (ins
    Eqc_Tensor:$x,
    Eqc_Tensor:$weight,
    Optional<Eqc_Tensor>:$bias,
    Optional<Eqc_Tensor>:$at,
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
  string layerFormat = [{
    custom<GroupOfSize>($group, $n) `order` $k `->` $l
    `x` `(` $x `:` type($x) `)`
    `weight` `(` $weight `:` type($weight) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`at` `(` $at^ `:` type($at) `)`)?
    `diagrams` custom<Diagrams>($diagrams)
    (`bias_diagrams` custom<Diagrams>($bias_diagrams)^)?
    (`layout` custom<Layout>($layout)^)?
    (`normalize` custom<Normalize>($normalize)^)?
    (`in_symmetry` $in_symmetry^)?
    (`out_symmetry` $out_symmetry^)?
    (`orbit_weights` $orbit_weights^)?
    (`pool` custom<Pool>($pool)^)?
  }];
  let results = (outs Eqc_Tensor:$y);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether the size is given at run time.
    bool hasDynamicN() { return getN() < 0; }
    /// The channel extents.
    int64_t getCIn() {
      return ::llvm::cast<::mlir::RankedTensorType>(getWeight().getType())
          .getDimSize(1);
    }
    int64_t getCOut() {
      return ::llvm::cast<::mlir::RankedTensorType>(getWeight().getType())
          .getDimSize(2);
    }
    /// The diagrams as values of the algebra library, in the order of weights.
    ::std::vector<::eqc::Diagram> getDiagramValues() {
      return ::eqc::ir::getDiagramValues(getDiagrams());
    }
    ::std::vector<::eqc::Diagram> getBiasDiagramValues() {
      return ::eqc::ir::getDiagramValues(getBiasDiagrams());
    }
  }];
}

#endif // EQC_DIALECT_EQCOPBASE_TD
