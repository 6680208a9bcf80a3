//===- SemaNetworks.cpp - Semantic checks of networks ---------------------===//
//
// Statements, names, what a network must have; parameters.
//
//===----------------------------------------------------------------------===//

#include "compiler/Frontend/SemaNetworks.h"

#include "compiler/Interface/Names.h"
#include "compiler/Interface/NetworkInterface.h"

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

LayerSignature eqc::signatureOf(const LayerSpec &layer, size_t index) {
  const std::vector<Space> spaces = layer.spaces();
  auto typeOf = [&](int first, int order, const std::vector<int> &axes,
                    const std::vector<bool> &duals, int64_t channels) {
    TensorType type;
    type.channels = channels;
    for (int axis = first; axis < first + order; ++axis) {
      const int number = axes.empty() ? 0 : axes[axis];
      AxisType &added = type.axes.emplace_back();
      added.isDual = !duals.empty() && duals[axis];
      if (const SpaceSum *sum = sumOf(layer.group, number)) {
        added.space.space.name = sum->name;
        for (int summand : sum->summands)
          added.space.summands.push_back(spaces[summand]);
      } else {
        added.space.space = spaces[number];
      }
    }
    return type;
  };
  LayerSignature signature;
  signature.index = index;
  signature.typed = layer.typed;
  signature.inputs.push_back(
      typeOf(0, layer.k1(), layer.xAxes, layer.xDuals, layer.cIn));
  if (layer.isBilinear())
    signature.inputs.push_back(
        typeOf(layer.k1(), layer.k2, layer.xAxes, layer.xDuals, layer.cIn2));
  signature.output = typeOf(0, layer.l, layer.yAxes, layer.yDuals, layer.cOut);
  signature.dtype = layer.dtype;
  signature.storage = layer.storage;
  signature.layout = layer.layout;
  signature.weightSize =
      static_cast<int64_t>(layer.diagrams.size()) * layer.weightsOfDiagram();
  signature.biasSize =
      static_cast<int64_t>(layer.biasDiagrams.size()) * layer.cOut;
  signature.position = layer.position;
  return signature;
}

SourcePosition NetworkChecker::positionOf(SourceRange where) const {
  const LineColumn at = diags.source().lineColumn(where.begin);
  return {diags.source().name().str(), at.line, at.column};
}

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

/// The number of an element, which is added where it is new.
template <typename T>
static int numberIn(std::vector<T> &list, const T &wanted) {
  const auto known = llvm::find(list, wanted);
  const auto number = static_cast<int>(known - list.begin());
  if (known == list.end())
    list.push_back(wanted);
  return number;
}

void NetworkChecker::addSpaces(const DeclaredSpace &space) {
  if (!space.isSum()) {
    numberIn(spec.spaces, space.space);
    return;
  }
  SpaceSum sum{space.space.name, {}};
  for (const Space &summand : space.summands)
    sum.summands.push_back(numberIn(spec.spaces, summand));
  numberIn(spec.sums, sum);
}

/// Numbers what axes of values are of before there are any, since sums have
/// their numbers behind all spaces.
void NetworkChecker::numberSpaces() {
  for (const StatementDecl &statement : decl.statements) {
    for (const Value &axis : statement.axes.items)
      if (const auto found = spaces.find(axis.token.text.rtrim('\''));
          found != spaces.end() && found->second)
        addSpaces(*found->second);
    for (const ExprNode &node : statement.expression)
      if (const auto layer = layers.find(node.token.text);
          node.kind == ExprNode::Kind::Call && layer != layers.end() &&
          layer->second)
        for (const AxisType &axis : layer->second->output.axes)
          addSpaces(axis.space);
  }
}

int NetworkChecker::axisNumber(const AxisType &axis) const {
  const std::string &name = axis.space.space.name;
  const auto space = llvm::find(spec.spaces, axis.space.space);
  const auto sum = llvm::find_if(
      spec.sums, [&](const SpaceSum &each) { return each.name == name; });
  if (axis.space.isSum() ? sum == spec.sums.end() : space == spec.spaces.end())
    return -1;
  const auto number =
      axis.space.isSum()
          ? spec.spaces.end() - spec.spaces.begin() + (sum - spec.sums.begin())
          : space - spec.spaces.begin();
  return static_cast<int>(number) + (axis.isDual ? kDualAxis : 0);
}

std::vector<int>
NetworkChecker::axisNumbers(const std::vector<AxisType> &axes) const {
  std::vector<int> numbers;
  numbers.reserve(axes.size());
  for (const AxisType &axis : axes)
    numbers.push_back(axisNumber(axis));
  return numbers;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

int NetworkChecker::addValue(NetworkValue value) {
  spec.values.push_back(std::move(value));
  texts.emplace_back();
  return static_cast<int>(spec.values.size()) - 1;
}

int NetworkChecker::addStep(NetworkStep step, const ExprNode &node,
                            NetworkValue result, std::string text) {
  // As bytes of one sample; sizes given at run time count as 1.
  int64_t bytes = result.channels;
  bool overflows = __builtin_mul_overflow(bytes, int64_t(8), &bytes);
  for (int axis : result.axes)
    overflows |= __builtin_mul_overflow(
        bytes, std::max<int64_t>(1, spec.lengthOf(axis)), &bytes);
  if (overflows) {
    diags.error(DiagId::SizeOverflow, node.range,
                "the bytes of this value of one sample are above 2^63 - 1");
    return -1;
  }
  result.position = step.position = positionOf(node.range);
  step.result = addValue(std::move(result));
  texts.back() = std::move(text);
  const int value = step.result;
  spec.steps.push_back(std::move(step));
  return value;
}

bool NetworkChecker::readAxes(const Value &written, NetworkValue &value) {
  if (written.kind == Value::Kind::Scalar) {
    if (written.token.text.trim('0').empty())
      return true;
    diags
        .error(DiagId::MixedAxes, written.range,
               "values of networks have axes of spaces")
        .help("write the space of each axis, or 0 for none");
    return false;
  }
  bool good = true;
  if (written.numItems > static_cast<size_t>(maxVertices)) {
    diags.error(DiagId::OrderLimit, written.range,
                "the input has " + Twine(written.numItems) +
                    " axes, the limit is " + Twine(maxVertices));
    return false;
  }
  for (const Value &axis : written.items) {
    bool isDual = false;
    const DeclaredSpace *space = findSpace(axis, spaces, diags, isDual);
    good &= space != nullptr;
    if (space)
      value.axes.push_back(axisNumber({*space, isDual}));
  }
  return good;
}

int NetworkChecker::defineInput(const StatementDecl &statement) {
  NetworkValue value;
  value.name = statement.name.text.str();
  value.position = positionOf(statement.name.range);
  bool good = readAxes(statement.axes, value);
  const Token &channels = statement.channels.token;
  if (channels.is(TokenKind::Negative) ||
      (!channels.text.getAsInteger(10, value.channels) && value.channels < 1)) {
    diags.error(DiagId::OutOfRange, statement.channels.range,
                "an input has at least 1 channel, not " + channels.text);
    good = false;
  } else if (channels.text.getAsInteger(10, value.channels)) {
    diags.error(DiagId::BadInteger, statement.channels.range,
                "the integer is above 2^63 - 1");
    good = false;
  }
  return good ? addValue(std::move(value)) : -1;
}

void NetworkChecker::reportUnknown(const ExprNode &node) {
  const StringRef name = node.token.text;
  // What could not be read may be what defines it.
  if (decl.incomplete)
    return;
  Diagnostic &error = diags.error(DiagId::UnknownName, node.token.range,
                                  "unknown value " + quoted(name));
  for (const StatementDecl &statement : decl.statements)
    if (statement.name.text == name) {
      error.note(statement.name.range, "it is defined only here")
          .help("values are defined before they are used");
      usedTooEarly.insert(name);
      return;
    }
  if (layers.contains(name)) {
    error.help("it is a layer; apply it to a value: " + name + "(x)");
    return;
  }
  std::vector<StringRef> known;
  for (const auto &entry : definitions)
    known.push_back(entry.first());
  llvm::sort(known);
  if (std::optional<StringRef> meant = closestWord(name, known))
    error.fix(node.token.range, *meant, "did you mean '" + *meant + "'?");
}

int NetworkChecker::resolve(const Part &part) {
  if (part.value)
    return *part.value;
  const auto found = definitions.find(part.node->token.text);
  if (found == definitions.end()) {
    reportUnknown(*part.node);
    return -1;
  }
  found->second.used = true;
  return found->second.value;
}

int NetworkChecker::evaluate(const StatementDecl &statement) {
  std::vector<Part> parts;
  for (const ExprNode &node : statement.expression) {
    if (node.kind == ExprNode::Kind::Word) {
      parts.push_back({&node, std::nullopt});
      continue;
    }
    const auto arguments =
        llvm::ArrayRef<Part>(parts).take_back(node.numArguments);
    const int value = node.kind == ExprNode::Kind::Call ? call(node, arguments)
                                                        : sum(node, arguments);
    parts.resize(parts.size() - node.numArguments);
    parts.push_back({&node, value});
  }
  const Part &whole = parts.back();
  const int value = resolve(whole);
  // An output has a value of its own, and so has every name.
  if (value < 0 || whole.value)
    return value;
  NetworkStep copy;
  copy.operands = {value};
  NetworkValue result = valueAt(value);
  result.name.clear();
  return addStep(std::move(copy), *whole.node, std::move(result), texts[value]);
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void NetworkChecker::checkStatement(const StatementDecl &statement) {
  const StringRef name = statement.name.text;
  const bool isInput = statement.kind == StatementDecl::Kind::Input;
  const bool isOutput = statement.kind == StatementDecl::Kind::Output;
  if (name.size() > maxNameLength || name.ends_with("'"))
    diags
        .error(DiagId::BadLayerName, statement.name.range,
               "the name of the value is no valid name")
        .note("names are letters, digits and '_', at most " +
              Twine(maxNameLength));
  const int value = isInput ? defineInput(statement) : evaluate(statement);
  auto [first, isNew] = definitions.try_emplace(
      name, Definition{value, statement.name.range, isOutput, isInput});
  if (!isNew) {
    diags
        .error(DiagId::DuplicateValue, statement.name.range,
               "value " + quoted(name) + " is defined twice")
        .note(first->second.where, "it was defined first here");
    return;
  }
  if (value < 0)
    return;
  spec.values[value].name = name.str();
  if (isInput) {
    inputs.push_back(value);
    spec.body += "  input " + name.str() + " : " +
                 textOfAxes(spec, valueAt(value).axes) + ", " +
                 std::to_string(valueAt(value).channels) + "\n";
  } else {
    spec.body += (isOutput ? "  output " : "  ") + name.str() + " = " +
                 texts[value] + "\n";
  }
  texts[value] = name.str();
  if (isOutput)
    spec.outputs.push_back({name.str(), value});
}

bool NetworkChecker::checkLimits() {
  auto limit = [&](size_t found, size_t most, const char *what) {
    if (found > most)
      diags.error(DiagId::NetworkTooLarge, decl.name.range,
                  "network " + quoted(decl.name.text) + " has " + Twine(found) +
                      " " + what + ", the limit is " + Twine(most));
    return found <= most;
  };
  auto count = [&](StatementDecl::Kind kind) {
    return static_cast<size_t>(
        llvm::count_if(decl.statements, [&](const StatementDecl &statement) {
          return statement.kind == kind;
        }));
  };
  // All of them, each told of.
  const bool calls = limit(decl.numCalls, kMostCalls, "calls");
  const bool inputs =
      limit(count(StatementDecl::Kind::Input), kMostTensors, "inputs");
  const bool outputs =
      limit(count(StatementDecl::Kind::Output), kMostTensors, "outputs");
  return calls && inputs && outputs;
}

void NetworkChecker::checkUses() {
  if (decl.incomplete)
    return;
  for (const StatementDecl &statement : decl.statements) {
    const auto found = definitions.find(statement.name.text);
    if (found == definitions.end() || found->second.used ||
        usedTooEarly.contains(statement.name.text) ||
        found->second.where.begin != statement.name.range.begin)
      continue;
    diags
        .error(DiagId::UnusedValue, statement.name.range,
               Twine(found->second.isInput ? "input " : "value ") +
                   quoted(statement.name.text) + " is not used")
        .help(found->second.isInput ? "remove it"
                                    : "remove it, or make it an output");
  }
  const bool hasOutput = llvm::any_of(decl.statements, [](const auto &each) {
    return each.kind == StatementDecl::Kind::Output;
  });
  if (!hasOutput)
    diags
        .error(DiagId::NoOutput, decl.name.range,
               "network " + quoted(decl.name.text) + " has no output")
        .help("write 'output y = EXPRESSION'");
}

/// Of a layer that is called, which is not refused.
const LayerSignature &
NetworkChecker::signatureOfLayer(llvm::StringRef name) const {
  return layers.find(name)->second.value();
}

/// What the layers have in common.
void NetworkChecker::checkLayers() {
  if (spec.layers.empty()) {
    diags
        .error(DiagId::NetworkLayers, decl.name.range,
               "network " + quoted(decl.name.text) + " calls no layer")
        .help("a network has the numeric type and the layout of its layers");
    return;
  }
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const std::string &name = spec.layers[i].name;
    const LayerSignature &signature = signatureOfLayer(name);
    if (signature.storage != Storage::AsComputed)
      diags
          .error(DiagId::NotBuiltYet, firstCalls[i],
                 "layer " + quoted(name) +
                     " has numbers of 16 bits, which are "
                     "not built yet in networks")
          .help("write 'dtype = f32' in the layer");
    if (i == 0) {
      spec.dtype = signature.dtype;
      spec.layout = signature.layout;
      continue;
    }
    auto differ = [&](const char *what) {
      diags
          .error(DiagId::NetworkLayers, firstCalls[i],
                 "layer " + quoted(name) + " has another " + what + " than " +
                     quoted(spec.layers.front().name))
          .note(firstCalls.front(), "that layer is called here")
          .help(Twine("all layers of a network have one ") + what);
    };
    if (signature.dtype != spec.dtype)
      differ("dtype");
    if (signature.layout != spec.layout)
      differ("layout");
  }
}

void NetworkChecker::layOutParameters() {
  int64_t elements = 0;
  bool overflows = false;
  for (NetworkLayer &layer : spec.layers) {
    const LayerSignature &signature = signatureOfLayer(layer.name);
    layer.weightSize = signature.weightSize;
    layer.biasSize = signature.biasSize;
    layer.offset = elements;
    overflows |= __builtin_add_overflow(elements, layer.weightSize, &elements);
    layer.biasOffset = elements;
    overflows |= __builtin_add_overflow(elements, layer.biasSize, &elements);
  }
  int64_t bytes = 0;
  spec.params = elements;
  if (overflows || __builtin_mul_overflow(elements, spec.elementSize(), &bytes))
    diags.error(DiagId::WeightOverflow, decl.name.range,
                "the bytes of all parameters of network " +
                    quoted(decl.name.text) + " are above 2^63 - 1");
}

/// Numbers the inputs before all other values, in their order.
static void moveInputsToFront(NetworkSpec &spec,
                              const std::vector<int> &inputs) {
  std::vector<int> numbers(spec.values.size(), -1);
  std::vector<NetworkValue> values;
  for (int input : inputs) {
    numbers[input] = static_cast<int>(values.size());
    values.push_back(std::move(spec.values[input]));
  }
  for (size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] < 0) {
      numbers[i] = static_cast<int>(values.size());
      values.push_back(std::move(spec.values[i]));
    }
  spec.values = std::move(values);
  spec.numInputs = inputs.size();
  for (NetworkStep &step : spec.steps) {
    for (int &operand : step.operands)
      operand = numbers[operand];
    step.result = numbers[step.result];
  }
  for (NetworkOutput &output : spec.outputs)
    output.value = numbers[output.value];
}

std::optional<NetworkSpec> NetworkChecker::check() {
  const size_t errorsBefore = diags.errorCount();
  checkName(decl.name, "network", diags);
  if (!checkLimits())
    return std::nullopt;
  numberSpaces();
  for (const StatementDecl &statement : decl.statements) {
    if (diags.saturated())
      return std::nullopt;
    checkStatement(statement);
  }
  checkUses();
  if (diags.errorCount() != errorsBefore || decl.incomplete)
    return std::nullopt;
  checkLayers();
  if (diags.errorCount() != errorsBefore)
    return std::nullopt;
  layOutParameters();
  spec.name = decl.name.text.str();
  spec.position = positionOf(decl.name.range);
  moveInputsToFront(spec, inputs);
  if (diags.errorCount() != errorsBefore)
    return std::nullopt;
  return std::move(spec);
}

std::vector<NetworkSpec> eqc::checkNetworks(const SourceFile &file,
                                            const DeclaredSpaces &spaces,
                                            const LayerSignatures &layers,
                                            DiagnosticEngine &diags) {
  std::vector<NetworkSpec> specs;
  for (const NetworkDecl &decl : file.networks) {
    if (diags.saturated())
      break;
    std::optional<NetworkSpec> spec =
        NetworkChecker(decl, spaces, layers, diags).check();
    if (spec && !diags.hasErrors())
      specs.push_back(std::move(*spec));
  }
  return specs;
}
