//===- EqcNetworkOps.cpp - Networks of layers -----------------------------===//
//
// A network is read into the algebra library's form, and its rules are checked
// on the way: who verifies it and who compiles it read the same.
//
//===----------------------------------------------------------------------===//

#include "dialect/Eqc/EqcNetwork.h"
#include "dialect/Eqc/EqcVerify.h"

#include "compiler/Algebra/Groups/Entrywise.h"
#include "compiler/Interface/LayerInfo.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

namespace {

class NetworkReader {
public:
  explicit NetworkReader(NetworkOp op) : op(op) {}

  FailureOr<NetworkSpec> run() {
    if (failed(readInputs()))
      return failure();
    for (Operation &inner : op.getBody().front().without_terminator())
      if (failed(readStep(inner)))
        return failure();
    if (failed(readOutputs()))
      return failure();
    // network_c8
    if (spec.layers.empty())
      return op.emitOpError() << "calls no layer";
    return std::move(spec);
  }

private:
  LogicalResult readInputs() {
    Block &body = op.getBody().front();
    const size_t inputs = body.getNumArguments();
    // network_c1
    if (op.getInputNames().size() != inputs ||
        op.getInputAxes().size() != inputs)
      return op.emitOpError() << "has " << inputs << " arguments, but "
                              << op.getInputNames().size() << " names and "
                              << op.getInputAxes().size() << " lists of axes";
    const std::optional<SpaceList> spaces =
        parseSpaces(std::string_view(op.getSpaces()));
    if (!spaces)
      return op.emitOpError() << "malformed spaces '" << op.getSpaces() << "'";
    spec.spaces = spaces->spaces;
    spec.sums = spaces->sums;
    spec.name = op.getSymName().str();
    spec.layout = op.getLayout();
    spec.numInputs = inputs;
    for (auto [i, argument] : llvm::enumerate(body.getArguments())) {
      const auto axes = cast<DenseI32ArrayAttr>(op.getInputAxes()[i]);
      if (failed(addValue(op, argument, axes.asArrayRef())))
        return failure();
      spec.values.back().name =
          cast<StringAttr>(op.getInputNames()[i]).getValue().str();
    }
    return success();
  }

  std::vector<int> axesOf(Value value) const {
    return spec.values[numbers.lookup(value)].axes;
  }

  /// A value, which has the type that its axes say.
  LogicalResult addValue(Operation *at, Value value, ArrayRef<int32_t> axes) {
    NetworkValue added;
    const auto type = dyn_cast<RankedTensorType>(value.getType());
    // network_c2
    if (!type || type.getRank() != static_cast<int64_t>(axes.size()) + 2)
      return at->emitOpError() << "value has not the rank of its "
                               << axes.size() << " axes, and 2";
    if (!element)
      element = type.getElementType();
    if (type.getElementType() != element)
      return at->emitOpError() << "element types must be the same, found "
                               << element << " and " << type.getElementType();
    spec.dtype = element.isF32() ? DType::F32 : DType::F64;
    const bool first = spec.layout == Layout::ChannelsFirst;
    added.channels =
        type.getDimSize(first ? 1 : static_cast<int64_t>(axes.size()) + 1);
    if (!type.isDynamicDim(0) || added.channels < 1)
      return at->emitOpError()
             << "value must have a dynamic batch and positive channels";
    for (auto [i, axis] : llvm::enumerate(axes)) {
      if (axis < 0 || axis >= 2 * kDualAxis ||
          axis % kDualAxis >= spec.numAxisKinds())
        return at->emitOpError() << "there is no space " << axis;
      const int64_t n = spec.lengthOf(axis);
      const int64_t found =
          type.getDimSize(static_cast<int64_t>(i) + (first ? 2 : 1));
      if (found != (n < 0 ? ShapedType::kDynamic : n))
        return at->emitOpError()
               << "axis " << i << " must have extent " << formatExtent(n);
      added.axes.push_back(axis);
    }
    numbers[value] = static_cast<int>(spec.values.size());
    spec.values.push_back(std::move(added));
    return success();
  }

  LogicalResult readStep(Operation &inner) {
    NetworkStep step;
    for (Value operand : inner.getOperands()) {
      if (!numbers.contains(operand))
        return inner.emitOpError() << "operand is no value of the network";
      step.operands.push_back(numbers.lookup(operand));
    }
    std::vector<int> axes;
    if (!step.operands.empty())
      axes = spec.values[step.operands.front()].axes;
    const LogicalResult read =
        TypeSwitch<Operation *, LogicalResult>(&inner)
            .Case<CallOp>(
                [&](CallOp call) { return readCall(call, step, axes); })
            .Case<PointwiseOp>([&](PointwiseOp pointwise) {
              return readPointwise(pointwise, step);
            })
            .Case<NormOp>(
                [&](NormOp norm) { return readNorm(norm, step, axes); })
            .Case<ScaleOp>(
                [&](ScaleOp scale) { return readScale(scale, step); })
            .Case<ConcatOp, AddOp>(
                [&](auto join) { return readJoin(join, step); })
            .Default([](Operation *other) {
              return other->emitOpError() << "is no step of a network";
            });
    if (failed(read) ||
        failed(addValue(&inner, inner.getResult(0),
                        SmallVector<int32_t>(axes.begin(), axes.end()))))
      return failure();
    step.result = static_cast<int>(spec.values.size()) - 1;
    spec.steps.push_back(std::move(step));
    return success();
  }

  /// Whether an argument of a layer is one of its inputs.
  static bool hasBatch(Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() > 0 && tensor.isDynamicDim(0);
  }

  LogicalResult readCall(CallOp call, NetworkStep &step,
                         std::vector<int> &axes) {
    axes.assign(call.getAxes().begin(), call.getAxes().end());
    step.kind = StepKind::Layer;
    auto known = llvm::find_if(spec.layers, [&](const NetworkLayer &layer) {
      return layer.name == call.getCallee();
    });
    step.layer = known - spec.layers.begin();
    if (known == spec.layers.end()) {
      NetworkLayer layer;
      layer.name = call.getCallee().str();
      spec.layers.push_back(std::move(layer));
    }
    // network_c3
    auto module = op->getParentOfType<ModuleOp>();
    auto function = module ? module.lookupSymbol<func::FuncOp>(call.getCallee())
                           : func::FuncOp();
    if (!function)
      return success();
    const FunctionType type = function.getFunctionType();
    const size_t operands = call.getInputs().size();
    const bool fits =
        type.getNumInputs() > operands &&
        !hasBatch(type.getInput(operands)) && // the weight follows
        type.getNumResults() == 1 &&
        type.getResult(0) == call.getY().getType() &&
        llvm::equal(type.getInputs().take_front(operands),
                    call.getInputs().getTypes());
    if (!fits)
      return call.emitOpError()
             << "layer '" << call.getCallee() << "' has type " << type;
    return success();
  }

  LogicalResult readPointwise(PointwiseOp pointwise, NetworkStep &step) {
    const std::optional<Function> function =
        findFunction(std::string_view(pointwise.getFunction()));
    if (!function)
      return pointwise.emitOpError()
             << "unknown function '" << pointwise.getFunction() << "'";
    step.kind = StepKind::Pointwise;
    step.function = *function;
    // network_c4
    const Entrywise allowed = entrywise(spec, axesOf(pointwise.getX()));
    if (allowed == Entrywise::None ||
        (allowed == Entrywise::Odd && !isOdd(*function)))
      return pointwise.emitOpError() << "'" << pointwise.getFunction()
                                     << "' is not equivariant on these axes";
    return success();
  }

  LogicalResult readNorm(NormOp norm, NetworkStep &step,
                         std::vector<int> &axes) {
    step.kind = StepKind::Norm;
    step.spaces.assign(norm.getOver().begin(), norm.getOver().end());
    for (int space : step.spaces) {
      // network_c5
      if (!llvm::is_contained(axes, space))
        return norm.emitOpError() << "no axis is of space " << space;
      if (!keepsSumOfSquares(spec, space))
        return norm.emitOpError() << "the group of space " << space
                                  << " does not keep the sum of squares";
    }
    axes = axesWithout(axes, step.spaces);
    return success();
  }

  LogicalResult readScale(ScaleOp scale, NetworkStep &step) {
    step.kind = StepKind::Scale;
    std::swap(step.operands[0], step.operands[1]);
    const NetworkValue &factor = spec.values[step.operands[0]];
    const NetworkValue &x = spec.values[step.operands[1]];
    std::vector<int> left;
    for (int axis : x.axes)
      if (!llvm::is_contained(factor.axes, axis))
        left.push_back(axis);
    // network_c6
    if (axesWithout(x.axes, left) != factor.axes ||
        (factor.channels != 1 && factor.channels != x.channels))
      return scale.emitOpError() << "the factor does not fit the value";
    if (entrywise(spec, factor.axes) != Entrywise::All)
      return scale.emitOpError()
             << "products of entries are not equivariant on the factor's axes";
    return success();
  }

  template <typename OpT> LogicalResult readJoin(OpT join, NetworkStep &step) {
    constexpr bool isConcat = std::is_same_v<OpT, ConcatOp>;
    step.kind = isConcat ? StepKind::Concat : StepKind::Add;
    // network_c7
    if (step.operands.empty())
      return join.emitOpError() << "has no operand";
    int64_t channels = 0;
    for (int operand : step.operands) {
      if (spec.values[operand].axes != spec.values[step.operands[0]].axes)
        return join.emitOpError() << "operands have different axes";
      channels += spec.values[operand].channels;
    }
    if (!isConcat && llvm::any_of(join.getInputs().getTypes(), [&](Type each) {
          return each != join.getY().getType();
        }))
      return join.emitOpError() << "operands and result must have one type";
    const auto type = typeOf(join.getY());
    const int64_t found = type.getDimSize(
        spec.layout == Layout::ChannelsFirst ? 1 : type.getRank() - 1);
    if (isConcat && found != channels)
      return join.emitOpError() << "has " << found << " channels, but those of "
                                << "its operands are " << channels;
    return success();
  }

  LogicalResult readOutputs() {
    auto output = dyn_cast<OutputOp>(op.getBody().front().getTerminator());
    // network_c1
    if (!output || output.getValues().size() != op.getOutputNames().size())
      return op.emitOpError() << "must end with an eqc.output of "
                              << op.getOutputNames().size() << " values";
    for (auto [i, value] : llvm::enumerate(output.getValues())) {
      if (!numbers.contains(value))
        return output.emitOpError() << "output is no value of the network";
      int number = numbers.lookup(value);
      // Every output has a value of its own, also after equal steps have become
      // one.
      if (spec.isInput(number) || spec.outputOf(number) >= 0) {
        NetworkStep copy;
        copy.operands = {number};
        NetworkValue copied = spec.values[number];
        copied.name.clear();
        number = copy.result = static_cast<int>(spec.values.size());
        spec.values.push_back(std::move(copied));
        spec.steps.push_back(std::move(copy));
      }
      spec.outputs.push_back(
          {cast<StringAttr>(op.getOutputNames()[i]).getValue().str(), number});
    }
    return success();
  }

  NetworkOp op;
  NetworkSpec spec;
  Type element;
  llvm::DenseMap<Value, int> numbers;
};

} // namespace

FailureOr<NetworkSpec> eqc::ir::getNetwork(NetworkOp op) {
  return NetworkReader(op).run();
}

LogicalResult NetworkOp::verifyRegions() {
  return failed(getNetwork(*this)) ? failure() : success();
}
