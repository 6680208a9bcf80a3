//===- EqcAttrs.h - Attributes of the eqc dialect ---------------*- C++ -*-===//
//
// Attributes that hold values of the algebra library.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCATTRS_H
#define EQC_DIALECT_EQCATTRS_H

#include "compiler/Algebra/Diagram.h"
#include "compiler/Algebra/Factored.h"
#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Algebra/RowPattern.h"
#include "compiler/Plan/Bilinear/BilinearRole.h"
#include "compiler/Plan/Isotypic/IsotypicBasis.h"
#include "compiler/Plan/KernelRecord.h"
#include "compiler/Plan/PackedTerm.h"
#include "compiler/Plan/PlanKind.h"

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpImplementation.h"

#include <optional>

// Found by argument-dependent lookup when attributes are uniqued.
namespace eqc {
llvm::hash_code hash_value(const Group &group);
llvm::hash_code hash_value(const Diagram &diagram);
llvm::hash_code hash_value(const RowPattern &pattern);
} // namespace eqc

#define GET_ATTRDEF_CLASSES
#include "dialect/Eqc/EqcAttrs.h.inc"

namespace eqc::ir {

/// Reads the notation of a diagram whose numbers of outputs and inputs are the
/// largest in the text. Never builds anything larger than the text.
std::variant<Diagram, DiagramError> parseDiagramText(llvm::StringRef text);

/// The same for a pattern and the size of its row.
std::variant<RowPattern, DiagramError> parsePatternText(llvm::StringRef text);

/// Reads a string literal that holds a diagram, as operations write it. The
/// error points into the literal.
mlir::FailureOr<DiagramAttr> parseDiagramLiteral(mlir::AsmParser &parser);
mlir::FailureOr<RowPatternAttr> parsePatternLiteral(mlir::AsmParser &parser);

/// Reads the name of a family of groups: a word, or a string where it is none.
mlir::FailureOr<Family> parseFamily(mlir::AsmParser &parser);
void printFamily(mlir::AsmPrinter &printer, Family family);
/// The group of this signature; else an error at `loc`.
mlir::FailureOr<Group> makeSignedGroup(mlir::AsmParser &parser, llvm::SMLoc loc,
                                       Family family, int64_t plus,
                                       int64_t minus);

/// Permutations of n points behind the comma after n, of which the first text
/// is read already, and the way back with n.
mlir::FailureOr<Group> parseAction(mlir::AsmParser &parser, Family family,
                                   int64_t n, std::string first);
void printAction(mlir::AsmPrinter &printer, Group group);

/// A product of groups with its sizes, `[users: S(34), xyz: SO(3)]`, if that is
/// what comes.
mlir::FailureOr<std::optional<Group>>
parseOptionalProduct(mlir::AsmParser &parser);
void printProduct(mlir::AsmPrinter &printer, Group group);

/// Reads one of the names of the layouts, of the normalisations.
mlir::FailureOr<Layout> parseLayoutKeyword(mlir::AsmParser &parser);
mlir::FailureOr<Normalize> parseNormalizeKeyword(mlir::AsmParser &parser);
mlir::FailureOr<Pool> parsePoolKeyword(mlir::AsmParser &parser);
mlir::FailureOr<BilinearRole> parseBilinearRoleKeyword(mlir::AsmParser &parser);

/// Sums of multiples as `[[0 : 0.5, 1 : 0.5], 0]`.
mlir::FailureOr<SumsAttr> parseSumsList(mlir::AsmParser &parser);
void printSumsList(mlir::AsmPrinter &printer, SumsAttr sums);

/// How the language spells a value.
llvm::StringRef getSpelling(Layout layout);
llvm::StringRef getSpelling(Normalize normalize);
llvm::StringRef getSpelling(Pool pool);
llvm::StringRef getSpelling(BilinearRole role);
llvm::StringRef getSpelling(KernelRole role);

/// The diagrams of an array attribute, and the way back.
std::vector<Diagram> getDiagramValues(mlir::ArrayAttr diagrams);
/// Permutations of axes as their texts, and back; of `order` axes.
mlir::ArrayAttr
getPermutationArrayAttr(mlir::MLIRContext *context,
                        llvm::ArrayRef<AxisPermutation> permutations);
std::vector<AxisPermutation> getPermutationValues(mlir::ArrayAttr texts,
                                                  int64_t order);
mlir::ArrayAttr getDiagramArrayAttr(mlir::MLIRContext *context,
                                    llvm::ArrayRef<Diagram> diagrams);

/// The values of an array of row patterns, and the array of such values.
std::vector<RowPattern> getPatternValues(mlir::ArrayAttr patterns);
mlir::ArrayAttr getPatternArrayAttr(mlir::MLIRContext *context,
                                    llvm::ArrayRef<RowPattern> patterns);

} // namespace eqc::ir

#endif // EQC_DIALECT_EQCATTRS_H
