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

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eqc {

enum class InfoType {
  Word,   ///< uint32_t
  Text,   ///< const char *
  Number, ///< int64_t
  Spaces, ///< const eqc_space_info *
  Axes,   ///< const int32_t *
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
  std::string options;    ///< as on the command line
};

/// The value of a field: one of these.
struct InfoValue {
  std::string text;
  int64_t number = 0;
  SpaceList spaces;
  std::vector<int32_t> axes;
};

/// The values of all fields, in their order.
std::vector<InfoValue> infoValues(const LayerSpec &spec,
                                  const CompiledAs &compiled);

/// The values of the fields of a struct that is as long as ours.
std::vector<InfoValue> infoValues(const eqc_layer_info &info);

/// What structs point to.
class InfoMemory {
public:
  const char *keep(std::string text);
  const eqc_space_info *keep(const SpaceList &spaces);
  const int32_t *keep(std::vector<int32_t> axes);

private:
  std::list<std::string> texts;
  std::list<std::vector<eqc_space_info>> spaceLists;
  std::list<std::vector<int32_t>> axisLists;
};

/// The same as a struct, which lives as long as the memory.
eqc_layer_info makeInfo(llvm::ArrayRef<InfoValue> values, InfoMemory &memory);

/// The SHA-256 of a text in hexadecimal digits; of "" nothing.
std::string hashOf(std::string_view text);

/// The diagrams in the notation of `eqc_layer_info::maps`.
std::string mapsOf(const LayerSpec &spec);

/// What the header says of the sizes of spaces that have names: macros, less
/// NAME_, `N_users`, and their values.
std::vector<std::pair<std::string, int64_t>> sizeMacros(const LayerSpec &spec);

/// What the header says besides of layers of two inputs: macros, less NAME_,
/// and their values. NAME_K counts the axes of both.
std::vector<std::pair<std::string, int64_t>>
bilinearMacros(const LayerSpec &spec);

/// Spaces as a text, "users:S(943) xyz:SO(3)", sums behind them,
/// "atoms:carbon+oxygen", and back; nothing where it is no such text.
std::string textOf(const SpaceList &list);
std::optional<SpaceList> parseSpaces(std::string_view text);

} // namespace eqc

#endif // EQC_INTERFACE_LAYERINFO_H
