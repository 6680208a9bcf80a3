//===- LayerGraph.h - Patterns of a layer as tensor operations --*- C++ -*-===//
//
// What plans are made of, on tensors with an axis for every kept block: reading
// a pattern, mixing a diagram's channels, adding an output pattern to a finer
// one. math: D_d = E_top P_sigma C_bottom.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_LAYERGRAPH_H
#define EQC_CONVERSION_LAYERGRAPH_H

#include "compiler/Algebra/RowPattern.h"
#include "compiler/Conversion/EqcToLinalg/GraphBuilder.h"
#include "compiler/Plan/PackedTerm.h"
#include "compiler/Plan/RowTransform.h"

#include <map>

namespace eqc {

/// A tensor that holds an input or output pattern: [batch, letters, channels],
/// one axis of n for each kept block. Free vertices take as many axes behind
/// these as there are fewer of, in this row or in the other: the symbol is
/// contracted on the side where it has more. The row itself is in the layout of
/// the layer.
struct PatternTensor {
  mlir::Value value;
  RowPattern pattern;
  bool isRow = false; ///< x or y
};

class LayerGraph {
public:
  LayerGraph(GraphBuilder &graph, const LayerSpec &spec, mlir::Value x,
             mlir::Value weight, mlir::Value bias);

  /// The input as the pattern that keeps every vertex apart.
  PatternTensor input() const;
  /// Zeros for an output pattern; y for the one that keeps every vertex apart.
  PatternTensor outputZeros(const RowPattern &pattern);

  /// The input pattern from a finer one: sums over the blocks that `source`
  /// keeps and `pattern` drops. With `normalize = mean` each is divided by n.
  PatternTensor read(const PatternTensor &source, const RowPattern &pattern);

  /// Adds D_d's part of its top pattern: `source` holds its bottom pattern, or
  /// one finer that drops nothing more.
  void mix(PatternTensor &target, const PatternTensor &source,
           const Diagram &diagram, mlir::Value weight);

  /// Zeros for a tensor of t letters with the channels of x.
  mlir::Value inputZeros(int letters);
  /// Adds `factor` times a bottom pattern, letter q where `sum` has letter
  /// permutation[q].
  mlir::Value addPermuted(mlir::Value sum, const PatternTensor &source,
                          const RowPattern &bottom,
                          llvm::ArrayRef<int> permutation, double factor);
  /// Adds a tensor of the target's letters times a weight.
  void mixLetters(PatternTensor &target, mlir::Value letters, int numLetters,
                  mlir::Value weight);

  /// Whether the Levi-Civita symbol of a bottom pattern is summed when the
  /// pattern is read, for it has more arguments in this row than in the other.
  bool contractsSymbol(const RowPattern &bottom) const {
    return bottom.free >= 0 && !keepsOwnFree(bottom, /*isTop=*/false);
  }

  /// Sums of rows of the bias take its place, where there are any.
  void transformBias(const RowTransform &sums);
  /// Adds row e of the bias to the top pattern of its diagram.
  void addBias(PatternTensor &target, int64_t row);

  /// Adds D_d x, D_d the matrix of a jellyfish, and row e of the bias times
  /// that of one. As they are defined: what they share is not computed once.
  void applyHead(PatternTensor &y, const Diagram &diagram, mlir::Value weight);
  void addBiasOfHead(PatternTensor &y, const Diagram &diagram, int64_t row);

  /// Adds an output pattern to one that distinguishes at least as much.
  void add(PatternTensor &target, const PatternTensor &coarse);

  /// The matrix of a layer, [outputs, inputs, c_in, c_out], applied to x.
  /// Diagrams and those of the bias have these weights.
  mlir::Value applyDense(llvm::ArrayRef<PackedTerm> weights,
                         llvm::ArrayRef<PackedTerm> biases);

  /// The weight of a diagram, [c_in, c_out].
  mlir::Value weightOf(int64_t diagram);
  /// A sum of multiples of weights; null if it is zero.
  mlir::Value weightOf(const PackedTerm &term);

private:
  /// Dimensions of an index space: batch, then letters, then channels.
  static constexpr unsigned kBatchDim = 0;

  /// Free letters that a pattern's tensor has an axis for: the row's own, or
  /// those of the other row.
  int numFreeAxes(const RowPattern &pattern) const;
  bool keepsOwnFree(const RowPattern &pattern, bool isTop) const;

  /// Of a graph map a factor for each edge, where vertices have the dimensions
  /// from `first` on and letters without one those from `others` on.
  llvm::SmallVector<IndexedTensor> edgesOf(IndexCoefficient &coefficient,
                                           const Diagram &diagram,
                                           unsigned first, unsigned others);
  void addOrbit(IndexCoefficient &coefficient, const Diagram &diagram,
                unsigned first);
  void signLegs(IndexCoefficient &coefficient, const Diagram &diagram,
                unsigned first);
  IndexCoefficient coefficientOf(const Diagram &diagram, unsigned first);

  /// The dimensions of a source's letters, given those of the kept and of the
  /// free letters of the bottom pattern that it is seen as.
  static llvm::SmallVector<unsigned> lettersOf(const PatternTensor &source,
                                               const RowPattern &bottom,
                                               llvm::ArrayRef<unsigned> kept,
                                               llvm::ArrayRef<unsigned> free);

  /// The dimensions of a row's or a pattern tensor's axes.
  llvm::SmallVector<unsigned>
  axesOf(bool isRow, llvm::ArrayRef<unsigned> letters, unsigned channel) const;
  llvm::SmallVector<int64_t> shapeOf(bool isRow, int letters,
                                     int64_t channels) const;

  GraphBuilder &graph;
  const LayerSpec &spec;
  mlir::Value x, weight, bias;
  llvm::SmallVector<mlir::Value> weights;
  std::map<int, mlir::Value> tables; ///< of orbits, by length of tuples
  mlir::Value adjacency;             ///< of the graph
};

} // namespace eqc

#endif // EQC_CONVERSION_LAYERGRAPH_H
