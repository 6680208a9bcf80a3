//===- Signature.h - The C functions of a layer, as data --------*- C++ -*-===//
//
// The functions that an object exports for a layer and the macros that its
// header defines: names, order, arguments, who is written. Headers, entry
// points, lists of exports, whoever calls a loaded layer, and Python (through
// eqc_interface_json) read it here and nowhere else.
//
// It grows in one way. Sizes come before the batch, one for each that is given
// at run time; then the sizes of each sample, where they differ; arrays follow,
// what is read before what is written; what a kind
// of target needs besides (a workspace, a stream) comes last. New functions and
// macros are added at the end.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_INTERFACE_SIGNATURE_H
#define EQC_INTERFACE_SIGNATURE_H

#include "compiler/Algebra/LayerSpec.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace eqc {

/// What an array holds: its shape is that of the layer's array.
enum class ArrayRole { X, Weight, Packed, Bias, Y, Z };

struct ArrayArgument {
  const char *name = "";
  ArrayRole role = ArrayRole::X;
  bool written = false; ///< else read

  /// Whether it is of the type that the layer's tensors lie in memory with;
  /// weights are of the type that is computed in.
  bool isStored() const {
    return role == ArrayRole::X || role == ArrayRole::Z || role == ArrayRole::Y;
  }
};

/// What a function answers.
enum class ResultKind {
  Status, ///< int: EQC_OK or a negative eqc_status
  Bytes,  ///< int64_t: bytes or a negative eqc_status
  Info,   ///< const eqc_layer_info *
};

struct CFunction {
  static constexpr size_t kMostArrays = 8;

  const char *suffix = ""; ///< it is called NAME_<suffix>
  ResultKind result = ResultKind::Status;
  bool takesSizes = false; ///< int64_t for each size given at run time
  bool takesBatch = false; ///< int64_t batch
  /// Whether it is there only for layers with gradients.
  bool needsGradients = false;
  size_t numArrays = 0;
  std::array<ArrayArgument, kMostArrays> arrays = {};
  /// Arrays on the first line of the declaration.
  size_t firstLine = 0;
  bool takesBackward = false;  ///< int backward
  bool takesWorkspace = false; ///< void *workspace
  /// char *report, size_t size: a text that is written. Not of devices.
  bool takesReport = false;
  /// What the sizes of the samples are called, const int64_t *, in functions
  /// for ragged batches; null in others.
  const char *sampleSizes = nullptr;

  /// Whether it is there only for layers with functions for ragged batches.
  constexpr bool isRagged() const { return sampleSizes != nullptr; }

  llvm::ArrayRef<ArrayArgument> arguments() const {
    return llvm::ArrayRef<ArrayArgument>(arrays).take_front(numArrays);
  }
};

inline constexpr CFunction kForward = {"forward",
                                       ResultKind::Status,
                                       /*takesSizes=*/true,
                                       /*takesBatch=*/true,
                                       /*needsGradients=*/false,
                                       4,
                                       {{{"x", ArrayRole::X},
                                         {"weight", ArrayRole::Weight},
                                         {"bias", ArrayRole::Bias},
                                         {"y", ArrayRole::Y, true}}},
                                       /*firstLine=*/2};

inline constexpr CFunction kPack = {
    "pack",
    ResultKind::Status,
    /*takesSizes=*/false,
    /*takesBatch=*/false,
    /*needsGradients=*/false,
    2,
    {{{"weight", ArrayRole::Weight}, {"packed", ArrayRole::Packed, true}}},
    /*firstLine=*/2};

inline constexpr CFunction kForwardPacked = {"forward_packed",
                                             ResultKind::Status,
                                             /*takesSizes=*/true,
                                             /*takesBatch=*/true,
                                             /*needsGradients=*/false,
                                             4,
                                             {{{"x", ArrayRole::X},
                                               {"packed", ArrayRole::Packed},
                                               {"bias", ArrayRole::Bias},
                                               {"y", ArrayRole::Y, true}}},
                                             /*firstLine=*/1};

inline constexpr CFunction kBackward = {
    "backward",
    ResultKind::Status,
    /*takesSizes=*/true,
    /*takesBatch=*/true,
    /*needsGradients=*/true,
    6,
    {{{"x", ArrayRole::X},
      {"weight", ArrayRole::Weight},
      {"grad_y", ArrayRole::Y},
      {"grad_x", ArrayRole::X, true},
      {"grad_weight", ArrayRole::Weight, true},
      {"grad_bias", ArrayRole::Bias, true}}},
    /*firstLine=*/2};

// Of layers of two inputs, in the place of those above.

inline constexpr CFunction kBilinearForward = {"forward",
                                               ResultKind::Status,
                                               /*takesSizes=*/true,
                                               /*takesBatch=*/true,
                                               /*needsGradients=*/false,
                                               5,
                                               {{{"x", ArrayRole::X},
                                                 {"z", ArrayRole::Z},
                                                 {"weight", ArrayRole::Weight},
                                                 {"bias", ArrayRole::Bias},
                                                 {"y", ArrayRole::Y, true}}},
                                               /*firstLine=*/2};

inline constexpr CFunction kBilinearForwardPacked = {
    "forward_packed",
    ResultKind::Status,
    /*takesSizes=*/true,
    /*takesBatch=*/true,
    /*needsGradients=*/false,
    5,
    {{{"x", ArrayRole::X},
      {"z", ArrayRole::Z},
      {"packed", ArrayRole::Packed},
      {"bias", ArrayRole::Bias},
      {"y", ArrayRole::Y, true}}},
    /*firstLine=*/2};

inline constexpr CFunction kBilinearBackward = {
    "backward",
    ResultKind::Status,
    /*takesSizes=*/true,
    /*takesBatch=*/true,
    /*needsGradients=*/true,
    8,
    {{{"x", ArrayRole::X},
      {"z", ArrayRole::Z},
      {"weight", ArrayRole::Weight},
      {"grad_y", ArrayRole::Y},
      {"grad_x", ArrayRole::X, true},
      {"grad_z", ArrayRole::Z, true},
      {"grad_weight", ArrayRole::Weight, true},
      {"grad_bias", ArrayRole::Bias, true}}},
    /*firstLine=*/3};

/// The same for batches whose samples differ in size: in packed arrays, one
/// after the other ..
inline constexpr CFunction ragged(const CFunction &of, const char *suffix) {
  CFunction function = of;
  function.suffix = suffix;
  function.takesSizes = false;
  function.sampleSizes = "n";
  return function;
}

/// .. and in arrays with room for the largest.
inline constexpr CFunction padded(const CFunction &of, const char *suffix) {
  CFunction function = of;
  function.suffix = suffix;
  function.sampleSizes = "sizes";
  function.firstLine = 1;
  return function;
}

inline constexpr CFunction kForwardRagged = ragged(kForward, "forward_ragged");
inline constexpr CFunction kBackwardRagged =
    ragged(kBackward, "backward_ragged");
inline constexpr CFunction kForwardPadded = padded(kForward, "forward_padded");
inline constexpr CFunction kBackwardPadded =
    padded(kBackward, "backward_padded");

inline constexpr CFunction kInfo = {"info", ResultKind::Info};

inline constexpr CFunction kSelftest = [] {
  CFunction function = {"selftest"};
  function.takesReport = true;
  return function;
}();

// Of layers for devices alone.

inline constexpr CFunction kWorkspaceBytes = {"workspace_bytes",
                                              ResultKind::Bytes,
                                              /*takesSizes=*/true,
                                              /*takesBatch=*/true,
                                              /*needsGradients=*/false,
                                              0,
                                              {},
                                              /*firstLine=*/0,
                                              /*takesBackward=*/true};

inline constexpr CFunction kForwardIn = {"forward_in",
                                         ResultKind::Status,
                                         kForward.takesSizes,
                                         kForward.takesBatch,
                                         false,
                                         kForward.numArrays,
                                         kForward.arrays,
                                         kForward.firstLine,
                                         /*takesBackward=*/false,
                                         /*takesWorkspace=*/true};

inline constexpr CFunction kBackwardIn = {"backward_in",
                                          ResultKind::Status,
                                          kBackward.takesSizes,
                                          kBackward.takesBatch,
                                          true,
                                          kBackward.numArrays,
                                          kBackward.arrays,
                                          kBackward.firstLine,
                                          /*takesBackward=*/false,
                                          /*takesWorkspace=*/true};

inline constexpr CFunction kPrepare = {"prepare", ResultKind::Status};

/// All functions of layers for CPUs, in the order of the header.
llvm::ArrayRef<const CFunction *> cFunctions();

/// The kinds of machines whose functions differ. Those of devices take device
/// pointers and, if they have a status, a stream as their last argument.
enum class Interface { Host, Device };

/// Those that a layer has which was compiled with or without gradients and
/// functions for ragged batches.
llvm::SmallVector<const CFunction *>
cFunctions(bool gradients, Interface interface = Interface::Host,
           bool ragged = false);

/// The same of a layer of two inputs, which has none for ragged batches.
llvm::SmallVector<const CFunction *> bilinearFunctions(bool gradients);

/// NAME_<suffix>.
std::string nameOf(const CFunction &function, llvm::StringRef layer);

/// Its declaration as the header has it, of C99 and C++.
std::string declarationOf(const CFunction &function, const LayerSpec &layer,
                          Interface interface = Interface::Host);

/// The arguments for the sizes that are given at run time, in their order: each
/// is called as its space, n where that has no name.
std::vector<std::string> sizeArguments(const LayerSpec &layer);

/// What stands after a layer's name in its functions and macros. Functions that
/// only some options make are in it too: whether a source is accepted must not
/// depend on options.
llvm::ArrayRef<std::string> exportedSuffixes();

/// The macro that is no field of eqc_layer_info: how many elements NAME_pack
/// writes at most.
inline constexpr const char *kPackedSizeMacro = "PACKED_SIZE";

//===----------------------------------------------------------------------===//
// Types of C++
//===----------------------------------------------------------------------===//

namespace signature {
template <typename T, bool Written>
using Array = std::conditional_t<Written, T *, const T *>;

template <typename...> struct List {};

template <typename T, const CFunction &F, typename... Numbers, size_t... I,
          typename... Last>
auto pointerTo(std::index_sequence<I...>, List<Last...>)
    -> int (*)(Numbers..., Array<T, F.arrays[I].written>..., Last...);

template <typename T, const CFunction &F, bool Dynamic, typename... Last>
auto pointer() {
  using Arrays = std::make_index_sequence<F.numArrays>;
  using Rest = List<Last...>;
  if constexpr (F.isRagged() && F.takesSizes)
    return decltype(pointerTo<T, F, int64_t, int64_t, const int64_t *>(
        Arrays(), Rest())){};
  else if constexpr (F.isRagged())
    return decltype(pointerTo<T, F, int64_t, const int64_t *>(Arrays(),
                                                              Rest())){};
  else if constexpr (F.takesBatch && F.takesSizes && Dynamic)
    return decltype(pointerTo<T, F, int64_t, int64_t>(Arrays(), Rest())){};
  else if constexpr (F.takesBatch)
    return decltype(pointerTo<T, F, int64_t>(Arrays(), Rest())){};
  else
    return decltype(pointerTo<T, F>(Arrays(), Rest())){};
}
} // namespace signature

/// The type that the header declares a function with, for a layer of `T`
/// (float or double) whose n is given at run time or not; `Last` is what a
/// target adds, the stream of GPUs.
template <typename T, const CFunction &F, bool Dynamic, typename... Last>
using CFunctionPointer = decltype(signature::pointer<T, F, Dynamic, Last...>());

} // namespace eqc

#endif // EQC_INTERFACE_SIGNATURE_H
