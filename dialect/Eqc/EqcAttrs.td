//===- EqcAttrs.td - Attributes of the eqc dialect ---------*- tablegen -*-===//
//
// Diagrams, row patterns and the choices a layer makes, held as the values of
// the algebra library so that both sides speak about the same thing.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCATTRS_TD
#define EQC_DIALECT_EQCATTRS_TD

include "dialect/Eqc/EqcDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

class Eqc_Attr<string name, string attrMnemonic> : AttrDef<Eqc_Dialect, name> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Diagrams and patterns
//===----------------------------------------------------------------------===//

def Eqc_DiagramAttr : Eqc_Attr<"Diagram", "diagram"> {
  let summary = "a diagram";
  let description = [{
    A partition of `l` outputs and `k` inputs into blocks, in the notation of
    the language. `l` and `k` are the largest numbers in the text. Any order of
    blocks and vertices is read; the canonical one is printed.

    - (C1) Every output up to `o<l>` and every input up to `i<k>` stands in
      exactly one block.
    - (C2) No block is empty.
    - (C3) At most one block is marked `*`, the free vertices of an SO diagram.
      A `*` that is a block by itself is the head of a jellyfish of A; of a
      product of groups the space follows whose blocks are its legs, `* @1`,
      unless that is the first.

    Operations write a diagram as its text alone. Example:

    ```mlir
    #transposition = #eqc.diagram<"o1 i2 | o2 i1">
    #cross_product = #eqc.diagram<"* o1 i1 i2">
    #empty = #eqc.diagram<"1">
    ```
  }];
  let parameters = (ins AttrParameter<"::eqc::Diagram", "the diagram",
                                      "const ::eqc::Diagram &">:$value);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int getNumOutputs() const { return getValue().l; }
    int getNumInputs() const { return getValue().k; }
  }];
}

def Eqc_DiagramArrayAttr
    : TypedArrayAttrBase<Eqc_DiagramAttr, "array of diagrams">;

def Eqc_RowPatternAttr : Eqc_Attr<"RowPattern", "pattern"> {
  let summary = "how a diagram treats one of its rows";
  let description = [{
    A partition of the vertices of one row into blocks that are kept (they run
    through to the other row), dropped (marked `~`: summed over on input,
    broadcast on output) or free (marked `*`, at most one). The size of the row
    is the largest number in the text; the pattern of an empty row is written `-`.

    A row of a jellyfish starts with its head, `*` and maybe the space as in
    diagrams. Legs are not kept: those that run through bear no mark, others
    `~`. A row of outputs also says how many legs the row of inputs has alone
    and, by their blocks, in which order that row has the others:
    `* +1 2 1 | 1 | 2`.

    - (C1) Every vertex up to the largest stands in exactly one block.
    - (C2) No block is empty.
    - (C3) At most one block is marked `*`.

    Example:

    ```mlir
    #diagonal = #eqc.pattern<"1 2">
    #row_sums = #eqc.pattern<"1 | ~2">
    ```
  }];
  let parameters = (ins AttrParameter<"::eqc::RowPattern", "the pattern",
                                      "const ::eqc::RowPattern &">:$value);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Eqc_RowPatternArrayAttr
    : TypedArrayAttrBase<Eqc_RowPatternAttr, "array of row patterns">;

def Eqc_SumsAttr : Eqc_Attr<"Sums", "sums"> {
  let summary = "sums of multiples";
  let description = [{
    A sparse matrix by its rows: each is a sum of multiples of numbered rows or
    weights, `[number : factor, ..]`. What is a number alone is that row or
    weight as it is. Factors are doubles that are printed in full. Entries
    `starts[r]` to `starts[r + 1]` of `numbers` and `factors` are those of row r.

    - (C1) `starts` begins with 0, never falls and ends with how many entries
      there are; there are as many numbers as factors.
    - (C2) Factors are finite.

    Operations write it without the attribute's prefix. Example:

    ```mlir
    #mean_and_first = #eqc.sums<[[0 : 5.000000e-01, 1 : 5.000000e-01], 0]>
    ```
  }];
  let parameters = (ins "::mlir::DenseI64ArrayAttr":$starts,
                        "::mlir::DenseI64ArrayAttr":$numbers,
                        "::mlir::DenseF64ArrayAttr":$factors);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The same as values of the plan library, and the way back.
    static SumsAttr get(::mlir::MLIRContext *context,
                        const ::std::vector<::eqc::SparseVector> &rows);
    static SumsAttr get(::mlir::MLIRContext *context,
                        ::llvm::ArrayRef<::eqc::PackedTerm> terms);
    ::std::vector<::eqc::SparseVector> getRows() const;
    ::std::vector<::eqc::PackedTerm> getTerms() const;

    /// How many sums there are, and the numbers and factors of one.
    int64_t size() const {
      return static_cast<int64_t>(getStarts().size()) - 1;
    }
    ::llvm::ArrayRef<int64_t> getNumbersOf(int64_t sum) const;
    ::llvm::ArrayRef<double> getFactorsOf(int64_t sum) const;
  }];
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

def Eqc_CostAttr : Eqc_Attr<"Cost", "cost"> {
  let summary = "what a layer costs by a plan";
  let description = [{
    Counted for one sample: multiply-adds, additions and multiplications that
    stand alone, bytes of scratch; bytes of the weights as the kernel reads them.
    Times in ps, predicted, of packing the weights, of one sample and of a whole
    call; zeros where no rates of the machine are known. What is left out is 0.
    `condition` is that of the basis that channels are mixed in, 1 where it is
    left out.

    - (C1) No number is negative.
    - (C2) `condition` is at least 1.

    Example:

    ```mlir
    #c = #eqc.cost<multiply_adds = 960, additions = 20, scratch = 16, packed = 256,
        pack_ps = 12000, sample_ps = 8000, call_ps = 328000>
    ```
  }];
  let parameters = (ins
    DefaultValuedParameter<"int64_t", "0">:$multiply_adds,
    DefaultValuedParameter<"int64_t", "0">:$additions,
    DefaultValuedParameter<"int64_t", "0">:$scratch,
    DefaultValuedParameter<"int64_t", "0">:$packed,
    DefaultValuedParameter<"int64_t", "0">:$pack_ps,
    DefaultValuedParameter<"int64_t", "0">:$sample_ps,
    DefaultValuedParameter<"int64_t", "0">:$call_ps,
    OptionalParameter<"::mlir::FloatAttr">:$condition
  );
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Eqc_PlanAttr : Eqc_Attr<"Plan", "plan"> {
  let summary = "how the diagrams of a layer are multiplied, and why so";
  let description = [{
    The plan of a layer, as `--plan` names it. On `eqc.linear`, as `eqc.plan`:
    written by hand it is the plan that is wanted; `eqc-choose-plans` keeps that,
    and else takes the plan that is predicted to be the fastest. It adds what was
    decided by: `basis` is the one that channels are mixed in, where the plan has
    several; `n`, `batch` and `target` (of the cost model's rates) are what plans
    were compared at; `compared` has what each plan costs, `refused` the reason for
    each that the layer cannot have or the target does not serve.

    - (C1) `name` is a plan.
    - (C2) `basis`, where given, is one that the plan mixes channels in.
    - (C3) `n` and `batch` are not negative; 0 where plans were not compared.
    - (C4) `compared` holds `#eqc.cost` and `refused` strings, by names of plans,
      none of which stands in both; the plan itself is not refused.

    Example:

    ```mlir
    #wanted = #eqc.plan<name = "shared">
    #chosen = #eqc.plan<name = "schur", basis = "strands", n = 32, batch = 8,
        target = "AVX2",
        compared = {schur = #eqc.cost<multiply_adds = 90, call_ps = 900000>,
                    shared = #eqc.cost<multiply_adds = 120, call_ps = 1200000>},
        refused = {dense = "n is given at run time"}>
    ```
  }];
  let parameters = (ins
    StringRefParameter<"as --plan names it">:$name,
    StringRefParameter<"that channels are mixed in", [{""}]>:$basis,
    DefaultValuedParameter<"int64_t", "0">:$n,
    DefaultValuedParameter<"int64_t", "0">:$batch,
    StringRefParameter<"of the cost model's rates", [{""}]>:$target,
    OptionalParameter<"::mlir::DictionaryAttr">:$compared,
    OptionalParameter<"::mlir::DictionaryAttr">:$refused
  );
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let builders = [
    /// The plan that is wanted, nothing else decided.
    AttrBuilder<(ins "::eqc::PlanKind":$kind), [{
      return $_get($_ctxt, ::eqc::planName(kind), "", 0, 0, "",
                   ::mlir::DictionaryAttr(), ::mlir::DictionaryAttr());
    }]>
  ];
  let extraClassDeclaration = [{
    ::eqc::PlanKind getKind() const { return *::eqc::findPlan(getName()); }
  }];
}

//===----------------------------------------------------------------------===//
// Targets
//===----------------------------------------------------------------------===//

def Eqc_TargetAttr : Eqc_Attr<"Target", "target"> {
  let summary = "the CPU that a function is compiled for";
  let description = [{
    A kind of CPU: `name` as the user wrote it, LLVM's processor name and
    feature string, the processor to schedule for where that is another one,
    and what register tiles are cut by, the width of a vector in bytes and the
    number of vector registers. `level` and `tested` are how the runtime finds out
    whether it is on such a CPU, `cpu_level` and `cpu_features` of its
    `eqc_variant`. `kind` says who writes kernels for it. `eqc-clone-for-targets` leaves it on a function as `eqc.target`.

    Example:

    ```mlir
    #v3 = #eqc.target<name = "x86-64-v3", cpu = "x86-64-v3", features = "",
        vector_bytes = 32, registers = 16>
    ```
  }];
  let parameters = (ins
    StringRefParameter<"as the user wrote it">:$name,
    StringRefParameter<"LLVM's processor name">:$cpu,
    StringRefParameter<"LLVM's processor to schedule for", [{""}]>:$tune,
    StringRefParameter<"LLVM's feature string">:$features,
    "int64_t":$vector_bytes,
    "int64_t":$registers,
    DefaultValuedParameter<"int64_t", "0", "the runtime's number for it">:$level,
    StringRefParameter<"what the runtime tests", [{""}]>:$tested,
    StringRefParameter<"the kind of machine", [{"cpu"}]>:$kind
  );
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// What tiles are cut by.
    ::eqc::Machine getMachine() const {
      return {getVectorBytes(), getRegisters()};
    }
  }];
}

def Eqc_KernelAttr : Eqc_Attr<"Kernel", "kernel"> {
  let summary = "what a caller must know of a kernel";
  let description = [{
    What a kernel does for which layer on which CPU, and what follows from how it
    was written: the shape of the packed weights that it reads, its phases and
    the parts of each, the samples that it works on at once (0: any number), the
    scratch per sample and the multiply-adds per sample and pair of channels as
    coefficients of polynomials in n; where there are several `sizes`, each of their
    terms is a coefficient and the power of each size. `sums` is the matrix that a kernel of sums
    adds to: its rows and columns, the rows of a diagram, the channel from which
    on rows are shifted, and how many diagrams, or packed weights, it has. `convert-eqc-to-loops` leaves it on every kernel as
    `eqc.kernel`; the descriptor of the layer is made from it.

    - (C1) There is at least one phase and one part, and no size is negative.
    - (C2) `sums` has five numbers for a kernel of sums, else none.
    - (C3) There is at least one size, and terms in several are whole.

    Example:

    ```mlir
    #forward = #eqc.kernel<forward of "f" for <name = "x86-64-v3",
        cpu = "x86-64-v3", features = "", vector_bytes = 32, registers = 16>
        packed [2, 1, 4, 8] sums [] phases 2 parts 5 lanes 0 scratch [4]
        multiply_adds [0, 2]>
    ```
  }];
  let parameters = (ins
    AttrOrTypeParameter<"::eqc::KernelRole", "what it does">:$role,
    StringRefParameter<"the layer that it is for">:$layer,
    "TargetAttr":$target,
    ArrayRefParameter<"int64_t">:$packed,
    ArrayRefParameter<"int64_t">:$sums,
    "int64_t":$phases,
    "int64_t":$parts,
    "int64_t":$lanes,
    ArrayRefParameter<"int64_t">:$scratch,
    ArrayRefParameter<"int64_t">:$multiply_adds,
    DefaultValuedParameter<"int64_t", "1">:$sizes
  );
  let assemblyFormat = [{
    `<` custom<KernelRole>($role) `of` $layer `for` $target
    `packed` custom<Numbers>($packed) `sums` custom<Numbers>($sums)
    `phases` $phases `parts` $parts `lanes` $lanes
    `scratch` custom<Numbers>($scratch)
    `multiply_adds` custom<Numbers>($multiply_adds) (`sizes` $sizes^)? `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The same as a value, and the way back.
    ::eqc::KernelRecord getRecord() const;
    static KernelAttr get(::mlir::MLIRContext *context, ::eqc::KernelRole role,
                          ::llvm::StringRef layer, TargetAttr target,
                          const ::eqc::KernelRecord &record);
  }];
}

def Eqc_InterfaceAttr : Eqc_Attr<"Interface", "interface"> {
  let summary = "what programs are told of a layer";
  let description = [{
    The fields of `eqc_layer_info` by name (all but `struct_size`), and for a layer
    with gradients what the weights of each diagram are multiplied by on the way to
    the gradient of x: a sign and a power of 1/n, two numbers each; where there are
    several spaces a sign and a power of the size of each.
    `eqc-describe-layers` leaves one for each layer on the module, as
    `eqc.interfaces`; when all that is left of a layer are kernels,
    `eqc-add-entry-points` makes its C functions from it.

    - (C1) `info` has every field of `eqc_layer_info` but `struct_size`, texts as
      strings, numbers as 64-bit integers, spaces as a string and the spaces of axes
      as arrays, and no other.
    - (C2) Every axis is of one of the spaces.
    - (C3) `flips` has two numbers for each diagram of a layer with gradients, or one
      and one for each space, else none.

    Example:

    ```mlir
    #layer = #eqc.interface<{abi = 1 : i64, batch = 0 : i64, bias_diagrams = 0 : i64,
        bias_size = 0 : i64, c_in = 1 : i64, c_in2 = 0 : i64, c_out = 1 : i64,
        depthwise = 0 : i64, diagrams = 1 : i64, dtype = "f32", group = "O",
        has_backward = 1 : i64, hash = "", k = 1 : i64, k2 = -1 : i64, l = 1 : i64,
        layout = "channels_last", maps = "+00;", n = 3 : i64, name = "f", normalize = "none", options = "",
        plan = "shared", pool = "sum", space = ":O(3)", spaces = 1 : i64,
        spec = "layer f { .. }", sums = 0 : i64, version = "1", weight_size = 1 : i64,
        x_axes = array<i32: 0>, y_axes = array<i32: 0>} flips [1, 0]>
    ```
  }];
  let parameters = (ins
    AttrParameter<"::mlir::DictionaryAttr", "the fields of eqc_layer_info">:$info,
    ArrayRefParameter<"int64_t">:$flips
  );
  let assemblyFormat = [{
    `<` custom<Info>($info) `flips` custom<Numbers>($flips) `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// A field that is a text, or one that is a number.
    ::llvm::StringRef getText(::llvm::StringRef field) const;
    /// The spaces of the axes, and which each axis of a field is of.
    ::eqc::SpaceList getSpaces() const;
    ::llvm::ArrayRef<int32_t> getAxes(::llvm::StringRef field) const;
    int64_t getNumber(::llvm::StringRef field) const;
    ::llvm::StringRef getName() const { return getText("name"); }
  }];
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

// An enumeration of the algebra library as an attribute, spelled as in the
// language. MLIR's own EnumAttr would define a second C++ enumeration.
class Eqc_ChoiceAttr<string name, string attrMnemonic, string enumType>
    : Eqc_Attr<name, attrMnemonic> {
  let parameters = (ins AttrOrTypeParameter<enumType, "">:$value);
  let hasCustomAssemblyFormat = 1;
  let constBuilderCall = "::eqc::ir::" # name #
                         "Attr::get($_builder.getContext(), $0)";
  let returnType = enumType;
  let convertFromStorage = "$_self.getValue()";
}

def Eqc_GroupAttr : Eqc_ChoiceAttr<"Group", "group", "::eqc::Group"> {
  let summary = "the group: a family, and the signature of its form if any";
  let description = [{
    A family as the language writes it, acting on R^n: `S`, `O`, .. ; names that
    are no words stand in quotes, `"S'"`. The form of `O` and `SO` may have a
    signature: `O(1,3)`, with one plus and three minuses, acts on R^4.
    Operations write the group and its size together: `S(34)`, `O(1,3)`.
  }];
}

def Eqc_LayoutAttr : Eqc_ChoiceAttr<"Layout", "layout", "::eqc::Layout"> {
  let summary = "where the channels stand: channels_last or channels_first";
  let description = [{
    `channels_last`: a tensor is `[batch, n-axes, channels]`;
    `channels_first`: `[batch, channels, n-axes]`.
  }];
}

def Eqc_NormalizeAttr
    : Eqc_ChoiceAttr<"Normalize", "normalize", "::eqc::Normalize"> {
  let summary = "how diagrams are scaled: none or mean";
  let description = [{
    `mean` divides each diagram by n once for each of its blocks that hold
    inputs only (free blocks never count); `none` leaves it as it is.
  }];
}

def Eqc_PoolAttr : Eqc_ChoiceAttr<"Pool", "pool", "::eqc::Pool"> {
  let summary = "what is taken over blocks of inputs only: sum, max or min";
  let description = [{
    `max` and `min` take the largest or smallest entry over the joint index of
    such blocks where `sum` adds. A NaN among them gives NaN. Symbols are
    summed over whatever this says.
  }];
}

def Eqc_BilinearRoleAttr
    : Eqc_ChoiceAttr<"BilinearRole", "bilinear_role", "::eqc::BilinearRole"> {
  let summary = "what is made of three arrays: y, grad_x, grad_z or grad_weight";
  let description = [{
    The result of a bilinear layer, or which of its gradients.
  }];
}

#endif // EQC_DIALECT_EQCATTRS_TD
