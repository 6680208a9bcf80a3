//===- HeaderEmitter.cpp - The C header of compiled layers ----------------===//

#include "compiler/Driver/HeaderEmitter.h"

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

std::string eqc::arrayShape(const LayerSpec &layer, bool input) {
  std::string text = "[batch";
  std::string size = layer.dynamicN() ? "n" : std::to_string(layer.n);
  std::string channels = std::to_string(input ? layer.cIn : layer.cOut);
  if (layer.layout == Layout::ChannelsFirst)
    text += ", " + channels;
  for (int axis = 0; axis < (input ? layer.k : layer.l); ++axis)
    text += ", " + size;
  if (layer.layout == Layout::ChannelsLast)
    text += ", " + channels;
  return text + "]";
}

static void emitMacros(const LayerSpec &layer, int64_t packedSize,
                       std::string &text) {
  auto out = std::back_inserter(text);
  auto define = [&](StringRef macro, int64_t value) {
    // Parentheses, so that a minus sign stays with its number.
    fmt::format_to(out, "#define {}_{} {}\n", layer.name, macro.str(),
                   value < 0 ? fmt::format("({})", value)
                             : std::to_string(value));
  };
  int64_t diagrams = layer.diagrams.size();
  int64_t biasDiagrams = layer.biasDiagrams.size();
  fmt::format_to(out, "#define {}_GROUP \"{}\"\n", layer.name,
                 groupName(layer.group));
  define("N", layer.n);
  define("K", layer.k);
  define("L", layer.l);
  define("C_IN", layer.cIn);
  define("C_OUT", layer.cOut);
  define("DIAGRAMS", diagrams);
  define("BIAS_DIAGRAMS", biasDiagrams);
  // The front end has checked that these fit.
  define("WEIGHT_SIZE", diagrams * layer.cIn * layer.cOut);
  define("BIAS_SIZE", biasDiagrams * layer.cOut);
  define("PACKED_SIZE", packedSize);
}

static void emitDiagrams(StringRef array, const std::vector<Diagram> &diagrams,
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
  fmt::format_to(out,
                 "/* What {}[d] multiplies (o: axes of y, i: axes of x; "
                 "axes of one block\n   have the same index",
                 array.str());
  if (diagrams.back().free >= 0)
    text += "; *: the Levi-Civita symbol";
  text += "):\n";
  for (size_t d = 0; d < diagrams.size(); ++d)
    fmt::format_to(out, "   {:>3}  {}\n", d, toString(diagrams[d]));
  text.pop_back();
  text += " */\n";
}

static void emitBackward(const LayerSpec &layer, std::string &text) {
  auto out = std::back_inserter(text);
  const char *type = layer.dtype == DType::F32 ? "float" : "double";
  const bool biased = !layer.biasDiagrams.empty();
  fmt::format_to(
      out,
      "/* Gradients of a scalar, from its gradient grad_y with "
      "respect to y; each has the\n   shape of its array, is written, "
      "not added to, and is left out where its pointer\n   is NULL.{}\n"
      "     x      is not read without grad_weight\n"
      "     weight is not read without grad_x\n"
      "   Returns EQC_OK, or a negative eqc_status and then the "
      "gradients are untouched. */\n",
      biased ? "" : " grad_bias is ignored.");
  fmt::format_to(
      out,
      "int {0}_backward({2}int64_t batch, const {1} *x, const {1} *weight,\n"
      "    const {1} *grad_y, {1} *grad_x, {1} *grad_weight, {1} "
      "*grad_bias);\n\n",
      layer.name, type, layer.dynamicN() ? "int64_t n, " : "");
}

static void emitFunctions(const LayerSpec &layer, bool gradients,
                          std::string &text) {
  auto out = std::back_inserter(text);
  const char *type = layer.dtype == DType::F32 ? "float" : "double";
  bool biased = !layer.biasDiagrams.empty();

  fmt::format_to(out, "/* Computes y from x.\n     x      {}\n",
                 arrayShape(layer, true));
  fmt::format_to(out, "     weight [{}, {}, {}]\n", layer.diagrams.size(),
                 layer.cIn, layer.cOut);
  if (biased)
    fmt::format_to(out, "     bias   [{}, {}]\n", layer.biasDiagrams.size(),
                   layer.cOut);
  else
    text += "     bias   ignored, may be NULL\n";
  fmt::format_to(out, "     y      {}, written\n", arrayShape(layer, false));
  text +=
      "   Returns EQC_OK, or a negative eqc_status and then y is untouched. "
      "*/\n";
  fmt::format_to(
      out,
      "int {0}_forward({2}int64_t batch, const {1} *x, const {1} *weight,\n"
      "    const {1} *bias, {1} *y);\n\n",
      layer.name, type, layer.dynamicN() ? "int64_t n, " : "");
  fmt::format_to(
      out,
      "/* Weights as the kernel of this CPU wants them, {0}_PACKED_SIZE "
      "elements, for\n   {0}_forward_packed on this CPU. */\n"
      "int {0}_pack(const {1} *weight, {1} *packed);\n"
      "/* {0}_forward with packed weights: nothing is packed in the call. */\n"
      "int {0}_forward_packed({2}int64_t batch, const {1} *x,\n"
      "    const {1} *packed, const {1} *bias, {1} *y);\n\n",
      layer.name, type, layer.dynamicN() ? "int64_t n, " : "");
  if (gradients)
    emitBackward(layer, text);
  fmt::format_to(out,
                 "/* What this layer is. */\n"
                 "const eqc_layer_info *{}_info(void);\n",
                 layer.name);
}

static std::string describeLayer(const LayerSpec &layer) {
  std::string size =
      layer.dynamicN() ? "n given at run time" : fmt::format("n = {}", layer.n);
  return fmt::format("/*===-- Layer {0}: group {1}, {2}, order {3} -> {4}, "
                     "channels {5} -> {6}. */\n\n",
                     layer.name, groupName(layer.group), size, layer.k, layer.l,
                     layer.cIn, layer.cOut);
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
                            StringRef fileName, bool gradients) {
  std::string body = "#include <stdint.h>\n\n#include <eqc/runtime.h>\n\n"
                     "#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  for (auto [layer, packedSize] : llvm::zip_equal(layers, packedSizes)) {
    body += "\n" + describeLayer(layer);
    emitMacros(layer, packedSize, body);
    body += "\n";
    emitDiagrams("weight", layer.diagrams, body);
    emitDiagrams("bias", layer.biasDiagrams, body);
    body += "\n";
    emitFunctions(layer, gradients, body);
  }
  body += "\n#ifdef __cplusplus\n}\n#endif\n";

  std::string guard = includeGuard(fileName, body);
  return fmt::format("/* Generated by eqc {0}; do not edit. */\n\n"
                     "/* Arrays are dense and row-major, the last index "
                     "fastest. */\n\n"
                     "#ifndef {1}\n#define {1}\n\n{2}\n#endif /* {1} */\n",
                     EQC_VERSION, guard, body);
}
