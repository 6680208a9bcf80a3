//===- FunctionBuilder.h - Names of a body become slots ---------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_FUNCTIONBUILDER_H
#define EQC_CHECK_PTX_FUNCTIONBUILDER_H

#include "compiler/Check/Ptx/Module.h"

#include <map>
#include <set>

namespace eqc::ptx {

/// A register of a function.
struct Register {
  uint32_t slot = 0;
  uint8_t width = 0;      ///< in bits; a predicate has 1
  bool isSpecial = false; ///< of the machine, and cannot be written
};

/// What is declared while a body is read, by scopes, and its slots.
class FunctionBuilder {
public:
  using Names = std::map<std::string, uint32_t, std::less<>>;

  /// `globals` are indices of the module's own variables by their names.
  FunctionBuilder(Module &module, Function &function, const Names &globals);

  void pushScope() { scopes.emplace_back(); }
  void popScope() { scopes.pop_back(); }
  size_t depth() const { return scopes.size(); }

  // Declarations in the innermost scope; false: the name is taken.
  bool declareRegister(std::string_view name, uint8_t width);
  /// `prefix`0 to `prefix`(count - 1).
  bool declareRegisters(std::string_view prefix, uint8_t width, uint64_t count);
  bool declareVariable(std::string_view name, uint32_t variable);
  /// An array in the function's parameter space.
  bool declareParam(Variable variable);

  std::optional<Register> findRegister(std::string_view name);
  /// A variable that is not in parameter space, of a scope or the module.
  const Variable *findVariable(std::string_view name);
  const Variable *findParam(std::string_view name) const;

  uint32_t constant(uint64_t bits);
  /// A slot that is written and never read, for `_`.
  uint32_t sink();
  uint32_t addList(const std::vector<uint32_t> &slots);

  Module &module;
  Function &function;

private:
  struct Scope {
    std::map<std::string, Register, std::less<>> registers;
    std::map<std::string, std::pair<uint8_t, uint64_t>, std::less<>> ranges;
    Names variables, params;
  };

  uint32_t newSlot(uint64_t bits);
  std::optional<Register> findSpecial(std::string_view name);

  const Names &globals;
  std::vector<Scope> scopes;
  std::map<uint64_t, uint32_t> constants;
  std::map<std::string, Register, std::less<>> specials;
  std::set<uint32_t> namedShared;
  std::optional<uint32_t> sinkSlot;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_FUNCTIONBUILDER_H
