//===- OptionTable.cpp - Option table and help texts ----------------------===//

#include "compiler/Driver/OptionTable.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Option/Option.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace eqc;
using namespace llvm::opt;

// The names that Options.td uses. Bit 0 is LLVM's DefaultVis.
enum : unsigned {
  CompileVis = 1u << 1,
  ExplainVis = 1u << 2,
  CheckVis = 1u << 3,
  DrawVis = 1u << 4,
  BenchVis = 1u << 5,
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

namespace {
class EqcOptTable : public GenericOptTable {
public:
  EqcOptTable()
      : GenericOptTable(OptionStrTable, OptionPrefixesTable, infoTable) {
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
    {Command::Draw, "draw", "draw FILE.eq -o OUT.svg",
     "Draws the layers' diagrams as an SVG picture",
     "The top row of a diagram is the output, the bottom row the input.\n"},
    {Command::Bench, "bench",
     "bench FILE.eq [options] | --suite[=NAMES] | --calibrate",
     "Times compiled kernels against the machine's limits",
     "Measures the rates of multiply-adds and of memory first, then the "
     "kernels. Efficiency\nis the least time these rates allow over the "
     "median time.\n"},
};

llvm::ArrayRef<CommandInfo> eqc::commandTable() { return commands; }

static const char *const statusText =
    "EXIT STATUS:\n"
    "  0   done\n"
    "  1   the input was refused, or 'check' found a disagreement\n"
    "  2   the command line was wrong\n"
    "  3   a file could not be read or written\n"
    "  4   a limit was reached\n"
    "  70  an internal error, please report it\n";

std::string eqc::generalHelp() {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "OVERVIEW: eqc compiles linear layers of group-equivariant networks\n\n"
        "USAGE: eqc <command> FILE.eq [options]\n\nCOMMANDS:\n";
  for (const CommandInfo &command : commands)
    os << llvm::formatv("  {0,-8} {1}\n", command.name, command.title);
  os << "\n'eqc <command> --help' lists a command's options, 'eqc --version' "
        "tells the version.\n'-' as FILE reads standard input; '@FILE' as an "
        "argument stands for the arguments in FILE.\n\n"
     << statusText;
  return text;
}

std::string eqc::commandHelp(const CommandInfo &command) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string usage = std::string("eqc ") + command.usage;
  optionTable().printHelp(os, usage.c_str(), command.title,
                          /*ShowHidden=*/false, /*ShowAllAliases=*/false,
                          visibilityOf(command.command));
  os << "\n" << command.more << "\n" << statusText;
  return text;
}

std::string eqc::shortUsage() {
  return "usage: eqc compile|explain|check|draw|bench FILE.eq [options]\n"
         "try 'eqc --help'\n";
}

std::string eqc::versionText() {
  return "eqc " EQC_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
}
