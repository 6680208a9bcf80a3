//===- NetworkEntry.cpp - The C functions of networks ---------------------===//

#include "compiler/Lowering/Entry/NetworkEntry.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Lowering/Entry/EntryInfo.h"
#include "compiler/Machine/Machine.h"
#include "compiler/Plan/Network/NetworkPlan.h"

#include <eqc/kernel.h>

using namespace eqc;
using namespace mlir;

/// What the values of a block of samples should not be more than: half of a
/// usual L2 cache.
static constexpr int64_t kBlockBytes = Machine().l2Bytes / 2;

namespace {

class NetworkEntryPoints {
public:
  NetworkEntryPoints(EntryBuilder &b, const NetworkSpec &network,
                     llvm::ArrayRef<NetworkCallee> callees,
                     llvm::StringRef source, bool threads)
      : b(b), network(network), callees(callees), source(source),
        threads(threads), plan(planNetwork(network)) {
    std::vector<int64_t> packed;
    for (const NetworkCallee &callee : callees)
      packed.push_back(callee.packedSize);
    places = packedPlaces(network, packed);
  }

  void add(bool ragged) {
    const EntryConstant info = addInfo();
    const EntryConstant table = addTable(info);
    for (const NetworkFunction &function : networkFunctions())
      if (isExported(function, network, hasGradients(), ragged))
        addExported(function, table, info);
  }

private:
  using Constants = std::vector<EntryConstant>;

  static EntryConstant number(int64_t value) {
    return EntryConstant::ofNumber(value);
  }
  std::string named(const char *what) const {
    return network.name + ".network." + what;
  }
  /// Null for an empty one.
  EntryConstant table(const std::string &name, const Constants &entries) {
    return entries.empty() ? EntryConstant::none() : b.addTable(name, entries);
  }
  EntryConstant words(const std::string &name, llvm::ArrayRef<int> values) {
    Constants entries;
    for (int value : values)
      entries.push_back(EntryConstant::ofWord(value));
    return table(name, entries);
  }

  bool hasGradients() const {
    return llvm::all_of(callees, [](const NetworkCallee &callee) {
      return callee.interface.getNumber("has_backward") != 0;
    });
  }

  //===--------------------------------------------------------------------===//
  // eqc_network_info
  //===--------------------------------------------------------------------===//

  EntryConstant tensorInfo(const std::string &name, int value) {
    const NetworkValue &tensor = network.values[value];
    return EntryConstant::ofStruct(
        {EntryConstant::ofWord(sizeof(eqc_tensor_info)),
         EntryConstant::ofWord(0), // unused
         b.text(name), number(static_cast<int64_t>(tensor.axes.size())),
         words(named("axes.") + std::to_string(nextAxes++), tensor.axes),
         number(tensor.channels)});
  }

  EntryConstant addInfo() {
    static_assert(sizeof(eqc_tensor_info) == 40 &&
                      sizeof(eqc_network_layer) == 56,
                  "as they are laid out here");
    Constants inputs, outputs, layers;
    for (size_t i = 0; i < network.numInputs; ++i)
      inputs.push_back(tensorInfo(network.values[i].name, static_cast<int>(i)));
    for (const NetworkOutput &output : network.outputs)
      outputs.push_back(tensorInfo(output.name, output.value));
    for (const NetworkLayer &layer : network.layers)
      layers.push_back(EntryConstant::ofStruct(
          {EntryConstant::ofWord(sizeof(eqc_network_layer)),
           EntryConstant::ofWord(0), // unused
           b.text(layer.name), number(layer.offset), number(layer.weightSize),
           number(layer.biasOffset), number(layer.biasSize),
           EntryConstant::ofAddress(layer.name + ".layer")}));
    const int64_t numInputs = inputs.size(), numOutputs = outputs.size();
    const int64_t numLayers = layers.size(), numSpaces = network.spaces.size();
    const llvm::StringRef version =
        callees.front().interface.getText("version");
    return b.addSized(
        named("info"),
        {EntryConstant::ofWord(0), EntryConstant::ofWord(1),
         b.text(network.name),
         b.text(network.dtype == DType::F32 ? "f32" : "f64"),
         b.text(network.layout == Layout::ChannelsLast ? "channels_last"
                                                       : "channels_first"),
         b.text(source), b.text(version), number(numInputs),
         table(named("inputs"), inputs), number(numOutputs),
         table(named("outputs"), outputs), number(numLayers),
         table(named("layers"), layers), number(numSpaces),
         addSpaces(b, named("spaces"), network.spaceList()),
         number(network.params), number(hasGradients()), number(places.size),
         number(static_cast<int64_t>(network.sums.size()))},
        sizeof(eqc_network_info));
  }

  //===--------------------------------------------------------------------===//
  // eqc_network
  //===--------------------------------------------------------------------===//

  EntryConstant addValues() {
    Constants values;
    for (int v = 0; v < static_cast<int>(network.values.size()); ++v) {
      const NetworkValue &value = network.values[v];
      const ValuePlan &planned = plan.values[v];
      values.push_back(EntryConstant::ofStruct(
          {number(value.channels),
           number(static_cast<int64_t>(value.axes.size())),
           words(named("axes.") + std::to_string(nextAxes++), value.axes),
           number(network.isInput(v) ? v : -1), number(network.outputOf(v)),
           number(planned.slot), number(planned.backSlot),
           number(planned.gradSlot), number(planned.kept),
           number(planned.isShared)}));
    }
    return table(named("values"), values);
  }

  /// Of each axis of x whether the step sums over it, or repeats along it.
  std::vector<int> droppedAxes(const NetworkStep &step) const {
    const bool isNorm = step.kind == StepKind::Norm;
    if (!isNorm && step.kind != StepKind::Scale)
      return {};
    const std::vector<int> &kept = network.values[step.operands[0]].axes;
    std::vector<int> dropped;
    for (int axis : network.values[step.operands.back()].axes)
      dropped.push_back(isNorm ? llvm::is_contained(step.spaces, axis)
                               : !llvm::is_contained(kept, axis));
    return dropped;
  }

  EntryConstant addSteps() {
    Constants steps;
    for (auto [i, step] : llvm::enumerate(network.steps)) {
      const std::string suffix = "." + std::to_string(i);
      steps.push_back(EntryConstant::ofStruct(
          {number(static_cast<int64_t>(step.kind)),
           number(static_cast<int64_t>(step.function)),
           number(static_cast<int64_t>(step.layer)), number(step.result),
           number(static_cast<int64_t>(step.operands.size())),
           words(named("operands") + suffix, step.operands),
           words(named("dropped") + suffix, droppedAxes(step)),
           number(plan.isRepeated[i])}));
    }
    return table(named("steps"), steps);
  }

  /// Which of the call's sizes is the n of a layer, or -1.
  int64_t sizeOf(const NetworkCallee &callee) const {
    for (const Space &space : callee.interface.getSpaces().spaces) {
      int64_t size = 0;
      for (const Space &known : network.spaces) {
        if (known.n >= 0)
          continue;
        if (known == space)
          return size;
        ++size;
      }
    }
    return -1;
  }

  EntryConstant addParts() {
    Constants parts;
    for (size_t i = 0; i < callees.size(); ++i)
      parts.push_back(EntryConstant::ofStruct(
          {EntryConstant::ofAddress(network.layers[i].name + ".kernel"),
           number(sizeOf(callees[i])), number(places.weights[i]),
           number(callees[i].packedSize), number(places.biases[i])}));
    return table(named("parts"), parts);
  }

  EntryConstant addTable(const EntryConstant &info) {
    static_assert(sizeof(eqc_value) == 80 && sizeof(eqc_step) == 64 &&
                      sizeof(eqc_network_part) == 40 &&
                      sizeof(eqc_network_sum) == 16,
                  "as they are laid out here");
    Constants units;
    for (const Space &space : network.spaces)
      units.push_back(number(rulesOf(space.group).sizeUnit()));
    Constants sums;
    for (auto [i, sum] : llvm::enumerate(network.sums))
      sums.push_back(EntryConstant::ofStruct(
          {number(static_cast<int64_t>(sum.summands.size())),
           words(named("summands.") + std::to_string(i), sum.summands)}));
    return b.addSized(
        named("table"),
        {EntryConstant::ofWord(0), EntryConstant::ofWord(EQC_KERNEL_ABI), info,
         number(network.elementSize()),
         number(network.layout == Layout::ChannelsFirst), number(threads),
         number(kBlockBytes),
         number(static_cast<int64_t>(network.values.size())), addValues(),
         number(static_cast<int64_t>(network.steps.size())), addSteps(),
         addParts(), number(places.size), number(plan.numSlots),
         number(plan.numBackSlots), table(named("units"), units),
         table(named("sums"), sums)},
        sizeof(eqc_network));
  }

  //===--------------------------------------------------------------------===//
  // Functions
  //===--------------------------------------------------------------------===//

  /// Stores arguments in an array of the caller's frame; null for none.
  Value gather(llvm::ArrayRef<Value> values, Type type) {
    ImplicitLocOpBuilder &op = b.op();
    if (values.empty())
      return b.address(EntryConstant::none());
    Value array = LLVM::AllocaOp::create(
        op, b.pointer(), type, b.number(static_cast<int64_t>(values.size())));
    for (auto [i, value] : llvm::enumerate(values)) {
      Value place =
          LLVM::GEPOp::create(op, b.pointer(), type, array,
                              ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)},
                              LLVM::GEPNoWrapFlags::inbounds);
      LLVM::StoreOp::create(op, value, place);
    }
    return array;
  }

  void addExported(const NetworkFunction &function, const EntryConstant &table,
                   const EntryConstant &info) {
    const std::string name = network.name + "_" + function.suffix;
    if (function.result == ResultKind::Info)
      return addInfoFunction(b, name, info);
    const Type result = function.result == ResultKind::Bytes
                            ? b.i64()
                            : Type(b.op().getI32Type());
    const std::vector<NetworkParameter> parameters =
        parametersOf(function, network);
    SmallVector<Type> taken, passed{b.pointer()};
    for (const NetworkParameter &parameter : parameters)
      taken.push_back(parameter.isNumber ? b.i64() : b.pointer());
    // Of several the runtime takes an array.
    for (NetworkArgument kind : function.arguments)
      passed.push_back(kind == NetworkArgument::Batch ||
                               kind == NetworkArgument::ReportSize
                           ? b.i64()
                           : b.pointer());
    LLVM::LLVMFuncOp runtime = b.declare(
        std::string("eqc_rt_network_") + function.suffix, result, passed);
    LLVM::LLVMFuncOp exported =
        b.addFunction(name, result, taken, LLVM::Linkage::External);
    SmallVector<Value> arguments{b.address(table)};
    for (NetworkArgument kind : function.arguments) {
      SmallVector<Value> values;
      for (auto [i, parameter] : llvm::enumerate(parameters))
        if (parameter.kind == kind)
          values.push_back(exported.getArgument(i));
      const bool isList = kind == NetworkArgument::Sizes ||
                          kind == NetworkArgument::SampleSizes ||
                          kind == NetworkArgument::Inputs ||
                          kind == NetworkArgument::Outputs ||
                          kind == NetworkArgument::GradInputs ||
                          kind == NetworkArgument::GradOutputs;
      arguments.push_back(isList ? gather(values, kind == NetworkArgument::Sizes
                                                      ? b.i64()
                                                      : b.pointer())
                                 : values.front());
    }
    auto call = LLVM::CallOp::create(b.op(), runtime, arguments);
    LLVM::ReturnOp::create(b.op(), call.getResult());
  }

  EntryBuilder &b;
  const NetworkSpec &network;
  llvm::ArrayRef<NetworkCallee> callees;
  const llvm::StringRef source;
  const bool threads;
  const NetworkPlan plan;
  PackedPlaces places;
  int nextAxes = 0;
};

} // namespace

static_assert(static_cast<int>(Function::Square) == EQC_SQUARE &&
                  static_cast<int>(Function::Tanh) == EQC_TANH,
              "the runtime knows functions by their numbers");
static_assert(static_cast<int>(StepKind::Layer) == EQC_STEP_LAYER &&
                  static_cast<int>(StepKind::Scale) == EQC_STEP_SCALE &&
                  static_cast<int>(StepKind::Add) == EQC_STEP_ADD,
              "and steps by theirs");

void eqc::addNetworkEntryPoints(EntryBuilder &b, NetworkSpec network,
                                llvm::ArrayRef<NetworkCallee> callees,
                                llvm::StringRef source, bool threads,
                                bool ragged) {
  int64_t offset = 0;
  for (auto [i, layer] : llvm::enumerate(network.layers)) {
    layer.index = i; // among the callees
    layer.weightSize = callees[i].interface.getNumber("weight_size");
    layer.biasSize = callees[i].interface.getNumber("bias_size");
    layer.offset = offset;
    layer.biasOffset = offset + layer.weightSize;
    offset = layer.biasOffset + layer.biasSize;
  }
  network.params = offset;
  NetworkEntryPoints(b, network, callees, source, threads).add(ragged);
}
