//===- Operations.h - Instructions that only compute ------------*- C++ -*-===//
//
// Opcodes as they are written, modifiers and all, so that one with a modifier
// that is not listed is an error and never taken for one without.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_PTX_OPERATIONS_H
#define EQC_CHECK_PTX_OPERATIONS_H

#include "compiler/Check/Ptx/Module.h"

#include <map>

namespace eqc::ptx {

struct Operation {
  Compute compute = nullptr;
  bool divides = false;
  /// Registers may be wider than the types say; results are extended to them.
  bool isConversion = false;
  /// Bits of the destination and of each source; predicates have one.
  std::vector<uint8_t> widths;
  unsigned fmas = 0; ///< multiplications and additions in one
};

using OperationTable = std::map<std::string, Operation, std::less<>>;

/// All of them: `add.s64`, `setp.lt.u32`, `cvt.rn.f32.s64`, ..
const OperationTable &operations();

// The parts of the table, each in a file of its own.
void addIntegerOperations(OperationTable &table);
void addFloatOperations(OperationTable &table);
void addComparisons(OperationTable &table);
void addConversions(OperationTable &table);

/// The value of type T in the low bits of a slot.
template <class T> T valueOf(uint64_t slot) {
  T value;
  __builtin_memcpy(&value, &slot, sizeof value);
  return value;
}

template <class T> uint64_t slotOf(T value) {
  uint64_t slot = 0;
  __builtin_memcpy(&slot, &value, sizeof value);
  return slot;
}

/// A NaN of single precision has always the same bits.
template <> inline uint64_t slotOf<float>(float value) {
  if (value != value)
    return 0x7FFFFFFF;
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

template <class Op, class D, class S>
void computeUnary(uint64_t *slots, const Instruction &i) {
  slots[i.d] = slotOf<D>(Op::apply(valueOf<S>(slots[i.a])));
}

template <class Op, class D, class A, class B>
void computeBinary(uint64_t *slots, const Instruction &i) {
  slots[i.d] =
      slotOf<D>(Op::apply(valueOf<A>(slots[i.a]), valueOf<B>(slots[i.b])));
}

template <class Op, class D, class A, class B, class C>
void computeTernary(uint64_t *slots, const Instruction &i) {
  slots[i.d] = slotOf<D>(Op::apply(
      valueOf<A>(slots[i.a]), valueOf<B>(slots[i.b]), valueOf<C>(slots[i.c])));
}

template <class T> constexpr uint8_t kBits = uint8_t(sizeof(T) * 8);
/// Predicates are bytes of a slot.
template <> inline constexpr uint8_t kBits<bool> = 1;

template <class Op, class D, class S> Operation unary() {
  return {computeUnary<Op, D, S>, false, false, {kBits<D>, kBits<S>}};
}

template <class Op, class D, class A = D, class B = A> Operation binary() {
  return {
      computeBinary<Op, D, A, B>, false, false, {kBits<D>, kBits<A>, kBits<B>}};
}

template <class Op, class D, class A = D, class B = A, class C = B>
Operation ternary() {
  return {computeTernary<Op, D, A, B, C>,
          false,
          false,
          {kBits<D>, kBits<A>, kBits<B>, kBits<C>}};
}

} // namespace eqc::ptx

#endif // EQC_CHECK_PTX_OPERATIONS_H
