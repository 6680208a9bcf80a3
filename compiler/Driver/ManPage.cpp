//===- ManPage.cpp - eqc man ----------------------------------------------===//

#include "compiler/Driver/OptionPages.h"
#include "compiler/Driver/OptionTable.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace eqc;
using llvm::formatv;
using llvm::StringRef;

/// Text of a page: nothing of it is a request of roff.
static std::string escapeRoff(StringRef text) {
  std::string result;
  bool lineStarts = true;
  for (char c : text) {
    if (lineStarts && (c == '.' || c == '\''))
      result += "\\&";
    result += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
    lineStarts = c == '\n';
  }
  return result;
}

static std::string bold(StringRef text) {
  return "\\fB" + escapeRoff(text) + "\\fR";
}

static std::string head(StringRef name, StringRef title) {
  std::string first = title.str();
  first[0] = llvm::toLower(first[0]);
  return formatv(".TH {0} 1 \"\" \"eqc {1}\" \"eqc\"\n.SH NAME\n{2} \\- {3}\n",
                 name.upper(), EQC_VERSION, escapeRoff(name),
                 escapeRoff(first));
}

static std::string statusSection() {
  std::string text = ".SH EXIT STATUS\n";
  for (const auto &[status, words] : exitStatuses())
    text += formatv(".TP\n.B {0}\n{1}\n", status, escapeRoff(words));
  return text;
}

static std::string optionSection(Command command) {
  std::string text = ".SH OPTIONS\n";
  for (const OptionWords &option : optionsOf(command)) {
    text += ".TP\n" + bold(option.name);
    if (!option.metavar.empty())
      text += (option.isSeparate ? " \\fI" : "\\fI") +
              escapeRoff(StringRef(option.metavar).trim("<>")) + "\\fR";
    text += "\n" + escapeRoff(option.help) + ".\n";
    if (!option.values.empty())
      text += "One of " + escapeRoff(llvm::join(option.values, ", ")) + ".\n";
  }
  return text + "Every long option that takes a value takes it after '=' or as "
                "the next argument.\n";
}

/// What `--help` says below its options: words, then examples as they are.
static std::string moreSection(StringRef more) {
  auto [words, examples] = more.split("EXAMPLES:\n");
  std::string text;
  if (!words.trim().empty())
    text += ".SH DESCRIPTION\n" + escapeRoff(words.trim()) + "\n";
  if (!examples.empty())
    text += ".SH EXAMPLES\n.nf\n" + escapeRoff(examples.rtrim()) + "\n.fi\n";
  return text;
}

static std::string commandPage(const CommandInfo &command) {
  const std::string name = std::string("eqc-") + command.name;
  return head(name, command.title) + ".SH SYNOPSIS\n" +
         bold(("eqc " + StringRef(command.usage)).str()) + "\n" +
         moreSection(command.more) + optionSection(command.command) +
         statusSection() + ".SH SEE ALSO\n.BR eqc (1)\n";
}

static std::string generalPage() {
  std::string text =
      head("eqc", "Compiles layers of group-equivariant networks") +
      ".SH SYNOPSIS\n" + bold("eqc") +
      " \\fIcommand\\fR \\fIfile.eq\\fR "
      "[\\fIoptions\\fR]\n.SH DESCRIPTION\nA layer is described in a few "
      "lines: "
      "a group, a size, the orders of its input and output tensors, channels. "
      "eqc works out all linear maps that respect the group, plans how to "
      "apply "
      "them together, and writes an object file and a C header.\n"
      ".SH COMMANDS\n";
  std::vector<std::string> pages;
  for (const CommandInfo &command : commandTable()) {
    text +=
        ".TP\n" + bold(command.name) + "\n" + escapeRoff(command.title) + ".\n";
    pages.push_back(formatv(".BR eqc\\-{0} (1)", command.name));
  }
  return text + statusSection() + ".SH SEE ALSO\n" + llvm::join(pages, ",\n") +
         "\n";
}

std::string eqc::manPage(StringRef name) {
  for (const CommandInfo &command : commandTable())
    if (name == command.name)
      return commandPage(command);
  return generalPage();
}
