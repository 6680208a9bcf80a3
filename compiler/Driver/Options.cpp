//===- Options.cpp - What the user asked for ------------------------------===//
//
// From argument strings to checked Options. Every mistake of a command line is
// reported, not only the first.
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Options.h"

#include "compiler/Driver/Input.h"
#include "compiler/Driver/OptionTable.h"
#include "compiler/Frontend/Explained.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Target/SupportedTargets.h"
#include "compiler/Tune/HostVariant.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Option/Arg.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/StringSaver.h"

using namespace eqc;
using llvm::StringRef;
using llvm::Twine;

namespace {

/// A word that an option takes.
template <typename T> struct Choice {
  StringRef name;
  T value;
};

const Choice<EmitKind> emitOfHost[] = {
    {"obj", EmitKind::Obj},       {"asm", EmitKind::Asm},
    {"llvm", EmitKind::LLVM},     {"mlir", EmitKind::MLIR},
    {"loops", EmitKind::Loops},   {"linalg", EmitKind::Linalg},
    {"stages", EmitKind::Stages}, {"eq", EmitKind::Eq},
    {"shared", EmitKind::Shared}, {"header", EmitKind::Header}};

/// With the code of every kind of device.
std::vector<Choice<EmitKind>> emitChoices() {
  std::vector<Choice<EmitKind>> choices(std::begin(emitOfHost),
                                        std::end(emitOfHost));
  for (const KernelTarget *target : kernelTargets())
    if (const Device *device = target->device())
      choices.push_back({device->code, EmitKind::Device});
  return choices;
}

/// The ways to ask for the kinds of device that there are.
std::string deviceOptions(StringRef code = "", bool needsRuntime = false) {
  std::vector<std::string> all;
  for (const KernelTarget *target : kernelTargets())
    if (const Device *device = target->device())
      if ((code.empty() || device->code == code) &&
          (!needsRuntime || device->hasRuntime()))
        all.push_back(("'--target=" + kindOf(*target) + "'").str());
  return llvm::join(all, " or ");
}

const Choice<PlanKind> planChoices[] = {
    {"auto", PlanKind::Auto},
#define EQC_PLAN(NAME, TEXT, WORDS) {TEXT, PlanKind::NAME},
#include "compiler/Plan/Plans.def"
};
const Choice<bool> diagnosticsChoices[] = {{"text", false}, {"json", true}};

template <typename Choices>
std::vector<std::string> namesOf(const Choices &choices) {
  std::vector<std::string> names;
  for (const auto &choice : choices)
    names.push_back(choice.name.str());
  return names;
}

class CommandLine {
public:
  CommandLine(const CommandInfo &info, llvm::ArrayRef<const char *> args)
      : info(info),
        args(optionTable().ParseArgs(args, missingIndex, missingCount,
                                     visibilityOf(info.command))) {
    options.command = info.command;
  }

  std::variant<Options, EarlyExit> parse();

private:
  void error(const Twine &message) {
    errors += ("eqc: error: " + message + "\n").str();
  }
  void checkNames();
  void readInput();
  void checkWord();
  void readPaths();
  void readOptLevel();
  void checkTarget();
  void readDevice(const KernelTarget &target);
  void readAssembler(const KernelTarget &target);
  void checkDeviceCode(const Device *device);
  void checkNoRuntime(const std::string &asked);
  void readTarget();
  void readGradients();
  void readTune();
  void readBench();
  void readTimeLimit();
  void readThreadCounts();
  void readNumber(unsigned id, uint64_t least, uint64_t &value);
  template <typename T>
  void readChoice(unsigned id, llvm::ArrayRef<Choice<T>> choices, T &value);

  const CommandInfo &info;
  unsigned missingIndex = 0, missingCount = 0;
  llvm::opt::InputArgList args;
  Options options;
  std::string errors;
};

} // namespace

std::vector<std::string> eqc::valuesOf(unsigned option) {
  switch (option) {
  case OPT_emit:
    return namesOf(emitChoices());
  case OPT_plan:
    return namesOf(planChoices);
  case OPT_diagnostics:
    return namesOf(diagnosticsChoices);
  case OPT_opt_level:
    return {"0", "1", "2", "3"};
  default:
    return {};
  }
}

/// The option that a word would be for another command, or "".
static std::string ofOtherCommand(StringRef word) {
  for (unsigned id = OPT_INVALID + 1; id <= optionTable().getNumOptions();
       ++id) {
    const llvm::opt::Option option = optionTable().getOption(id);
    const std::string name = option.getPrefixedName().str();
    const bool isJoined = option.getKind() == llvm::opt::Option::JoinedClass;
    if (id != OPT_INPUT && id != OPT_UNKNOWN && !name.empty() &&
        (isJoined ? word.starts_with(name) : word == name))
      return name;
  }
  return "";
}

/// Unknown options, options of other commands, options without their value.
void CommandLine::checkNames() {
  llvm::opt::Visibility mine = visibilityOf(info.command);
  for (const llvm::opt::Arg *arg : args) {
    if (arg->getOption().getID() == OPT_UNKNOWN) {
      StringRef name = arg->getSpelling();
      if (std::string known = ofOtherCommand(name); !known.empty()) {
        error("'" + known + "' is no option of 'eqc " + info.name + "'");
        continue;
      }
      std::string nearest;
      unsigned distance = optionTable().findNearest(name, nearest, mine,
                                                    /*MinimumLength=*/2);
      std::string hint = "; see 'eqc " + std::string(info.name) + " --help'";
      if (distance <= 1 + StringRef(nearest).split('=').first.size() / 4)
        hint = "; did you mean '" + nearest + "'?";
      error("unknown option '" + printable(name) + "'" + hint);
    }
  }
  if (missingCount)
    error("'" + StringRef(args.getArgString(missingIndex)) +
          "' needs a value after it");
}

void CommandLine::readInput() {
  std::vector<std::string> inputs = args.getAllArgValues(OPT_INPUT);
  options.calibrate = args.hasArg(OPT_calibrate);
  const bool suite = args.hasArg(OPT_suite, OPT_suite_names);
  if (options.calibrate && suite)
    error("'--calibrate' and '--suite' do not go together");
  if (options.calibrate || suite) {
    if (!inputs.empty())
      error(Twine(suite ? "'--suite'" : "'--calibrate'") +
            " takes no input file, but '" + printable(inputs[0]) +
            "' was given");
    return;
  }
  if (inputs.empty() || inputs.front().empty()) {
    error("no input file; usage: eqc " + StringRef(info.usage));
    return;
  }
  options.inputs = inputs;
  if (inputs.size() > 1 && info.command != Command::Format)
    error("one input file at a time, but '" + printable(inputs[0]) + "' and '" +
          printable(inputs[1]) + "' were given");
  options.input = inputs.front();
  if (info.command == Command::Completion || info.command == Command::Man)
    return checkWord();
  StringRef input = options.input;
  if (info.command == Command::Explain && !explainedStatus(input).empty()) {
    options.diagnosticCode = options.input;
    return;
  }
  if (info.command == Command::Explain && input.size() == 5 &&
      (input[0] == 'E' || input[0] == 'W') &&
      llvm::all_of(input.drop_front(), llvm::isDigit)) {
    options.diagnosticCode = options.input;
    if (!lookupDiagnostic(input))
      error("no error has the id '" + input + "'; ids run from '" +
            allDiagnostics().front().code + "' to '" +
            allDiagnostics().back().code + "'");
  }
}

/// What a command takes that takes no file.
void CommandLine::checkWord() {
  std::vector<StringRef> words{"bash", "zsh", "fish"};
  if (info.command == Command::Man) {
    words = {"eqc"};
    for (const CommandInfo &command : commandTable())
      words.emplace_back(command.name);
  }
  if (!llvm::is_contained(words, options.input))
    error(StringRef("'eqc ") + info.name + "' takes no '" +
          printable(options.input) + "'; choose from " +
          llvm::join(words, ", "));
}

void CommandLine::readPaths() {
  auto read = [&](unsigned id, std::optional<std::string> &path) {
    const llvm::opt::Arg *arg = args.getLastArg(id);
    if (!arg)
      return;
    path = arg->getValue();
    if (path->empty())
      error("'" + arg->getSpelling() + "' needs a path, or '-'");
  };
  read(OPT_output, options.output);
  read(OPT_header, options.header);
  read(OPT_fortran, options.fortran);
  read(OPT_depfile, options.depfile);
  read(OPT_rates, options.rates);
  read(OPT_save_ir, options.saveIr);
  options.frontend.includeFolders = args.getAllArgValues(OPT_include_folder);
  if (options.rates && isStdin(*options.rates) && isStdin(options.input))
    error("'--rates' and the source cannot both be standard input");
  if (options.rates && options.calibrate)
    error("'--calibrate' measures rates and takes no '--rates'");
}

template <typename T>
void CommandLine::readChoice(unsigned id, llvm::ArrayRef<Choice<T>> choices,
                             T &value) {
  const llvm::opt::Arg *arg = args.getLastArg(id);
  if (!arg)
    return;
  StringRef word = arg->getValue();
  std::vector<StringRef> names;
  for (const Choice<T> &choice : choices) {
    if (word == choice.name) {
      value = choice.value;
      return;
    }
    names.push_back(choice.name);
  }
  std::string hint;
  if (std::optional<StringRef> near = closestWord(word, names))
    hint = ("; did you mean '" + *near + "'?").str();
  error("'" + arg->getSpelling() + "' takes no '" + printable(word) + "'" +
        hint + "; choose from " + llvm::join(names, ", "));
}

void CommandLine::readNumber(unsigned id, uint64_t least, uint64_t &value) {
  const llvm::opt::Arg *arg = args.getLastArg(id);
  if (!arg)
    return;
  StringRef text = arg->getValue();
  uint64_t number = 0;
  // getAsInteger takes a sign, which is no digit of a count.
  if (!llvm::all_of(text, llvm::isDigit) || text.getAsInteger(10, number) ||
      number < least || number > uint64_t(INT64_MAX))
    error("'" + arg->getSpelling() + "' takes a whole number from " +
          Twine(least) + " to " + Twine(INT64_MAX) + ", not '" +
          printable(text) + "'");
  else
    value = number;
}

void CommandLine::readOptLevel() {
  const llvm::opt::Arg *arg = args.getLastArg(OPT_opt_level);
  if (!arg)
    return;
  StringRef level = arg->getValue();
  if (level.size() == 1 && level[0] >= '0' && level[0] <= '3')
    options.compile.optLevel = level[0] - '0';
  else
    error("'-O" + printable(level) +
          "' is no level; choose from -O0, -O1, "
          "-O2, -O3");
}

/// Mistakes in them are found before anything is read or compiled.
void CommandLine::checkTarget() {
  const CompileOptions &compile = options.compile;
  std::string why;
  const bool runs =
      info.command == Command::Check || info.command == Command::Bench;
  if (runs && !isHostTarget(compile.triple))
    return error(
        Twine("'eqc ") + info.name + "' runs layers here, which '--target=" +
        printable(compile.triple) + "' is not; leave it out, or take " +
        deviceOptions("", /*needsRuntime=*/true));
  if (args.hasArg(OPT_target)) {
    if (compile.triple.empty())
      return error("'--target=' needs a triple, such as " +
                   resolveTriple(compile.triple));
    if (!findTarget(compile.triple, why))
      return error("'--target': " + why);
  }
  std::vector<CpuVariant> variants;
  if (args.hasArg(OPT_cpu) &&
      !resolveVariants(compile.triple, compile.cpus, variants, why))
    error("'--cpu': " + why);
}

/// What `--target` takes that names a kind of device, and what it cannot do.
void CommandLine::readDevice(const KernelTarget &target) {
  CompileOptions &compile = options.compile;
  const std::string asked = "'--target=" + compile.triple + "'";
  if (args.hasArg(OPT_cpu))
    error("'--cpu' names CPUs; " + asked + " takes '--chip'");
  if (!options.bench.threads.empty())
    error("'--threads=' counts threads of this machine; leave out " + asked);
  if (options.calibrate)
    error("'--calibrate' measures CPUs; leave out " + asked);
  if (options.emit == EmitKind::Linalg)
    error("'--emit=linalg' knows no target; leave out " + asked);
  if (const llvm::opt::Arg *arg = args.getLastArg(OPT_chip)) {
    llvm::SmallVector<StringRef> names;
    StringRef(arg->getValue()).split(names, ',');
    compile.cpus.assign(names.begin(), names.end());
  }
  std::string why;
  std::vector<CpuVariant> chips;
  if (!target.resolve(compile.triple, compile.cpus, chips, why))
    return error("'--chip': " + why);
  if (options.emit == EmitKind::Device) {
    checkDeviceCode(target.device());
    const StringRef code = args.getLastArg(OPT_emit)->getValue();
    if (chips.size() > 1 && code == target.device()->code)
      error("'--emit=" + code +
            "' is the code of one chip; choose one with '--chip'");
  }
  if (target.device()->hasRuntime())
    return readAssembler(target);
  checkNoRuntime(asked);
  compile.assembler = target.findAssembler();
}

/// What a device without a runtime cannot do: layers are never called there.
void CommandLine::checkNoRuntime(const std::string &asked) {
  const std::string none = ", and there is no runtime for " + asked + " yet";
  if (info.command == Command::Check || info.command == Command::Bench)
    error(std::string("'eqc ") + info.name + "' runs layers" + none);
  for (llvm::opt::OptSpecifier option : {OPT_ptxas, OPT_no_ptx})
    if (const llvm::opt::Arg *arg = args.getLastArg(option))
      error("'" + arg->getOption().getPrefixedName().rtrim('=').str() +
            "' is about cubins; leave out " + asked);
  const bool needsHost =
      options.emit == EmitKind::Asm || options.emit == EmitKind::LLVM ||
      options.emit == EmitKind::Shared || options.emit == EmitKind::Header;
  if (needsHost)
    error(StringRef("'--emit=") + args.getLastArg(OPT_emit)->getValue() +
          "' is about code of the host" + none +
          "; '--emit=obj' writes the kernels alone");
  if (options.header || options.fortran)
    error(StringRef(options.header ? "'--header'" : "'--fortran'").str() +
          " declares functions of the host" + none);
}

/// Cubins are left out where there is no assembler, unless they are asked for.
void CommandLine::readAssembler(const KernelTarget &target) {
  CompileOptions &compile = options.compile;
  const llvm::opt::Arg *named = args.getLastArg(OPT_ptxas);
  compile.keepsText = !args.hasArg(OPT_no_ptx);
  compile.needsAssembled = named || !compile.keepsText;
  compile.assembler = named ? named->getValue() : target.findAssembler();
  const bool hasImages =
      options.emit == EmitKind::Obj || options.emit == EmitKind::Asm ||
      options.emit == EmitKind::LLVM || options.emit == EmitKind::Shared;
  if (!hasImages && compile.needsAssembled)
    error("'" + StringRef(compile.keepsText ? "--ptxas" : "--no-ptx").str() +
          "' is about what objects hold, and '--emit' writes no object");
  if (named && !llvm::sys::fs::can_execute(compile.assembler))
    error("'--ptxas': '" + printable(compile.assembler) +
          "' is no program that can be run");
  else if (compile.assembler.empty() && !compile.keepsText)
    error("'--no-ptx' keeps cubins alone, and there is no ptxas to make them, "
          "in $CUDA_PATH/bin or on the search path; name one with "
          "'--ptxas=FILE'");
}

/// `--emit` may ask for the code of another kind of device.
void CommandLine::checkDeviceCode(const Device *device) {
  const StringRef code = args.getLastArg(OPT_emit)->getValue();
  if (!device || device->code != code)
    error("'--emit=" + code + "' is code for GPUs and needs " +
          deviceOptions(code));
}

void CommandLine::readTarget() {
  CompileOptions &compile = options.compile;
  if (const llvm::opt::Arg *arg = args.getLastArg(OPT_target))
    compile.triple = arg->getValue();
  const KernelTarget &target = kernelTargetOf(compile.triple);
  if (target.device())
    return readDevice(target);
  if (args.hasArg(OPT_chip))
    error("'--chip' names GPUs and needs " + deviceOptions());
  for (llvm::opt::OptSpecifier option : {OPT_ptxas, OPT_no_ptx})
    if (const llvm::opt::Arg *arg = args.getLastArg(option))
      error("'" + arg->getOption().getPrefixedName().rtrim('=').str() +
            "' is about code for GPUs and needs " +
            deviceOptions("", /*needsRuntime=*/true));
  if (options.emit == EmitKind::Device)
    checkDeviceCode(nullptr);
  if (const llvm::opt::Arg *arg = args.getLastArg(OPT_cpu)) {
    llvm::SmallVector<StringRef> names;
    StringRef(arg->getValue()).split(names, ',');
    compile.cpus.assign(names.begin(), names.end());
  }
  checkTarget();
  if (options.emit == EmitKind::Shared && !isHostTarget(compile.triple))
    error("'--emit=shared' takes this machine's target only, since the library "
          "carries this machine's runtime; link the object of '--emit=obj' "
          "instead");
}

void CommandLine::readGradients() {
  // `bench` compiles gradients to measure them.
  options.bench.backward = args.hasArg(OPT_backward);
  options.compile.gradients =
      info.command == Command::Bench
          ? options.bench.backward
          : args.hasFlag(OPT_grad, OPT_no_grad, /*Default=*/true);
}

/// What is measured must run here.
void CommandLine::readTune() {
  const CompileOptions &compile = options.compile;
  options.tune = args.hasArg(OPT_tune);
  if (!options.tune)
    return;
  if (args.hasArg(OPT_suite, OPT_suite_names, OPT_calibrate))
    return error("'--tune' is for the layers of a file");
  if (!isHostTarget(compile.triple))
    return error("'--tune' measures on this machine, which '--target=" +
                 printable(compile.triple) + "' is not; leave out one of them");
  std::vector<CpuVariant> variants;
  std::string why;
  if (!errors.empty() ||
      !resolveVariants(compile.triple, compile.cpus, variants, why))
    return;
  if (!hostVariant(variants))
    error("'--tune' measures on this machine, which can run none of the CPUs "
          "compiled for; add one that it can, or '--cpu=native' alone");
}

void CommandLine::readThreadCounts() {
  const llvm::opt::Arg *arg = args.getLastArg(OPT_thread_counts);
  if (!arg)
    return;
  llvm::SmallVector<StringRef> counts;
  StringRef(arg->getValue()).split(counts, ',');
  for (StringRef text : counts) {
    unsigned count = 0;
    if (!llvm::all_of(text, llvm::isDigit) || text.getAsInteger(10, count) ||
        count < 1 || count > 1024)
      return error("'--threads=' takes whole numbers from 1 to 1024, not '" +
                   printable(text) + "'");
    options.bench.threads.push_back(int(count));
  }
}

void CommandLine::readBench() {
  uint64_t batch = 0, n = 0;
  readNumber(OPT_batch, 1, batch);
  readNumber(OPT_size, 1, n);
  options.bench.batch = int64_t(batch);
  // `bench` times what a program would be compiled to.
  if (info.command != Command::Bench)
    options.compile.batch = int64_t(batch);
  options.bench.n = int64_t(n);
  readThreadCounts();
  if (const llvm::opt::Arg *arg = args.getLastArg(OPT_min_time)) {
    double seconds = 0;
    StringRef text = arg->getValue();
    if (text.getAsDouble(seconds) || !(seconds > 0 && seconds <= 3600))
      error("'--min-time' takes seconds, above 0 and up to 3600, not '" +
            printable(text) + "'");
    else
      options.bench.seconds = seconds;
  } else if (options.calibrate) {
    // Many short measurements.
    options.bench.seconds = 0.1;
  }
  if (const llvm::opt::Arg *arg = args.getLastArg(OPT_json)) {
    options.benchJson = arg->getValue();
    if (options.benchJson->empty())
      error("'--json' needs a path, or '-'");
  }
  if (args.hasArg(OPT_suite, OPT_suite_names)) {
    options.suite.emplace();
    if (const llvm::opt::Arg *arg = args.getLastArg(OPT_suite_names)) {
      llvm::SmallVector<StringRef> names;
      StringRef(arg->getValue()).split(names, ',');
      options.suite->assign(names.begin(), names.end());
    }
  }
}

void CommandLine::readTimeLimit() {
  const llvm::opt::Arg *arg = args.getLastArg(OPT_time_limit);
  if (!arg)
    return;
  double seconds = 0;
  const StringRef text = arg->getValue();
  if (text.getAsDouble(seconds) || !(seconds > 0 && seconds <= 1e6))
    error("'--time-limit' takes seconds, above 0 and up to 1000000, not '" +
          printable(text) + "'");
  options.timeLimit = seconds;
}

std::variant<Options, EarlyExit> CommandLine::parse() {
  checkNames();
  if (errors.empty() && args.hasArg(OPT_help))
    return EarlyExit{0, commandHelp(info), ""};
  readInput();
  readPaths();
  readChoice<EmitKind>(OPT_emit, emitChoices(), options.emit);
  readChoice<PlanKind>(OPT_plan, planChoices, options.compile.plan);
  readChoice<bool>(OPT_diagnostics, diagnosticsChoices, options.json);
  readNumber(OPT_max_diagrams, 1, options.frontend.maxDiagrams);
  readNumber(OPT_max_source_bytes, 1, options.frontend.maxSourceBytes);
  readNumber(OPT_seed, 0, options.seed);
  readTimeLimit();
  readBench();
  readOptLevel();
  readTarget();
  readGradients();
  readTune();
  options.compile.threads =
      args.hasFlag(OPT_threads, OPT_no_threads, /*Default=*/true);
  options.compile.ragged = args.hasArg(OPT_ragged);
  options.formatCheck = args.hasArg(OPT_format_check);
  options.explainJson = args.hasArg(OPT_explain_json);
  options.drawPlan = args.hasArg(OPT_draw_plan, OPT_plan);
  options.drawPages = args.hasArg(OPT_pages);
  if (options.drawPlan && options.drawPages)
    error("'--pages' are of diagrams; leave out '--plan'");
  options.time = args.hasArg(OPT_time);
  options.progress = args.hasArg(OPT_progress);
  options.compile.networkOnly = args.hasArg(OPT_network_only);
  options.frontend.ragged = options.compile.ragged;
  if (options.compile.ragged && kernelTargetOf(options.compile.triple).device())
    error("'--ragged' is not built yet for '--target=" +
          options.compile.triple + "'");
  if (!errors.empty())
    return EarlyExit{2, "", errors};
  return options;
}

static EarlyExit unknownCommand(StringRef word) {
  std::vector<StringRef> names;
  for (const CommandInfo &info : commandTable())
    names.push_back(info.name);
  std::string hint;
  if (std::optional<StringRef> near = closestWord(word, names))
    hint = ("; did you mean '" + *near + "'?").str();
  else if (word.ends_with(".eq"))
    hint = "; to compile a file: eqc compile " + printable(word);
  const char *what = word.starts_with("-") ? "option" : "command";
  return {2, "",
          "eqc: error: unknown " + std::string(what) + " '" + printable(word) +
              "'" + hint + "\n" + shortUsage()};
}

std::variant<Options, EarlyExit>
eqc::parseCommandLine(llvm::ArrayRef<const char *> given) {
  llvm::BumpPtrAllocator storage;
  llvm::SmallVector<const char *> args(given.begin(), given.end());
  llvm::cl::ExpansionContext expansion(storage,
                                       llvm::cl::TokenizeGNUCommandLine);
  if (llvm::Error error = expansion.expandResponseFiles(args))
    return EarlyExit{2, "",
                     "eqc: error: response file: " +
                         printable(toString(std::move(error))) + "\n"};
  if (args.empty())
    return EarlyExit{2, "", "eqc: error: no command\n" + shortUsage()};

  StringRef word = args.front();
  if (word == "--help" || word == "-h")
    return EarlyExit{0, generalHelp(), ""};
  if (word == "--version")
    return EarlyExit{0, versionText(), ""};
  for (const CommandInfo &info : commandTable())
    if (word == info.name)
      return CommandLine(info, llvm::ArrayRef(args).drop_front()).parse();
  return unknownCommand(word);
}
