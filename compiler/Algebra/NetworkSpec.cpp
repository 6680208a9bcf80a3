//===- NetworkSpec.cpp - What a network is, checked -----------------------===//

#include "compiler/Algebra/NetworkSpec.h"

#include <algorithm>
#include <iterator>
#include <limits>

using namespace eqc;

namespace {
struct FunctionInfo {
  std::string_view name;
  bool isOdd;
};
} // namespace

static constexpr FunctionInfo functions[] = {
#define EQC_FUNCTION(ID, NAME, IS_ODD) {NAME, IS_ODD},
#include "compiler/Algebra/Functions.def"
};

std::string_view eqc::functionName(Function function) {
  return functions[static_cast<size_t>(function)].name;
}

bool eqc::isOdd(Function function) {
  return functions[static_cast<size_t>(function)].isOdd;
}

std::optional<Function> eqc::findFunction(std::string_view name) {
  const auto *found =
      std::find_if(std::begin(functions), std::end(functions),
                   [&](const FunctionInfo &info) { return info.name == name; });
  if (found == std::end(functions))
    return std::nullopt;
  return static_cast<Function>(found - std::begin(functions));
}

std::vector<std::string_view> eqc::functionNames() {
  std::vector<std::string_view> names;
  for (const FunctionInfo &info : functions)
    names.push_back(info.name);
  return names;
}

int NetworkSpec::outputOf(int value) const {
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].value == value)
      return static_cast<int>(i);
  return -1;
}

std::vector<int> NetworkSpec::spacesOf(int axis) const {
  const auto number = static_cast<size_t>(axis % kDualAxis);
  if (number < spaces.size())
    return {static_cast<int>(number)};
  return sums[number - spaces.size()].summands;
}

int64_t NetworkSpec::lengthOf(int axis,
                              const std::vector<int64_t> &sizes) const {
  int64_t length = 0;
  for (int space : spacesOf(axis)) {
    const int64_t size = sizes[static_cast<size_t>(space)];
    // Sizes that are refused later may be of any length.
    if (size < 0 || __builtin_add_overflow(length, size, &length))
      return size < 0 ? -1 : std::numeric_limits<int64_t>::max();
  }
  return length;
}

int64_t NetworkSpec::lengthOf(int axis) const {
  std::vector<int64_t> sizes;
  sizes.reserve(spaces.size());
  for (const Space &space : spaces)
    sizes.push_back(space.n);
  return lengthOf(axis, sizes);
}

const std::string &NetworkSpec::nameOf(int axis) const {
  const auto number = static_cast<size_t>(axis % kDualAxis);
  return number < spaces.size() ? spaces[number].name
                                : sums[number - spaces.size()].name;
}

std::string eqc::textOfAxes(const NetworkSpec &network,
                            const std::vector<int> &axes) {
  std::string text;
  for (int axis : axes)
    text += (text.empty() ? "" : " ") + network.nameOf(axis) +
            (isDualAxis(axis) ? "'" : "");
  return text.empty() ? "0" : text;
}

std::vector<int> eqc::axesWithout(const std::vector<int> &axes,
                                  const std::vector<int> &spaces) {
  std::vector<int> rest;
  for (int axis : axes)
    if (std::find(spaces.begin(), spaces.end(), axis) == spaces.end())
      rest.push_back(axis);
  return rest;
}
