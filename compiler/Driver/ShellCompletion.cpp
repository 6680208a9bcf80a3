//===- ShellCompletion.cpp - eqc completion -------------------------------===//

#include "compiler/Driver/Commands.h"
#include "compiler/Driver/OptionPages.h"
#include "compiler/Driver/OptionTable.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace eqc;
using llvm::formatv;
using llvm::StringRef;

/// Between single quotes, for any of the shells.
static std::string quote(StringRef text, StringRef quoteMark) {
  std::string result = "'";
  for (char c : text)
    result += c == '\'' ? quoteMark.str() : std::string(1, c);
  return result + "'";
}

static std::string commandNames() {
  std::vector<std::string> names;
  for (const CommandInfo &command : commandTable())
    names.push_back(command.name);
  return llvm::join(names, " ");
}

/// What stands for a command's file.
static std::string argumentWords(const CommandInfo &command) {
  if (command.command == Command::Completion)
    return "bash zsh fish";
  return command.command == Command::Man ? "eqc " + commandNames() : "";
}

static std::string bashScript() {
  std::string text =
      "# Completion of eqc in bash, made by 'eqc completion bash'.\n"
      "_eqc() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]}\n"
      "  local before=${COMP_WORDS[COMP_CWORD-1]} option='' words=''\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n";
  text += formatv("    COMPREPLY=($(compgen -W '{0} --help --version' -- "
                  "\"$current\"))\n    return\n  fi\n",
                  commandNames());
  // `--emit=obj` is three words to bash.
  text += "  if [ \"$current\" = = ]; then\n"
          "    option=$before current=''\n"
          "  elif [ \"$before\" = = ]; then\n"
          "    option=${COMP_WORDS[COMP_CWORD-2]}\n"
          "  elif [[ $before == --* ]]; then\n"
          "    option=$before\n"
          "  fi\n"
          "  case \"${COMP_WORDS[1]} $option\" in\n";
  for (const CommandInfo &command : commandTable())
    for (const OptionWords &option : optionsOf(command.command))
      if (!option.values.empty() && StringRef(option.name).ends_with("="))
        text += formatv("  '{0} {1}') words='{2}' ;;\n", command.name,
                        StringRef(option.name).rtrim('='),
                        llvm::join(option.values, " "));
  text += "  esac\n"
          "  if [ -n \"$words\" ]; then\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "    return\n"
          "  fi\n"
          "  case ${COMP_WORDS[1]} in\n";
  for (const CommandInfo &command : commandTable()) {
    std::vector<std::string> names;
    for (const OptionWords &option : optionsOf(command.command)) {
      const bool isLevel =
          !option.values.empty() && !StringRef(option.name).ends_with("=");
      if (!isLevel)
        names.push_back(option.name);
      else
        for (const std::string &value : option.values)
          names.push_back(option.name + value);
    }
    if (std::string arguments = argumentWords(command); !arguments.empty())
      names.push_back(arguments);
    text += formatv("  {0}) words='{1}' ;;\n", command.name,
                    llvm::join(names, " "));
  }
  text +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  case $current in\n"
      "  -*) [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null "
      ";;\n"
      "  *) compopt -o filenames 2>/dev/null\n"
      "     [ -n \"$current\" ] || COMPREPLY=()\n"
      "     COMPREPLY+=($(compgen -f -X '!*.eq' -- \"$current\") $(compgen -d "
      "-- \"$current\")) ;;\n"
      "  esac\n"
      "  return 0\n"
      "}\n"
      "complete -F _eqc eqc\n";
  return text;
}

/// Help texts within [..] and action words of _arguments.
static std::string escapeZsh(StringRef text) {
  std::string result;
  for (char c : text)
    result += StringRef("[]:\\").contains(c) ? std::string("\\") + c
                                             : std::string(1, c);
  return result;
}

static std::string zshScript() {
  std::string text = "#compdef eqc\n"
                     "# Completion of eqc in zsh, made by 'eqc completion "
                     "zsh'.\n"
                     "_eqc() {\n"
                     "  local -a commands\n"
                     "  commands=(\n";
  for (const CommandInfo &command : commandTable())
    text += formatv(
        "    {0}\n",
        quote((command.name + (":" + escapeZsh(command.title))), "'\\''"));
  text += "  )\n"
          "  if (( CURRENT == 2 )); then\n"
          "    _describe 'command' commands\n"
          "    return\n"
          "  fi\n"
          "  local command=${words[2]}\n"
          "  shift words\n"
          "  (( CURRENT-- ))\n"
          "  case $command in\n";
  for (const CommandInfo &command : commandTable()) {
    text += formatv("  {0})\n    _arguments \\\n", command.name);
    for (const OptionWords &option : optionsOf(command.command)) {
      std::string spec = option.name;
      if (option.isSeparate)
        spec += "+";
      else if (!option.metavar.empty() &&
               !StringRef(option.name).ends_with("="))
        spec += "-";
      spec += "[" + escapeZsh(option.help) + "]";
      if (!option.metavar.empty()) {
        spec += ":" + escapeZsh(StringRef(option.metavar).trim("<>")) + ":";
        spec += option.values.empty()
                    ? "_files"
                    : "(" + llvm::join(option.values, " ") + ")";
      }
      text += "      " + quote(spec, "'\\''") + " \\\n";
    }
    const std::string words = argumentWords(command);
    text += "      " +
            quote(words.empty() ? std::string("*:file:_files -g \"*.eq\"")
                                : "1:word:(" + words + ")",
                  "'\\''") +
            "\n    ;;\n";
  }
  return text + "  esac\n}\n"
                // A function of $fpath, or read by source.
                "if [ \"$funcstack[1]\" = _eqc ]; then\n"
                "  _eqc \"$@\"\n"
                "else\n"
                "  compdef _eqc eqc\n"
                "fi\n";
}

static std::string fishScript() {
  std::string text =
      "# Completion of eqc in fish, made by 'eqc completion fish'.\n"
      "complete -c eqc -n __fish_use_subcommand -f\n";
  for (const CommandInfo &command : commandTable())
    text +=
        formatv("complete -c eqc -n __fish_use_subcommand -f -a {0} -d {1}\n",
                command.name, quote(command.title, "\\'"));
  for (const CommandInfo &command : commandTable()) {
    const std::string when = formatv(
        "complete -c eqc -n '__fish_seen_subcommand_from {0}'", command.name);
    if (std::string words = argumentWords(command); !words.empty())
      text += formatv("{0} -f -a '{1}'\n", when, words);
    for (const OptionWords &option : optionsOf(command.command)) {
      StringRef name = StringRef(option.name).rtrim('=');
      const bool isLong = name.consume_front("--");
      if (!isLong)
        name.consume_front("-");
      text += formatv("{0} {1} {2}", when, isLong ? "-l" : "-s", name);
      if (!option.metavar.empty())
        text += option.values.empty()
                    ? " -r"
                    : " -x -a " + quote(llvm::join(option.values, " "), "\\'");
      text += " -d " + quote(option.help, "\\'") + "\n";
    }
  }
  return text;
}

std::string eqc::completionScript(StringRef shell) {
  return shell == "bash"  ? bashScript()
         : shell == "zsh" ? zshScript()
                          : fishScript();
}

int eqc::runWords(const Options &options) {
  if (Failure failure = writeStdout(options.command == Command::Man
                                        ? manPage(options.input)
                                        : completionScript(options.input)))
    return report(failure);
  return StatusDone;
}
