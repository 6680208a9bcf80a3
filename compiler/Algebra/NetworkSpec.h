//===- NetworkSpec.h - What a network is, checked ---------------*- C++ -*-===//
//
// The meaning of one `network` of a source after all checks: values, and the
// steps that make one from others.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_NETWORKSPEC_H
#define EQC_ALGEBRA_NETWORKSPEC_H

#include "compiler/Algebra/LayerSpec.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eqc {

/// Functions of single entries.
enum class Function {
#define EQC_FUNCTION(ID, NAME, IS_ODD) ID,
#include "compiler/Algebra/Functions.def"
};

std::string_view functionName(Function function);
bool isOdd(Function function);
std::optional<Function> findFunction(std::string_view name);
/// All names, in the order of the list.
std::vector<std::string_view> functionNames();

/// A network has at most so many calls, inputs and outputs.
inline constexpr size_t kMostCalls = 4096;
inline constexpr size_t kMostTensors = 64;

enum class StepKind {
  Layer,     ///< of the operands
  Pointwise, ///< a function of every entry
  Norm,      ///< of the axes of some spaces
  Scale,     ///< the second operand times the first
  Concat,    ///< of channels
  Add,       ///< from left to right; of one operand a copy
};

struct NetworkValue {
  std::string name; ///< "" for a part of an expression
  SourcePosition position;
  std::vector<int> axes; ///< what each is of: see NetworkSpec
  int64_t channels = 1;
};

struct NetworkStep {
  StepKind kind = StepKind::Add;
  Function function = Function::Relu; ///< of Pointwise
  size_t layer = 0;                   ///< of Layer: one of the network's
  std::vector<int> operands;
  int result = 0;
  /// Of Norm the spaces and sums whose axes are summed over.
  std::vector<int> spaces;
  SourcePosition position;
};

struct NetworkLayer {
  size_t index = 0; ///< among the layers of the source
  std::string name;
  int64_t weightSize = 0, biasSize = 0;
  int64_t offset = 0, biasOffset = 0; ///< within the parameters
};

struct NetworkOutput {
  std::string name;
  int value = 0;
};

struct NetworkSpec {
  std::string name;
  SourcePosition position; ///< of the name
  DType dtype = DType::F32;
  Layout layout = Layout::ChannelsLast;
  /// Of all axes: those of the inputs, then what layers add in the order of
  /// their first calls.
  std::vector<Space> spaces;
  /// The sums of these that axes are of. Axes have the number of a space, or
  /// behind all spaces that of a sum; those of duals kDualAxis more.
  std::vector<SpaceSum> sums;
  /// The inputs first.
  std::vector<NetworkValue> values;
  size_t numInputs = 0;
  /// Each has a value of its own, which a step makes.
  std::vector<NetworkOutput> outputs;
  /// In an order in which they can be done: that of the text.
  std::vector<NetworkStep> steps;
  /// In the order of their first calls.
  std::vector<NetworkLayer> layers;
  int64_t params = 0; ///< elements
  /// The statements in the language, one a line.
  std::string body;

  int64_t elementSize() const { return dtype == DType::F32 ? 4 : 8; }
  bool isInput(int value) const {
    return static_cast<size_t>(value) < numInputs;
  }
  /// The number of the output that a value is, or -1.
  int outputOf(int value) const;
  SpaceList spaceList() const { return {spaces, sums}; }
  int numAxisKinds() const {
    return static_cast<int>(spaces.size() + sums.size());
  }
  /// The numbers of the spaces that entries of an axis lie in: one, or the
  /// summands of a sum.
  std::vector<int> spacesOf(int axis) const;
  /// Where the spaces have these sizes.
  int64_t lengthOf(int axis, const std::vector<int64_t> &sizes) const;
  /// -1: given at run time.
  int64_t lengthOf(int axis) const;
  /// What the language calls the space or the sum of an axis.
  const std::string &nameOf(int axis) const;
};

/// Whether an axis is of a dual.
constexpr bool isDualAxis(int axis) { return axis >= kDualAxis; }

/// Axes in the language: "nodes V'", or "0" without any.
std::string textOfAxes(const NetworkSpec &network,
                       const std::vector<int> &axes);

/// The axes of `axes` that are not of `spaces`.
std::vector<int> axesWithout(const std::vector<int> &axes,
                             const std::vector<int> &spaces);

} // namespace eqc

#endif // EQC_ALGEBRA_NETWORKSPEC_H
