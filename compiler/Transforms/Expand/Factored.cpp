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

  enum Kind { Kept, Dropped, Free };
  void add(int size, Kind kind) {
    const int block = pattern.numBlocks();
    pattern.block.insert(pattern.block.end(), size, block);
    pattern.kept.push_back(kind == Kept);
    if (kind == Free)
      pattern.free = block;
  }
  void addApart(int size) {
    for (int axis = 0; axis < size; ++axis)
      add(1, Kept);
  }
};

/// What is left of the planar input of a diagram.
struct Contracted {
  explicit Contracted(const FactoredDiagram &form)
      : form(form), done(form.factors.size(), false) {}

  /// Contracts factor `f`, or nothing for -1.
  RowPattern contract(int f) {
    PlanarPattern result;
    for (size_t i = 0; i < form.factors.size(); ++i) {
      const int size = form.factors[i].bottom;
      if (done[i] || size == 0)
        continue;
      if (static_cast<int>(i) == f)
        result.add(size, PlanarPattern::Dropped);
      else
        result.addApart(size);
    }
    if (f >= 0)
      done[f] = true;
    return std::move(result.pattern);
  }

  /// Contracts the symbol and joins the inputs of through blocks.
  RowPattern transfer() const {
    PlanarPattern result;
    for (size_t i = 0; i < form.factors.size(); ++i)
      if (const int size = form.factors[i].bottom; !done[i] && size > 0)
        result.add(size, form.factors[i].free ? PlanarPattern::Free
                                              : PlanarPattern::Kept);
    return std::move(result.pattern);
  }

  /// Whether that leaves all as it is.
  bool transfersNothing() const {
    for (size_t i = 0; i < form.factors.size(); ++i) {
      const KroneckerFactor &factor = form.factors[i];
      if (!done[i] && (factor.free ? factor.bottom > 0 : factor.bottom > 1))
        return false;
    }
    return true;
  }

  const FactoredDiagram &form;
  std::vector<bool> done; ///< by factor
};

} // namespace

/// The axes of a diagram that meet the weight.
static int64_t orderOfMix(const FactoredDiagram &form, int64_t n) {
  int64_t order = 0;
  for (const KroneckerFactor &factor : form.factors) {
    if (factor.free)
      order += factor.bottom > 0 ? n - factor.bottom : 0;
    else
      order += factor.top > 0 && factor.bottom > 0;
  }
  return order;
}

/// Where the axes that meet the weight go in the planar output.
static RowPattern patternOfTop(const FactoredDiagram &form) {
  PlanarPattern result;
  for (const KroneckerFactor &factor : form.factors)
    if (factor.top > 0)
      result.add(factor.top, factor.free          ? PlanarPattern::Free
                             : factor.bottom == 0 ? PlanarPattern::Dropped
                                                  : PlanarPattern::Kept);
  return std::move(result.pattern);
}

/// `like` with the rows of tensors of these orders.
static RankedTensorType slabsType(RankedTensorType like,
                                  ArrayRef<int64_t> orders, int64_t n,
                                  int64_t channels) {
  return RankedTensorType::get(
      {like.getDimSize(0), *getRowsOfOrders(orders, n), channels},
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
  const int64_t n = planar.getN();
  auto write = [&](ArrayRef<RowPattern> patterns) {
    SmallVector<int64_t> orders;
    for (const RowPattern &pattern : patterns)
      orders.push_back(pattern.numKept() +
                       (pattern.free >= 0 ? n - pattern.numFree() : 0));
    auto type = cast<RankedTensorType>(value.getType());
    value = ContractOp::create(
        b, planar.getLoc(), slabsType(type, orders, n, type.getDimSize(2)),
        value, planar.getGroupAttr(), planar.getNAttr(),
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

/// The published algorithm, factors contracted in the published order.
FailureOr<Value> eqc::expandFactored(OpBuilder &b, LinearOp op, PlanAttr,
                                     BuiltPlans &) {
  const Location loc = op.getLoc();
  const int64_t n = op.getN(), k = op.getK(), l = op.getL();
  std::vector<FactoredDiagram> forms;
  SmallVector<int64_t> mixOrders;
  std::vector<RowPattern> tops;
  for (const Diagram &diagram : op.getDiagramValues()) {
    forms.push_back(factorDiagram(diagram));
    mixOrders.push_back(orderOfMix(forms.back(), n));
    tops.push_back(patternOfTop(forms.back()));
  }
  std::vector<int> inOrder(forms.size());
  std::iota(inOrder.begin(), inOrder.end(), 0);
  auto xType = cast<RankedTensorType>(op.getX().getType());
  auto type = [&](ArrayRef<int64_t> orders, int64_t channels) {
    return slabsType(xType, orders, n, channels);
  };
  const GroupAttr group = op.getGroupAttr();
  const IntegerAttr size = op.getNAttr();

  const Value x = ToRowsOp::create(b, loc, type(k, op.getCIn()), op.getX(),
                                   op.getLayoutAttr());
  const Value packed = createPack(b, op, packedTermsOf(inOrder));
  auto planar = ToPlanarOp::create(
      b, loc, type(SmallVector<int64_t>(forms.size(), k), op.getCIn()), x,
      group, size, permutationsAttr(b, forms, &FactoredDiagram::in));
  const Value contracted =
      writeContractions(b, planar, forms, op.getNormalizeAttr());
  const Value mixed =
      MixEachOp::create(b, loc, type(mixOrders, op.getCOut()), contracted,
                        packed, group, size, b.getDenseI64ArrayAttr(mixOrders));
  const Value expanded = ExpandOp::create(
      b, loc, type(SmallVector<int64_t>(forms.size(), l), op.getCOut()), mixed,
      group, size, getPatternArrayAttr(b.getContext(), tops));
  Value y =
      FromPlanarOp::create(b, loc, type(l, op.getCOut()), expanded, group, size,
                           permutationsAttr(b, forms, &FactoredDiagram::out));
  if (op.getBias())
    y = AddBiasOp::create(b, loc, y.getType(), y, op.getBias(), group, size,
                          op.getLAttr(), op.getBiasDiagramsAttr());
  return Value(FromRowsOp::create(b, loc, op.getType(), y, op.getLayoutAttr()));
}
