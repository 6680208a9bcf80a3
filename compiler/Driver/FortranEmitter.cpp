//===- FortranEmitter.cpp - The Fortran module of layers ------------------===//
//
// Fortran's arrays have their first index fastest and C's their last, so the
// shapes of the header are read backwards here; no number moves. An absent
// optional argument arrives as NULL (Fortran 2018, 18.3.6).
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/FortranEmitter.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Interface/Signature.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Report/Shapes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

#include <fmt/format.h>

using namespace eqc;
using llvm::StringRef;

/// The most that a name and, less some room, a line may have.
static constexpr size_t maxName = 63;
static constexpr size_t maxColumn = 100;

namespace {

/// Names of Fortran: they start with a letter, are short, and are the same in
/// upper and lower case.
class FortranNames {
public:
  /// A name that nothing else has, `suffix` at its end where it need not be
  /// told apart from another.
  std::string add(StringRef stem, StringRef suffix = "") {
    std::string start;
    for (char c : stem)
      start += llvm::isAlnum(c) ? llvm::toLower(c) : '_';
    if (start.empty() || !llvm::isAlpha(start.front()))
      start = "eqc" + start;
    const std::string end = suffix.lower();
    start.resize(std::min(start.size(), maxName - end.size()));
    std::string name = start + end;
    for (int number = 2; !taken.insert(name).second; ++number) {
      const std::string tail = end + "_" + std::to_string(number);
      name = start.substr(0, maxName - tail.size()) + tail;
    }
    return name;
  }

private:
  llvm::StringSet<> taken;
};

struct Argument {
  std::string name;
  std::string type; ///< with its attributes
  bool isArray = false;
  std::string comment;
};

/// A function of C that Fortran calls.
struct Binding {
  std::string name;  ///< in C
  std::string alias; ///< in Fortran
  std::string result = "integer(c_int)";
  std::vector<Argument> arguments;
};

} // namespace

/// `[batch, n, n, 16]` as `(16, n, n, batch)`.
static std::string backwards(StringRef shape) {
  llvm::SmallVector<StringRef> axes;
  shape.trim("[]").split(axes, ", ");
  std::reverse(axes.begin(), axes.end());
  return "(" + llvm::join(axes, ", ") + ")";
}

/// Lines of at most about `maxColumn` columns, broken after commas.
static std::string wrapped(StringRef text, unsigned indent) {
  std::string lines(indent, ' ');
  size_t column = indent;
  llvm::SmallVector<StringRef> pieces;
  text.split(pieces, ", ");
  for (auto [i, piece] : llvm::enumerate(pieces)) {
    if (i > 0 && column + piece.size() > maxColumn) {
      lines += " &\n" + std::string(indent + 4, ' ');
      column = indent + 4;
    } else if (i > 0) {
      lines += " ";
    }
    lines += piece;
    if (i + 1 < pieces.size())
      lines += ",";
    column += piece.size() + 2;
  }
  return lines + "\n";
}

static std::string declare(const Binding &function) {
  std::vector<std::string> names;
  for (const Argument &argument : function.arguments)
    names.push_back(argument.name);
  std::string text = wrapped(
      fmt::format("function {}({}) &", function.alias, llvm::join(names, ", ")),
      4);
  // Names of C may be longer than a line.
  std::string name = function.name;
  if (name.size() > maxColumn - 20)
    name.insert(maxColumn - 20, "&\n        &");
  text += "        bind(c, name=\"" + name + "\") result(status)\n";
  text +=
      "      import :: c_char, c_double, c_float, c_int, c_int16_t, c_int64_t, "
      "c_ptr, c_size_t\n";
  for (const Argument &argument : function.arguments)
    text +=
        fmt::format("      {} :: {}{}{}\n", argument.type, argument.name,
                    argument.isArray ? "(*)" : "",
                    argument.comment.empty() ? "" : " ! " + argument.comment);
  return text + "      " + function.result + " :: status\n    end function\n";
}

static std::string realOf(DType type) {
  return type == DType::F32 ? "real(c_float)" : "real(c_double)";
}

static Argument number(std::string name) {
  return {std::move(name), "integer(c_int64_t), value", false, ""};
}
static Argument sampleSizes(std::string name) {
  return {std::move(name), "integer(c_int64_t), intent(in)", true, "(batch)"};
}
/// A text that is written, NULL where nobody wants it, and its bytes.
static Argument report(std::string name) {
  return {std::move(name), "character(kind=c_char), intent(inout), optional",
          true, ""};
}
static Argument reportSize(std::string name) {
  return {std::move(name), "integer(c_size_t), value", false, ""};
}
static Argument pointer(std::string name, std::string comment = "") {
  return {std::move(name), "type(c_ptr), value", false, std::move(comment)};
}
static Argument array(std::string name, const std::string &type, bool written,
                      bool optional, std::string comment) {
  return {std::move(name),
          type + (written ? ", intent(inout)" : ", intent(in)") +
              (optional ? ", optional" : ""),
          true, std::move(comment)};
}

/// The shape of an array of a layer, as Fortran has it.
static std::string shapeOf(const ArrayArgument &argument,
                           const LayerSpec &layer, const CFunction &function) {
  switch (argument.role) {
  case ArrayRole::Weight:
    return backwards(weightShape(layer));
  case ArrayRole::Packed:
    return layer.name + "_packed_size elements";
  case ArrayRole::Bias:
    return layer.biasDiagrams.empty()
               ? "ignored"
               : fmt::format("({}, {})", layer.cOut, layer.biasDiagrams.size());
  case ArrayRole::X:
  case ArrayRole::Y:
  case ArrayRole::Z:
    break;
  }
  if (function.isRagged() && !function.takesSizes)
    return "one sample after the other";
  return backwards(
      arrayShape(layer, argument.role == ArrayRole::X   ? BilinearRow::X
                        : argument.role == ArrayRole::Y ? BilinearRow::Y
                                                        : BilinearRow::Z));
}

static Binding bindingOf(const CFunction &function, const LayerSpec &layer,
                         Interface interface, FortranNames &names) {
  Binding result;
  result.name = nameOf(function, layer.name);
  result.alias = names.add(layer.name, std::string("_") + function.suffix);
  if (function.result == ResultKind::Bytes)
    result.result = "integer(c_int64_t)";
  FortranNames mine;
  mine.add("status");
  mine.add(result.alias);
  auto &arguments = result.arguments;
  if (function.takesSizes)
    for (const std::string &size : sizeArguments(layer))
      arguments.push_back(number(mine.add(size)));
  if (function.takesBatch)
    arguments.push_back(number(mine.add("batch")));
  if (function.isRagged())
    arguments.push_back(sampleSizes(mine.add(function.sampleSizes)));
  for (const ArrayArgument &argument : function.arguments()) {
    const std::string shape = shapeOf(argument, layer, function);
    if (interface == Interface::Device) {
      arguments.push_back(pointer(mine.add(argument.name), shape));
      continue;
    }
    // Gradients that nobody wants are left out, and what only they read.
    const bool optional =
        function.needsGradients
            ? argument.written || argument.role != ArrayRole::Y
            : argument.role == ArrayRole::Bias && layer.biasDiagrams.empty();
    // Fortran has no numbers of 16 bits: these are their bits.
    const bool isReal =
        layer.storage == Storage::AsComputed || !argument.isStored();
    arguments.push_back(
        array(mine.add(argument.name),
              isReal ? realOf(layer.dtype) : "integer(c_int16_t)",
              argument.written, optional, shape));
  }
  if (function.takesReport) {
    arguments.push_back(report(mine.add("report")));
    arguments.push_back(reportSize(mine.add("size")));
  }
  if (function.takesBackward)
    arguments.push_back(
        {mine.add("backward"), "integer(c_int), value", false, ""});
  if (function.takesWorkspace)
    arguments.push_back(pointer(mine.add("workspace")));
  if (interface == Interface::Device && function.result == ResultKind::Status)
    arguments.push_back(pointer(mine.add("stream")));
  return result;
}

/// The shape of a network's array, or nothing of those that have none.
static std::string shapeOf(const NetworkParameter &parameter,
                           const NetworkSpec &network,
                           const NetworkFunction &function) {
  using A = NetworkArgument;
  const bool isParams =
      parameter.kind == A::Params || parameter.kind == A::GradParams;
  if (function.isRagged() && !function.takes(A::Sizes) && !isParams)
    return "one sample after the other";
  switch (parameter.kind) {
  case A::Inputs:
  case A::GradInputs:
    return backwards(shapeText(network, network.values[parameter.index]));
  case A::Outputs:
  case A::GradOutputs:
    return backwards(shapeText(
        network, network.values[network.outputs[parameter.index].value]));
  case A::Params:
  case A::GradParams:
    return fmt::format("({})", network.params);
  default:
    return "";
  }
}

static Binding bindingOf(const NetworkFunction &function,
                         const NetworkSpec &network, FortranNames &names) {
  using A = NetworkArgument;
  Binding result;
  result.name = network.name + "_" + function.suffix;
  result.alias = names.add(network.name, std::string("_") + function.suffix);
  if (function.result == ResultKind::Bytes)
    result.result = "integer(c_int64_t)";
  FortranNames mine;
  mine.add("status");
  mine.add(result.alias);
  for (const NetworkParameter &parameter : parametersOf(function, network)) {
    const std::string name = mine.add(parameter.name);
    if (parameter.kind == A::Report || parameter.kind == A::ReportSize) {
      result.arguments.push_back(
          parameter.kind == A::Report ? report(name) : reportSize(name));
      continue;
    }
    if (parameter.kind == A::SampleSizes) {
      result.arguments.push_back(sampleSizes(name));
      continue;
    }
    const bool isTape =
        parameter.kind == A::Tape || parameter.kind == A::NewTape;
    const bool optional = parameter.kind == A::GradInputs ||
                          parameter.kind == A::GradOutputs ||
                          parameter.kind == A::GradParams;
    result.arguments.push_back(
        parameter.isNumber ? number(name)
        : isTape ? pointer(name)
                 : array(name, realOf(network.dtype), parameter.written,
                         optional, shapeOf(parameter, network, function)));
  }
  return result;
}

static std::string constant(const std::string &name, int64_t value) {
  return fmt::format("  integer(c_int64_t), parameter, public :: {} = {}\n",
                     name, value);
}

/// The macros of the header that are numbers.
static std::string constantsOf(const LayerSpec &layer, int64_t packedSize,
                               FortranNames &names) {
  std::string text;
  auto define = [&](const std::string &macro, int64_t value) {
    text += constant(names.add(layer.name, "_" + macro), value);
  };
  const std::vector<InfoValue> values = infoValues(layer, {});
  for (auto [field, value] : llvm::zip_equal(infoFields(), values))
    if (field.isMacro && field.type == InfoType::Number)
      define(macroOf(field),
             macroOf(field) == "K" ? int64_t(layer.k) : value.number);
  for (const auto &[macro, size] : sizeMacros(layer))
    define(macro, size);
  define(kPackedSizeMacro, packedSize);
  for (const auto &[macro, value] : bilinearMacros(layer))
    define(macro, value);
  return text;
}

/// A function that gives `eqc_last_error()` as text.
static std::string lastError(const std::string &name) {
  return fmt::format(R"(
contains

  !> The text of the calling thread's last error.
  function {0}() result(text)
    use, intrinsic :: iso_c_binding, only: c_f_pointer
    character(:), allocatable :: text
    character(kind=c_char), pointer :: characters(:)
    integer :: length
    interface
      function eqc_last_error() bind(c, name="eqc_last_error") result(address)
        import :: c_ptr
        type(c_ptr) :: address
      end function
    end interface
    call c_f_pointer(eqc_last_error(), characters, [65536])
    length = 0
    text = ""
    do while (characters(length + 1) /= achar(0))
      length = length + 1
      text = text // characters(length)
    end do
  end function
)",
                     name);
}

std::string eqc::emitFortran(llvm::ArrayRef<LayerSpec> layers,
                             llvm::ArrayRef<int64_t> packedSizes,
                             StringRef fileName, bool gradients,
                             const Device *device,
                             const std::vector<bool> &ragged,
                             const HeaderNetworks &networks) {
  const Interface interface = device ? Interface::Device : Interface::Host;
  FortranNames names;
  StringRef stem = llvm::sys::path::stem(fileName);
  const std::string module = names.add(stem.empty() ? "layers" : stem, "_eqc");
  const std::string error = names.add(module, "_error");

  std::string constants, functions, exported = "  public :: " + error + "\n";
  auto add = [&](const Binding &function) {
    functions += declare(function);
    exported += "  public :: " + function.alias + "\n";
  };
  for (auto [index, layer] : llvm::enumerate(layers)) {
    if (networks.only)
      break;
    constants += constantsOf(layer, packedSizes[index], names);
    const bool isRagged = index < ragged.size() && ragged[index];
    for (const CFunction *function :
         layer.isBilinear() ? bilinearFunctions(gradients)
                            : cFunctions(gradients, interface, isRagged))
      if (function->result != ResultKind::Info)
        add(bindingOf(*function, layer, interface, names));
  }
  for (const NetworkSpec &network : networks.networks) {
    for (const auto &[macro, value] : networkMacros(network, packedSizes))
      constants += constant(names.add(network.name, "_" + macro), value);
    for (const NetworkFunction &function : networkFunctions())
      if (function.result != ResultKind::Info &&
          isExported(function, network, gradients, networks.ragged))
        add(bindingOf(function, network, names));
  }
  return fmt::format(
      "! Generated by eqc {}; do not edit.\n!\n"
      "! The functions of the C header of the same name, which says what each "
      "does. They\n! return 0 or a negative status, then {} says more. "
      "Arrays are dense, their first\n! index fastest{}.\n\n"
      "module {}\n"
      "  use, intrinsic :: iso_c_binding, only: c_char, c_double, c_float, "
      "c_int, c_int16_t, &\n    c_int64_t, c_ptr, c_size_t\n"
      "  implicit none\n  private\n{}\n{}\n  interface\n{}  end interface\n{}"
      "\nend module\n",
      EQC_VERSION, error, device ? ", and in the memory of the device" : "",
      module, exported, constants, functions, lastError(error));
}
