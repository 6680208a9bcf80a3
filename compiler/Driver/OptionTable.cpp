//===- OptionTable.cpp - Option table and help texts ----------------------===//

#include "compiler/Driver/OptionTable.h"

#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Plan/PlanKind.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Option/Option.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cassert>
#include <deque>

using namespace eqc;
using namespace llvm::opt;

// The names that Options.td uses. Bit 0 is LLVM's DefaultVis.
enum : unsigned {
  CompileVis = 1u << 1,
  ExplainVis = 1u << 2,
  CheckVis = 1u << 3,
  DrawVis = 1u << 4,
  BenchVis = 1u << 5,
  VerifyVis = 1u << 6,
  FormatVis = 1u << 7,
  WordVis = 1u << 8,
};

#define OPTTABLE_STR_TABLE_CODE
#include "compiler/Driver/Options.inc"
#undef OPTTABLE_STR_TABLE_CODE

#define OPTTABLE_PREFIXES_TABLE_CODE
#include "compiler/Driver/Options.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE

static constexpr OptTable::Info infoTable[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "compiler/Driver/Options.inc"
#undef OPTION
};

//===----------------------------------------------------------------------===//
// Texts that plans and targets supply
//===----------------------------------------------------------------------===//

/// A sentence of every kind of device.
static std::string ofDevices(
    llvm::function_ref<std::string(const KernelTarget &, const Device &)> words,
    const char *separator) {
  std::vector<std::string> all;
  for (const KernelTarget *target : kernelTargets())
    if (const Device *device = target->device())
      all.push_back(words(*target, *device));
  return llvm::join(all, separator);
}

/// The machines that are compiled for unless some are named.
static std::string defaultMachines(const KernelTarget &target) {
  std::vector<CpuVariant> variants;
  std::string error;
  target.resolve(kindOf(target).str(), {}, variants, error);
  std::vector<std::string> names;
  for (const CpuVariant &variant : variants)
    names.push_back(variant.name);
  return llvm::join(names, ",");
}

/// What stands in a help text for a word in braces.
static std::string wordsOf(llvm::StringRef place) {
  if (place == "plans")
    return planWords();
  if (place == "devices")
    return ofDevices(
        [](const KernelTarget &target, const Device &device) {
          return (kindOf(target) + " (" + device.words + ")").str();
        },
        " or ");
  if (place == "device options")
    return ofDevices(
        [](const KernelTarget &target, const Device &) {
          return ("--target=" + kindOf(target) + " (default " +
                  defaultMachines(target) + ")")
              .str();
        },
        ", ");
  assert(place == "device codes" && "no such words");
  return ofDevices(
      [](const KernelTarget &, const Device &device) {
        return (device.code + " (the code for " + device.words +
                ", of one chip)")
            .str();
      },
      ", ");
}

/// In lines that stand beside an option's name.
static std::string inLines(llvm::StringRef text) {
  constexpr size_t most = 50;
  std::string lines;
  size_t width = 0;
  for (llvm::StringRef word : llvm::split(text, ' ')) {
    if (width > 0 && width + 1 + word.size() > most) {
      lines += '\n';
      width = 0;
    }
    if (width > 0) {
      lines += ' ';
      ++width;
    }
    lines += word;
    width += word.size();
  }
  return lines;
}

namespace {

/// The options with their help texts complete.
struct CompleteInfos {
  CompleteInfos() : infos(std::begin(infoTable), std::end(infoTable)) {
    for (OptTable::Info &info : infos) {
      const llvm::StringRef help = info.HelpText ? info.HelpText : "";
      if (!help.contains('{'))
        continue;
      std::string text;
      llvm::StringRef rest = help;
      while (rest.contains('{')) {
        const auto [before, after] = rest.split('{');
        const auto [place, behind] = after.split('}');
        text += before.str() + wordsOf(place);
        rest = behind;
      }
      texts.push_back(inLines(text + rest.str()));
      info.HelpText = texts.back().c_str();
    }
  }

  std::vector<OptTable::Info> infos;
  std::deque<std::string> texts; ///< that infos point into
};

class EqcOptTable : private CompleteInfos, public GenericOptTable {
public:
  EqcOptTable() : GenericOptTable(OptionStrTable, OptionPrefixesTable, infos) {
    setDashDashParsing(true);
  }
};

} // namespace

const OptTable &eqc::optionTable() {
  static const EqcOptTable table;
  return table;
}

Visibility eqc::visibilityOf(Command command) {
  switch (command) {
  case Command::Compile:
    return Visibility(CompileVis);
  case Command::Explain:
    return Visibility(ExplainVis);
  case Command::Check:
    return Visibility(CheckVis);
  case Command::Draw:
    return Visibility(DrawVis);
  case Command::Bench:
    return Visibility(BenchVis);
  case Command::Verify:
    return Visibility(VerifyVis);
  case Command::Format:
    return Visibility(FormatVis);
  case Command::Completion:
  case Command::Man:
    return Visibility(WordVis);
  }
  return Visibility(0);
}

static const CommandInfo commands[] = {
    {Command::Compile, "compile", "compile FILE.eq [-o OUT] [options]",
     "Compiles the layers of a file into one object and one C header",
     "Outputs appear whole or not at all. All layers go into one OUT. The "
     "header "
     "is written\nbeside OUT for obj, asm and shared, elsewhere only with "
     "--header.\n\nEXAMPLES:\n"
     "  eqc compile graph.eq                     graph.o and graph.h\n"
     "  eqc compile graph.eq --emit=shared       graph.so and graph.h\n"
     "  eqc compile graph.eq --emit=linalg -o -  look at the code in between\n"
     "  eqc compile - -o graph.o < graph.eq      read standard input\n"},
    {Command::Explain, "explain", "explain FILE.eq [options] | explain E0012",
     "Tells what a file's layers consist of and cost, or what an error means",
     "Lists the diagrams in the order of the weights. With the id of an error, "
     "explains it.\n"},
    {Command::Check, "check", "check FILE.eq [options]",
     "Compiles, runs on random data, compares with the definition",
     "Also applies random elements of the group before and after. Status 1 if "
     "anything disagrees.\n"},
    {Command::Draw, "draw", "draw FILE.eq -o OUT.svg [options]",
     "Draws layers, networks and plans as an SVG picture",
     "The top row of a diagram is the output, the bottom row the input.\n"},
    {Command::Bench, "bench",
     "bench FILE.eq [options] | --suite[=NAMES] | --calibrate",
     "Times compiled kernels against the machine's limits",
     "Measures the rates of multiply-adds and of memory first, then the "
     "kernels. Efficiency\nis the least time these rates allow over the "
     "median time.\n"},
    {Command::Verify, "verify", "verify FILE.o|FILE.so [options]",
     "Tests what was compiled before against its definition",
     "Runs the self-test that every object carries, in a process of its own: a "
     "crash, and no end,\nare failures. Status 1 if anything is wrong, 4 if a "
     "layer is too large to be tried.\n"},
    {Command::Format, "fmt", "fmt FILE.eq.. [--check]",
     "Formats files, or says whether they are",
     "Files are changed in place, '-' from standard input to standard output. "
     "Comments stay,\nand so does what a file means.\n"},
    {Command::Completion, "completion", "completion bash|zsh|fish",
     "Prints what completes the command line in a shell",
     "EXAMPLES:\n"
     "  eval \"$(eqc completion bash)\"             in ~/.bashrc\n"
     "  eqc completion zsh > ~/.zfunc/_eqc         a folder of $fpath\n"
     "  eqc completion fish > ~/.config/fish/completions/eqc.fish\n"},
    {Command::Man, "man", "man eqc|COMMAND",
     "Prints the manual page of eqc, or of a command",
     "EXAMPLES:\n  eqc man compile | man -l -\n"},
};

llvm::ArrayRef<CommandInfo> eqc::commandTable() { return commands; }

static constexpr std::pair<int, const char *> statuses[] = {
    {0, "done"},
    {1, "the input was refused, or 'check' or 'verify' found a fault"},
    {2, "the command line was wrong"},
    {3, "a file could not be read or written"},
    {4, "a limit was reached"},
    {70, "an internal error, please report it"}};

llvm::ArrayRef<std::pair<int, const char *>> eqc::exitStatuses() {
  return statuses;
}

static std::string statusText() {
  std::string text = "EXIT STATUS:\n";
  for (const auto &[status, words] : statuses)
    text += llvm::formatv("  {0,-3} {1}\n", status, words).str();
  return text;
}

std::vector<OptionWords> eqc::optionsOf(Command command) {
  const OptTable &table = optionTable();
  std::vector<OptionWords> options;
  for (unsigned id = OPT_INVALID + 1; id <= table.getNumOptions(); ++id) {
    const Option option = table.getOption(id);
    if (option.getKind() == Option::GroupClass ||
        option.getKind() == Option::InputClass ||
        option.getKind() == Option::UnknownClass ||
        option.getAlias().isValid() ||
        !option.hasVisibilityFlag(visibilityOf(command)))
      continue;
    OptionWords words;
    words.id = id;
    words.name = option.getPrefixedName();
    words.isSeparate = option.getKind() == Option::SeparateClass;
    if (const char *metavar = table.getOptionMetaVar(id))
      words.metavar = metavar;
    if (const char *help = table.getOptionHelpText(id))
      words.help = help;
    std::replace(words.help.begin(), words.help.end(), '\n', ' ');
    words.values = valuesOf(id);
    options.push_back(std::move(words));
  }
  return options;
}

std::string eqc::generalHelp() {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "OVERVIEW: eqc compiles linear layers of group-equivariant networks\n\n"
        "USAGE: eqc <command> FILE.eq [options]\n\nCOMMANDS:\n";
  for (const CommandInfo &command : commands)
    os << llvm::formatv("  {0,-10} {1}\n", command.name, command.title);
  os << "\n'eqc <command> --help' lists a command's options, 'eqc --version' "
        "tells the version.\n'-' as FILE reads standard input; '@FILE' as an "
        "argument stands for the arguments in FILE.\n\n"
     << statusText();
  return text;
}

std::string eqc::commandHelp(const CommandInfo &command) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string usage = std::string("eqc ") + command.usage;
  optionTable().printHelp(os, usage.c_str(), command.title,
                          /*ShowHidden=*/false, /*ShowAllAliases=*/false,
                          visibilityOf(command.command));
  os << "\n" << command.more << "\n" << statusText();
  return text;
}

std::string eqc::shortUsage() {
  std::string names;
  for (const CommandInfo &command : commands)
    names += (names.empty() ? "" : "|") + std::string(command.name);
  return "usage: eqc " + names + " FILE [options]\ntry 'eqc --help'\n";
}

std::string eqc::versionText() {
  return "eqc " EQC_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
}
