//===- Suite.cpp - The named workloads ------------------------------------===//

#include "compiler/Bench/Suite.h"

#include "llvm/Support/JSON.h"

#include <fmt/format.h>

#include <algorithm>

using namespace eqc;

namespace {
struct EmbeddedWorkload {
  const char *description; ///< NAME.json
  const char *source;      ///< NAME.eq
};
} // namespace

static const EmbeddedWorkload embedded[] = {
#include "compiler/Bench/Workloads.inc"
};

std::string eqc::parseWorkload(llvm::StringRef json, Workload &workload) {
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(json);
  if (!parsed)
    return llvm::toString(parsed.takeError());
  const llvm::json::Object *object = parsed->getAsObject();
  if (!object)
    return "the description is no object";
  auto name = object->getString("name");
  auto standsFor = object->getString("stands_for");
  const llvm::json::Array *cases = object->getArray("cases");
  if (!name || !standsFor || !cases || cases->empty())
    return "'name', 'stands_for' or 'cases' is missing";
  workload.name = name->str();
  workload.standsFor = standsFor->str();
  for (const llvm::json::Value &value : *cases) {
    const llvm::json::Object *item = value.getAsObject();
    auto layer = item ? item->getString("layer") : std::nullopt;
    auto batch = item ? item->getInteger("batch") : std::nullopt;
    if (!layer || !batch || *batch < 1)
      return "a case of '" + workload.name + "' lacks 'layer' or 'batch'";
    workload.cases.push_back({layer->str(), *batch});
  }
  return "";
}

std::vector<Workload> eqc::loadSuite(std::string &error) {
  std::vector<Workload> suite;
  for (const EmbeddedWorkload &item : embedded) {
    Workload workload;
    workload.source = item.source;
    error = parseWorkload(item.description, workload);
    if (!error.empty())
      return {};
    suite.push_back(std::move(workload));
  }
  return suite;
}

std::string eqc::listSuite(llvm::ArrayRef<Workload> suite) {
  size_t width = 0;
  for (const Workload &workload : suite)
    width = std::max(width, workload.name.size());
  std::string text;
  for (const Workload &workload : suite) {
    text +=
        fmt::format("{:<{}}  {}\n", workload.name, width, workload.standsFor);
    for (const WorkloadCase &item : workload.cases)
      text += fmt::format("{:<{}}    {}, batch {}\n", "", width, item.layer,
                          item.batch);
  }
  return text + "\nRun some with --suite=NAME,NAME, all with --suite=all.\n";
}
