//===- LayerInfo.cpp - What NAME_info() says, as data ---------------------===//

#include "compiler/Interface/LayerInfo.h"

#include "llvm/ADT/StringRef.h"

#include <cstddef>

using namespace eqc;

llvm::ArrayRef<InfoField> eqc::infoFields() {
  static constexpr InfoField fields[] = {
#define EQC_INFO_WORD(FIELD, VALUE) {#FIELD, InfoType::Word, false},
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE)                                  \
  {#FIELD, InfoType::Text, IS_MACRO},
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE)                                \
  {#FIELD, InfoType::Number, IS_MACRO},
#include "compiler/Interface/LayerInfo.def"
  };
  return fields;
}

// The list is the struct: two words, then a field every eight bytes.
namespace {
enum FieldNumber : size_t {
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE) number_##FIELD,
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE) number_##FIELD,
#include "compiler/Interface/LayerInfo.def"
  numFields
};
} // namespace
static_assert(offsetof(eqc_layer_info, abi) == 4);
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE)                                  \
  static_assert(offsetof(eqc_layer_info, FIELD) == 8 + 8 * number_##FIELD &&   \
                    sizeof(eqc_layer_info::FIELD) == 8,                        \
                #FIELD);
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE)                                \
  EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE)
#include "compiler/Interface/LayerInfo.def"
static_assert(sizeof(eqc_layer_info) == 8 + 8 * numFields);

std::string eqc::macroOf(const InfoField &field) {
  return llvm::StringRef(field.name).upper();
}

std::vector<InfoValue> eqc::infoValues(const LayerSpec &spec,
                                       const CompiledAs &compiled) {
  return {
#define EQC_INFO_WORD(FIELD, VALUE) {"", VALUE},
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE) {VALUE, 0},
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE) {"", VALUE},
#include "compiler/Interface/LayerInfo.def"
  };
}

std::vector<InfoValue> eqc::infoValues(const eqc_layer_info &info) {
  auto text = [](const char *value) { return value ? value : ""; };
  return {
#define EQC_INFO_WORD(FIELD, VALUE) {"", info.FIELD},
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE) {text(info.FIELD), 0},
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE) {"", info.FIELD},
#include "compiler/Interface/LayerInfo.def"
  };
}

eqc_layer_info
eqc::makeInfo(llvm::ArrayRef<InfoValue> values,
              llvm::function_ref<const char *(std::string)> keep) {
  eqc_layer_info info = {};
  info.struct_size = sizeof info;
  size_t next = 0;
#define EQC_INFO_WORD(FIELD, VALUE)                                            \
  info.FIELD = static_cast<uint32_t>(values[next++].number);
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE)                                  \
  info.FIELD = keep(values[next++].text);
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE)                                \
  info.FIELD = values[next++].number;
#include "compiler/Interface/LayerInfo.def"
  return info;
}
