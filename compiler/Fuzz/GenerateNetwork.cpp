//===- GenerateNetwork.cpp - Random networks ------------------------------===//
//
// One operation a line, so that lines can be left out when a program is shrunk.
// A statement that the front end does not take is drawn again.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fuzz/GenerateNetwork.h"

#include "compiler/Algebra/NetworkSpec.h"

#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

namespace {

struct Value {
  std::string name;
  std::vector<std::string> axes;
  int64_t channels = 1;
};

class NetworkGenerator {
public:
  NetworkGenerator(Choose &choose, const std::vector<std::string> &groups,
                   FuzzProgram program)
      : choose(choose), groups(groups), program(std::move(program)) {}

  bool run(FuzzProgram &result) {
    addSpaces();
    if (choose.oneIn(2))
      fields.push_back("dtype = f64");
    if (choose.oneIn(3))
      fields.push_back("layout = channels_first");
    const int64_t inputs = 1 + choose.below(2);
    for (int64_t i = 0; i < inputs; ++i) {
      values.push_back({fmt::format("x{}", i + 1), axes(), channels()});
      network.push_back(fmt::format("input {} : {}, {}", values.back().name,
                                    text(values.back().axes),
                                    values.back().channels));
    }
    const int64_t statements = 1 + choose.below(7);
    for (int64_t i = 0; i < statements; ++i)
      for (int tries = 0; tries < 8 && !addStatement(); ++tries) {
      }
    if (values.size() == static_cast<size_t>(inputs))
      return false;
    FuzzProgram next = withNetwork();
    if (readSource(next.source()).status != 0)
      return false;
    result = std::move(next);
    return true;
  }

private:
  void addSpaces() {
    const int64_t count = 1 + choose.below(2);
    for (int64_t i = 0; i < count; ++i) {
      std::string group = choose.of(groups);
      std::string size =
          count == 1 && choose.oneIn(3)
              ? "?"
              : std::to_string(choose.of<int64_t>({1, 2, 3, 4, 5}));
      if (llvm::StringRef(group).ends_with("(p,q)")) {
        group = group.substr(0, group.size() - 5);
        size = choose.of<std::string>({"1,1", "1,2", "2,1", "1,3"});
      }
      spaces.push_back(std::string(1, static_cast<char>('p' + i)));
      program.declarations.push_back(
          {fmt::format("space {} = {}({})", spaces.back(), group, size), {}});
      if (group == "GL")
        withDuals.push_back(spaces.back());
    }
    if (choose.oneIn(3))
      addSum();
  }

  /// Of all spaces, or of one of them twice.
  void addSum() {
    std::vector<std::string> summands = spaces;
    while (summands.size() < 2 || choose.oneIn(4))
      summands.push_back(choose.of(spaces));
    program.declarations.push_back(
        {"space sum = " + llvm::join(summands, " + "), {}});
    spaces.emplace_back("sum");
  }

  std::vector<std::string> axes() {
    std::vector<std::string> result(choose.of<size_t>({0, 1, 1, 2, 2}));
    for (std::string &axis : result) {
      axis = choose.of(spaces);
      if (llvm::is_contained(withDuals, axis) && choose.oneIn(2))
        axis += "'";
    }
    return result;
  }
  int64_t channels() { return choose.of<int64_t>({1, 2, 3, 4, 5, 8, 9}); }
  static std::string text(const std::vector<std::string> &axes) {
    return axes.empty() ? "0" : llvm::join(axes, " ");
  }
  Value &anyValue() {
    return values[static_cast<size_t>(
        choose.below(static_cast<int64_t>(values.size())))];
  }

  FuzzProgram withNetwork() const {
    FuzzProgram next = program;
    std::vector<std::string> body = network;
    // What nothing uses is what the network is for.
    for (size_t i = 0; i < body.size(); ++i) {
      const llvm::StringRef line = body[i];
      const std::string name = line.split(' ').first.str();
      if (line.starts_with("input"))
        continue;
      bool isUsed = false;
      for (size_t later = i + 1; later < body.size(); ++later)
        for (const char *end : {"(", ")", ",", " "})
          isUsed |= llvm::StringRef(body[later]).contains(" " + name + end) ||
                    llvm::StringRef(body[later]).contains("(" + name + end) ||
                    llvm::StringRef(body[later]).ends_with(" " + name);
      if (!isUsed)
        body[i] = "output " + body[i];
    }
    next.declarations.push_back({"network net", std::move(body)});
    return next;
  }

  /// Adds a value, if the network is legal with it.
  bool tryStatement(const std::string &expression, Value value) {
    value.name = fmt::format("t{}", values.size());
    network.push_back(fmt::format("{} = {}", value.name, expression));
    values.push_back(std::move(value));
    if (readSource(withNetwork().source()).status == 0)
      return true;
    network.pop_back();
    values.pop_back();
    return false;
  }

  bool addStatement() {
    const Value value = anyValue();
    switch (choose.below(8)) {
    case 0:
    case 1:
    case 2:
      return addCall({value}, text(value.axes),
                     fmt::format("{} -> ", value.channels));
    case 3: {
      const Value other = anyValue();
      const bool isDepthwise =
          value.channels == other.channels && choose.oneIn(2);
      return addCall({value, other},
                     text(value.axes) + " * " + text(other.axes),
                     isDepthwise ? fmt::format("{}", value.channels)
                                 : fmt::format("{} * {} -> ", value.channels,
                                               other.channels));
    }
    case 4: {
      const auto names = functionNames();
      return tryStatement(
          fmt::format("{}({})", std::string(choose.of(names)), value.name),
          value);
    }
    case 5: {
      // Equal axes and channels, or the sum is refused.
      for (int tries = 0; tries < 6; ++tries) {
        const Value &other = anyValue();
        if (other.axes == value.axes && other.channels == value.channels)
          return tryStatement(fmt::format("{} + {}", value.name, other.name),
                              value);
      }
      return false;
    }
    case 6: {
      Value joined = value;
      for (int tries = 0; tries < 6; ++tries) {
        const Value &other = anyValue();
        if (other.axes != value.axes)
          continue;
        joined.channels += other.channels;
        return tryStatement(
            fmt::format("concat({}, {})", value.name, other.name), joined);
      }
      return false;
    }
    default: {
      if (choose.oneIn(2)) {
        Value norm = value;
        const std::string space = choose.of(spaces);
        const bool isWhole = choose.oneIn(2);
        norm.axes.erase(std::remove_if(norm.axes.begin(), norm.axes.end(),
                                       [&](const std::string &axis) {
                                         return isWhole || axis == space;
                                       }),
                        norm.axes.end());
        return tryStatement(
            isWhole ? fmt::format("norm({})", value.name)
                    : fmt::format("norm({}, {})", value.name, space),
            norm);
      }
      const Value &factor = anyValue();
      return tryStatement(fmt::format("scale({}, {})", factor.name, value.name),
                          value);
    }
    }
  }

  bool addCall(const std::vector<Value> &operands, const std::string &inputs,
               std::string layerChannels) {
    Value result{"", axes(), channels()};
    if (llvm::StringRef(layerChannels).ends_with("-> "))
      layerChannels += std::to_string(result.channels);
    else
      result.channels = operands[0].channels;
    Declaration layer{fmt::format("layer g{}", ++numLayers),
                      {"k = " + inputs, "l = " + text(result.axes),
                       "channels = " + layerChannels}};
    layer.body.insert(layer.body.end(), fields.begin(), fields.end());
    if (choose.oneIn(3))
      layer.body.push_back("normalize = mean");
    else if (operands.size() == 1 && choose.oneIn(4))
      layer.body.push_back(choose.oneIn(2) ? "pool = max" : "pool = min");
    if (choose.oneIn(2))
      layer.body.push_back("bias = true");
    std::vector<std::string> names;
    for (const Value &operand : operands)
      names.push_back(operand.name);
    const std::string call =
        fmt::format("g{}({})", numLayers, llvm::join(names, ", "));
    // Without a bias where there is none.
    for (bool again : {false, true}) {
      FuzzProgram before = program;
      program.declarations.push_back(layer);
      if (lastLayer(program, program.settings) && tryStatement(call, result))
        return true;
      program = std::move(before);
      if (again || layer.body.back() != "bias = true")
        return false;
      layer.body.pop_back();
    }
    return false;
  }

  Choose &choose;
  const std::vector<std::string> &groups;
  FuzzProgram program;
  std::vector<std::string> spaces, withDuals, fields, network;
  std::vector<Value> values;
  int numLayers = 0;
};

} // namespace

void eqc::addNetwork(Choose &choose, const std::vector<std::string> &groups,
                     FuzzProgram &program) {
  for (int tries = 0; tries < 5; ++tries)
    if (NetworkGenerator(choose, groups, program).run(program))
      return;
}
