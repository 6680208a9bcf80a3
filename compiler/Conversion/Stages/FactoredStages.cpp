//===- FactoredStages.cpp - The factored plan that operations say ---------===//
//
// Follows the axes of each diagram through the stages: what is contracted, what
// stays and what it becomes in the outputs are its Kronecker factors.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/Stages/FactoredStages.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <numeric>
#include <optional>

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

Normalize FactoredStages::normalize() const {
  for (ContractOp op : contractions)
    if (op.getNormalize() == Normalize::Mean)
      return Normalize::Mean;
  return Normalize::None;
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

/// The operation that made `value`, which goes on with what that one takes.
template <typename OpT> static OpT take(Value &value, Value (*sourceOf)(OpT)) {
  auto op = value.getDefiningOp<OpT>();
  if (op)
    value = sourceOf(op);
  return op;
}

template <typename OpT> static Value sourceOf(OpT op) { return op.getSource(); }

FailureOr<FactoredStages> eqc::findFactoredStages(func::FuncOp function,
                                                  Value output) {
  FactoredStages stages;
  Value value = output;
  stages.addBias = take<AddBiasOp>(value, sourceOf);
  stages.fromPlanar = take<FromPlanarOp>(value, sourceOf);
  stages.expand = take<ExpandOp>(value, sourceOf);
  stages.mix = take<MixEachOp>(value, sourceOf);
  while (ContractOp op = take<ContractOp>(value, sourceOf))
    stages.contractions.push_back(op);
  std::reverse(stages.contractions.begin(), stages.contractions.end());
  stages.toPlanar = value.getDefiningOp<ToPlanarOp>();
  if (!stages.fromPlanar || !stages.expand || !stages.mix || !stages.toPlanar)
    return function.emitError(
        "a layer that is factored must permute ('eqc.to_planar'), contract, "
        "mix "
        "('eqc.mix_each'), expand and permute ('eqc.from_planar'), one after "
        "the other");
  llvm::SmallPtrSet<Operation *, 8> known{stages.toPlanar, stages.mix,
                                          stages.expand, stages.fromPlanar};
  if (stages.addBias) {
    known.insert(stages.addBias);
    if (auto rows = stages.addBias.getBias().getDefiningOp<TransformOp>())
      known.insert(rows);
  }
  for (ContractOp op : stages.contractions)
    known.insert(op);
  for (Operation &op : function.front())
    if (isa<ReadOp, MixOp, WriteOp, TransformOp, MixCopiesOp, ToPlanarOp,
            ContractOp, MixEachOp, ExpandOp, FromPlanarOp, AddBiasOp>(op) &&
        !known.contains(&op))
      return op.emitError("is no stage of the factored layer around it");
  const size_t diagrams = stages.toPlanar.getPermutations().size();
  auto check = [&](auto op, size_t count) -> LogicalResult {
    if (op.getGroup() != stages.toPlanar.getGroup() ||
        op.getN() != stages.toPlanar.getN())
      return op->emitError(
          "must be of the group, and its size, of 'eqc.to_planar'");
    if (count != diagrams)
      return op->emitError() << "is of " << count << " diagrams, but "
                             << diagrams << " are permuted";
    return success();
  };
  for (ContractOp op : stages.contractions) {
    if (failed(check(op, op.getPatterns().size())))
      return failure();
    if (op.getNormalize() != stages.normalize())
      return op.emitError("must normalize as the other contractions do");
  }
  if (failed(check(stages.mix, stages.mix.getOrders().size())) ||
      failed(check(stages.expand, stages.expand.getPatterns().size())) ||
      failed(check(stages.fromPlanar,
                   stages.fromPlanar.getPermutations().size())) ||
      (stages.addBias && failed(check(stages.addBias, diagrams))))
    return failure();
  return stages;
}

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

namespace {

class FormReader {
public:
  FormReader(const FactoredStages &stages, size_t diagram)
      : stages(stages), d(diagram), mix(stages.mix), group(mix.getGroup()),
        n(mix.getN()) {}

  FailureOr<FactoredDiagram> read() {
    ToPlanarOp toPlanar = stages.toPlanar;
    FromPlanarOp fromPlanar = stages.fromPlanar;
    form.in = numbersOf(toPlanar.getPermutations());
    form.out = numbersOf(fromPlanar.getPermutations());
    form.k = static_cast<int>(form.in.size());
    form.l = static_cast<int>(form.out.size());
    for (int axis = 0; axis < form.k; ++axis)
      left.push_back({axis, 1, false});
    for (ContractOp op : stages.contractions)
      if (failed(contract(op)))
        return failure();
    if (failed(addFactors()) || failed(addSpaces()))
      return failure();
    for (int bottom : contracted)
      form.contractionOrder.push_back(factorOf[bottom]);
    const std::string why =
        rulesOf(group).whyNot(withSomeDuals(unfactor(form), group), n);
    if (!why.empty())
      return mix.emitError() << "diagram " << d << " of the stages is '"
                             << toString(unfactor(form)) << "': " << why;
    return form;
  }

private:
  /// Axes of the planar input from `first` on, or one of the symbol's.
  struct Axes {
    int first, size;
    bool symbol;
  };

  std::vector<int> numbersOf(ArrayAttr permutations) const {
    const ArrayRef<int64_t> numbers =
        cast<DenseI64ArrayAttr>(permutations[d]).asArrayRef();
    return {numbers.begin(), numbers.end()};
  }

  static const RowPattern &patternOf(ArrayAttr patterns, size_t d) {
    return cast<RowPatternAttr>(patterns[d]).getValue();
  }

  /// What is said of an operation, for this diagram.
  InFlightDiagnostic error(Operation *op, const RowPattern &pattern) const {
    return op->emitError() << "pattern '" << toString(pattern)
                           << "' of diagram " << d << " ";
  }

  LogicalResult contract(ContractOp op) {
    const RowPattern &pattern = patternOf(op.getPatterns(), d);
    if (pattern.size() != static_cast<int>(left.size()))
      return error(op, pattern) << "is of " << pattern.size() << " axes, but "
                                << left.size() << " are left";
    std::vector<Axes> next;
    const std::vector<std::vector<int>> blocks = pattern.blocks();
    for (size_t b = 0; b < blocks.size(); ++b) {
      Axes joined = left[blocks[b].front()];
      const bool isFree = static_cast<int>(b) == pattern.free;
      if (pattern.kept[b] && blocks[b].size() == 1) {
        next.push_back(joined);
        continue;
      }
      for (int axis : blocks[b]) {
        if (left[axis].symbol || left[axis].size != 1)
          return error(op, pattern) << "takes axes that earlier stages made";
        if (left[axis].first != joined.first + axis - blocks[b].front())
          return error(op, pattern)
                 << "takes axes that do not stand side by side in the permuted "
                    "input";
      }
      joined.size = static_cast<int>(blocks[b].size());
      if (pattern.kept[b]) {
        next.push_back(joined);
      } else if (isFree) {
        free = joined;
        for (int64_t i = joined.size; i < argumentsOf(pattern); ++i)
          next.push_back({0, 1, true});
        numArguments = argumentsOf(pattern);
      } else {
        contracted.push_back(static_cast<int>(bottoms.size()));
        bottoms.push_back(joined);
      }
    }
    left = std::move(next);
    return success();
  }

  /// Adds the blocks of inputs only that stand before an axis of the planar
  /// input.
  void addBottoms(int before) {
    std::vector<int> order(bottoms.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      return bottoms[a].first < bottoms[b].first;
    });
    factorOf.resize(bottoms.size(), -1);
    for (int bottom : order)
      if (factorOf[bottom] < 0 && bottoms[bottom].first < before) {
        factorOf[bottom] = static_cast<int>(form.factors.size());
        form.factors.push_back({0, bottoms[bottom].size, false});
      }
  }

  /// The factors from left to right: those that join both rows in their order,
  /// and between them those of one row where they stand.
  LogicalResult addFactors() {
    ExpandOp expand = stages.expand;
    if (mix.getOrders()[d] != static_cast<int64_t>(left.size()))
      return mix.emitError()
             << "mixes rows of order " << mix.getOrders()[d] << " for diagram "
             << d << ", but " << left.size() << " axes are left";
    const RowPattern &top = patternOf(expand.getPatterns(), d);
    std::vector<Axes> through;
    for (const Axes &axes : left)
      if (!axes.symbol)
        through.push_back(axes);
    const int arguments =
        free ? static_cast<int>(numArguments) - free->size : 0;
    const bool writesSymbol =
        top.free >= 0 && !free && top.numFree() == argumentsOf(top);
    if (top.numKept() != static_cast<int>(through.size()) ||
        (!writesSymbol && top.numFree() != arguments))
      return error(expand, top)
             << "keeps " << top.numKept() << " axes and has " << top.numFree()
             << " free ones, but " << through.size() << " and " << arguments
             << " are mixed";
    const std::vector<std::vector<int>> blocks = top.blocks();
    size_t next = 0;
    bool lacksFree = free && arguments == 0;
    for (size_t b = 0; b < blocks.size(); ++b) {
      // All of its axes are inputs.
      if (lacksFree && top.kept[b]) {
        addFree(0);
        lacksFree = false;
      }
      const auto size = static_cast<int>(blocks[b].size());
      if (static_cast<int>(b) == top.free) {
        addFree(size);
      } else if (!top.kept[b]) {
        form.factors.push_back({size, 0, false});
      } else {
        const Axes &axes = through[next++];
        addBottoms(axes.first);
        form.factors.push_back({size, axes.size, false});
      }
    }
    if (lacksFree)
      addFree(0);
    addBottoms(form.k);
    return success();
  }

  /// How many arguments the symbol has that free axes are some of.
  int64_t argumentsOf(const RowPattern &pattern) const {
    return sizeOf(group, n, pattern.spaceOf(pattern.free));
  }

  /// Of a product the space of every factor, which its axes agree on.
  LogicalResult addSpaces() {
    form.typed = group.isProduct();
    if (!form.typed)
      return success();
    ToPlanarOp toPlanar = stages.toPlanar;
    FromPlanarOp fromPlanar = stages.fromPlanar;
    size_t in = 0, out = 0;
    for (KroneckerFactor &factor : form.factors) {
      SmallVector<int64_t> spaces;
      for (int i = 0; i < factor.top; ++i)
        spaces.push_back(fromPlanar.getAxes()[form.out[out++]]);
      for (int i = 0; i < factor.bottom; ++i)
        spaces.push_back(toPlanar.getAxes()[form.in[in++]]);
      factor.space = static_cast<int>(spaces.front());
      if (!llvm::all_equal(spaces))
        return mix.emitError()
               << "diagram " << d << " of the stages joins axes of two spaces";
    }
    return success();
  }

  void addFree(int top) {
    if (free)
      addBottoms(free->first);
    form.factors.push_back({top, free ? free->size : 0, true});
  }

  const FactoredStages &stages;
  const size_t d;
  MixEachOp mix;
  const Group group;
  const int64_t n;
  FactoredDiagram form;
  std::vector<Axes> left;      ///< what is not contracted yet
  std::vector<Axes> bottoms;   ///< blocks of inputs only
  std::vector<int> contracted; ///< their numbers, in order
  std::vector<int> factorOf;   ///< the factor that each of them is
  std::optional<Axes> free;
  int64_t numArguments = 0; ///< of the symbol
};

} // namespace

FailureOr<std::vector<FactoredDiagram>>
eqc::readFactoredForms(const FactoredStages &stages) {
  std::vector<FactoredDiagram> forms;
  MixEachOp mix = stages.mix;
  for (size_t d = 0; d < mix.getOrders().size(); ++d) {
    FailureOr<FactoredDiagram> form = FormReader(stages, d).read();
    if (failed(form))
      return failure();
    forms.push_back(std::move(*form));
  }
  return forms;
}
