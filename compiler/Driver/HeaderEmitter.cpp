//===- HeaderEmitter.cpp - The C header of compiled layers ----------------===//

#include "compiler/Driver/HeaderEmitter.h"
#include "compiler/Driver/NetworkHeader.h"
#include "compiler/Frontend/Print.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Interface/Signature.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Report/Shapes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <fmt/format.h>

#include <iterator>

using namespace eqc;
using llvm::StringRef;

/// Longer lists of diagrams would only hide the declarations; `eqc explain`
/// prints them all.
static constexpr size_t maxListedDiagrams = 64;

/// A literal; groups that are spelled out have quotes of their own.
static std::string quoted(StringRef text) {
  std::string literal = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      literal += '\\';
    literal += c;
  }
  return literal + "\"";
}

static void emitMacros(const LayerSpec &layer, int64_t packedSize,
                       std::string &text) {
  auto out = std::back_inserter(text);
  auto define = [&](const std::string &macro, const std::string &value) {
    fmt::format_to(out, "#define {}_{} {}\n", layer.name, macro, value);
  };
  const std::vector<InfoValue> values = infoValues(layer, {});
  for (auto [field, value] : llvm::zip_equal(infoFields(), values)) {
    if (!field.isMacro)
      continue;
    const std::string number = std::to_string(value.number);
    // Parentheses, so that a minus sign stays with its number.
    // The axes of all inputs, where there are two.
    if (macroOf(field) == "K") {
      define("K", std::to_string(layer.k));
      continue;
    }
    define(macroOf(field), field.type == InfoType::Text ? quoted(value.text)
                           : value.number < 0           ? '(' + number + ')'
                                                        : number);
  }
  for (const auto &[macro, size] : sizeMacros(layer))
    define(macro,
           size < 0 ? '(' + std::to_string(size) + ')' : std::to_string(size));
  define(kPackedSizeMacro, std::to_string(packedSize));
  for (const auto &[macro, value] : bilinearMacros(layer))
    define(macro, std::to_string(value));
}

static void emitDiagrams(const LayerSpec &layer, StringRef array,
                         const std::vector<Diagram> &diagrams,
                         std::string &text) {
  auto out = std::back_inserter(text);
  if (diagrams.empty())
    return;
  if (diagrams.size() > maxListedDiagrams) {
    fmt::format_to(out,
                   "/* What {}[d] multiplies: the diagrams in the order that\n"
                   "   `eqc explain` lists. */\n",
                   array.str());
    return;
  }
  const bool ofTuples = diagrams.back().orbit.exists();
  const bool hasBlocks = !ofTuples || layer.group.isProduct();
  fmt::format_to(out,
                 !hasBlocks
                     ? "/* What {}[d] multiplies (o: axes of y, i: axes of x; "
                       "one tuple of\n   indices of the orbit"
                     : "/* What {}[d] multiplies (o: axes of y, i: axes of x; "
                       "axes of one block\n   have the same index",
                 array.str());
  if (diagrams.back().map.exists())
    text += "; an edge is a factor of the\n   adjacency matrix, and indices "
            "without an axis are summed";
  if (layer.weightsOf == WeightsOf::Orbits && hasBlocks)
    text += ", those of different blocks different ones";
  if (ofTuples && hasBlocks)
    text += ",\n   those with = the indices of a tuple of the orbit";
  if (diagrams.back().free >= 0)
    text += "; *: the Levi-Civita symbol";
  else if (diagrams.back().head >= 0 && !ofTuples)
    text += "; a lone *: the sign of the\n   values of the blocks";
  text += "):\n";
  for (size_t d = 0; d < diagrams.size(); ++d) {
    const std::string others = orbitText(layer, diagrams[d]);
    fmt::format_to(out, "   {:>3}  {}{}\n", d,
                   toString(diagrams[d], layer.group),
                   others.empty() ? "" : "   " + others);
  }
  text.pop_back();
  text += " */\n";
}

static std::string commentOnForward(const LayerSpec &layer) {
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "/* Computes y from x{}.\n     x      {}\n",
                 layer.isBilinear() ? " and z" : "",
                 arrayShape(layer, BilinearRow::X));
  if (layer.isBilinear())
    fmt::format_to(out, "     z      {}, may be x\n",
                   arrayShape(layer, BilinearRow::Z));
  if (!layer.symmetry.isTrivial())
    fmt::format_to(out, "            {}\n", symmetryWords(layer));
  fmt::format_to(out, "     weight {}\n", weightShape(layer));
  if (!layer.biasDiagrams.empty())
    fmt::format_to(out, "     bias   [{}, {}]\n", layer.biasDiagrams.size(),
                   layer.cOut);
  else
    text += "     bias   ignored, may be NULL\n";
  fmt::format_to(out, "     y      {}, written\n",
                 arrayShape(layer, BilinearRow::Y));
  return text +
         "   Returns EQC_OK, or a negative eqc_status and then y is untouched. "
         "*/\n";
}

static std::string commentOnBackward(const LayerSpec &layer) {
  return fmt::format(
      "/* Gradients of a scalar, from its gradient grad_y with "
      "respect to y; each has the\n   shape of its array, is written, "
      "not added to, and is left out where its pointer\n   is NULL.{}\n"
      "{}"
      "   Returns EQC_OK, or a negative eqc_status and then the "
      "gradients are untouched. */\n",
      layer.biasDiagrams.empty() ? " grad_bias is ignored." : "",
      layer.isBilinear()
          ? "     x      is not read without grad_z and grad_weight\n"
            "     z      is not read without grad_x and grad_weight\n"
            "     weight is not read without grad_x and grad_z\n"
          : "     x      is not read without grad_weight\n"
            "     weight is not read without grad_x\n");
}

/// `n[b]^2 * 16`.
static std::string elementsOfSample(const LayerSpec &layer, bool input) {
  const int order = input ? layer.k : layer.l;
  const int64_t channels = input ? layer.cIn : layer.cOut;
  if (order == 0)
    return std::to_string(channels);
  return fmt::format("n[b]{} * {}",
                     order == 1 ? "" : "^" + std::to_string(order), channels);
}

static std::string commentOnRagged(const CFunction &function,
                                   const LayerSpec &layer) {
  if (&function == &kForwardRagged)
    return fmt::format(
        "/* {0}_forward for samples of different sizes, without gaps between "
        "them: sample b\n   has size n[b], 0 or more, {1} elements of x and "
        "{2} of y,\n   and is computed as in a batch of its own. */\n",
        layer.name, elementsOfSample(layer, true),
        elementsOfSample(layer, false));
  if (&function == &kForwardPadded)
    return fmt::format(
        "/* The same for arrays of the shapes of {0}_forward, in which sample "
        "b has size\n   sizes[b], 0 to n: its entries are those with all "
        "indices below. What lies\n   outside is not read, and written as "
        "zero. */\n",
        layer.name);
  return fmt::format("/* The gradients of {0}_{1}, as {0}_backward has "
                     "them. */\n",
                     layer.name,
                     &function == &kBackwardRagged ? kForwardRagged.suffix
                                                   : kForwardPadded.suffix);
}

/// The functions that only devices have, and those that differ there.
static std::string commentOnDevice(const CFunction &function,
                                   const LayerSpec &layer) {
  if (&function == &kPack)
    return fmt::format("/* Weights as {0}_forward_packed wants them, {0}_{1} "
                       "elements. */\n",
                       layer.name, kPackedSizeMacro);
  if (&function == &kWorkspaceBytes)
    return fmt::format(
        "/* Device bytes of workspace that {0}_forward_in needs or, with "
        "backward != 0,\n   the gradients, for the device of the current "
        "context; or a negative eqc_status. */\n",
        layer.name);
  if (&function == &kForwardIn)
    return fmt::format("/* {0}_forward in the caller's workspace, of at least "
                       "{0}_workspace_bytes. */\n",
                       layer.name);
  if (&function == &kBackwardIn)
    return fmt::format("/* {0}_backward, the same. */\n", layer.name);
  if (&function == &kPrepare)
    return "/* Loads the kernels now, before the first call. */\n";
  return "";
}

/// What stands above the declaration of a function.
static std::string commentOn(const CFunction &function, const LayerSpec &layer,
                             Interface interface) {
  if (interface == Interface::Device) {
    const std::string comment = commentOnDevice(function, layer);
    if (!comment.empty())
      return comment;
  }
  if (&function == &kForward || &function == &kBilinearForward)
    return commentOnForward(layer);
  if (&function == &kBackward || &function == &kBilinearBackward)
    return commentOnBackward(layer);
  if (&function == &kPack)
    return fmt::format(
        "/* Weights as the kernel of this CPU wants them, {0}_{1} "
        "elements, for\n   {0}_forward_packed on this CPU. */\n",
        layer.name, kPackedSizeMacro);
  if (&function == &kForwardPacked || &function == &kBilinearForwardPacked)
    return fmt::format("/* {}_forward with packed weights: nothing is packed "
                       "in the call. */\n",
                       layer.name);
  if (function.isRagged())
    return commentOnRagged(function, layer);
  if (&function == &kSelftest)
    return "/* Calls the layer on integers and compares with its definition, "
           "in "
           "less than a\n   second. EQC_OK, EQC_ERR_SELFTEST or another "
           "negative "
           "eqc_status, and lines\n   about it in `report`, of `size` bytes, "
           "which may be NULL. */\n";
  return "/* What this layer is. */\n";
}

static void emitFunctions(const LayerSpec &layer, bool gradients,
                          Interface interface, bool ragged, std::string &text) {
  const llvm::SmallVector<const CFunction *> functions =
      layer.isBilinear() ? bilinearFunctions(gradients)
                         : cFunctions(gradients, interface, ragged);
  for (const CFunction *function : functions) {
    text += commentOn(*function, layer, interface) +
            declarationOf(*function, layer, interface);
    // NAME_pack and what it is for stay together.
    const bool apart = function != &kPack && function != functions.back();
    text += apart ? "\n\n" : "\n";
  }
}

static std::string describeLayer(const LayerSpec &layer) {
  if (layer.typed)
    return fmt::format("/*===-- Layer {0}: {1}, {2}. */\n\n", layer.name,
                       layer.spaces().empty()
                           ? std::string("no axes")
                           : "axes of " + textOf(layer.spaceList()),
                       ordersAndChannels(layer));
  std::string size =
      layer.dynamicN() ? "n given at run time" : fmt::format("n = {}", layer.n);
  return fmt::format("/*===-- Layer {0}: group {1}, {2}, {3}. */\n\n",
                     layer.name, groupName(layer.group), size,
                     ordersAndChannels(layer));
}

/// A macro that no other generated header has: headers of one name in several
/// folders may meet in one program, so the name alone would not do.
static std::string includeGuard(StringRef fileName, StringRef body) {
  std::string guard = "EQC_GENERATED_";
  for (char c : llvm::sys::path::filename(fileName))
    guard += llvm::isAlnum(c) ? llvm::toUpper(c) : '_';
  return guard + fmt::format("_{:016X}", llvm::xxh3_64bits(body));
}

std::string eqc::emitHeader(llvm::ArrayRef<LayerSpec> layers,
                            llvm::ArrayRef<int64_t> packedSizes,
                            StringRef fileName, bool gradients,
                            const Device *device,
                            const std::vector<bool> &ragged,
                            const HeaderNetworks &networks) {
  std::string body = "#include <stdint.h>\n\n#include <eqc/runtime.h>\n\n"
                     "#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  size_t index = 0;
  for (auto [layer, packedSize] : llvm::zip_equal(layers, packedSizes)) {
    const bool isRagged = index < ragged.size() && ragged[index];
    ++index;
    if (networks.only)
      continue;
    body += "\n" + describeLayer(layer);
    emitMacros(layer, packedSize, body);
    body += "\n";
    emitDiagrams(layer, "weight", layer.diagrams, body);
    emitDiagrams(layer, "bias", layer.biasDiagrams, body);
    body += "\n";
    emitFunctions(layer, gradients,
                  device ? Interface::Device : Interface::Host, isRagged, body);
  }
  for (const NetworkSpec &network : networks.networks)
    emitNetwork(network, packedSizes, gradients, networks.ragged, body);
  body += "\n#ifdef __cplusplus\n}\n#endif\n";

  std::string guard = includeGuard(fileName, body);
  return fmt::format("/* Generated by eqc {0}; do not edit. */\n\n"
                     "/* Arrays are dense and row-major, the last index "
                     "fastest.{3} */\n\n"
                     "#ifndef {1}\n#define {1}\n\n{2}\n#endif /* {1} */\n",
                     EQC_VERSION, guard, body,
                     device ? fmt::format(" They are in the\n   memory of a "
                                          "GPU; stream is a {}, and work is "
                                          "enqueued there. Link with\n"
                                          "   {} and eqc_rt.",
                                          device->stream.str(),
                                          device->runtime.str())
                            : "");
}
