//===- EqcOps.cpp - Operations of the eqc dialect -------------------------===//
//
// Verifiers and accessors. A comment `linear_c5` names the constraint (C5) in
// the description of `eqc.linear` that the lines below it enforce.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcOps.h"
#include "compiler/Algebra/Groups/Entrywise.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "dialect/Eqc/EqcSyntax.h"
#include "dialect/Eqc/EqcVerify.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/Sequence.h"

#include <algorithm>
#include <limits>
#include <set>

using namespace mlir;
using namespace eqc;
using namespace eqc::ir;

#define GET_OP_CLASSES
#include "dialect/Eqc/EqcOps.cpp.inc"

//===----------------------------------------------------------------------===//
// LinearOp
//===----------------------------------------------------------------------===//

/// The tensors of a layer, and what they are called.
namespace {
struct LayerTypes {
  RankedTensorType x, y, weight, bias; ///< no bias: null
  StringRef yName = "y", weightName = "weight", biasName = "bias";
};
} // namespace

template <typename OpT>
static LogicalResult verifyRanks(OpT op, const LayerTypes &types) {
  // linear_c3
  if (failed(verifyRank(op, "x", types.x, op.getK() + 2,
                        "batch, k n-axes, channels")) ||
      failed(verifyRank(op, types.yName, types.y, op.getL() + 2,
                        "batch, l n-axes, channels")) ||
      failed(verifyRank(op, types.weightName, types.weight, 3,
                        "diagrams, c_in, c_out")))
    return failure();
  if (types.bias && failed(verifyRank(op, types.biasName, types.bias, 2,
                                      "bias diagrams, c_out")))
    return failure();
  // linear_c4
  Type element = types.x.getElementType();
  for (RankedTensorType other : {types.weight, types.bias, types.y})
    if (other && other.getElementType() != element)
      return op.emitOpError() << "element types must be the same, found "
                              << element << " and " << other.getElementType();
  return success();
}

template <typename OpT>
static LogicalResult verifyShapes(OpT op, const LayerTypes &types) {
  bool channelsFirst = op.getLayout() == Layout::ChannelsFirst;
  int64_t firstAxis = channelsFirst ? 2 : 1;
  int64_t xChannels = channelsFirst ? 1 : types.x.getRank() - 1;
  int64_t yChannels = channelsFirst ? 1 : types.y.getRank() - 1;
  // linear_c5; of a product the diagrams tell the spaces of the axes.
  const std::vector<int> spaces =
      axesOf(op.getGroup(), op.getDiagramValues().front());
  const ArrayRef<int> ofAxes(spaces);
  const int64_t outputs = spaces.empty() ? 0 : op.getL();
  if (failed(verifyNAxes(op, "x", types.x, firstAxis, op.getK(), op.getGroup(),
                         op.getN(), ofAxes.drop_front(outputs))) ||
      failed(verifyNAxes(op, types.yName, types.y, firstAxis, op.getL(),
                         op.getGroup(), op.getN(), ofAxes)))
    return failure();
  // linear_c6
  if (types.x.getDimSize(0) != types.y.getDimSize(0))
    return op.emitOpError()
           << "'x' and '" << types.yName << "' must have the same batch, found "
           << formatExtent(types.x.getDimSize(0)) << " and "
           << formatExtent(types.y.getDimSize(0));
  // linear_c7
  int64_t diagrams = op.getDiagrams().size();
  int64_t cIn = types.x.getDimSize(xChannels);
  int64_t cOut = types.y.getDimSize(yChannels);
  if (cIn < 1 || cOut < 1)
    return op.emitOpError()
           << "channels must be static and positive, found "
           << formatExtent(cIn) << " -> " << formatExtent(cOut);
  if (types.weight.getShape() != ArrayRef<int64_t>({diagrams, cIn, cOut}))
    return op.emitOpError()
           << "'" << types.weightName << "' must be [diagrams, c_in, c_out] = ["
           << diagrams << ", " << cIn << ", " << cOut << "], found "
           << types.weight;
  // linear_c10
  int64_t biasDiagrams = op.getBiasDiagrams().size();
  if (!types.bias && biasDiagrams > 0)
    return op.emitOpError()
           << "has bias diagrams but no '" << types.biasName << "'";
  if (types.bias && biasDiagrams == 0)
    return op.emitOpError()
           << "has a '" << types.biasName << "' but no bias diagrams";
  if (types.bias &&
      types.bias.getShape() != ArrayRef<int64_t>({biasDiagrams, cOut}))
    return op.emitOpError()
           << "'" << types.biasName << "' must be [bias diagrams, c_out] = ["
           << biasDiagrams << ", " << cOut << "], found " << types.bias;
  return success();
}

/// The permutations of one list, of `order` axes from vertex `first` on.
template <typename OpT>
static LogicalResult verifyPermutations(OpT op, StringRef name, ArrayAttr texts,
                                        int64_t first, int64_t order) {
  const Diagram diagram = op.getDiagramValues().front();
  for (auto text : texts.getAsRange<StringAttr>()) {
    auto parsed =
        parseAxisPermutation(text.getValue(), static_cast<int>(order));
    if (const auto *wrong = std::get_if<DiagramError>(&parsed))
      return op.emitOpError() << name << " " << text << ": " << wrong->message;
    const auto &permutation = std::get<AxisPermutation>(parsed);
    for (int64_t axis = 0; axis < order; ++axis) {
      const auto vertex = static_cast<int>(first + axis);
      const auto image = static_cast<int>(first) + permutation.images[axis];
      if (axisOf(op.getGroup(), diagram.spaceOf(vertex),
                 diagram.partOf(vertex)) != axisOf(op.getGroup(),
                                                   diagram.spaceOf(image),
                                                   diagram.partOf(image)) ||
          diagram.isDual(vertex) != diagram.isDual(image))
        return op.emitOpError()
               << name << " " << text << " exchanges axes of different spaces";
    }
  }
  return success();
}

template <typename OpT> static LogicalResult verifySymmetry(OpT op) {
  if (op.getInSymmetry().empty() && op.getOutSymmetry().empty())
    return success();
  if (failed(verifyPermutations(op, "in_symmetry", op.getInSymmetry(),
                                op.getL(), op.getK())) ||
      failed(verifyPermutations(op, "out_symmetry", op.getOutSymmetry(), 0,
                                op.getL())))
    return failure();
  const AxisSymmetry symmetry = getSymmetryOf(op);
  const SymmetryOrder in = orderOf(symmetry.in, kMostOrbitWork),
                      out = orderOf(symmetry.out, kMostOrbitWork);
  if (in.contradicts || out.contradicts)
    return op.emitOpError() << "symmetries must not contradict each other";
  if (in.order > kMostOrbitWork / out.order / op.getDiagrams().size())
    return op.emitOpError() << "symmetries are too many to list orbits";
  auto verifyOrbits = [&](const std::vector<Diagram> &diagrams,
                          const AxisSymmetry &of) -> LogicalResult {
    std::set<SymbolsAndBlocks> seen;
    for (const Diagram &diagram : diagrams) {
      const Orbit orbit = orbitOf(diagram, op.getGroup(), of);
      if (orbit.vanishes)
        return op.emitOpError() << "diagram '" << toTypedString(diagram)
                                << "' cancels under the symmetries";
      for (const SignedDiagram &member : orbit.members)
        if (!seen.insert(symbolsAndBlocks(member.diagram)).second)
          return op.emitOpError() << "diagram '" << toTypedString(diagram)
                                  << "' is in the orbit of another one";
    }
    return success();
  };
  if (failed(verifyOrbits(op.getDiagramValues(), symmetry)))
    return failure();
  return verifyOrbits(op.getBiasDiagramValues(), {{}, symmetry.out});
}

/// Whether every element is a permutation.
static bool isOfPermutations(Group group) {
  if (!group.isProduct())
    return entrywise(group, 1) == Entrywise::All;
  return llvm::all_of(group.spaces(), [](const Space &space) {
    return entrywise(space.group, 1) == Entrywise::All;
  });
}

template <typename OpT>
static LogicalResult verifyLayer(OpT op, const LayerTypes &types) {
  // linear_c1
  if (failed(verifySize(op, op.getGroup(), op.getN())))
    return failure();
  // linear_c2
  constexpr int64_t maxOrder = std::numeric_limits<int32_t>::max();
  if (std::min(op.getK(), op.getL()) < 0 ||
      std::max(op.getK(), op.getL()) > maxOrder)
    return op.emitOpError() << "orders must be between 0 and " << maxOrder
                            << ", found " << op.getK() << " -> " << op.getL();
  if (failed(verifyRanks(op, types)))
    return failure();
  // linear_c8 (that none occurs twice: verifyDiagrams)
  if (op.getDiagrams().empty())
    return op.emitOpError() << "must have at least one diagram";
  auto verifyAll = [&] {
    // linear_c9
    return verifyDiagrams(op, "diagram", op.getDiagrams(), op.getGroup(),
                          op.getN(), op.getL(), op.getK());
  };
  // Those of a product tell the shapes.
  const bool isProduct = op.getGroup().isProduct();
  if ((isProduct && failed(verifyAll())) || failed(verifyShapes(op, types)) ||
      (!isProduct && failed(verifyAll())))
    return failure();
  // linear_c11
  if (failed(verifyDiagrams(op, "bias diagram", op.getBiasDiagrams(),
                            op.getGroup(), op.getN(), op.getL(), 0)))
    return failure();
  const Diagram first = op.getDiagramValues().front();
  auto axisAt = [&](const Diagram &diagram, int v) {
    return axisOf(op.getGroup(), diagram.spaceOf(v), diagram.partOf(v));
  };
  for (const Diagram &bias : op.getBiasDiagramValues())
    if (!llvm::all_of(llvm::seq(0, bias.l), [&](int v) {
          return axisAt(bias, v) == axisAt(first, v) &&
                 bias.isDual(v) == first.isDual(v);
        }))
      return op.emitOpError()
             << "bias diagram '" << toTypedString(bias)
             << "' is of axes of other spaces than the outputs";
  // linear_c12
  if (failed(verifySymmetry(op)))
    return failure();
  // linear_c13
  if (op.getOrbitWeights() && (!rulesOf(op.getGroup()).isMonomial() ||
                               op.getNormalize() != Normalize::None))
    return op.emitOpError() << "has orbit weights, for which the group must be "
                               "of monomial matrices, and sums no means";
  // linear_c14
  if (op.getPool() != Pool::Sum &&
      (!isOfPermutations(op.getGroup()) ||
       op.getNormalize() != Normalize::None || op.getOrbitWeights()))
    return op.emitOpError() << "pools, for which the group must be of "
                               "permutations, and weights those of diagrams";
  return success();
}

template <typename OpT> static LogicalResult verifyLayer(OpT op) {
  LayerTypes types;
  types.x = cast<RankedTensorType>(op.getX().getType());
  types.y = cast<RankedTensorType>(op.getY().getType());
  types.weight = cast<RankedTensorType>(op.getWeight().getType());
  if (op.getBias())
    types.bias = cast<RankedTensorType>(op.getBias().getType());
  return verifyLayer(op, types);
}

LogicalResult LinearOp::verify() {
  // linear_c14
  if (getAt() && (getPool() == Pool::Sum || getBias() ||
                  getAt().getType() != getY().getType()))
    return emitOpError()
           << "has an 'at', which is for gradients of layers that "
              "pool, of the type of 'y'";
  return verifyLayer(*this);
}

LogicalResult GradWeightOp::verify() {
  LayerTypes types;
  types.yName = "grad_y";
  types.weightName = "grad_weight";
  types.biasName = "grad_bias";
  types.x = cast<RankedTensorType>(getX().getType());
  types.y = cast<RankedTensorType>(getGradY().getType());
  types.weight = cast<RankedTensorType>(getGradWeight().getType());
  if (getGradBias())
    types.bias = cast<RankedTensorType>(getGradBias().getType());
  return verifyLayer(*this, types);
}

//===----------------------------------------------------------------------===//
// ApplyDiagramOp
//===----------------------------------------------------------------------===//

LogicalResult ApplyDiagramOp::verify() {
  // apply_diagram_c1
  if (failed(verifySize(*this, getGroup(), getN())))
    return failure();
  const Diagram &diagram = getDiagram().getValue();
  auto xType = cast<RankedTensorType>(getX().getType());
  auto yType = cast<RankedTensorType>(getY().getType());
  // apply_diagram_c2
  if (failed(verifyRank(*this, "x", xType, int64_t(diagram.k) + 2,
                        "batch, one n-axis for each input, channels")) ||
      failed(verifyRank(*this, "y", yType, int64_t(diagram.l) + 2,
                        "batch, one n-axis for each output, channels")))
    return failure();
  // apply_diagram_c3
  if (xType.getElementType() != yType.getElementType())
    return emitOpError() << "element types must be the same, found "
                         << xType.getElementType() << " and "
                         << yType.getElementType();
  if (xType.getShape().front() != yType.getShape().front() ||
      xType.getShape().back() != yType.getShape().back())
    return emitOpError()
           << "'x' and 'y' must have the same batch and channels, found "
           << xType << " and " << yType;
  // apply_diagram_c5, of a product before its axes are looked at
  const bool isProduct = getGroup().isProduct();
  if (isProduct &&
      failed(verifyOfGroup(*this, "diagram", diagram, getGroup(), getN())))
    return failure();
  // apply_diagram_c4
  const std::vector<int> axes = axesOf(getGroup(), diagram);
  const ArrayRef<int> spaces(axes);
  if (failed(verifyNAxes(*this, "x", xType, 1, diagram.k, getGroup(), getN(),
                         spaces.drop_front(isProduct ? diagram.l : 0))) ||
      failed(verifyNAxes(*this, "y", yType, 1, diagram.l, getGroup(), getN(),
                         spaces)))
    return failure();
  return isProduct
             ? success()
             : verifyOfGroup(*this, "diagram", diagram, getGroup(), getN());
}

//===----------------------------------------------------------------------===//
// PermuteOp
//===----------------------------------------------------------------------===//

int64_t PermuteOp::getFirstAxis() {
  // What precedes the n-axes and the channels: the batch, and maybe the nodes.
  auto type = cast<RankedTensorType>(getX().getType());
  return type.getRank() - 1 - static_cast<int64_t>(getPermutation().size());
}

LogicalResult PermuteOp::verify() {
  auto type = cast<RankedTensorType>(getX().getType());
  ArrayRef<int64_t> permutation = getPermutation();
  int64_t order = permutation.size();
  // permute_c1
  llvm::BitVector seen(order);
  for (int64_t axis : permutation) {
    if (axis < 0 || axis >= order)
      return emitOpError() << "the permutation of " << order
                           << " n-axes names axis " << axis;
    if (seen.test(axis))
      return emitOpError() << "the permutation names axis " << axis << " twice";
    seen.set(axis);
  }
  // permute_c2
  if (type.getRank() != order + 2 && type.getRank() != order + 3)
    return emitOpError() << "'x' must have rank " << order + 2 << ", or "
                         << order + 3 << " with an axis of nodes, found "
                         << type.getRank();
  // permute_c3
  ArrayRef<int64_t> axes = type.getShape().slice(getFirstAxis(), order);
  for (int64_t extent : axes)
    if (extent != axes.front())
      return emitOpError() << "all n-axes must have the same extent, found "
                           << formatExtent(axes.front()) << " and "
                           << formatExtent(extent);
  return success();
}
