//===- Parser.cpp - From PTX to a module ----------------------------------===//

#include "compiler/Check/Ptx/Parser.h"
#include "compiler/Check/Ptx/BodyParser.h"

#include <algorithm>

using namespace eqc::ptx;

namespace {

std::string_view trim(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t\r");
  if (first == line.npos)
    return {};
  return line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

std::vector<std::string> trimmedLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

class ModuleParser {
public:
  ModuleParser(std::vector<Token> list, Module &module, Error &error)
      : tokens(std::move(list), error), module(module) {}

  bool parse() {
    while (!tokens.atEnd())
      if (!parseElement())
        return false;
    return finish();
  }

private:
  bool parseElement();
  bool parseHeader(std::string_view directive);
  bool parseModuleVariable(Space space, bool isExtern);
  bool parseInitial(Variable &variable, unsigned elementBytes);
  bool parseFunction(bool isKernel);
  bool parseParameters(Function &function, FunctionBuilder &builder,
                       std::vector<Parameter> &list);
  bool parsePerformance(Function &function);
  bool finish();
  bool resolveCall(Function &caller, const Pending &call);

  TokenStream tokens;
  Module &module;
  FunctionBuilder::Names variables;
  PendingCalls calls;
};

bool ModuleParser::parseElement() {
  const Token token = tokens.take();
  if (token.text == ".visible" || token.text == ".weak" ||
      token.text == ".common")
    return true;
  const bool isExtern = token.text == ".extern";
  const std::string_view word = isExtern ? tokens.take().text : token.text;
  if (word == ".entry" || word == ".func")
    return parseFunction(word == ".entry");
  if (word == ".global")
    return parseModuleVariable(Space::Global, isExtern);
  if (word == ".shared")
    return parseModuleVariable(Space::Shared, isExtern);
  if (word == ".const")
    return parseModuleVariable(Space::Const, isExtern);
  if (!isExtern)
    return parseHeader(word);
  return tokens.unsupported(word);
}

bool ModuleParser::parseHeader(std::string_view directive) {
  uint64_t number = 0;
  if (directive == ".version") {
    tokens.take();
    return true;
  }
  if (directive == ".target") {
    std::string_view option;
    if (!tokens.name(option))
      return false;
    module.target = option;
    while (tokens.trySign(','))
      if (!tokens.name(option))
        return false;
    return true;
  }
  if (directive == ".address_size")
    return tokens.number(number) &&
           (number == 64 || tokens.unsupported("addresses of 32 bits"));
  if (directive == ".pragma") {
    tokens.take();
    return tokens.sign(';');
  }
  if (directive == ".file")
    return tokens.number(number) &&
           (tokens.take().kind == Token::Kind::String ||
            tokens.fail("expected the name of a file"));
  return tokens.unsupported(directive);
}

bool ModuleParser::parseModuleVariable(Space space, bool isExtern) {
  // The type comes last before the name; its size is that of initial values.
  size_t ahead = 0;
  while (tokens.peek(ahead).text[0] == '.' ||
         tokens.peek(ahead).kind == Token::Kind::Number)
    ++ahead;
  const unsigned elementBytes =
      ahead == 0 ? 0 : widthOf(tokens.peek(ahead - 1).text) / 8U;
  Variable variable;
  variable.space = space;
  if (!parseVariable(tokens, variable))
    return false;
  if (isExtern && space != Space::Shared)
    return tokens.unsupported("variables of other modules");
  variable.dynamic = isExtern;
  if (isExtern && variable.bytes != 0)
    return tokens.unsupported(".extern .shared of a fixed size");
  if (space != Space::Shared)
    variable.initial.assign(variable.bytes, 0);
  if (tokens.trySign('=') && !parseInitial(variable, elementBytes))
    return false;
  const std::string name = variable.name;
  if (!variables.emplace(name, placeVariable(module, std::move(variable)))
           .second)
    return tokens.fail(fmt::format("second declaration of '{}'", name));
  return tokens.sign(';');
}

/// `{1, 2, name, generic(name)}` or one of them; what is left out is zero.
bool ModuleParser::parseInitial(Variable &variable, unsigned elementBytes) {
  if (variable.space == Space::Shared)
    return tokens.unsupported("initial values of shared memory");
  const bool isList = tokens.trySign('{');
  uint64_t at = 0;
  do {
    uint64_t value = 0;
    if (tokens.peek().kind == Token::Kind::Word) {
      const bool isGeneric = tokens.tryWord("generic");
      std::string_view name;
      if ((isGeneric && !tokens.sign('(')) || !tokens.name(name))
        return false;
      auto known = variables.find(name);
      if (known == variables.end())
        return tokens.fail(fmt::format("unknown name '{}'", name));
      const Variable &other = module.variables[known->second];
      value = other.address + (isGeneric ? windowOf(other.space) : 0);
      uint64_t offset = 0;
      if ((isGeneric && !tokens.sign(')')) ||
          (tokens.trySign('+') && !tokens.number(offset)))
        return false;
      value += offset;
      if (elementBytes != 8)
        return tokens.unsupported("addresses in parts");
    } else if (!tokens.number(value)) {
      return false;
    }
    if (at + elementBytes > variable.bytes)
      return tokens.fail("more values than elements");
    for (unsigned byte = 0; byte < elementBytes; ++byte)
      variable.initial[at + byte] = uint8_t(value >> (8 * byte));
    at += elementBytes;
  } while (isList && tokens.trySign(','));
  return !isList || tokens.sign('}');
}

bool ModuleParser::parseParameters(Function &function, FunctionBuilder &builder,
                                   std::vector<Parameter> &list) {
  if (tokens.trySign(')'))
    return true;
  do {
    if (!tokens.tryWord(".param"))
      return tokens.unsupported(tokens.peek().text);
    Variable variable;
    uint64_t pointerAlignment = 1;
    if (!parseVariable(tokens, variable, &pointerAlignment))
      return false;
    const std::string name = variable.name;
    if (!builder.declareParam(std::move(variable)))
      return tokens.fail(fmt::format("second declaration of '{}'", name));
    const Variable &placed = function.paramVariables.back();
    list.push_back({name, placed.address, placed.bytes, pointerAlignment});
  } while (tokens.trySign(','));
  return tokens.sign(')');
}

/// Bounds of the sizes that a kernel is launched with.
bool ModuleParser::parsePerformance(Function &function) {
  while (!tokens.peek().isSign('{') && !tokens.peek().isSign(';')) {
    const Token directive = tokens.take();
    if (directive.text == ".noreturn")
      continue;
    const std::string_view word = directive.text;
    if (word != ".maxntid" && word != ".reqntid" && word != ".minnctapersm" &&
        word != ".maxnreg")
      return tokens.fail(fmt::format("'{}' is not supported", word),
                         Error::Kind::Unsupported, directive.line);
    uint64_t sizes[3] = {1, 1, 1};
    size_t count = 0;
    do {
      if (count == 3)
        return tokens.fail("more than three sizes");
      if (!tokens.number(sizes[count++]))
        return false;
    } while (tokens.trySign(','));
    const Dim3 threads{uint32_t(sizes[0]), uint32_t(sizes[1]),
                       uint32_t(sizes[2])};
    if (word == ".maxntid")
      function.maxThreads = threads;
    else if (word == ".reqntid")
      function.requiredThreads = threads;
  }
  return true;
}

bool ModuleParser::parseFunction(bool isKernel) {
  Function parsed;
  parsed.isKernel = isKernel;
  parsed.line = tokens.peek().line;
  FunctionBuilder builder(module, parsed, variables);
  // Parameters of a kernel come first: their offsets are those of a launch.
  if (!isKernel && tokens.trySign('(') &&
      !parseParameters(parsed, builder, parsed.results))
    return false;
  std::string_view name;
  if (!tokens.name(name))
    return false;
  parsed.name = name;
  tokens.problem().function = name;
  if (tokens.trySign('(') &&
      !parseParameters(parsed, builder, parsed.parameters))
    return false;
  parsed.parameterBytes = parsed.paramSpaceBytes;
  if (!parsePerformance(parsed))
    return false;
  if (!tokens.trySign(';')) {
    parsed.hasBody = true;
    if (!BodyParser(tokens, builder, calls).parse())
      return false;
  }
  tokens.problem().function.clear();

  auto known = std::find_if(
      module.functions.begin(), module.functions.end(),
      [&](const Function &other) { return other.name == parsed.name; });
  if (known != module.functions.end() && known->hasBody)
    return tokens.fail(fmt::format("second function '{}'", name));
  // A prototype makes room for what is defined later.
  if (known != module.functions.end())
    *known = std::move(parsed);
  else
    module.functions.push_back(std::move(parsed));
  return true;
}

bool ModuleParser::resolveCall(Function &caller, const Pending &call) {
  auto callee = std::find_if(
      module.functions.begin(), module.functions.end(),
      [&](const Function &other) { return other.name == call.name; });
  if (callee == module.functions.end() || !callee->hasBody || callee->isKernel)
    return tokens.fail(
        fmt::format("call of '{}', which is not in this file", call.name),
        Error::Kind::Unsupported, call.line);
  const Instruction &instruction = caller.code[call.instruction];
  CallSite &site = caller.calls[size_t(instruction.value)];
  site.callee = uint32_t(callee - module.functions.begin());
  if (site.arguments.size() != callee->parameters.size() ||
      site.results.size() != callee->results.size())
    return tokens.fail(fmt::format("'{}' has {} parameters and {} results",
                                   call.name, callee->parameters.size(),
                                   callee->results.size()),
                       Error::Kind::Syntax, call.line);
  bool fits = true;
  for (size_t n = 0; n < site.arguments.size(); ++n) {
    site.arguments[n].to = callee->parameters[n].offset;
    fits &= site.arguments[n].bytes == callee->parameters[n].bytes;
  }
  for (size_t n = 0; n < site.results.size(); ++n) {
    site.results[n].from = callee->results[n].offset;
    fits &= site.results[n].bytes == callee->results[n].bytes;
  }
  return fits || tokens.fail(fmt::format("'{}' has parameters of other sizes",
                                         call.name),
                             Error::Kind::Syntax, call.line);
}

bool ModuleParser::finish() {
  for (const auto &[caller, call] : calls)
    for (Function &function : module.functions)
      if (function.name == caller && !resolveCall(function, call)) {
        tokens.problem().function = caller;
        return false;
      }
  uint32_t instructions = 0;
  for (Function &function : module.functions) {
    function.firstInstruction = instructions;
    for (Instruction &instruction : function.code)
      instruction.index = instructions++;
  }
  return true;
}

} // namespace

std::optional<Module> eqc::ptx::parse(std::string_view text, Error &error) {
  error = Error();
  Module module;
  module.lines = trimmedLines(text);
  std::optional<std::vector<Token>> tokens = lex(text, error);
  if (tokens && ModuleParser(std::move(*tokens), module, error).parse())
    return module;
  error.source = module.lineText(error.line);
  return std::nullopt;
}

std::string eqc::ptx::withoutLine(std::string_view text, unsigned line) {
  std::string result;
  for (unsigned n = 1; !text.empty(); ++n) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (n != line)
      result += text.substr(0, end);
    result += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::vector<unsigned> eqc::ptx::linesWith(std::string_view text,
                                          std::string_view word) {
  std::vector<unsigned> found;
  const std::vector<std::string> lines = trimmedLines(text);
  for (size_t n = 0; n < lines.size(); ++n)
    if (lines[n].compare(0, word.size(), word) == 0)
      found.push_back(unsigned(n + 1));
  return found;
}
