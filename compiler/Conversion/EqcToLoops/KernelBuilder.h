//===- KernelBuilder.h - Loops, tables and arrays of a kernel ---*- C++ -*-===//
//
// What all stages of a plan need when they are written as loops over tensors:
// index arithmetic in n, constant tables, the plan's arrays as matrices of
// rows.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CONVERSION_KERNELBUILDER_H
#define EQC_CONVERSION_KERNELBUILDER_H

#include "compiler/Algebra/LayerSpec.h"
#include "compiler/Plan/Dense/DensePlan.h"
#include "compiler/Plan/KernelRecord.h"
#include "compiler/Plan/RowTransform.h"
#include "compiler/Plan/Shared/SharedPlan.h"
#include "compiler/Plan/Strands/StrandPlan.h"
#include "compiler/Plan/TargetShape.h"

#include "mlir/IR/Builders.h"

#include <map>

namespace eqc {

/// A plan array inside a kernel: a tensor of rows x columns. The value changes
/// as loops thread it.
struct KernelArray {
  mlir::Value tensor;
  Poly rows;               ///< per sample
  int64_t channels = 0;    ///< columns that mean something
  int64_t columns = 0;     ///< columns there are; whole vectors if scratch
  bool wholeBatch = false; ///< holds all samples (an argument), not one block's
  bool rowsFirst = false;  ///< rows x samples x columns

  /// Where row `row` of a sample is.
  llvm::SmallVector<mlir::Value, 2> position(mlir::Value sample,
                                             mlir::Value row) const {
    if (rowsFirst)
      return {row, sample};
    return {sample, row};
  }
};

class KernelBuilder;

/// Rows of polynomials in n that loops look their offsets and strides up in.
class KernelTable {
public:
  explicit KernelTable(int64_t fields) : fields(fields) {}
  void addRow(std::vector<Poly> row);
  int64_t size() const { return static_cast<int64_t>(rows.size()); }
  int64_t numFields() const { return fields; }
  /// Makes the table available in the kernel; a constant if n is fixed.
  void materialize(KernelBuilder &kernel);
  /// Entry (row, field). Folds to a constant where both are.
  mlir::Value get(KernelBuilder &kernel, mlir::Value row, int64_t field) const;

private:
  int64_t fields;
  std::vector<std::vector<Poly>> rows;
  mlir::Value tensor;
};

class KernelBuilder {
public:
  KernelBuilder(mlir::OpBuilder &builder, mlir::Location loc,
                const LayerSpec &spec, const TargetShape &target);

  // Index arithmetic, folded where possible.
  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, int64_t b); ///< neither is negative
  mlir::Value rem(mlir::Value a, int64_t b); ///< neither is negative
  /// The polynomial at the kernel's n.
  mlir::Value poly(const Poly &poly);
  /// Constants of the element type, [values].
  mlir::Value constants(llvm::ArrayRef<double> values);
  /// A vector of `width` times the element at `index` of constants().
  mlir::Value broadcastOf(mlir::Value constants, mlir::Value index,
                          int64_t width);
  /// `channels` rounded up to whole vectors.
  int64_t wholeVectors(int64_t channels) const {
    return (channels + lanes - 1) / lanes * lanes;
  }

  // Vectors of elements.
  mlir::VectorType vectorType(int64_t size) const;
  mlir::Value zeroVector(mlir::Type type);
  /// Columns column .. column+width-1 of the row at `position` (its indices but
  /// the last); those from `valid` on are zero.
  mlir::Value readRow(mlir::Value tensor, mlir::ValueRange position,
                      mlir::Value column, int64_t width, int64_t valid);
  /// Writes the first `valid` columns and returns the new tensor.
  mlir::Value writeRow(mlir::Value vector, mlir::Value tensor,
                       mlir::ValueRange position, mlir::Value column,
                       int64_t valid);

  // Loops that thread the tensor of `array`, or of several arrays, through.
  void forRange(llvm::ArrayRef<KernelArray *> arrays, mlir::Value lower,
                mlir::Value upper, int64_t step,
                llvm::function_ref<void(mlir::Value)> body);
  void forRange(KernelArray &array, mlir::Value lower, mlir::Value upper,
                int64_t step, llvm::function_ref<void(mlir::Value)> body) {
    forRange(llvm::ArrayRef<KernelArray *>(&array), lower, upper, step, body);
  }
  void forRange(KernelArray &array, mlir::Value upper,
                llvm::function_ref<void(mlir::Value)> body) {
    forRange(array, index(0), upper, 1, body);
  }
  /// One loop per extent, the first outermost.
  void forNest(KernelArray &array, llvm::ArrayRef<mlir::Value> extents,
               llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body);
  /// The next phase: `body` runs when all phases are asked for, or this one.
  void forPhase(KernelArray &array, llvm::function_ref<void()> body);
  /// The share of 0 .. extent-1 that the asked part works on: its bounds.
  std::pair<mlir::Value, mlir::Value> share(mlir::Value extent);
  /// The loop over that share.
  void forShare(KernelArray &array, mlir::Value extent,
                llvm::function_ref<void(mlir::Value)> body);
  /// Runs in the first part only.
  void inFirstPart(KernelArray &array, llvm::function_ref<void()> body);
  void ifElse(KernelArray &array, mlir::Value condition,
              llvm::function_ref<void()> thenBody,
              llvm::function_ref<void()> elseBody);
  /// A loop that carries one value. Few iterations are unrolled.
  mlir::Value
  accumulate(mlir::Value lower, mlir::Value upper, mlir::Value init,
             llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> body);
  /// A loop that carries several values.
  using Values = llvm::SmallVector<mlir::Value>;
  Values accumulate(mlir::Value lower, mlir::Value upper, Values inits,
                    llvm::function_ref<Values(mlir::Value, Values)> body);
  /// The same, never unrolled.
  Values accumulateInLoop(mlir::Value lower, mlir::Value upper, Values inits,
                          llvm::function_ref<Values(mlir::Value, Values)> body);

  /// Calls `body(column, width, valid)` for chunks of whole vectors that cover
  /// the array's channels, at most `maxVectors` vectors wide, inside loops that
  /// thread `array`.
  void
  forColumnChunks(KernelArray &array, int64_t channels, int64_t maxVectors,
                  llvm::function_ref<void(mlir::Value, int64_t, int64_t)> body);

  KernelArray &array(PlanArray which) { return arrays[which]; }
  /// The index in an array of a sample of the block.
  mlir::Value sampleIndex(PlanArray which, mlir::Value sample);
  /// The record of a kernel that does a whole block in one go, so that its
  /// phases and parts are nothing to a caller.
  KernelRecord wholeRecord() const;
  /// A new scratch array of the block; `columns` is whole vectors.
  KernelArray scratch(const Poly &rows, int64_t channels, int64_t columns);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const LayerSpec &spec;
  TargetShape target;
  mlir::Type element;
  int64_t lanes;
  mlir::Value n;      ///< index; null while only constants are needed
  mlir::Value first;  ///< first sample of the block
  mlir::Value count;  ///< samples of the block
  mlir::Value phase;  ///< the phase to run, -1 for all
  mlir::Value part;   ///< the part of the phase
  int64_t copies = 1; ///< that unrolled loops make of what is built
  mlir::Value packed; ///< packed weights [terms, column tiles, c_in, columns]
  std::map<PlanArray, KernelArray> arrays;
  /// What is known of the kernel so far; `phases` is counted by forPhase().
  KernelRecord record;
};

/// The columns of c_out in tiles.
ColumnTiling columnTiling(const LayerSpec &spec, const TargetShape &target);
/// The columns of the dense plan's matrix.
ColumnTiling denseTiling(const LayerSpec &spec, const DensePlan &plan,
                         const TargetShape &target);

// One function per stage; see SharedPlan.h for what they mean.
void emitRead(KernelBuilder &kernel, const SharedPlan &plan,
              const ReadStage &stage);
/// What a mix fetches beside its arithmetic, if it takes long enough to hide
/// that: x for the next block, y for a later stage.
struct MixPrefetches {
  bool input = false, output = false;
};
void emitMix(KernelBuilder &kernel, const MixStage &stage,
             int64_t firstPackedTerm, MixPrefetches prefetches = {});
void emitWrite(KernelBuilder &kernel, const WriteStage &stage);

/// A mix in the irreps of the strands' group; see StrandPlan.h.
void emitStrands(KernelBuilder &kernel, const StrandStage &stage,
                 int64_t firstPackedTerm);

/// Whether the output is nothing but nodes, few enough to be listed: `write` is
/// the stage that adds to it afterwards, or null.
bool isGather(const SharedPlan &plan, const MixStage &mix,
              const WriteStage *write);
/// Both stages in one: writes every row of the output once.
void emitGather(KernelBuilder &kernel, const SharedPlan &plan,
                const MixStage &mix, const WriteStage *write);

/// Every row of `target` from rows of `source`, see RowTransform.h.
void emitRows(KernelBuilder &kernel, const RowTransform &transform,
              const KernelArray &source, KernelArray &target);

/// Adds rows of one array to rows of another along walks: target[row side] +=
/// sign * source[inner side].
class WalkWriter {
public:
  WalkWriter(KernelBuilder &kernel, llvm::ArrayRef<const Walk *> walks);
  int64_t size() const { return entries.size(); }
  /// One walk; `sourceAt` and `targetAt` are the sample and the row that its
  /// sides start at. Emits loops that thread `target`.
  void emit(mlir::Value walk, const KernelArray &source,
            std::pair<mlir::Value, mlir::Value> sourceAt, KernelArray &target,
            std::pair<mlir::Value, mlir::Value> targetAt);

private:
  void emitTerm(mlir::Value walk, mlir::Value term, const KernelArray &source,
                std::pair<mlir::Value, mlir::Value> sourceAt,
                KernelArray &target,
                std::pair<mlir::Value, mlir::Value> targetAt);
  void addRow(const KernelArray &source, mlir::ValueRange sourceRow,
              KernelArray &target, mlir::ValueRange targetRow,
              mlir::Value column, int64_t width, int64_t valid,
              mlir::Value negative);

  KernelBuilder &kernel;
  int64_t letters;
  /// First term, first past the end, then extent, target stride and source
  /// stride of every letter, padded with letters of extent 1.
  KernelTable entries;
  KernelTable terms; ///< target offset, source offset, sign
  bool signedTerms = false;
};

/// The rows of a tile that runs along samples: a power of two up to eight.
int64_t sampleTileRows(const TargetShape &target, int64_t vectors);

/// acc [rows.., width] + view [rows.., depth] * weights [depth, width]: a
/// vector and two tensors of static shape.
mlir::Value emitTileProduct(KernelBuilder &kernel, mlir::Value acc,
                            mlir::Value view, mlir::Value weights);

/// Copies the block's samples of `planes` [batch, channels, rows] to the
/// scratch array `rows`, and back; the latter returns the planes after the
/// copy.
void emitChannelsLast(KernelBuilder &kernel, mlir::Value planes,
                      KernelArray &rows);
mlir::Value emitChannelsFirst(KernelBuilder &kernel, const KernelArray &rows,
                              mlir::Value planes);

} // namespace eqc

#endif // EQC_CONVERSION_KERNELBUILDER_H
