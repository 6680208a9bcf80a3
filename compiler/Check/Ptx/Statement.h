//===- Statement.h - An instruction as it is written ------------*- C++ -*-===//

#ifndef EQC_CHECK_PTX_STATEMENT_H
#define EQC_CHECK_PTX_STATEMENT_H

#include "compiler/Check/Ptx/FunctionBuilder.h"

namespace eqc::ptx {

struct Operand {
  enum class Kind {
    Name,    ///< a register, variable, label or function
    Number,  ///< `value`: bits of an integer or a float
    Address, ///< [name + value] or [value]
    Vector,  ///< {a, b, ..}
    List,    ///< (a, b, ..), of calls
    Sink,    ///< _
  };
  Kind kind = Kind::Name;
  std::string_view name;
  uint64_t value = 0;
  bool isFloat = false;      ///< a number such as 0f3F800000 or 0d..
  std::string_view alsoName; ///< q of `p|q`
  std::vector<Operand> elements;
};

struct Statement {
  unsigned line = 0;
  std::string_view opcode;
  std::string_view guard; ///< empty: none
  bool guardNegated = false;
  std::vector<Operand> operands;
};

/// A name that is known only at the end of a function or file.
struct Pending {
  unsigned line;
  std::string name;
  uint32_t instruction; ///< of the function
};

/// What is wrong with a statement.
struct Fault {
  Error::Kind kind;
  std::string text;
};

/// Makes instructions of statements.
class Decoder {
public:
  explicit Decoder(FunctionBuilder &builder) : builder(builder) {}

  /// Adds the instruction of a statement to the function.
  std::optional<Fault> decode(const Statement &statement);

  /// Branches whose labels, and calls whose functions are looked up later.
  std::vector<Pending> branches, tables, calls;

private:
  using Result = std::optional<Fault>;

  Result decodeOpcode(Instruction &i);
  Result decodeComputation(Instruction &i, std::string_view opcode);
  Result decodeMove(Instruction &i, uint8_t width);
  Result decodePack(Instruction &i, uint8_t width);
  Result decodeMemory(Instruction &i, bool load);
  Result decodeAsync(Instruction &i);
  Result decodeAddressConversion(Instruction &i);
  Result decodeBranch(Instruction &i);
  Result decodeCall(Instruction &i);
  Result decodeBarrier(Instruction &i);
  Result decodeClusterBarrier(Instruction &i);
  Result decodeMap(Instruction &i);
  /// Where the opcode stands in a list of modes.
  template <size_t N>
  Result modeOf(const std::string_view (&modes)[N], uint8_t &mode) const;
  Result decodeShuffle(Instruction &i);
  Result decodeVote(Instruction &i);

  Result expect(size_t operands);
  /// The slot of a source: a constant, or a register of that width (or, for
  /// conversions, a wider one).
  Result source(const Operand &operand, unsigned width, uint32_t &slot,
                bool mayBeWider = false);
  Result destination(const Operand &operand, unsigned width, uint32_t &slot);
  Result registerOf(std::string_view name, Register &result);
  /// [name + offset] into `base` and `offset`.
  Result address(const Operand &operand, Space space, uint32_t &base,
                 int64_t &offset);

  FunctionBuilder &builder;
  const Statement *statement = nullptr;
};

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_STATEMENT_H
