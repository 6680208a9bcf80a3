//===- SemaNetworks.h - Semantic checks of networks -------------*- C++ -*-===//
//
// From networks as written to NetworkSpecs: names, types of values, which
// functions are equivariant, limits.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_FRONTEND_SEMANETWORKS_H
#define EQC_FRONTEND_SEMANETWORKS_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Frontend/Sema.h"

#include "llvm/ADT/StringSet.h"

namespace eqc {

/// What an axis is of.
struct AxisType {
  DeclaredSpace space;
  bool isDual = false;

  bool operator==(const AxisType &o) const {
    return space == o.space && isDual == o.isDual;
  }
};

/// The type of a tensor between layers.
struct TensorType {
  std::vector<AxisType> axes;
  int64_t channels = 1;
};

/// What calls of a layer must know of it.
struct LayerSignature {
  size_t index = 0; ///< among the layers of the source
  bool typed = false;
  std::vector<TensorType> inputs;
  TensorType output;
  DType dtype = DType::F32;
  Storage storage = Storage::AsComputed;
  Layout layout = Layout::ChannelsLast;
  int64_t weightSize = 0, biasSize = 0;
  SourcePosition position;
};

LayerSignature signatureOf(const LayerSpec &layer, size_t index);

/// By name; nothing where the layer is refused.
using LayerSignatures = llvm::StringMap<std::optional<LayerSignature>>;

/// Checks one network. As with layers, all that can be checked is, whatever
/// failed before; what depends on a refused part is not spoken of.
class NetworkChecker {
public:
  NetworkChecker(const NetworkDecl &decl, const DeclaredSpaces &spaces,
                 const LayerSignatures &layers, DiagnosticEngine &diags)
      : decl(decl), spaces(spaces), layers(layers), diags(diags) {}

  std::optional<NetworkSpec> check();

private:
  /// A part of an expression: a name that nobody has looked up yet, or a value.
  struct Part {
    const ExprNode *node = nullptr;
    std::optional<int> value; ///< -1: refused
  };
  struct Definition {
    int value = -1;
    SourceRange where;
    bool used = false, isInput = false;
  };

  // SemaNetworks.cpp: statements and names.
  bool checkLimits();
  void checkStatement(const StatementDecl &statement);
  int defineInput(const StatementDecl &statement);
  bool readAxes(const Value &written, NetworkValue &value);
  int evaluate(const StatementDecl &statement);
  int resolve(const Part &part);
  void reportUnknown(const ExprNode &node);
  void checkUses();
  void checkLayers();
  void layOutParameters();
  const LayerSignature &signatureOfLayer(llvm::StringRef name) const;
  SourcePosition positionOf(SourceRange where) const;
  void numberSpaces();
  void addSpaces(const DeclaredSpace &space);
  /// The number of an axis; -1 where no value has one of that space.
  int axisNumber(const AxisType &axis) const;
  std::vector<int> axisNumbers(const std::vector<AxisType> &axes) const;
  int addValue(NetworkValue value);
  /// Adds a step and its result; -1 where that is too large.
  int addStep(NetworkStep step, const ExprNode &node, NetworkValue result,
              std::string text);
  const NetworkValue &valueAt(int value) const {
    return spec.values[static_cast<size_t>(value)];
  }

  // SemaCalls.cpp: what stands in expressions.
  int call(const ExprNode &node, llvm::ArrayRef<Part> arguments);
  int callLayer(const ExprNode &node, const LayerSignature &layer,
                llvm::ArrayRef<Part> arguments);
  int pointwise(const ExprNode &node, Function function,
                llvm::ArrayRef<Part> arguments);
  int norm(const ExprNode &node, llvm::ArrayRef<Part> arguments);
  bool readNormSpaces(llvm::ArrayRef<Part> arguments, int operand,
                      std::vector<int> &summed);
  int scale(const ExprNode &node, llvm::ArrayRef<Part> arguments);
  int concat(const ExprNode &node, llvm::ArrayRef<Part> arguments);
  int sum(const ExprNode &node, llvm::ArrayRef<Part> arguments);
  /// All of them; nothing where one is refused.
  std::optional<std::vector<int>> resolveAll(llvm::ArrayRef<Part> arguments);
  bool expectCount(const ExprNode &node, size_t found, size_t expected);
  std::string typeText(const std::vector<int> &axes, int64_t channels) const;
  std::string typeText(const NetworkValue &value) const {
    return typeText(value.axes, value.channels);
  }
  std::string typeText(const TensorType &type) const;
  std::string callText(const ExprNode &node, const std::vector<int> &operands,
                       llvm::StringRef rest = "");

  const NetworkDecl &decl;
  const DeclaredSpaces &spaces;
  const LayerSignatures &layers;
  DiagnosticEngine &diags;

  NetworkSpec spec;
  llvm::StringMap<Definition> definitions;
  llvm::StringSet<> usedTooEarly;
  std::vector<int> inputs;
  std::vector<std::string> texts;      ///< how to write each value
  std::vector<SourceRange> firstCalls; ///< of the network's layers
};

/// Checks all networks of a source.
std::vector<NetworkSpec> checkNetworks(const SourceFile &file,
                                       const DeclaredSpaces &spaces,
                                       const LayerSignatures &layers,
                                       DiagnosticEngine &diags);

} // namespace eqc

#endif // EQC_FRONTEND_SEMANETWORKS_H
