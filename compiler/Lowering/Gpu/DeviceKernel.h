//===- DeviceKernel.h - A kernel of a GPU while it is written ---*- C++ -*-===//
//
// Every thread works on one item: a point of a nest's parallel axes and a few
// channels. Threads of a warp are neighbours along the channels. Every sum
// belongs to one thread, so bits depend on no grid.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_GPU_DEVICEKERNEL_H
#define EQC_LOWERING_GPU_DEVICEKERNEL_H

#include "compiler/Lowering/Gpu/BlockScope.h"
#include "compiler/Lowering/Gpu/Program.h"
#include "compiler/Lowering/Loops/IndexBuilder.h"

namespace mlir::LLVM {
class GlobalOp;
} // namespace mlir::LLVM

namespace eqc::device {

using Values = llvm::SmallVector<mlir::Value>;

/// The extent of a parallel axis, for the host and for the device.
struct Extent {
  Formula host;
  mlir::Value device;
};

class DeviceKernel : public IndexBuilder {
public:
  /// Adds the kernel and its launch to `program`, or a phase to the kernel that
  /// all stages are phases of. `what` is one word; `numbers` are arguments
  /// beside the arrays, and phases have none.
  DeviceKernel(Program &program, llvm::StringRef what,
               llvm::ArrayRef<DeviceArray> arrays,
               llvm::ArrayRef<Formula> numbers = {},
               int64_t threads = kThreads);

  //===--------------------------------------------------------------------===//
  // Items
  //===--------------------------------------------------------------------===//

  /// `body` writes what all threads compute, whether or not they have an item.
  void atTop(llvm::function_ref<void()> body);
  Extent extent(const Poly &extent);
  Extent samples();
  Extent product(const Extent &a, const Extent &b);
  /// How many tiles of so many there are.
  Extent tiles(const Extent &extent, int64_t size);
  /// Writes the kernel: `body` gets the point of an item, outermost axis first.
  void overItems(llvm::ArrayRef<Extent> extents,
                 llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body);
  /// Writes a phase of a cluster, in which `body` gets each row of array `a`
  /// that the block has, the first element of the row there, and an item of
  /// `each`.
  void overOwnRows(size_t a, int64_t each,
                   llvm::function_ref<void(mlir::Value row, mlir::Value element,
                                           mlir::Value item)>
                       body);
  /// The grid is that of overItems if this is 1, and empty if it is 0.
  void launchWhere(const Formula &condition) {
    launch().items = condition * launch().items;
  }

  //===--------------------------------------------------------------------===//
  // Arrays
  //===--------------------------------------------------------------------===//

  /// Notes that a phase accesses rows of array `a`: all of them, or those from
  /// `first` on along some axes. No kernel is an access less.
  void reads(size_t a);
  void writes(size_t a);
  using Steps = llvm::ArrayRef<std::pair<Poly, Poly>>; ///< extents and strides
  void reads(size_t a, const Poly &first, Steps steps);
  void writes(size_t a, const Poly &first, Steps steps);

  /// The first element of a row of array `a`.
  mlir::Value rowOf(size_t a, mlir::Value sample, mlir::Value row);
  /// `width` elements from `element` on: a scalar for 1, else a vector.
  mlir::Value load(size_t a, mlir::Value element, int64_t width);
  void store(size_t a, mlir::Value element, mlir::Value value);
  /// Makes room for `count` values of 16 bytes of each thread outside its
  /// registers: in shared memory, side by side with those of its neighbours.
  void reserveSlots(int64_t count);
  mlir::Value loadSlot(int64_t slot, mlir::Type type);
  void storeSlot(int64_t slot, mlir::Value value);
  /// Whether the rows of an array lie with several blocks, so that none is so
  /// far from the next.
  bool isShared(size_t a) const {
    return arrays[a].shared && arrays[a].shared->isSplit;
  }
  /// Elements from a row to the next.
  int64_t pitch(size_t a) const {
    return arrays[a].shared ? arrays[a].shared->pitch : arrays[a].channels;
  }
  /// Elements of a row that can be loaded at once, beyond its channels too.
  int64_t rowWidth(size_t a) const {
    return arrays[a].shared ? arrays[a].shared->width
                            : program.width(arrays[a].channels);
  }
  /// Copies `width` elements of an array of the call to one in shared memory.
  /// They are there for the next phase, after finishCopies. Of an array that
  /// the blocks of a cluster share, `copyOwn` copies to the part of this block.
  void copy(size_t from, mlir::Value source, size_t to, mlir::Value target,
            int64_t width);
  void copyOwn(size_t from, mlir::Value source, size_t to, mlir::Value target,
               int64_t width);
  void finishCopies();
  mlir::Value number(size_t i) const { return numbers[i]; }
  mlir::Value sampleCount() const { return count; }

  //===--------------------------------------------------------------------===//
  // Tables
  //===--------------------------------------------------------------------===//

  /// A constant array of the module; `i64` or reals of the layer's dtype.
  mlir::Value constantArray(llvm::ArrayRef<int64_t> values);
  mlir::Value constantArray(llvm::ArrayRef<double> values);
  mlir::Value loadConstant(mlir::Value array, mlir::Value i, mlir::Type type);

  //===--------------------------------------------------------------------===//
  // Control and arithmetic
  //===--------------------------------------------------------------------===//

  using LoopBody = llvm::function_ref<Values(mlir::Value, Values)>;
  Values loop(mlir::Value first, mlir::Value end, int64_t step,
              const Values &inits, LoopBody body);
  void when(mlir::Value condition, llvm::function_ref<void()> body);
  mlir::Value quotient(mlir::Value a, mlir::Value b); ///< of unsigned numbers
  mlir::Value remainder(mlir::Value a, mlir::Value b);
  mlir::Value isLess(mlir::Value a, mlir::Value b);
  /// The same number, of which nobody knows how it came about: what is computed
  /// of it is computed there and then, and takes no registers before.
  mlir::Value opaque(mlir::Value integer);

  mlir::Type typeOf(int64_t width);
  mlir::Value real(double value, int64_t width = 1);
  mlir::Value plus(mlir::Value a, mlir::Value b);
  mlir::Value minus(mlir::Value a, mlir::Value b);
  mlir::Value times(mlir::Value a, mlir::Value b);
  /// a * b + c in one rounding; a may be a scalar beside vectors.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value splat(mlir::Value scalar, mlir::Type type);
  mlir::Value element(mlir::Value vector, int64_t i);
  mlir::Value withElement(mlir::Value vector, int64_t i, mlir::Value value);
  /// n as a real number.
  mlir::Value realSize();

  mlir::Type elementType;
  Program &program;

private:
  bool hasAsyncCopies() const;
  BlockAccess accessOf(size_t a, const Poly &first, Steps steps) const;
  BlockAccess accessOf(size_t a) const;
  Launch &launch() { return program.launches[launchNumber]; }
  mlir::Value pointerTo(size_t a, mlir::Value element);
  mlir::Value ownPointerTo(size_t a, mlir::Value element);
  mlir::Value sharedRow(const DeviceArray &array, mlir::Value row);
  void copyTo(size_t from, mlir::Value source, mlir::Value target,
              int64_t width);
  mlir::Value slotAt(int64_t slot);
  mlir::LLVM::GlobalOp addGlobal(mlir::Type type, llvm::StringRef name,
                                 mlir::Attribute values, int64_t alignment,
                                 unsigned space);
  mlir::Value addConstant(mlir::DenseElementsAttr values, mlir::Type type);

  size_t launchNumber;
  mlir::gpu::GPUFuncOp function;
  std::vector<DeviceArray> arrays;
  llvm::SmallVector<mlir::Value> pointers, numbers;
  mlir::Value count;
  mlir::Value firstBlock; ///< of the grid, among those of the launch
  mlir::Value slots;      ///< the first one of the thread
  int64_t constants = 0;
};

/// Whether the chip that a program is for has clusters of blocks.
bool hasClusters(const Program &program);

/// A table of a nest: fields that are the same in all rows are constants, the
/// others are looked up, as coefficients of powers of n where that is dynamic.
class DeviceTable {
public:
  DeviceTable(DeviceKernel &kernel, const Table &table);
  int64_t size() const { return table.size(); }
  mlir::Value get(DeviceKernel &kernel, mlir::Value row, int64_t field) const;

private:
  struct Field {
    bool same = false;
    int64_t offset = 0;      ///< in a row of the array
    std::vector<Poly> terms; ///< what its numbers are multiplied by
  };
  Table table;
  std::vector<Field> fields;
  int64_t rowLength = 0;
  mlir::Value array;
};

/// A sum of many terms in blocks: |error| <= (8 + log2 m) eps * sum of |terms|.
/// body(i, partial) adds `termsEach` terms, for i = first .. end - 1, of which
/// there are at most `most` (0: unknown).
Values blockedSum(DeviceKernel &kernel, mlir::Value first, mlir::Value end,
                  int64_t most, int64_t termsEach, Values zeros,
                  DeviceKernel::LoopBody body);

/// Sums of blocks: what they are, and what their additions rounded away.
void addBlock(DeviceKernel &kernel, mlir::Value &sum, mlir::Value &rest,
              mlir::Value block);
mlir::Value valueOf(DeviceKernel &kernel, mlir::Value sum, mlir::Value rest);

/// Means are sums of `term` times each value, a power of two, times `sum`:
/// partial sums stay as small as the values.
struct MeanFactors {
  mlir::Value term, sum;
};
MeanFactors meanFactors(DeviceKernel &kernel, const Poly &values);

} // namespace eqc::device

#endif // EQC_LOWERING_GPU_DEVICEKERNEL_H
