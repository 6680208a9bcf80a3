//===- NetworkInterface.h - The C functions of a network --------*- C++ -*-===//
//
// The functions that an object exports for a network and the macros that its
// header defines, as data: what Signature.h is for layers. It grows in the same
// way.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_INTERFACE_NETWORKINTERFACE_H
#define EQC_INTERFACE_NETWORKINTERFACE_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Interface/Signature.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>
#include <utility>
#include <vector>

namespace eqc {

/// What functions of networks take: one or several arguments.
enum class NetworkArgument {
  Sizes,       ///< int64_t for each size given at run time
  Batch,       ///< int64_t
  SampleSizes, ///< const int64_t *, for each size a list of it
  Inputs,      ///< const T *, each called as the input
  Params,      ///< const T *params
  Packed,      ///< const T *packed
  NewPacked,   ///< T *packed
  GradOutputs, ///< const T *grad_y, for each output
  Tape,        ///< const void *tape
  Outputs,     ///< T *, each called as the output
  NewTape,     ///< void *tape
  GradInputs,  ///< T *grad_x, for each input
  GradParams,  ///< T *grad_params
  Report,      ///< char *report
  ReportSize,  ///< size_t size
};

struct NetworkFunction {
  const char *suffix; ///< it is called NAME_<suffix>
  ResultKind result;
  bool needsGradients; ///< whether it is there only with gradients
  std::vector<NetworkArgument> arguments;

  bool takes(NetworkArgument argument) const;
  /// Whether samples may differ in size.
  bool isRagged() const { return takes(NetworkArgument::SampleSizes); }
};

/// All of them, in the order of the header.
const std::vector<NetworkFunction> &networkFunctions();

/// Whether an object has it: with or without `gradients`, and functions for
/// ragged batches where some size is given at run time.
bool isExported(const NetworkFunction &function, const NetworkSpec &network,
                bool gradients, bool ragged);

/// A C argument or, in JSON for other languages, a parameter.
struct NetworkParameter {
  NetworkArgument kind;
  size_t index; ///< among those of its kind
  std::string name;
  bool isNumber; ///< int64_t; else a pointer
  bool written;
};
std::vector<NetworkParameter> parametersOf(const NetworkFunction &function,
                                           const NetworkSpec &network);

/// Its declaration as the header has it.
std::string declarationOf(const NetworkFunction &function,
                          const NetworkSpec &network);

/// Macros, less NAME_, and their values: PARAMS, PACKED_SIZE, OFFSET_up_weight.
/// `packedSizes` are those of all layers of the source.
std::vector<std::pair<std::string, int64_t>>
networkMacros(const NetworkSpec &network, llvm::ArrayRef<int64_t> packedSizes);

/// Where the packed weights and the bias of a layer begin, in elements, and
/// where those of all layers end.
struct PackedPlaces {
  std::vector<int64_t> weights, biases;
  int64_t size = 0;
};
PackedPlaces packedPlaces(const NetworkSpec &network,
                          llvm::ArrayRef<int64_t> packedSizes);

/// What structs of networks point to.
class NetworkInfoMemory {
public:
  /// NAME_info() of a network that is not compiled yet: without the layers'
  /// own structs, and as having no gradients. `source` is its text.
  eqc_network_info describe(const NetworkSpec &network,
                            const std::string &source);

private:
  const eqc_tensor_info *keep(std::vector<eqc_tensor_info> tensors);
  eqc_tensor_info describe(const std::string &name, const NetworkValue &value);

  InfoMemory memory;
  std::list<std::vector<eqc_tensor_info>> tensorLists;
  std::list<std::vector<eqc_network_layer>> layerLists;
};

/// What stands after a network's name in its functions and macros, but for the
/// offsets of its layers.
llvm::ArrayRef<std::string> networkSuffixes();

/// The shape of a value as comments write it: `[batch, nodes, nodes, 16]`.
std::string shapeText(const NetworkSpec &network, const NetworkValue &value);

} // namespace eqc

#endif // EQC_INTERFACE_NETWORKINTERFACE_H
