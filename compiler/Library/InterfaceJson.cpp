//===- InterfaceJson.cpp - The C interface of layers as a text ------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Interface/Signature.h"

#include <eqc/compiler.h>

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace eqc;
namespace json = llvm::json;

static const char *nameOf(ArrayRole role) {
  switch (role) {
  case ArrayRole::X:
    return "x";
  case ArrayRole::Weight:
    return "weight";
  case ArrayRole::Packed:
    return "packed";
  case ArrayRole::Bias:
    return "bias";
  case ArrayRole::Y:
    return "y";
  case ArrayRole::Z:
    return "z";
  }
  return "";
}

static const char *nameOf(ResultKind kind) {
  switch (kind) {
  case ResultKind::Status:
    return "status";
  case ResultKind::Bytes:
    return "bytes";
  case ResultKind::Info:
    return "info";
  }
  return "";
}

static json::Object describe(const CFunction &function) {
  json::Array arrays;
  for (const ArrayArgument &array : function.arguments())
    arrays.push_back(json::Object{{"name", array.name},
                                  {"like", nameOf(array.role)},
                                  {"written", array.written}});
  return json::Object{
      {"name", function.suffix},        {"result", nameOf(function.result)},
      {"sizes", function.takesSizes},   {"batch", function.takesBatch},
      {"ragged", function.isRagged()},  {"gradients", function.needsGradients},
      {"report", function.takesReport}, {"arrays", std::move(arrays)}};
}

static json::Object describe(const InfoField &field) {
  static constexpr const char *types[] = {"uint32", "text", "int64", "spaces",
                                          "axes"};
  json::Object object{{"name", field.name},
                      {"type", types[static_cast<int>(field.type)]}};
  if (field.isMacro)
    object["macro"] = macroOf(field);
  return object;
}

const char *eqc_interface_json(void) {
  static const std::string text = [] {
    json::Array functions, cudaFunctions, bilinear, groups;
    for (const CFunction *function : cFunctions())
      functions.push_back(describe(*function));
    for (const CFunction *function :
         cFunctions(/*gradients=*/true, Interface::Device)) {
      json::Object object = describe(*function);
      object["backward"] = function->takesBackward;
      object["workspace"] = function->takesWorkspace;
      object["stream"] = function->result == ResultKind::Status;
      cudaFunctions.push_back(std::move(object));
    }
    for (const CFunction *function : bilinearFunctions(/*gradients=*/true))
      bilinear.push_back(describe(*function));
    json::Array fields{
        json::Object{{"name", "struct_size"}, {"type", "uint32"}}};
    for (const InfoField &field : infoFields())
      fields.push_back(describe(field));
    for (Group group : allGroups)
      groups.push_back(json::Object{{"name", groupName(group)},
                                    {"size_unit", rulesOf(group).sizeUnit()}});
    return llvm::formatv("{0}",
                         json::Value(json::Object{
                             {"functions", std::move(functions)},
                             {"info", std::move(fields)},
                             {"groups", std::move(groups)},
                             {"cuda_functions", std::move(cudaFunctions)},
                             {"bilinear_functions", std::move(bilinear)}}))
        .str();
  }();
  return text.c_str();
}
