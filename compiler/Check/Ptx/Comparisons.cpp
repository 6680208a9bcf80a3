//===- Comparisons.cpp - Predicates and choices ---------------------------===//

#include "compiler/Check/Ptx/Operations.h"

#include <cmath>
#include <functional>

using namespace eqc::ptx;

namespace {

/// A comparison that is false where an operand is a NaN.
template <class Relation> struct Ordered {
  template <class T> static bool apply(T a, T b) {
    return !std::isnan(a) && !std::isnan(b) && Relation()(a, b);
  }
};
/// One that is true there.
template <class Relation> struct Unordered {
  template <class T> static bool apply(T a, T b) {
    return std::isnan(a) || std::isnan(b) || Relation()(a, b);
  }
};
template <class Relation> struct Plain {
  template <class T> static bool apply(T a, T b) { return Relation()(a, b); }
};
struct Numbers {
  template <class T> static bool apply(T a, T b) {
    return !std::isnan(a) && !std::isnan(b);
  }
};
struct NotNumbers {
  template <class T> static bool apply(T a, T b) {
    return std::isnan(a) || std::isnan(b);
  }
};
struct Select {
  template <class T> static T apply(T a, T b, bool first) {
    return first ? a : b;
  }
};

template <class T> void addEqual(OperationTable &table, std::string type) {
  table["setp.eq." + type] = binary<Plain<std::equal_to<>>, bool, T>();
  table["setp.ne." + type] = binary<Plain<std::not_equal_to<>>, bool, T>();
}

template <class T> void addOrder(OperationTable &table, std::string type) {
  addEqual<T>(table, type);
  table["setp.lt." + type] = binary<Plain<std::less<>>, bool, T>();
  table["setp.le." + type] = binary<Plain<std::less_equal<>>, bool, T>();
  table["setp.gt." + type] = binary<Plain<std::greater<>>, bool, T>();
  table["setp.ge." + type] = binary<Plain<std::greater_equal<>>, bool, T>();
}

template <class T> void addUnsigned(OperationTable &table, std::string type) {
  addOrder<T>(table, type);
  table["setp.lo." + type] = binary<Plain<std::less<>>, bool, T>();
  table["setp.ls." + type] = binary<Plain<std::less_equal<>>, bool, T>();
  table["setp.hi." + type] = binary<Plain<std::greater<>>, bool, T>();
  table["setp.hs." + type] = binary<Plain<std::greater_equal<>>, bool, T>();
}

template <class T, class Relation>
void addRelation(OperationTable &table, const std::string &name,
                 const std::string &type) {
  table["setp." + name + "." + type] = binary<Ordered<Relation>, bool, T>();
  table["setp." + name + "u." + type] = binary<Unordered<Relation>, bool, T>();
}

template <class T> void addFloat(OperationTable &table, std::string type) {
  addRelation<T, std::equal_to<>>(table, "eq", type);
  addRelation<T, std::not_equal_to<>>(table, "ne", type);
  addRelation<T, std::less<>>(table, "lt", type);
  addRelation<T, std::less_equal<>>(table, "le", type);
  addRelation<T, std::greater<>>(table, "gt", type);
  addRelation<T, std::greater_equal<>>(table, "ge", type);
  table["setp.num." + type] = binary<Numbers, bool, T>();
  table["setp.nan." + type] = binary<NotNumbers, bool, T>();
}

template <class Bits>
void addSelect(OperationTable &table, std::initializer_list<char> kinds) {
  for (char kind : kinds)
    table["selp." + (kind + std::to_string(kBits<Bits>))] =
        ternary<Select, Bits, Bits, Bits, bool>();
}

} // namespace

void eqc::ptx::addComparisons(OperationTable &table) {
  addEqual<uint16_t>(table, "b16");
  addEqual<uint32_t>(table, "b32");
  addEqual<uint64_t>(table, "b64");
  addUnsigned<uint16_t>(table, "u16");
  addUnsigned<uint32_t>(table, "u32");
  addUnsigned<uint64_t>(table, "u64");
  addOrder<int16_t>(table, "s16");
  addOrder<int32_t>(table, "s32");
  addOrder<int64_t>(table, "s64");
  addFloat<float>(table, "f32");
  addFloat<double>(table, "f64");
  addSelect<uint16_t>(table, {'b', 'u', 's'});
  addSelect<uint32_t>(table, {'b', 'u', 's', 'f'});
  addSelect<uint64_t>(table, {'b', 'u', 's', 'f'});
}
