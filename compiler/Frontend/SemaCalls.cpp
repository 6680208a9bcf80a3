//===- SemaCalls.cpp - Semantic checks of calls in networks ---------------===//
//
// What layers and functions take and make, and which functions the groups of a
// value's axes allow.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Groups/Entrywise.h"
#include "compiler/Frontend/SemaNetworks.h"
#include "compiler/Interface/NetworkInterface.h"

#include "llvm/ADT/StringExtras.h"

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

//===----------------------------------------------------------------------===//
// Texts
//===----------------------------------------------------------------------===//

/// "axes nodes nodes and 16 channels".
static std::string textOfType(size_t order, const std::string &axes,
                              int64_t channels) {
  return (order == 0   ? "no axes"
          : order == 1 ? "axis " + axes
                       : "axes " + axes) +
         " and " + std::to_string(channels) +
         (channels == 1 ? " channel" : " channels");
}

std::string NetworkChecker::typeText(const std::vector<int> &axes,
                                     int64_t channels) const {
  return textOfType(axes.size(), textOfAxes(spec, axes), channels);
}

std::string NetworkChecker::typeText(const TensorType &type) const {
  std::string names;
  for (const AxisType &axis : type.axes)
    names += (names.empty() ? "" : " ") + axis.space.space.name +
             (axis.isDual ? "'" : "");
  return textOfType(type.axes.size(), names, type.channels);
}

std::string NetworkChecker::callText(const ExprNode &node,
                                     const std::vector<int> &operands,
                                     StringRef rest) {
  std::string text = node.token.text.str() + "(";
  const char *separator = "";
  for (int operand : operands) {
    text += separator;
    text += texts[operand];
    separator = ", ";
    // What has no name is used here alone, and may be long.
    if (valueAt(operand).name.empty())
      texts[operand].clear();
  }
  text += rest;
  return text + ")";
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

std::optional<std::vector<int>>
NetworkChecker::resolveAll(llvm::ArrayRef<Part> arguments) {
  std::vector<int> values;
  bool good = true;
  for (const Part &part : arguments) {
    values.push_back(resolve(part));
    good &= values.back() >= 0;
  }
  return good ? std::optional(std::move(values)) : std::nullopt;
}

bool NetworkChecker::expectCount(const ExprNode &node, size_t found,
                                 size_t expected) {
  if (found != expected)
    diags.error(DiagId::BadCall, node.range,
                quoted(node.token.text) + " takes " + Twine(expected) +
                    (expected == 1 ? " argument" : " arguments") + ", not " +
                    Twine(found));
  return found == expected;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

int NetworkChecker::callLayer(const ExprNode &node, const LayerSignature &layer,
                              llvm::ArrayRef<Part> arguments) {
  const StringRef name = node.token.text;
  auto known = llvm::find_if(
      spec.layers, [&](const NetworkLayer &each) { return each.name == name; });
  const size_t number = known - spec.layers.begin();
  if (known == spec.layers.end()) {
    NetworkLayer added;
    added.index = layer.index;
    added.name = name.str();
    spec.layers.push_back(std::move(added));
    firstCalls.push_back(node.token.range);
    if (!layer.typed)
      diags
          .error(DiagId::NetworkLayers, node.token.range,
                 "layer " + quoted(name) +
                     " has no typed axes, which layers of networks need")
          .help("declare a space, and write the space of each axis in its 'k' "
                "and 'l'");
  }
  const auto operands = resolveAll(arguments);
  const bool counted = expectCount(node, arguments.size(), layer.inputs.size());
  bool good = operands && counted && layer.typed;
  for (size_t i = 0; good && i < operands->size(); ++i) {
    const NetworkValue &value = valueAt((*operands)[i]);
    const TensorType &wanted = layer.inputs[i];
    if (axisNumbers(wanted.axes) == value.axes &&
        value.channels == wanted.channels)
      continue;
    diags.error(DiagId::BadCall, arguments[i].node->range,
                "layer " + quoted(name) + " takes " + typeText(wanted) +
                    ", but this value has " + typeText(value));
    good = false;
  }
  if (!good)
    return -1;
  NetworkStep step;
  step.kind = StepKind::Layer;
  step.layer = number;
  step.operands = *operands;
  NetworkValue result;
  result.channels = layer.output.channels;
  result.axes = axisNumbers(layer.output.axes);
  return addStep(std::move(step), node, std::move(result),
                 callText(node, *operands));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

int NetworkChecker::pointwise(const ExprNode &node, Function function,
                              llvm::ArrayRef<Part> arguments) {
  const auto operands = resolveAll(arguments);
  if (!expectCount(node, arguments.size(), 1) || !operands)
    return -1;
  NetworkValue value = valueAt(operands->front());
  const Entrywise allowed = entrywise(spec, value.axes);
  const bool good = allowed == Entrywise::All ||
                    (allowed == Entrywise::Odd && isOdd(function));
  if (!good) {
    bool hasNorm = true;
    std::string why;
    for (auto [number, space] : llvm::enumerate(spec.spaces)) {
      int order = 0;
      if (entrywiseOf(spec, value.axes, static_cast<int>(number), order) ==
          allowed)
        why = whyNotAll(space.group, order) + " (space '" + space.name + "')";
    }
    for (int axis : value.axes)
      hasNorm &= keepsSumOfSquares(spec, axis);
    Diagnostic &error =
        diags.error(DiagId::NotEquivariant, node.token.range,
                    quoted(node.token.text) + " is not equivariant here");
    error.note(why);
    const std::string x = texts[operands->front()];
    if (allowed == Entrywise::Odd)
      error.help("odd functions are: tanh, softsign, sin");
    if (hasNorm)
      error.fix(node.range,
                "scale(" + node.token.text + "(norm(" + x + ")), " + x + ")",
                "multiply by a function of the norm: scale(" + node.token.text +
                    "(norm(" + x + ")), " + x + ")");
    else
      error.help("multiply by an invariant that a layer makes: scale(" +
                 node.token.text + "(s), " + x + ")");
    return -1;
  }
  NetworkStep step;
  step.kind = StepKind::Pointwise;
  step.function = function;
  step.operands = *operands;
  value.name.clear();
  return addStep(std::move(step), node, std::move(value),
                 callText(node, *operands));
}

bool NetworkChecker::readNormSpaces(llvm::ArrayRef<Part> arguments, int operand,
                                    std::vector<int> &summed) {
  bool good = true;
  for (const Part &part : arguments) {
    const StringRef name = part.node->token.text;
    int space = -1;
    if (part.node->kind == ExprNode::Kind::Word)
      for (int axis : valueAt(operand).axes)
        if (spec.nameOf(axis) == name)
          space = axis;
    if (space < 0) {
      Diagnostic &error = diags.error(
          DiagId::BadCall, part.node->range,
          "this is no space of an axis of the value whose norm is taken");
      error.note("it has " + typeText(valueAt(operand)));
      good = false;
    } else if (llvm::is_contained(summed, space)) {
      diags.error(DiagId::BadCall, part.node->range,
                  "space " + quoted(name) + " is named twice");
      good = false;
    } else {
      summed.push_back(space);
    }
  }
  return good;
}

int NetworkChecker::norm(const ExprNode &node, llvm::ArrayRef<Part> arguments) {
  const int operand = resolve(arguments.front());
  if (operand < 0)
    return -1;
  NetworkStep step;
  step.kind = StepKind::Norm;
  step.operands = {operand};
  if (!readNormSpaces(arguments.drop_front(), operand, step.spaces))
    return -1;
  NetworkValue value = valueAt(operand);
  std::string rest;
  for (int space : step.spaces)
    rest += ", " + spec.nameOf(space);
  if (arguments.size() == 1)
    for (int axis : value.axes)
      if (!llvm::is_contained(step.spaces, axis))
        step.spaces.push_back(axis);
  for (int axis : step.spaces) {
    if (keepsSumOfSquares(spec, axis))
      continue;
    const std::vector<int> parts = spec.spacesOf(axis);
    const Space &wrong = spec.spaces[*llvm::find_if(parts, [&](int space) {
      return !keepsSumOfSquares(spec.spaces[space].group);
    })];
    diags
        .error(DiagId::NotEquivariant, node.token.range,
               "the norm over axes of space " + quoted(spec.nameOf(axis)) +
                   " is not invariant")
        .note("matrices of " + groupName(wrong.group) +
              " do not keep the sum of squares")
        .help("take an invariant from a layer to no axes of that space");
    return -1;
  }
  value.name.clear();
  value.axes = axesWithout(value.axes, step.spaces);
  // What is left is a function of the entries on these axes.
  if (entrywise(spec, value.axes) != Entrywise::All) {
    diags
        .error(DiagId::NotEquivariant, node.token.range,
               "a norm that leaves these axes is not equivariant")
        .note("it would have " + typeText(value) +
              ", on which not all matrices are permutations")
        .help("take the norm over these axes too");
    return -1;
  }
  return addStep(std::move(step), node, std::move(value),
                 callText(node, {operand}, rest));
}

int NetworkChecker::scale(const ExprNode &node,
                          llvm::ArrayRef<Part> arguments) {
  const auto operands = resolveAll(arguments);
  if (!expectCount(node, arguments.size(), 2) || !operands)
    return -1;
  const NetworkValue &s = valueAt(operands->front());
  NetworkValue x = valueAt(operands->back());
  std::vector<int> left; // the spaces that s lacks
  for (int axis : x.axes)
    if (!llvm::is_contained(s.axes, axis))
      left.push_back(axis);
  if (axesWithout(x.axes, left) != s.axes ||
      (s.channels != 1 && s.channels != x.channels)) {
    diags
        .error(DiagId::BadCall, arguments.front().node->range,
               "'scale' takes a factor with the axes of the value less all "
               "axes of some spaces, and 1 channel or those of the value")
        .note("the factor has " + typeText(s))
        .note("the value has " + typeText(x));
    return -1;
  }
  // Where s has axes, entries are multiplied one by one.
  if (entrywise(spec, s.axes) != Entrywise::All) {
    diags
        .error(DiagId::NotEquivariant, node.token.range,
               "'scale' by a factor with these axes is not equivariant")
        .note("the factor has " + typeText(s) +
              ", on which not all matrices are permutations")
        .help("take a factor without these axes, such as a norm");
    return -1;
  }
  NetworkStep step;
  step.kind = StepKind::Scale;
  step.operands = *operands;
  x.name.clear();
  return addStep(std::move(step), node, std::move(x),
                 callText(node, *operands));
}

int NetworkChecker::concat(const ExprNode &node,
                           llvm::ArrayRef<Part> arguments) {
  const auto operands = resolveAll(arguments);
  if (!operands)
    return -1;
  NetworkValue result = valueAt(operands->front());
  result.name.clear();
  for (size_t i = 1; i < operands->size(); ++i) {
    const NetworkValue &value = valueAt((*operands)[i]);
    if (value.axes != result.axes) {
      diags
          .error(DiagId::BadCall, arguments[i].node->range,
                 "'concat' takes values with equal axes")
          .note(arguments.front().node->range,
                "the first has " + typeText(valueAt(operands->front())))
          .note("this one has " + typeText(value))
          .help("a layer brings a value to other axes");
      return -1;
    }
    if (__builtin_add_overflow(result.channels, value.channels,
                               &result.channels)) {
      diags.error(DiagId::SizeOverflow, node.range,
                  "the channels are above 2^63 - 1");
      return -1;
    }
  }
  NetworkStep step;
  step.kind = StepKind::Concat;
  step.operands = *operands;
  return addStep(std::move(step), node, std::move(result),
                 callText(node, *operands));
}

int NetworkChecker::sum(const ExprNode &node, llvm::ArrayRef<Part> arguments) {
  const auto operands = resolveAll(arguments);
  if (!operands)
    return -1;
  NetworkValue result = valueAt(operands->front());
  result.name.clear();
  std::string text = texts[operands->front()];
  for (size_t i = 1; i < operands->size(); ++i) {
    const NetworkValue &value = valueAt((*operands)[i]);
    if (value.axes != result.axes || value.channels != result.channels) {
      diags
          .error(DiagId::BadCall, arguments[i].node->range,
                 "'+' takes values with equal axes and channels")
          .note(arguments.front().node->range,
                "the first has " + typeText(valueAt(operands->front())))
          .note("this one has " + typeText(value))
          .help("nothing is broadcast: a layer brings a value to other axes");
      return -1;
    }
    text += " + " + texts[(*operands)[i]];
  }
  NetworkStep step;
  step.operands = *operands;
  return addStep(std::move(step), node, std::move(result), std::move(text));
}

int NetworkChecker::call(const ExprNode &node, llvm::ArrayRef<Part> arguments) {
  const StringRef name = node.token.text;
  if (const auto layer = layers.find(name); layer != layers.end()) {
    if (layer->second)
      return callLayer(node, *layer->second, arguments);
    resolveAll(arguments); // they are used, and may be wrong themselves
    return -1;
  }
  if (name == "norm")
    return norm(node, arguments);
  if (name == "scale")
    return scale(node, arguments);
  if (name == "concat")
    return concat(node, arguments);
  if (const std::optional<Function> function = findFunction(name))
    return pointwise(node, *function, arguments);
  resolveAll(arguments);
  Diagnostic &error =
      diags.error(DiagId::UnknownName, node.token.range,
                  "there is no layer or function " + quoted(name));
  // What combines the entries of axes is a layer here.
  const bool overAxes = llvm::is_contained(
      {"sum", "mean", "max", "min", "pool", "softmax"}, name);
  if (overAxes) {
    error.help("functions are of single entries; for sums over axes call a "
               "layer whose y lacks them, for means with 'normalize = mean', "
               "for the largest entry with 'pool = max'");
    return -1;
  }
  std::vector<StringRef> known;
  for (const CallInfo &call : networkCalls())
    known.push_back(call.name);
  for (std::string_view function : functionNames())
    known.push_back(function);
  for (const auto &entry : layers)
    known.push_back(entry.first());
  llvm::sort(known);
  if (std::optional<StringRef> meant = closestWord(name, known))
    error.fix(node.token.range, *meant, "did you mean '" + *meant + "'?");
  return -1;
}
