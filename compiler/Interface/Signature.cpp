//===- Signature.cpp - The C functions of a layer, as data ----------------===//

#include "compiler/Interface/Signature.h"
#include "compiler/Interface/LayerInfo.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"

#include <vector>

using namespace eqc;
using llvm::StringRef;

llvm::ArrayRef<const CFunction *> eqc::cFunctions() {
  static constexpr const CFunction *all[] = {
      &kForward,        &kPack,          &kForwardPacked,  &kBackward,
      &kInfo,           &kForwardRagged, &kBackwardRagged, &kForwardPadded,
      &kBackwardPadded, &kSelftest};
  return all;
}

/// What devices have besides.
static llvm::ArrayRef<const CFunction *> deviceFunctions() {
  static constexpr const CFunction *all[] = {&kWorkspaceBytes, &kForwardIn,
                                             &kBackwardIn, &kPrepare};
  return all;
}

llvm::SmallVector<const CFunction *>
eqc::cFunctions(bool gradients, Interface interface, bool ragged) {
  llvm::SmallVector<const CFunction *> all(cFunctions());
  if (interface == Interface::Device)
    llvm::append_range(all, deviceFunctions());
  llvm::SmallVector<const CFunction *> functions;
  for (const CFunction *function : all)
    if ((gradients || !function->needsGradients) &&
        (ragged || !function->isRagged()) &&
        !(function->takesReport && interface == Interface::Device))
      functions.push_back(function);
  return functions;
}

llvm::SmallVector<const CFunction *> eqc::bilinearFunctions(bool gradients) {
  llvm::SmallVector<const CFunction *> functions{&kBilinearForward, &kPack,
                                                 &kBilinearForwardPacked};
  if (gradients)
    functions.push_back(&kBilinearBackward);
  functions.push_back(&kInfo);
  functions.push_back(&kSelftest);
  return functions;
}

std::string eqc::nameOf(const CFunction &function, StringRef layer) {
  return layer.str() + "_" + function.suffix;
}

std::string eqc::declarationOf(const CFunction &function,
                               const LayerSpec &layer, Interface interface) {
  if (function.result == ResultKind::Info)
    return "const eqc_layer_info *" + nameOf(function, layer.name) + "(void);";
  std::string text =
      (function.result == ResultKind::Bytes ? "int64_t " : "int ") +
      nameOf(function, layer.name) + "(";
  const char *separator = "";
  auto add = [&](const std::string &argument) {
    text += separator + argument;
    separator = ", ";
  };
  if (function.takesSizes)
    for (const std::string &size : sizeArguments(layer))
      add("int64_t " + size);
  if (function.takesBatch)
    add("int64_t batch");
  if (function.isRagged())
    add(std::string("const int64_t *") + function.sampleSizes);
  const std::string number = layer.dtype == DType::F32 ? "float *" : "double *";
  const std::string stored =
      layer.storage == Storage::AsComputed
          ? number
          : std::string("eqc_") + dtypeName(layer.dtype, layer.storage) + " *";
  for (const ArrayArgument &array : function.arguments()) {
    if (&array == function.arrays.data() + function.firstLine)
      separator = ",\n    ";
    const std::string &type = array.isStored() ? stored : number;
    add((array.written ? type : "const " + type) + array.name);
  }
  if (function.takesReport) {
    add("char *report");
    add("size_t size");
  }
  if (function.takesBackward)
    add("int backward");
  if (function.takesWorkspace)
    add("void *workspace");
  if (interface == Interface::Device && function.result == ResultKind::Status)
    add("void *stream");
  return text + ");";
}

std::vector<std::string> eqc::sizeArguments(const LayerSpec &layer) {
  // No argument has the name of another one, and names of spaces are free.
  llvm::StringSet<> others{"batch",  "sizes",     "backward",
                           "stream", "workspace", "n"};
  for (const CFunction *function :
       cFunctions(/*gradients=*/true, Interface::Device, /*ragged=*/true))
    for (const ArrayArgument &array : function->arguments())
      others.insert(array.name);
  if (layer.isBilinear())
    for (const CFunction *function : bilinearFunctions(/*gradients=*/true))
      for (const ArrayArgument &array : function->arguments())
        others.insert(array.name);
  std::vector<std::string> names;
  for (const Space &space : layer.spaces())
    if (space.n < 0)
      names.push_back(space.name.empty()            ? "n"
                      : others.contains(space.name) ? "n_" + space.name
                                                    : space.name);
  return names;
}

llvm::ArrayRef<std::string> eqc::exportedSuffixes() {
  static const std::vector<std::string> suffixes = [] {
    std::vector<std::string> all;
    for (const CFunction *function :
         cFunctions(/*gradients=*/true, Interface::Device, /*ragged=*/true))
      all.push_back(std::string("_") + function->suffix);
    all.push_back(std::string("_") + kSelftest.suffix);
    for (const InfoField &field : infoFields())
      if (field.isMacro)
        all.push_back("_" + macroOf(field));
    all.push_back(std::string("_") + kPackedSizeMacro);
    LayerSpec bilinear;
    bilinear.k2 = 0;
    for (const auto &[macro, value] : bilinearMacros(bilinear))
      all.push_back("_" + macro);
    return all;
  }();
  return suffixes;
}
