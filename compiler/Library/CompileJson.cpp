//===- CompileJson.cpp - A source and its options as one text -------------===//

#include "compiler/Library/ForkGate.h"
#include "compiler/Library/Program.h"

#include "llvm/Support/JSON.h"

#include <new>
#include <optional>

using llvm::StringRef;
namespace json = llvm::json;

namespace {
/// The texts that an object gives.
struct Texts {
  std::optional<std::string> source, plan, cpu, target, chip;

  std::optional<std::string> *find(StringRef name) {
    return name == "source"   ? &source
           : name == "plan"   ? &plan
           : name == "cpu"    ? &cpu
           : name == "target" ? &target
           : name == "chip"   ? &chip
                              : nullptr;
  }
};
} // namespace

/// Fills in the options that `object` gives; empty, or what is wrong.
static std::string readObject(const json::Object &object, Texts &texts,
                              eqc_compile_options &options) {
  auto wrong = [](StringRef name, StringRef expected) {
    return ("'" + name + "' is not " + expected).str();
  };
  if (!object.getString("source"))
    return wrong("source", "a string");
  for (const auto &[key, value] : object) {
    const StringRef name = key;
    if (std::optional<std::string> *place = texts.find(name)) {
      std::optional<StringRef> text = value.getAsString();
      if (!text)
        return wrong(name, "a string");
      *place = text->str();
    } else if (name == "threads" || name == "grad") {
      std::optional<bool> flag = value.getAsBoolean();
      if (!flag)
        return wrong(name, "true or false");
      (name == "threads" ? options.single_thread : options.forward_only) =
          !*flag;
    } else if (name == "ragged") {
      std::optional<bool> flag = value.getAsBoolean();
      if (!flag)
        return wrong(name, "true or false");
      options.ragged = *flag;
    } else if (name == "optimize") {
      std::optional<int64_t> level = value.getAsInteger();
      if (!level || *level < 0 || *level > 3)
        return wrong(name, "0 to 3");
      options.optimize = *level + 1;
    } else if (name == "max_diagrams") {
      std::optional<int64_t> most = value.getAsInteger();
      if (!value.getAsNull() && (!most || *most < 1))
        return wrong(name, "null or a positive integer");
      options.max_diagrams = most.value_or(0);
    } else {
      return ("'" + name + "' is no option").str();
    }
  }
  return "";
}

eqc_program *eqc_compile_json(const char *text, size_t length) {
  const eqc::InsideCompiler inside;
  eqc_compile_options options = {};
  options.struct_size = sizeof options;
  options.file = "<layer>";
  Texts texts;
  std::string wrong;
  llvm::Expected<json::Value> value =
      json::parse(StringRef(text, text ? length : 0));
  if (!value)
    wrong = "no JSON: " + toString(value.takeError());
  else if (const json::Object *object = value->getAsObject())
    wrong = readObject(*object, texts, options);
  else
    wrong = "no JSON object";
  if (!wrong.empty())
    return new (std::nothrow) eqc_program(options.file, wrong);
  auto pointer = [](const std::optional<std::string> &value) {
    return value ? value->c_str() : nullptr;
  };
  options.plan = pointer(texts.plan);
  options.cpu = pointer(texts.cpu);
  options.target = pointer(texts.target);
  options.chip = pointer(texts.chip);
  const std::string source = texts.source.value_or("");
  return eqc_compile(source.data(), source.size(), &options);
}
