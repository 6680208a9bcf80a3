//===- OptionTable.h - The table made from Options.td -----------*- C++ -*-===//

#ifndef EQC_DRIVER_OPTIONTABLE_H
#define EQC_DRIVER_OPTIONTABLE_H

#include "compiler/Driver/Options.h"

#include "llvm/Option/OptTable.h"

namespace eqc {

enum OptionId {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "compiler/Driver/Options.inc"
#undef OPTION
};

const llvm::opt::OptTable &optionTable();

/// The bit of the options that a command takes.
llvm::opt::Visibility visibilityOf(Command command);

struct CommandInfo {
  Command command;
  const char *name;
  const char *usage; ///< after "eqc "
  const char *title; ///< what it does, in a line
  const char *more;  ///< what else `--help` says
};
llvm::ArrayRef<CommandInfo> commandTable();

/// An option as a command takes it.
struct OptionWords {
  unsigned id = 0;
  std::string name;                ///< `--emit=`, `-o`
  std::string metavar;             ///< `<kind>`, or "" where it takes no value
  std::string help;                ///< in one line
  bool isSeparate = false;         ///< the value is the next argument
  std::vector<std::string> values; ///< where these are few
};
/// The options of a command, without their other spellings.
std::vector<OptionWords> optionsOf(Command command);
/// The words that the value of an option may be; none: any.
std::vector<std::string> valuesOf(unsigned option);

/// What statuses mean, a line each: the number, what it says.
llvm::ArrayRef<std::pair<int, const char *>> exitStatuses();

/// `eqc --help`
std::string generalHelp();
/// `eqc <command> --help`
std::string commandHelp(const CommandInfo &command);
/// What `eqc` without arguments says.
std::string shortUsage();
/// `eqc --version`
std::string versionText();

} // namespace eqc

#endif // EQC_DRIVER_OPTIONTABLE_H
