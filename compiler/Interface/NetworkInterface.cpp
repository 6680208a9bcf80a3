//===- NetworkInterface.cpp - The C functions of a network ----------------===//

#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Interface/Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace eqc;

bool NetworkFunction::takes(NetworkArgument argument) const {
  return llvm::is_contained(arguments, argument);
}

const std::vector<NetworkFunction> &eqc::networkFunctions() {
  using A = NetworkArgument;
  static const std::vector<NetworkFunction> all{
      {"forward",
       ResultKind::Status,
       false,
       {A::Sizes, A::Batch, A::Inputs, A::Params, A::Outputs}},
      {"pack", ResultKind::Status, false, {A::Params, A::NewPacked}},
      {"forward_packed",
       ResultKind::Status,
       false,
       {A::Sizes, A::Batch, A::Inputs, A::Packed, A::Outputs}},
      {"tape_size", ResultKind::Bytes, true, {A::Sizes, A::Batch}},
      {"forward_tape",
       ResultKind::Status,
       true,
       {A::Sizes, A::Batch, A::Inputs, A::Params, A::Outputs, A::NewTape}},
      {"backward",
       ResultKind::Status,
       true,
       {A::Sizes, A::Batch, A::Inputs, A::Params, A::GradOutputs, A::Tape,
        A::GradInputs, A::GradParams}},
      {"forward_ragged",
       ResultKind::Status,
       false,
       {A::Batch, A::SampleSizes, A::Inputs, A::Params, A::Outputs}},
      {"forward_padded",
       ResultKind::Status,
       false,
       {A::Sizes, A::Batch, A::SampleSizes, A::Inputs, A::Params, A::Outputs}},
      {"backward_ragged",
       ResultKind::Status,
       true,
       {A::Batch, A::SampleSizes, A::Inputs, A::Params, A::GradOutputs, A::Tape,
        A::GradInputs, A::GradParams}},
      {"backward_padded",
       ResultKind::Status,
       true,
       {A::Sizes, A::Batch, A::SampleSizes, A::Inputs, A::Params,
        A::GradOutputs, A::Tape, A::GradInputs, A::GradParams}},
      {"info", ResultKind::Info, false, {}},
      {"selftest", ResultKind::Status, false, {A::Report, A::ReportSize}}};
  return all;
}

bool eqc::isExported(const NetworkFunction &function,
                     const NetworkSpec &network, bool gradients, bool ragged) {
  if (function.needsGradients && !gradients)
    return false;
  return !function.isRagged() ||
         (ragged && llvm::any_of(network.spaces, [](const Space &space) {
            return space.n < 0;
          }));
}

namespace {

/// Names of arguments, no two of which are equal, nor keywords of C.
class ArgumentNames {
public:
  explicit ArgumentNames(const NetworkSpec &network) {
    // What does not depend on the network keeps its name.
    for (const char *name :
         {"batch", "params", "packed", "tape", "grad_params"})
      taken.insert(name);
    for (size_t i = 0; i < network.numInputs; ++i)
      add(inputs, network.values[i].name, &gradInputs);
    for (const NetworkOutput &output : network.outputs)
      add(outputs, output.name, &gradOutputs);
    for (const Space &space : network.spaces)
      if (space.n < 0)
        add(sizes, taken.contains(space.name) ? "n_" + space.name : space.name,
            nullptr);
    const std::vector<std::string> extents = sizes;
    for (const std::string &size : extents)
      add(sampleSizes, size + "_sizes", nullptr);
  }

  std::vector<std::string> inputs, outputs, sizes, sampleSizes, gradInputs,
      gradOutputs;

private:
  void add(std::vector<std::string> &list, std::string name,
           std::vector<std::string> *gradients) {
    while (isCKeyword(name) || name == "int64_t" || taken.contains(name) ||
           (gradients && taken.contains("grad_" + name)))
      name += '_';
    taken.insert(name);
    list.push_back(name);
    if (!gradients)
      return;
    taken.insert("grad_" + name);
    gradients->push_back("grad_" + name);
  }

  llvm::StringSet<> taken;
};

} // namespace

std::vector<NetworkParameter> eqc::parametersOf(const NetworkFunction &function,
                                                const NetworkSpec &network) {
  using A = NetworkArgument;
  const ArgumentNames names(network);
  std::vector<NetworkParameter> parameters;
  for (A kind : function.arguments) {
    auto each = [&](const std::vector<std::string> &of, bool isNumber,
                    bool written) {
      for (auto [i, name] : llvm::enumerate(of))
        parameters.push_back({kind, i, name, isNumber, written});
    };
    switch (kind) {
    case A::Sizes:
      each(names.sizes, true, false);
      break;
    case A::Batch:
      each({"batch"}, true, false);
      break;
    case A::SampleSizes:
      // Padded arrays have axes of one length besides.
      each(function.takes(A::Sizes) ? names.sampleSizes : names.sizes, false,
           false);
      break;
    case A::Inputs:
      each(names.inputs, false, false);
      break;
    case A::Params:
      each({"params"}, false, false);
      break;
    case A::Packed:
      each({"packed"}, false, false);
      break;
    case A::NewPacked:
      each({"packed"}, false, true);
      break;
    case A::GradOutputs:
      each(names.gradOutputs, false, false);
      break;
    case A::Tape:
      each({"tape"}, false, false);
      break;
    case A::Outputs:
      each(names.outputs, false, true);
      break;
    case A::NewTape:
      each({"tape"}, false, true);
      break;
    case A::GradInputs:
      each(names.gradInputs, false, true);
      break;
    case A::GradParams:
      each({"grad_params"}, false, true);
      break;
    case A::Report:
      each({"report"}, false, true);
      break;
    case A::ReportSize:
      each({"size"}, true, false);
      break;
    }
  }
  return parameters;
}

std::string eqc::declarationOf(const NetworkFunction &function,
                               const NetworkSpec &network) {
  const std::string name = network.name + "_" + function.suffix;
  if (function.result == ResultKind::Info)
    return "const eqc_network_info *" + name + "(void);";
  std::string text =
      (function.result == ResultKind::Bytes ? "int64_t " : "int ") + name + "(";
  const std::string number = network.dtype == DType::F32 ? "float" : "double";
  size_t column = text.size();
  const char *separator = "";
  for (const NetworkParameter &parameter : parametersOf(function, network)) {
    const bool isTape = parameter.kind == NetworkArgument::Tape ||
                        parameter.kind == NetworkArgument::NewTape;
    const bool isReport = parameter.kind == NetworkArgument::Report;
    const bool isSizes = parameter.kind == NetworkArgument::SampleSizes;
    const std::string type =
        parameter.kind == NetworkArgument::ReportSize ? "size_t " : "int64_t ";
    const std::string argument = parameter.isNumber
                                     ? type + parameter.name
                                     : (parameter.written ? "" : "const ") +
                                           (isTape     ? "void"
                                            : isReport ? "char"
                                            : isSizes  ? "int64_t"
                                                       : number) +
                                           " *" + parameter.name;
    if (column + argument.size() > 76 && *separator) {
      separator = ",\n    ";
      column = 4;
    }
    text += separator + argument;
    column += argument.size() + 2;
    separator = ", ";
  }
  return text + ");";
}

PackedPlaces eqc::packedPlaces(const NetworkSpec &network,
                               llvm::ArrayRef<int64_t> packedSizes) {
  PackedPlaces places;
  for (const NetworkLayer &layer : network.layers) {
    places.weights.push_back(places.size);
    places.size += packedSizes[layer.index];
    places.biases.push_back(places.size);
    places.size += layer.biasSize;
  }
  return places;
}

std::vector<std::pair<std::string, int64_t>>
eqc::networkMacros(const NetworkSpec &network,
                   llvm::ArrayRef<int64_t> packedSizes) {
  std::vector<std::pair<std::string, int64_t>> macros{
      {"PARAMS", network.params},
      {"PACKED_SIZE", packedPlaces(network, packedSizes).size}};
  for (const NetworkLayer &layer : network.layers) {
    macros.emplace_back("OFFSET_" + layer.name + "_weight", layer.offset);
    if (layer.biasSize > 0)
      macros.emplace_back("OFFSET_" + layer.name + "_bias", layer.biasOffset);
  }
  return macros;
}

llvm::ArrayRef<std::string> eqc::networkSuffixes() {
  static const std::vector<std::string> suffixes = [] {
    std::vector<std::string> all{"_PARAMS", "_PACKED_SIZE"};
    for (const NetworkFunction &function : networkFunctions())
      all.push_back(std::string("_") + function.suffix);
    return all;
  }();
  return suffixes;
}

std::string eqc::shapeText(const NetworkSpec &network,
                           const NetworkValue &value) {
  std::string text = "[batch";
  const bool first = network.layout == Layout::ChannelsFirst;
  if (first)
    text += ", " + std::to_string(value.channels);
  for (int axis : value.axes) {
    const int64_t length = network.lengthOf(axis);
    text += ", " + (length < 0 ? network.nameOf(axis) : std::to_string(length));
  }
  if (!first)
    text += ", " + std::to_string(value.channels);
  return text + "]";
}

//===----------------------------------------------------------------------===//
// eqc_network_info
//===----------------------------------------------------------------------===//

const eqc_tensor_info *
NetworkInfoMemory::keep(std::vector<eqc_tensor_info> tensors) {
  return tensorLists.emplace_back(std::move(tensors)).data();
}

eqc_tensor_info NetworkInfoMemory::describe(const std::string &name,
                                            const NetworkValue &value) {
  eqc_tensor_info info = {};
  info.struct_size = sizeof info;
  info.name = memory.keep(name);
  info.order = static_cast<int64_t>(value.axes.size());
  info.axes =
      memory.keep(std::vector<int32_t>(value.axes.begin(), value.axes.end()));
  info.channels = value.channels;
  return info;
}

eqc_network_info NetworkInfoMemory::describe(const NetworkSpec &network,
                                             const std::string &source) {
  std::vector<eqc_tensor_info> inputs, outputs;
  for (size_t i = 0; i < network.numInputs; ++i)
    inputs.push_back(describe(network.values[i].name, network.values[i]));
  for (const NetworkOutput &output : network.outputs)
    outputs.push_back(describe(output.name, network.values[output.value]));
  std::vector<eqc_network_layer> &layers = layerLists.emplace_back();
  for (const NetworkLayer &layer : network.layers) {
    eqc_network_layer info = {};
    info.struct_size = sizeof info;
    info.name = memory.keep(layer.name);
    info.offset = layer.offset;
    info.size = layer.weightSize;
    info.bias_offset = layer.biasOffset;
    info.bias_size = layer.biasSize;
    layers.push_back(info);
  }
  eqc_network_info info = {};
  info.struct_size = sizeof info;
  info.abi = 1;
  info.name = memory.keep(network.name);
  info.dtype = network.dtype == DType::F32 ? "f32" : "f64";
  info.layout = network.layout == Layout::ChannelsLast ? "channels_last"
                                                       : "channels_first";
  info.spec = memory.keep(source);
  info.version = EQC_VERSION;
  info.inputs = static_cast<int64_t>(inputs.size());
  info.input = keep(std::move(inputs));
  info.outputs = static_cast<int64_t>(outputs.size());
  info.output = keep(std::move(outputs));
  info.layers = static_cast<int64_t>(layers.size());
  info.layer = layers.data();
  info.spaces = static_cast<int64_t>(network.spaces.size());
  info.space = memory.keep(network.spaceList());
  info.sums = static_cast<int64_t>(network.sums.size());
  info.params = network.params;
  return info;
}
