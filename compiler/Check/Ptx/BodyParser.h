//===- BodyParser.h - Bodies and declarations -------------------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_BODYPARSER_H
#define EQC_CHECK_PTX_BODYPARSER_H

#include "compiler/Check/Ptx/Statement.h"
#include "compiler/Check/Ptx/TokenStream.h"

namespace eqc::ptx {

/// `.align 8 .b8 name[16]`, of variables and parameters.
bool parseVariable(TokenStream &tokens, Variable &variable,
                   uint64_t *pointerAlignment = nullptr);

/// Adds a variable to the module, at an address that is a multiple of what it
/// asks for and of nothing more: code that counts on more is found out. There
/// is space between variables, so that what runs over the end of one hits none.
uint32_t placeVariable(Module &module, Variable variable);

/// Bits of a register of this type (`.b32`, `.pred`); 0: no such type.
uint8_t widthOf(std::string_view type);

/// Calls, each with the function that it stands in.
using PendingCalls = std::vector<std::pair<std::string, Pending>>;

/// `{ .. }` of a function. Calls are left to be looked up.
class BodyParser {
public:
  BodyParser(TokenStream &tokens, FunctionBuilder &builder, PendingCalls &calls)
      : tokens(tokens), builder(builder), calls(calls), decoder(builder) {}

  bool parse();

private:
  using Labels = std::map<std::string, uint32_t, std::less<>>;

  bool parseElement();
  bool parseDirective();
  bool parseRegisters();
  bool parseLabel();
  bool parseStatement();
  bool parseOperand(Operand &operand);
  bool parseElements(char end, Operand &operand);
  bool resolveLabels();

  TokenStream &tokens;
  FunctionBuilder &builder;
  PendingCalls &calls;
  Decoder decoder;
  Labels labels;
  std::map<std::string, std::vector<std::string>, std::less<>> targetLists;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_BODYPARSER_H
