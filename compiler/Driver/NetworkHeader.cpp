//===- NetworkHeader.cpp - Networks in the C header -----------------------===//

#include "compiler/Driver/NetworkHeader.h"

#include "compiler/Interface/NetworkInterface.h"

#include <fmt/format.h>

#include <iterator>

using namespace eqc;
using llvm::StringRef;

static std::string commentOnForward(const NetworkFunction &function,
                                    const NetworkSpec &network) {
  std::string text = "/* Computes";
  const char *separator = " ";
  for (const NetworkOutput &output : network.outputs) {
    text += separator + output.name;
    separator = ", ";
  }
  text += ".\n";
  auto out = std::back_inserter(text);
  for (const NetworkParameter &parameter : parametersOf(function, network)) {
    const bool isInput = parameter.kind == NetworkArgument::Inputs;
    if (!isInput && parameter.kind != NetworkArgument::Outputs)
      continue;
    const int value = isInput ? static_cast<int>(parameter.index)
                              : network.outputs[parameter.index].value;
    fmt::format_to(out, "     {} {}{}\n", parameter.name,
                   shapeText(network, network.values[value]),
                   isInput ? "" : ", written");
  }
  fmt::format_to(out,
                 "     params [{}], weight and bias of each layer, as the "
                 "offsets above say\n"
                 "   Returns EQC_OK, or a negative eqc_status and then nothing "
                 "is written. */\n",
                 network.params);
  return text;
}

/// What stands above a declaration.
static std::string commentOn(const NetworkFunction &function,
                             const NetworkSpec &network) {
  const StringRef suffix = function.suffix;
  if (suffix == "forward")
    return commentOnForward(function, network);
  if (suffix == "pack")
    return fmt::format("/* Parameters as kernels of this CPU want them, "
                       "{0}_PACKED_SIZE elements, for\n   "
                       "{0}_forward_packed on this CPU. */\n",
                       network.name);
  if (suffix == "forward_packed")
    return fmt::format("/* {}_forward with packed parameters. */\n",
                       network.name);
  if (suffix == "selftest")
    return fmt::format("/* Tries every layer as its own NAME_selftest does, "
                       "then whether all ways to\n   call the network agree; "
                       "EQC_OK or a negative eqc_status, and why in\n   "
                       "`report`, of `size` bytes, which may be NULL. */\n");
  if (suffix == "tape_size")
    return fmt::format("/* Bytes of the tape that {0}_forward_tape writes for "
                       "{0}_backward, or a\n   negative eqc_status. */\n",
                       network.name);
  if (suffix == "forward_tape")
    return fmt::format("/* {}_forward, which also writes what gradients need; "
                       "tape is aligned to 64\n   bytes. */\n",
                       network.name);
  if (suffix == "backward")
    return fmt::format(
        "/* Gradients of a scalar, from its gradients with respect to the "
        "outputs, of which\n   NULL stands for zero; each is written, not "
        "added to, and is left out where its\n   pointer is NULL. Where tape "
        "is NULL, values are computed again. */\n");
  if (suffix == "forward_ragged")
    return fmt::format(
        "/* {0}_forward for samples of different sizes, without gaps between "
        "them: what\n   was the size of a space is a list of one for each "
        "sample, 0 or more, and each\n   sample is computed as in a batch of "
        "its own. */\n",
        network.name);
  if (suffix == "forward_padded")
    return fmt::format(
        "/* The same for arrays of the shapes of {0}_forward, of whose axes a "
        "sample has as\n   much as its sizes say: its entries are those with "
        "all indices below. What\n   lies outside is not read, and written as "
        "zero. */\n",
        network.name);
  if (function.isRagged())
    return fmt::format("/* Its gradients, as {0}_backward has them; tape is "
                       "NULL. */\n",
                       network.name);
  return "/* What this network is. */\n";
}

void eqc::emitNetwork(const NetworkSpec &network,
                      llvm::ArrayRef<int64_t> packedSizes, bool gradients,
                      bool ragged, std::string &text) {
  auto out = std::back_inserter(text);
  fmt::format_to(out, "\n/*===-- Network {}: {} layer{}, {} parameters. */\n\n",
                 network.name, network.layers.size(),
                 network.layers.size() == 1 ? "" : "s", network.params);
  for (const auto &[macro, value] : networkMacros(network, packedSizes))
    fmt::format_to(out, "#define {}_{} {}\n", network.name, macro, value);
  text += "\n";
  for (const NetworkFunction &function : networkFunctions()) {
    if (!isExported(function, network, gradients, ragged))
      continue;
    text += commentOn(function, network) + declarationOf(function, network);
    // The last is NAME_info.
    text += function.result == ResultKind::Info ? "\n" : "\n\n";
  }
}
