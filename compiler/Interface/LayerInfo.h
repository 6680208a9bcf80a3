//===- LayerInfo.h - What NAME_info() says, as data -------------*- C++ -*-===//
//
// The fields of eqc_layer_info and how each follows from a layer. Objects,
// libeqc, headers and checks read them here; LayerInfo.def is the list.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_INTERFACE_LAYERINFO_H
#define EQC_INTERFACE_LAYERINFO_H

#include "compiler/Algebra/LayerSpec.h"

#include <eqc/runtime.h>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>
#include <vector>

namespace eqc {

enum class InfoType {
  Word,   ///< uint32_t
  Text,   ///< const char *
  Number, ///< int64_t
};

struct InfoField {
  const char *name;
  InfoType type;
  bool isMacro; ///< whether the header has a macro for it
};

/// All fields after `struct_size`, in the order of the struct.
llvm::ArrayRef<InfoField> infoFields();

/// The macro of a field, less NAME_: `C_IN`.
std::string macroOf(const InfoField &field);

/// What a layer's fields depend on besides the layer.
struct CompiledAs {
  std::string plan;       ///< "" before there is one
  std::string source;     ///< the layer in the language
  bool gradients = false; ///< whether there is NAME_backward
};

/// The value of a field: `text` or `number`.
struct InfoValue {
  std::string text;
  int64_t number = 0;
};

/// The values of all fields, in their order.
std::vector<InfoValue> infoValues(const LayerSpec &spec,
                                  const CompiledAs &compiled);

/// The values of the fields of a struct that is as long as ours.
std::vector<InfoValue> infoValues(const eqc_layer_info &info);

/// The same as a struct; `keep` makes texts that live as long as it.
eqc_layer_info makeInfo(llvm::ArrayRef<InfoValue> values,
                        llvm::function_ref<const char *(std::string)> keep);

} // namespace eqc

#endif // EQC_INTERFACE_LAYERINFO_H
