//===- EntryBuilder.cpp - Constants and functions of entry points ---------===//

#include "compiler/Lowering/Entry/EntryBuilder.h"

using namespace eqc;
using namespace mlir;

EntryConstant EntryConstant::ofWord(int64_t value) {
  return {Kind::Word, value, "", {}};
}

EntryConstant EntryConstant::ofNumber(int64_t value) {
  return {Kind::Number, value, "", {}};
}

EntryConstant EntryConstant::ofAddress(std::string symbol) {
  return {Kind::Address, 0, std::move(symbol), {}};
}

EntryConstant EntryConstant::ofStruct(std::vector<EntryConstant> fields) {
  return {Kind::Struct, 0, "", std::move(fields)};
}

int64_t EntryConstant::bytes() const {
  if (kind != Kind::Struct)
    return kind == Kind::Word ? 4 : 8;
  int64_t sum = 0;
  for (const EntryConstant &field : fields)
    sum += field.bytes();
  return sum;
}

EntryBuilder::EntryBuilder(ModuleOp module)
    : module(module), b(module.getLoc(), module.getContext()) {}

Type EntryBuilder::pointer() {
  return LLVM::LLVMPointerType::get(b.getContext());
}

//===----------------------------------------------------------------------===//
// Constants of the module
//===----------------------------------------------------------------------===//

Type EntryBuilder::typeOf(const EntryConstant &constant) {
  switch (constant.kind) {
  case EntryConstant::Kind::Word:
    return b.getI32Type();
  case EntryConstant::Kind::Number:
    return i64();
  case EntryConstant::Kind::Address:
    return pointer();
  case EntryConstant::Kind::Struct:
    break;
  }
  SmallVector<Type> types;
  for (const EntryConstant &field : constant.fields)
    types.push_back(typeOf(field));
  return LLVM::LLVMStructType::getLiteral(b.getContext(), types);
}

Value EntryBuilder::materialize(const EntryConstant &constant) {
  const Type type = typeOf(constant);
  switch (constant.kind) {
  case EntryConstant::Kind::Word:
  case EntryConstant::Kind::Number:
    return LLVM::ConstantOp::create(b, type, constant.number);
  case EntryConstant::Kind::Address:
    return constant.symbol.empty()
               ? LLVM::ZeroOp::create(b, type).getResult()
               : LLVM::AddressOfOp::create(b, type, constant.symbol).getRes();
  case EntryConstant::Kind::Struct:
    break;
  }
  Value whole = LLVM::UndefOp::create(b, type);
  for (auto [i, field] : llvm::enumerate(constant.fields))
    whole = LLVM::InsertValueOp::create(
        b, whole, materialize(field),
        b.getDenseI64ArrayAttr(static_cast<int64_t>(i)));
  return whole;
}

LLVM::GlobalOp EntryBuilder::addGlobal(const std::string &name, Type type,
                                       bool isConstant) {
  b.setInsertionPointToEnd(module.getBody());
  auto global = LLVM::GlobalOp::create(
      b, type, isConstant, LLVM::Linkage::Internal, name, Attribute());
  b.setInsertionPointToStart(b.createBlock(&global.getInitializerRegion()));
  return global;
}

EntryConstant EntryBuilder::text(StringRef value) {
  std::string &symbol = texts[value];
  if (symbol.empty()) {
    symbol = "eqc.text." + std::to_string(texts.size() - 1);
    const std::string bytes = value.str() + '\0';
    b.setInsertionPointToEnd(module.getBody());
    auto global = LLVM::GlobalOp::create(
        b, LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size()),
        /*isConstant=*/true, LLVM::Linkage::Private, symbol,
        b.getStringAttr(bytes));
    global.setUnnamedAddr(LLVM::UnnamedAddr::Global);
  }
  return EntryConstant::ofAddress(symbol);
}

EntryConstant EntryBuilder::addConstant(const std::string &name,
                                        const EntryConstant &value) {
  addGlobal(name, typeOf(value), /*isConstant=*/true);
  LLVM::ReturnOp::create(b, materialize(value));
  return EntryConstant::ofAddress(name);
}

EntryConstant
EntryBuilder::addTable(const std::string &name,
                       const std::vector<EntryConstant> &entries) {
  const Type type =
      LLVM::LLVMArrayType::get(typeOf(entries.front()), entries.size());
  addGlobal(name, type, /*isConstant=*/true);
  Value whole = LLVM::UndefOp::create(b, type);
  for (auto [i, entry] : llvm::enumerate(entries))
    whole = LLVM::InsertValueOp::create(
        b, whole, materialize(entry),
        b.getDenseI64ArrayAttr(static_cast<int64_t>(i)));
  LLVM::ReturnOp::create(b, whole);
  return EntryConstant::ofAddress(name);
}

EntryConstant EntryBuilder::addSized(const std::string &name,
                                     std::vector<EntryConstant> fields,
                                     [[maybe_unused]] size_t expected) {
  EntryConstant value = EntryConstant::ofStruct(std::move(fields));
  assert(value.bytes() == static_cast<int64_t>(expected) &&
         "the struct of the runtime has other fields");
  value.fields[0] = EntryConstant::ofWord(value.bytes());
  return addConstant(name, value);
}

EntryConstant EntryBuilder::addBytes(const std::string &name, StringRef bytes) {
  const std::string ended = bytes.str() + '\0';
  b.setInsertionPointToEnd(module.getBody());
  LLVM::GlobalOp::create(b,
                         LLVM::LLVMArrayType::get(b.getI8Type(), ended.size()),
                         /*isConstant=*/true, LLVM::Linkage::Internal, name,
                         b.getStringAttr(ended), /*alignment=*/8);
  return EntryConstant::ofAddress(name);
}

EntryConstant EntryBuilder::addVariable(const std::string &name) {
  addGlobal(name, i64(), /*isConstant=*/false);
  LLVM::ReturnOp::create(b, number(0));
  return EntryConstant::ofAddress(name);
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

LLVM::LLVMFuncOp EntryBuilder::declare(StringRef name, Type result,
                                       ArrayRef<Type> arguments) {
  LLVM::LLVMFuncOp &function = declared[name];
  if (!function) {
    b.setInsertionPointToEnd(module.getBody());
    function = LLVM::LLVMFuncOp::create(
        b, name, LLVM::LLVMFunctionType::get(result, arguments));
  }
  return function;
}

LLVM::LLVMFuncOp EntryBuilder::addFunction(StringRef name, Type result,
                                           ArrayRef<Type> arguments,
                                           LLVM::Linkage linkage) {
  b.setInsertionPointToEnd(module.getBody());
  auto function = LLVM::LLVMFuncOp::create(
      b, name, LLVM::LLVMFunctionType::get(result, arguments), linkage);
  b.setInsertionPointToStart(function.addEntryBlock(b));
  return function;
}

void EntryBuilder::addForwarder(StringRef name, StringRef callee, Type result,
                                ArrayRef<Type> taken, ArrayRef<Type> passed,
                                const EntryConstant &record, int sizes) {
  LLVM::LLVMFuncOp runtime = declare(callee, result, passed);
  LLVM::LLVMFuncOp exported =
      addFunction(name, result, taken, LLVM::Linkage::External);
  SmallVector<Value> arguments{address(record)};
  const bool isList = sizes > 1;
  if (isList)
    arguments.push_back(
        storeNumbers(exported.getArguments().take_front(sizes)));
  else if (passed.size() > taken.size() + 1)
    arguments.push_back(number(-1));
  llvm::append_range(arguments,
                     exported.getArguments().drop_front(isList ? sizes : 0));
  auto call = LLVM::CallOp::create(b, runtime, arguments);
  if (!isList) // which is on the stack
    call.setTailCallKind(LLVM::TailCallKind::Tail);
  LLVM::ReturnOp::create(b, call.getResult());
}

Value EntryBuilder::storeNumbers(ValueRange numbers) {
  Value list = LLVM::AllocaOp::create(
      b, pointer(), i64(), number(static_cast<int64_t>(numbers.size())));
  for (auto [i, value] : llvm::enumerate(numbers))
    LLVM::StoreOp::create(b, value, placeOf(list, static_cast<int32_t>(i)));
  return LLVM::PtrToIntOp::create(b, i64(), list);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value EntryBuilder::number(int64_t value) {
  return LLVM::ConstantOp::create(b, i64(), value);
}

Value EntryBuilder::add(Value a, Value c) {
  return LLVM::AddOp::create(b, a, c);
}

Value EntryBuilder::multiply(Value a, Value c) {
  return LLVM::MulOp::create(b, a, c);
}

Value EntryBuilder::divide(Value a, int64_t by) {
  return LLVM::UDivOp::create(b, a, number(by));
}

Value EntryBuilder::bitAnd(Value a, int64_t mask) {
  return LLVM::AndOp::create(b, a, number(mask));
}

Value EntryBuilder::smaller(Value a, Value c) {
  return LLVM::SMinOp::create(b, a, c);
}

Value EntryBuilder::larger(Value a, Value c) {
  return LLVM::SMaxOp::create(b, a, c);
}

Value EntryBuilder::address(const EntryConstant &constant) {
  return materialize(constant);
}

Value EntryBuilder::evaluate(const Poly &poly, ArrayRef<Value> sizes) {
  if (sizes.size() == 1) {
    Value value = number(0);
    for (int i = poly.degree(); i >= 0; --i)
      value = add(multiply(value, sizes.front()), number(poly.coefficient(i)));
    return value;
  }
  Value value = number(poly.constantTerm());
  for (const Poly::Term &term : poly.variableTerms()) {
    assert(term.monomial.half < 0 && "no array has half of a size");
    Value product = number(term.coefficient);
    for (size_t i = 0; i < sizes.size(); ++i)
      for (int power = 0; power < term.monomial.degrees[i]; ++power)
        product = multiply(product, sizes[i]);
    value = add(value, product);
  }
  return value;
}

Value EntryBuilder::placeOf(Value address, int32_t i) {
  return LLVM::GEPOp::create(b, pointer(), i64(), address,
                             ArrayRef<LLVM::GEPArg>{i},
                             LLVM::GEPNoWrapFlags::inbounds);
}

Value EntryBuilder::load(Value address, int32_t i) {
  return LLVM::LoadOp::create(b, i64(), placeOf(address, i));
}
