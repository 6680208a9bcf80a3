//===- EntryBuilder.h - Constants and functions of entry points -*- C++ -*-===//
//
// What C functions of layers are written with, in the LLVM dialect: the
// runtime's structs as constants, and arithmetic on numbers of 64 bits.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LOWERING_ENTRY_ENTRYBUILDER_H
#define EQC_LOWERING_ENTRY_ENTRYBUILDER_H

#include "compiler/Plan/Poly.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include "llvm/ADT/StringMap.h"

#include <string>
#include <vector>

namespace eqc {

/// A constant field of a struct.
struct EntryConstant {
  enum class Kind {
    Word,    ///< uint32_t
    Number,  ///< int64_t
    Address, ///< of a symbol, or null where that has no name
    Struct,
  };
  Kind kind = Kind::Address;
  int64_t number = 0;
  std::string symbol;
  std::vector<EntryConstant> fields;

  static EntryConstant ofWord(int64_t value);
  static EntryConstant ofNumber(int64_t value);
  static EntryConstant ofAddress(std::string symbol);
  static EntryConstant ofStruct(std::vector<EntryConstant> fields);
  static EntryConstant none() { return {}; }

  /// Structs of the runtime are words, then fields of eight bytes.
  int64_t bytes() const;
};

class EntryBuilder {
public:
  explicit EntryBuilder(mlir::ModuleOp module);

  mlir::ImplicitLocOpBuilder &op() { return b; }
  mlir::Type i64() { return b.getI64Type(); }
  mlir::Type pointer();

  //===--------------------------------------------------------------------===//
  // Constants of the module
  //===--------------------------------------------------------------------===//

  /// A text, one for all that are the same.
  EntryConstant text(llvm::StringRef value);
  EntryConstant addConstant(const std::string &name,
                            const EntryConstant &value);
  EntryConstant addTable(const std::string &name,
                         const std::vector<EntryConstant> &entries);
  /// A struct whose first field is its own size, of so many bytes.
  EntryConstant addSized(const std::string &name,
                         std::vector<EntryConstant> fields, size_t expected);
  /// Bytes, aligned to 8, with a zero behind them.
  EntryConstant addBytes(const std::string &name, llvm::StringRef bytes);
  /// A number that may change.
  EntryConstant addVariable(const std::string &name);

  //===--------------------------------------------------------------------===//
  // Functions
  //===--------------------------------------------------------------------===//

  mlir::LLVM::LLVMFuncOp declare(llvm::StringRef name, mlir::Type result,
                                 llvm::ArrayRef<mlir::Type> arguments);
  /// The builder is left at its start.
  mlir::LLVM::LLVMFuncOp addFunction(llvm::StringRef name, mlir::Type result,
                                     llvm::ArrayRef<mlir::Type> arguments,
                                     mlir::LLVM::Linkage linkage);

  /// An exported function that returns what `callee` of the runtime does. It
  /// hands on what it takes, after a record and, where `callee` takes an n that
  /// it does not, -1; `passed` is all of this. Where it takes several sizes
  /// first, `callee` has their address for n.
  void addForwarder(llvm::StringRef name, llvm::StringRef callee,
                    mlir::Type result, llvm::ArrayRef<mlir::Type> taken,
                    llvm::ArrayRef<mlir::Type> passed,
                    const EntryConstant &record, int sizes = 0);

  //===--------------------------------------------------------------------===//
  // Values of the function at hand
  //===--------------------------------------------------------------------===//

  mlir::Value number(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value c);
  mlir::Value multiply(mlir::Value a, mlir::Value c);
  mlir::Value divide(mlir::Value a, int64_t by);
  mlir::Value bitAnd(mlir::Value a, int64_t mask);
  mlir::Value smaller(mlir::Value a, mlir::Value c);
  mlir::Value larger(mlir::Value a, mlir::Value c);
  mlir::Value address(const EntryConstant &constant);
  /// `poly` at sizes, of which there is at least one.
  mlir::Value evaluate(const Poly &poly, llvm::ArrayRef<mlir::Value> sizes);
  /// The address of number `i` of those at an address, and the number.
  mlir::Value placeOf(mlir::Value address, int32_t i);
  mlir::Value load(mlir::Value address, int32_t i);

private:
  /// The address, as a number, of a list of these on the stack.
  mlir::Value storeNumbers(mlir::ValueRange numbers);
  mlir::Type typeOf(const EntryConstant &constant);
  mlir::Value materialize(const EntryConstant &constant);
  mlir::LLVM::GlobalOp addGlobal(const std::string &name, mlir::Type type,
                                 bool isConstant);

  mlir::ModuleOp module;
  mlir::ImplicitLocOpBuilder b;
  llvm::StringMap<std::string> texts; ///< the symbol of each
  llvm::StringMap<mlir::LLVM::LLVMFuncOp> declared;
};

} // namespace eqc

#endif // EQC_LOWERING_ENTRY_ENTRYBUILDER_H
