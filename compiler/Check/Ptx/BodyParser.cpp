//===- BodyParser.cpp - Bodies and declarations ---------------------------===//

#include "compiler/Check/Ptx/BodyParser.h"

using namespace eqc::ptx;

namespace {

std::optional<Space> spaceOfDirective(std::string_view word) {
  if (word == ".local")
    return Space::Local;
  if (word == ".shared")
    return Space::Shared;
  if (word == ".const")
    return Space::Const;
  if (word == ".global")
    return Space::Global;
  if (word == ".param")
    return Space::Param;
  return std::nullopt;
}

} // namespace

uint8_t eqc::ptx::widthOf(std::string_view type) {
  if (type == ".pred")
    return 1;
  if (type.size() < 3 || std::string_view("busf").find(type[1]) == type.npos)
    return 0;
  const std::string_view bits = type.substr(2);
  return bits == "8"    ? 8
         : bits == "16" ? 16
         : bits == "32" ? 32
         : bits == "64" ? 64
                        : 0;
}

bool eqc::ptx::parseVariable(TokenStream &tokens, Variable &variable,
                             uint64_t *pointerAlignment) {
  uint64_t alignment = 0;
  uint8_t width = 0;
  bool isPointer = false;
  while (tokens.peek().kind == Token::Kind::Word &&
         tokens.peek().text[0] == '.') {
    const std::string_view word = tokens.peek().text;
    const std::optional<Space> space = spaceOfDirective(word);
    if (word == ".align") {
      tokens.take();
      uint64_t number = 0;
      if (!tokens.number(number))
        return false;
      if (number == 0 || (number & (number - 1)) != 0 || number > 4096)
        return tokens.fail(fmt::format("alignment of {}", number));
      if (isPointer)
        *pointerAlignment = number;
      else
        alignment = number;
      continue;
    }
    if (word == ".ptr" && pointerAlignment) {
      isPointer = true;
    } else if (!(isPointer && space)) {
      if (width != 0 || (width = widthOf(word)) < 8)
        return tokens.unsupported(word);
    }
    tokens.take();
  }
  std::string_view name;
  if (width == 0)
    return tokens.fail("expected a type");
  if (!tokens.name(name))
    return false;
  variable.name = name;
  variable.bytes = width / 8;
  variable.alignment = alignment ? alignment : width / 8;
  if (tokens.trySign('[')) {
    uint64_t count = 0;
    if (!tokens.peek().isSign(']') && !tokens.number(count))
      return false;
    if (count > (uint64_t(1) << 28))
      return tokens.fail(fmt::format("array of {} elements", count));
    variable.bytes *= count;
    return tokens.sign(']');
  }
  return true;
}

uint32_t eqc::ptx::placeVariable(Module &module, Variable variable) {
  // Windows of dynamic shared memory overlap: all of it begins at one place.
  constexpr uint64_t kDynamicShared = uint64_t(1) << 24;
  uint64_t next = variable.space == Space::Global ? kModuleGlobals + 4096
                  : variable.dynamic              ? kDynamicShared
                                                  : 1024;
  if (!variable.dynamic)
    for (const Variable &other : module.variables)
      if (other.space == variable.space && !other.dynamic)
        next = std::max(next, other.address + other.bytes + 16);
  const uint64_t alignment = variable.alignment;
  uint64_t place = (next + alignment - 1) / alignment;
  place += place % 2 == 0;
  variable.address = place * alignment;
  module.variables.push_back(std::move(variable));
  return uint32_t(module.variables.size() - 1);
}

bool BodyParser::parse() {
  if (!tokens.sign('{'))
    return false;
  const size_t outer = builder.depth();
  builder.pushScope();
  while (builder.depth() > outer) {
    if (tokens.atEnd())
      return tokens.fail("function without end");
    if (tokens.trySign('{'))
      builder.pushScope();
    else if (tokens.trySign('}'))
      builder.popScope();
    else if (!parseElement())
      return false;
  }
  // A body that runs to its end returns.
  Statement end;
  end.line = tokens.peek().line;
  end.opcode = "ret";
  decoder.decode(end);
  if (!resolveLabels())
    return false;
  for (Pending &call : decoder.calls)
    calls.emplace_back(builder.function.name, std::move(call));
  return true;
}

bool BodyParser::parseElement() {
  const Token &token = tokens.peek();
  if (token.isSign('@'))
    return parseStatement();
  if (token.kind != Token::Kind::Word)
    return tokens.fail(fmt::format("unexpected '{}'", token.text));
  if (token.text[0] == '.')
    return parseDirective();
  return tokens.peek(1).isSign(':') ? parseLabel() : parseStatement();
}

bool BodyParser::parseDirective() {
  const Token directive = tokens.take();
  if (directive.text == ".reg")
    return parseRegisters();
  if (directive.text == ".loc") {
    // The rest of a line about sources.
    while (!tokens.atEnd() && tokens.peek().line == directive.line)
      tokens.take();
    return true;
  }
  if (directive.text == ".pragma") {
    tokens.take();
    return tokens.sign(';');
  }
  const std::optional<Space> space = spaceOfDirective(directive.text);
  if (!space || *space == Space::Global || *space == Space::Const)
    return tokens.unsupported(directive.text);
  Variable variable;
  variable.space = *space;
  if (!parseVariable(tokens, variable))
    return false;
  const std::string name = variable.name;
  const bool isNew =
      *space == Space::Param
          ? builder.declareParam(std::move(variable))
          : builder.declareVariable(
                name, placeVariable(builder.module, std::move(variable)));
  if (!isNew)
    return tokens.fail(fmt::format("second declaration of '{}'", name));
  return tokens.sign(';');
}

bool BodyParser::parseRegisters() {
  const Token type = tokens.take();
  const uint8_t width = widthOf(type.text);
  if (width == 0)
    return tokens.unsupported(type.text);
  do {
    std::string_view name;
    if (!tokens.name(name))
      return false;
    bool isNew = false;
    if (tokens.trySign('<')) {
      uint64_t count = 0;
      if (!tokens.number(count) || !tokens.sign('>'))
        return false;
      isNew = builder.declareRegisters(name, width, count);
    } else {
      isNew = builder.declareRegister(name, width);
    }
    if (!isNew)
      return tokens.fail(fmt::format("second declaration of '{}'", name));
  } while (tokens.trySign(','));
  return tokens.sign(';');
}

bool BodyParser::parseLabel() {
  const std::string label(tokens.take().text);
  tokens.take();
  if (tokens.tryWord(".branchtargets")) {
    std::vector<std::string> &targets = targetLists[label];
    do {
      std::string_view target;
      if (!tokens.name(target))
        return false;
      targets.emplace_back(target);
    } while (tokens.trySign(','));
    return tokens.sign(';');
  }
  if (!labels.emplace(label, uint32_t(builder.function.code.size())).second)
    return tokens.fail(fmt::format("second label '{}'", label));
  return true;
}

bool BodyParser::parseStatement() {
  Statement statement;
  if (tokens.trySign('@')) {
    statement.guardNegated = tokens.trySign('!');
    if (!tokens.name(statement.guard))
      return false;
  }
  statement.line = tokens.peek().line;
  if (!tokens.name(statement.opcode))
    return false;
  while (!tokens.peek().isSign(';')) {
    if (!statement.operands.empty() && !tokens.sign(','))
      return false;
    if (!parseOperand(statement.operands.emplace_back()))
      return false;
  }
  tokens.take();
  if (const std::optional<Fault> fault = decoder.decode(statement))
    return tokens.fail(fault->text, fault->kind, statement.line);
  return true;
}

bool BodyParser::parseElements(char end, Operand &operand) {
  while (!tokens.trySign(end)) {
    if (!operand.elements.empty() && !tokens.sign(','))
      return false;
    if (!parseOperand(operand.elements.emplace_back()))
      return false;
  }
  return true;
}

bool BodyParser::parseOperand(Operand &operand) {
  // What follows a name: `+4`, `-4` or `+-4`.
  auto parseOffset = [&](uint64_t &offset) {
    const bool plus = tokens.trySign('+');
    if (plus || tokens.peek().isSign('-'))
      return tokens.number(offset);
    return true;
  };
  if (tokens.trySign('{')) {
    operand.kind = Operand::Kind::Vector;
    return parseElements('}', operand);
  }
  if (tokens.trySign('(')) {
    operand.kind = Operand::Kind::List;
    return parseElements(')', operand);
  }
  if (tokens.trySign('[')) {
    operand.kind = Operand::Kind::Address;
    if (tokens.peek().kind == Token::Kind::Word) {
      if (!tokens.name(operand.name) || !parseOffset(operand.value))
        return false;
    } else if (!tokens.number(operand.value)) {
      return false;
    }
    return tokens.sign(']');
  }
  if (tokens.peek().kind != Token::Kind::Word) {
    operand.kind = Operand::Kind::Number;
    return tokens.number(operand.value, &operand.isFloat);
  }
  if (tokens.tryWord("_")) {
    operand.kind = Operand::Kind::Sink;
    return true;
  }
  if (!tokens.name(operand.name) || !parseOffset(operand.value))
    return false;
  return !tokens.trySign('|') || tokens.name(operand.alsoName);
}

bool BodyParser::resolveLabels() {
  auto find = [&](const std::string &label, unsigned line, uint32_t &target) {
    auto known = labels.find(label);
    if (known == labels.end())
      return tokens.fail(fmt::format("unknown label '{}'", label),
                         Error::Kind::Syntax, line);
    target = known->second;
    return true;
  };
  for (const Pending &branch : decoder.branches) {
    uint32_t target = 0;
    if (!find(branch.name, branch.line, target))
      return false;
    builder.function.code[branch.instruction].value = target;
  }
  for (const Pending &table : decoder.tables) {
    auto list = targetLists.find(table.name);
    if (list == targetLists.end())
      return tokens.fail(fmt::format("unknown targets '{}'", table.name),
                         Error::Kind::Syntax, table.line);
    std::vector<uint32_t> targets;
    for (const std::string &label : list->second)
      if (!find(label, table.line, targets.emplace_back()))
        return false;
    builder.function.code[table.instruction].value =
        int64_t(builder.function.tables.size());
    builder.function.tables.push_back(std::move(targets));
  }
  return true;
}
