//===- EqcSyntax.h - Custom syntax directives -------------------*- C++ -*-===//
//
// The `custom<..>` directives that the operations' declarative syntax uses.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_DIALECT_EQCSYNTAX_H
#define EQC_DIALECT_EQCSYNTAX_H

#include "dialect/Eqc/EqcAttrs.h"

namespace eqc::ir {

/// A size: a number, or `?` for -1.
mlir::ParseResult parseSize(mlir::OpAsmParser &parser, mlir::IntegerAttr &n);
void printSize(mlir::OpAsmPrinter &printer, mlir::Operation *op,
               mlir::IntegerAttr n);

/// A group and a size: `S(34)`, `O(?)`; a product with its sizes,
/// `[users: S(34), xyz: SO(3)]`.
mlir::ParseResult parseGroupOfSize(mlir::OpAsmParser &parser, GroupAttr &group,
                                   mlir::IntegerAttr &n);
void printGroupOfSize(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                      GroupAttr group, mlir::IntegerAttr n);

/// The choices, spelled as in the language.
mlir::ParseResult parseLayout(mlir::OpAsmParser &parser, LayoutAttr &layout);
void printLayout(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                 LayoutAttr layout);
mlir::ParseResult parseNormalize(mlir::OpAsmParser &parser,
                                 NormalizeAttr &normalize);
void printNormalize(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                    NormalizeAttr normalize);
mlir::ParseResult parsePool(mlir::OpAsmParser &parser, PoolAttr &pool);
void printPool(mlir::OpAsmPrinter &printer, mlir::Operation *op, PoolAttr pool);

/// A name without quotes, where it needs none.
mlir::ParseResult parseWord(mlir::OpAsmParser &parser, mlir::StringAttr &word);
void printWord(mlir::OpAsmPrinter &printer, mlir::Operation *op,
               mlir::StringAttr word);
mlir::ParseResult parseBilinearRole(mlir::OpAsmParser &parser,
                                    BilinearRoleAttr &role);
void printBilinearRole(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                       BilinearRoleAttr role);

/// A diagram as its text alone.
mlir::ParseResult parseDiagram(mlir::OpAsmParser &parser, DiagramAttr &diagram);
void printDiagram(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                  DiagramAttr diagram);

/// A list of diagrams: `["o1 i1", "o1 | i1"]`.
mlir::ParseResult parseDiagrams(mlir::OpAsmParser &parser,
                                mlir::ArrayAttr &diagrams);
void printDiagrams(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                   mlir::ArrayAttr diagrams);

/// A row pattern as its text alone, and a list of them.
mlir::ParseResult parsePattern(mlir::OpAsmParser &parser,
                               RowPatternAttr &pattern);
void printPattern(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                  RowPatternAttr pattern);
mlir::ParseResult parsePatterns(mlir::OpAsmParser &parser,
                                mlir::ArrayAttr &patterns);
void printPatterns(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                   mlir::ArrayAttr patterns);

/// Sums of multiples, without the attribute's prefix.
mlir::ParseResult parseSums(mlir::OpAsmParser &parser, SumsAttr &sums);
void printSums(mlir::OpAsmPrinter &printer, mlir::Operation *op, SumsAttr sums);

/// The copies that each target of a mix sums, `[[0, 4] bias 1, [8]]`: the first
/// row of each, and a row of the bias, -1 for none.
mlir::ParseResult parseCopies(mlir::OpAsmParser &parser,
                              mlir::DenseI64ArrayAttr &starts,
                              mlir::DenseI64ArrayAttr &copies,
                              mlir::DenseI64ArrayAttr &biasRows);
void printCopies(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                 mlir::DenseI64ArrayAttr starts, mlir::DenseI64ArrayAttr copies,
                 mlir::DenseI64ArrayAttr biasRows);

/// A list of permutations: `[[0, 1], [1, 0]]`.
mlir::ParseResult parsePermutations(mlir::OpAsmParser &parser,
                                    mlir::ArrayAttr &permutations);
void printPermutations(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                       mlir::ArrayAttr permutations);

/// Pairs of patterns: `["1 | ~2" from "1 | 2"]`, `["~1 | 2" into "1 | 2"]`.
mlir::ParseResult parsePatternsFrom(mlir::OpAsmParser &parser,
                                    mlir::ArrayAttr &patterns,
                                    mlir::ArrayAttr &sources);
void printPatternsFrom(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                       mlir::ArrayAttr patterns, mlir::ArrayAttr sources);
mlir::ParseResult parsePatternsInto(mlir::OpAsmParser &parser,
                                    mlir::ArrayAttr &patterns,
                                    mlir::ArrayAttr &targets);
void printPatternsInto(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                       mlir::ArrayAttr patterns, mlir::ArrayAttr targets);

} // namespace eqc::ir

#endif // EQC_DIALECT_EQCSYNTAX_H
