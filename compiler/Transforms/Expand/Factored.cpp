//===- Factored.cpp - The stages of the factored plan ---------------------===//

#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Transforms/Expand/Expand.h"
#include "dialect/Eqc/EqcStages.h"

#include <numeric>

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

/// A pattern of blocks of axes side by side.
struct PlanarPattern {
  RowPattern pattern;

  explicit PlanarPattern(bool typed) : typed(typed) {}
  const bool typed; ///< whether axes are of several spaces

  enum Kind { Kept, Dropped, Free };
  void add(int size, Kind kind, int space) {
    const int block = pattern.numBlocks();
    pattern.block.insert(pattern.block.end(), size, block);
    if (typed)
      pattern.space.insert(pattern.space.end(), size, space);
    pattern.kept.push_back(kind == Kept);
    if (kind == Free)
      pattern.free = block;
  }
  void addApart(int size, int space) {
    for (int axis = 0; axis < size; ++axis)
      add(1, Kept, space);
  }
};

/// What is left of the planar input of a diagram.
struct Contracted {
  explicit Contracted(const FactoredDiagram &form)
      : form(form), done(form.factors.size(), false) {}

  /// Contracts factor `f`, or nothing for -1.
  RowPattern contract(int f) {
    PlanarPattern result(form.typed);
    for (size_t i = 0; i < form.factors.size(); ++i) {
      const int size = form.factors[i].bottom;
      if (done[i] || size == 0)
        continue;
      if (static_cast<int>(i) == f)
        result.add(size, PlanarPattern::Dropped, form.factors[i].space);
      else
        result.addApart(size, form.factors[i].space);
    }
    if (f >= 0)
      done[f] = true;
    return std::move(result.pattern);
  }

  /// Contracts the symbol, whose other arguments are then left.
  RowPattern contractSymbol(Group group, int64_t n) {
    PlanarPattern result(form.typed);
    for (size_t i = 0; i < form.factors.size(); ++i) {
      const KroneckerFactor &factor = form.factors[i];
      if (done[i] || factor.bottom == 0)
        continue;
      if (!factor.free) {
        result.addApart(factor.bottom, factor.space);
        continue;
      }
      result.add(factor.bottom, PlanarPattern::Free, factor.space);
      arguments =
          static_cast<int>(sizeOf(group, n, factor.space)) - factor.bottom;
      symbol = static_cast<int>(i);
    }
    return std::move(result.pattern);
  }

  /// Joins the inputs of through blocks.
  RowPattern transfer() const {
    PlanarPattern result(form.typed);
    for (size_t i = 0; i < form.factors.size(); ++i) {
      const KroneckerFactor &factor = form.factors[i];
      if (static_cast<int>(i) == symbol)
        result.addApart(arguments, factor.space);
      else if (!done[i] && factor.bottom > 0)
        result.add(factor.bottom, PlanarPattern::Kept, factor.space);
    }
    return std::move(result.pattern);
  }

  /// Whether these leave all as it is.
  bool hasSymbol() const {
    return llvm::any_of(form.factors, [](const KroneckerFactor &factor) {
      return factor.free && factor.bottom > 0;
    });
  }
  bool transfersNothing() const {
    for (size_t i = 0; i < form.factors.size(); ++i)
      if (!done[i] && !form.factors[i].free && form.factors[i].bottom > 1)
        return false;
    return true;
  }

  const FactoredDiagram &form;
  std::vector<bool> done;         ///< by factor
  int symbol = -1, arguments = 0; ///< once it is contracted
};

} // namespace

/// The spaces of the axes of a diagram that meet the weight.
static std::vector<int> axesOfMix(const FactoredDiagram &form, Group group,
                                  int64_t n) {
  std::vector<int> axes;
  for (const KroneckerFactor &factor : form.factors) {
    int64_t count = factor.top > 0 && factor.bottom > 0;
    if (factor.free)
      count = factor.bottom > 0 ? sizeOf(group, n, factor.space) - factor.bottom
                                : 0;
    axes.insert(axes.end(), count, factor.space);
  }
  return axes;
}

/// Where the axes that meet the weight go in the planar output.
static RowPattern patternOfTop(const FactoredDiagram &form) {
  PlanarPattern result(form.typed);
  for (const KroneckerFactor &factor : form.factors)
    if (factor.top > 0)
      result.add(factor.top,
                 factor.free          ? PlanarPattern::Free
                 : factor.bottom == 0 ? PlanarPattern::Dropped
                                      : PlanarPattern::Kept,
                 factor.space);
  return std::move(result.pattern);
}

/// `like` with the rows of tensors that have an axis for every space.
static RankedTensorType slabsType(RankedTensorType like,
                                  ArrayRef<std::vector<int>> tensors,
                                  Group group, int64_t n, int64_t channels) {
  return RankedTensorType::get(
      {like.getDimSize(0), *getRowsOfTensors(tensors, group, n), channels},
      like.getElementType());
}

Value eqc::writeContractions(OpBuilder &b, ToPlanarOp planar,
                             ArrayRef<FactoredDiagram> forms,
                             NormalizeAttr normalize) {
  std::vector<Contracted> left(forms.begin(), forms.end());
  size_t rounds = 0;
  for (const FactoredDiagram &form : forms)
    rounds = std::max(rounds, form.contractionOrder.size());
  Value value = planar.getRows();
  const Group group = planar.getGroup();
  const int64_t n = planar.getN();
  auto write = [&](ArrayRef<RowPattern> patterns) {
    std::vector<std::vector<int>> tensors;
    for (const RowPattern &pattern : patterns) {
      std::vector<int> axes = pattern.spacesOfKept();
      if (pattern.free >= 0) {
        const int space = pattern.spaceOf(pattern.free);
        axes.insert(axes.begin(), sizeOf(group, n, space) - pattern.numFree(),
                    space);
      }
      tensors.push_back(std::move(axes));
    }
    auto type = cast<RankedTensorType>(value.getType());
    value = ContractOp::create(
        b, planar.getLoc(),
        slabsType(type, tensors, group, n, type.getDimSize(2)), value,
        planar.getGroupAttr(), planar.getNAttr(),
        getPatternArrayAttr(b.getContext(), patterns), normalize);
  };
  for (size_t round = 0; round < rounds; ++round) {
    std::vector<RowPattern> patterns;
    for (Contracted &diagram : left) {
      const std::vector<int> &order = diagram.form.contractionOrder;
      patterns.push_back(
          diagram.contract(round < order.size() ? order[round] : -1));
    }
    write(patterns);
  }
  if (llvm::any_of(left, [](const Contracted &diagram) {
        return diagram.hasSymbol();
      })) {
    std::vector<RowPattern> patterns;
    for (Contracted &diagram : left)
      patterns.push_back(diagram.contractSymbol(group, n));
    write(patterns);
  }
  if (llvm::all_of(left, [](const Contracted &diagram) {
        return diagram.transfersNothing();
      }))
    return value;
  std::vector<RowPattern> patterns;
  for (const Contracted &diagram : left)
    patterns.push_back(diagram.transfer());
  write(patterns);
  return value;
}

static ArrayAttr permutationsAttr(Builder &b, ArrayRef<FactoredDiagram> forms,
                                  std::vector<int> FactoredDiagram::*member) {
  SmallVector<Attribute> permutations;
  for (const FactoredDiagram &form : forms)
    permutations.push_back(b.getDenseI64ArrayAttr(
        SmallVector<int64_t>((form.*member).begin(), (form.*member).end())));
  return b.getArrayAttr(permutations);
}

static DenseI64ArrayAttr axesAttr(Builder &b, ArrayRef<int> spaces) {
  return b.getDenseI64ArrayAttr(
      SmallVector<int64_t>(spaces.begin(), spaces.end()));
}

/// The published algorithm, factors contracted in the published order.
FailureOr<Value> eqc::expandFactored(OpBuilder &b, LinearOp op, PlanAttr,
                                     BuiltPlans &) {
  const Location loc = op.getLoc();
  const MemberLayer layer = membersOf(getLayerOf(op));
  const LayerSpec &spec = layer.spec;
  const int64_t n = op.getN();
  const bool typed = spec.group.isProduct();
  const std::vector<int> xAxes =
      typed ? spec.xAxes : std::vector<int>(spec.k, 0);
  const std::vector<int> yAxes =
      typed ? spec.yAxes : std::vector<int>(spec.l, 0);
  std::vector<FactoredDiagram> forms;
  std::vector<std::vector<int>> mixes;
  SmallVector<int64_t> mixOrders;
  SmallVector<Attribute> mixAxes;
  std::vector<RowPattern> tops;
  for (const Diagram &diagram : spec.diagrams) {
    forms.push_back(factorDiagram(diagram));
    mixes.push_back(axesOfMix(forms.back(), spec.group, n));
    mixOrders.push_back(static_cast<int64_t>(mixes.back().size()));
    if (typed)
      mixAxes.push_back(axesAttr(b, mixes.back()));
    tops.push_back(patternOfTop(forms.back()));
  }
  std::vector<int> inOrder(forms.size());
  std::iota(inOrder.begin(), inOrder.end(), 0);
  auto xType = cast<RankedTensorType>(op.getX().getType());
  auto type = [&](ArrayRef<std::vector<int>> tensors, int64_t channels) {
    return slabsType(xType, tensors, spec.group, n, channels);
  };
  auto each = [&](const std::vector<int> &axes) {
    return std::vector<std::vector<int>>(forms.size(), axes);
  };
  const GroupAttr group = op.getGroupAttr();
  const IntegerAttr size = op.getNAttr();

  const Value x = ToRowsOp::create(b, loc, type(xAxes, op.getCIn()), op.getX(),
                                   op.getLayoutAttr());
  const Value packed =
      createPack(b, op, inWeights(layer, packedTermsOf(inOrder)));
  auto planar =
      ToPlanarOp::create(b, loc, type(each(xAxes), op.getCIn()), x, group, size,
                         permutationsAttr(b, forms, &FactoredDiagram::in),
                         axesAttr(b, spec.xAxes));
  const Value contracted =
      writeContractions(b, planar, forms, op.getNormalizeAttr());
  const Value mixed = MixEachOp::create(
      b, loc, type(mixes, op.getCOut()), contracted, packed, group, size,
      b.getDenseI64ArrayAttr(mixOrders), b.getArrayAttr(mixAxes));
  const Value expanded =
      ExpandOp::create(b, loc, type(each(yAxes), op.getCOut()), mixed, group,
                       size, getPatternArrayAttr(b.getContext(), tops));
  Value y = FromPlanarOp::create(
      b, loc, type(yAxes, op.getCOut()), expanded, group, size,
      permutationsAttr(b, forms, &FactoredDiagram::out),
      axesAttr(b, spec.yAxes));
  if (op.getBias())
    y = AddBiasOp::create(
        b, loc, y.getType(), y, createBias(b, op, layer), group, size,
        op.getLAttr(), getDiagramArrayAttr(b.getContext(), spec.biasDiagrams));
  return Value(FromRowsOp::create(b, loc, op.getType(), y, op.getLayoutAttr()));
}
