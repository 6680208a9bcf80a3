//===- EqcDialect.cpp - The eqc dialect -----------------------------------===//
//
// Registers the dialect's attributes and operations.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcDialect.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "dialect/Eqc/EqcDialect.cpp.inc"

using namespace mlir;
using namespace eqc::ir;

/// Whether `attribute` is a whole number above 0.
static bool isPositive(Attribute attribute) {
  auto number = dyn_cast<IntegerAttr>(attribute);
  return number && number.getType().isSignlessInteger(64) &&
         number.getInt() > 0;
}

// A misspelt attribute would be ignored without a word.
static bool isChoiceOfDiagrams(Attribute value) {
  auto text = dyn_cast<StringAttr>(value);
  return text && (text == "all" || text == "basis" || text == "connected");
}

static bool isStorage(Attribute value) {
  auto type = dyn_cast<TypeAttr>(value);
  return type && (type.getValue().isBF16() || type.getValue().isF16());
}

static bool isInterfaces(Attribute value) {
  auto array = dyn_cast<ArrayAttr>(value);
  return array && llvm::all_of(array, llvm::IsaPred<InterfaceAttr>);
}

LogicalResult EqcDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attribute) {
  const StringRef name = attribute.getName();
  const Attribute value = attribute.getValue();
  struct Known {
    StringRef name;
    bool valid;
    StringRef expected;
  };
  for (const Known &known :
       {isa<LinearOp, GradWeightOp>(op)
            ? Known{kPlanAttrName, isa<PlanAttr>(value), "'#eqc.plan<..>'"}
            : Known{kPlanAttrName, isa<StringAttr>(value),
                    "the name of a plan"},
        Known{kLayerAttrName, isa<StringAttr>(value), "the name of a layer"},
        Known{kFlipsAttrName, isa<DenseI64ArrayAttr>(value),
              "'array<i64: ..>'"},
        Known{kStorageAttrName, isStorage(value), "bf16 or f16"},
        Known{kBatchAttrName, isPositive(value), "a positive 64-bit integer"},
        Known{kMaxRegistersAttrName, isPositive(value),
              "a positive 64-bit integer"},
        Known{kDiagramsAttrName, isChoiceOfDiagrams(value),
              "\"all\", \"basis\" or \"connected\""},
        Known{kSourceAttrName, isa<StringAttr>(value), "a text"},
        Known{kOptionsAttrName, isa<StringAttr>(value), "a text"},
        Known{kSpaceAttrName, isa<StringAttr>(value), "the name of a space"},
        Known{kInterfacesAttrName, isInterfaces(value),
              "an array of '#eqc.interface<..>'"},
        Known{kTargetAttrName, isa<TargetAttr>(value), "'#eqc.target<..>'"},
        Known{kKernelAttrName, isa<KernelAttr>(value), "'#eqc.kernel<..>'"}})
    if (name == known.name)
      return known.valid ? success()
                         : op->emitError()
                               << "'" << name << "' must be " << known.expected
                               << ", found " << value;
  return op->emitError() << "the dialect has no attribute '" << name << "'";
}

void EqcDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialect/Eqc/EqcOps.cpp.inc"
      >();
}
