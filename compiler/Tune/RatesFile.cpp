//===- RatesFile.cpp - Rates of a machine as JSON -------------------------===//
//
//   {"eqc_rates": 1, "machine": TEXT,
//    "targets": [{"vector_bytes": N, "registers": N, "rates": {NAME: X, ..},
//                 ..}, ..]}
//
//===----------------------------------------------------------------------===//

#include "compiler/Tune/RatesFile.h"
#include "compiler/Lowering/KernelTarget.h"

#include "compiler/Tune/RateFields.h"
#include "compiler/Tune/ReadJson.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

using namespace eqc;
using llvm::StringRef;
namespace json = llvm::json;

static constexpr int64_t formatVersion = 1;

// Times of a nanosecond's billionth or of minutes are no rates of a CPU, and
// keep what is computed from them finite.
static constexpr double leastRate = 1e-9, mostRate = 1e15;

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// Four digits: the others are noise.
static double rounded(double value) {
  return std::strtod(fmt::format("{:.4g}", value).c_str(), nullptr);
}

std::string eqc::renderRates(const std::vector<MeasuredRates> &all,
                             const std::string &machine) {
  json::Array targets;
  for (const MeasuredRates &measured : all) {
    json::Object rates;
    for (const RateField &field : rateFields)
      rates[field.name] = rounded(measured.target.rates.*field.rate);
    targets.push_back(json::Object{
        {"cpu", measured.cpu},
        {"vector_bytes", measured.target.machine.vectorBytes},
        {"registers", measured.target.machine.registers},
        {"rates", std::move(rates)},
        {"fit", json::Object{{"kernels", int64_t(measured.kernels)},
                             {"typical_ratio", rounded(measured.typicalRatio)},
                             {"worst_ratio", rounded(measured.worstRatio)}}}});
  }
  json::Object document{{"eqc_rates", formatVersion},
                        {"machine", machine},
                        {"targets", std::move(targets)}};
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::formatv("{0:2}", json::Value(std::move(document))) << "\n";
  return text;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {

class RatesReader {
public:
  RatesReader(DiagnosticEngine &diags, std::vector<CostTarget> &targets)
      : diags(diags), text(diags.source().text()), targets(targets) {}

  void read(const Machine &needed);

private:
  void readTarget(const json::Value &value, size_t index);
  void readRates(const json::Object &rates, size_t index, CostRates &result);

  /// Where the `index`-th key `key` stands, or the whole text's start. A quoted
  /// text before a colon is a key.
  SourceRange placeOf(StringRef key, size_t index = 0) const;
  void error(SourceRange range, const std::string &message) {
    diags.error(DiagId::DamagedRates, range, message)
        .help("'eqc bench --calibrate --json=FILE' writes such a file");
  }

  DiagnosticEngine &diags;
  StringRef text;
  std::vector<CostTarget> &targets;
  std::string machine;
};

} // namespace

SourceRange RatesReader::placeOf(StringRef key, size_t index) const {
  const std::string quotedKey = ("\"" + key + "\"").str();
  for (size_t at = text.find(quotedKey); at != StringRef::npos;
       at = text.find(quotedKey, at + 1)) {
    StringRef rest = text.drop_front(at + quotedKey.size()).ltrim();
    if (rest.starts_with(":") && index-- == 0)
      return {at, at + quotedKey.size()};
  }
  return SourceRange::at(diags.source().begin());
}

void RatesReader::readRates(const json::Object &rates, size_t index,
                            CostRates &result) {
  for (const RateField &field : rateFields) {
    const json::Value *value = rates.get(field.name);
    if (!value) {
      error(placeOf("rates", index),
            fmt::format("the rate '{}' is missing", field.name));
      continue;
    }
    std::optional<double> number = value->getAsNumber();
    // Also false for what is no number.
    if (!number || !(*number >= leastRate && *number <= mostRate))
      error(placeOf(field.name, index),
            fmt::format("'{}' must be a number from {} to {}", field.name,
                        leastRate, mostRate));
    else
      result.*field.rate = *number;
  }
  std::vector<std::string> keys;
  for (const auto &entry : rates)
    keys.push_back(entry.first.str());
  std::sort(keys.begin(), keys.end());
  for (const std::string &key : keys) {
    std::vector<StringRef> names;
    for (const RateField &field : rateFields)
      names.push_back(field.name);
    if (llvm::is_contained(names, StringRef(key)))
      continue;
    std::optional<StringRef> near = closestWord(key, names);
    error(placeOf(key),
          fmt::format("there is no rate {}{}", quoted(key),
                      near ? "; did you mean '" + near->str() + "'?" : ""));
  }
}

void RatesReader::readTarget(const json::Value &value, size_t index) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return error(placeOf("targets"),
                 fmt::format("target {} is no object", index + 1));
  auto registerNumber = [&](const char *key) {
    const std::optional<int64_t> number = object->getInteger(key);
    if (number && *number >= 1 && *number <= 4096)
      return *number;
    error(object->get(key) ? placeOf(key, index) : placeOf("targets"),
          fmt::format("'{}' of target {} must be a whole number from 1 to 4096",
                      key, index + 1));
    return int64_t(0);
  };
  Machine core;
  core.vectorBytes = registerNumber("vector_bytes");
  core.registers = registerNumber("registers");
  CostTarget target = costTargetOf(core);
  target.name += ", measured";
  if (!machine.empty())
    target.name += " on " + machine;
  if (const json::Object *rates = object->getObject("rates"))
    readRates(*rates, index, target.rates);
  else
    error(placeOf("targets"),
          fmt::format("target {} has no 'rates'", index + 1));
  for (const CostTarget &other : targets)
    if (other.machine == core)
      error(placeOf("vector_bytes", index),
            fmt::format("target {} has the registers of an earlier one",
                        index + 1));
  targets.push_back(std::move(target));
}

void RatesReader::read(const Machine &needed) {
  JsonProblem problem;
  const size_t begin = diags.source().begin();
  std::optional<json::Value> value = readJson(text.drop_front(begin), problem);
  if (!value)
    return error(SourceRange::at(begin + problem.offset), problem.message);
  const json::Object *object = value->getAsObject();
  if (!object || !object->get("eqc_rates"))
    return error(SourceRange::at(begin),
                 "this is no file of rates: an object with 'eqc_rates' was "
                 "expected");
  if (object->getInteger("eqc_rates") != formatVersion)
    return error(
        placeOf("eqc_rates"),
        fmt::format("the version of the file must be {}", formatVersion));
  if (auto name = object->getString("machine"))
    machine = printable(*name);
  const json::Array *array = object->getArray("targets");
  if (!array || array->empty())
    return error(object->get("targets") ? placeOf("targets")
                                        : SourceRange::at(begin),
                 "'targets' must be an array with at least one element");
  for (size_t i = 0; i < array->size(); ++i)
    readTarget((*array)[i], i);
  if (diags.hasErrors())
    return;
  if (std::none_of(
          targets.begin(), targets.end(),
          [&](const CostTarget &target) { return target.machine == needed; }))
    diags
        .error(DiagId::NoRates, placeOf("targets"),
               fmt::format("there are no rates for CPUs with {} registers of "
                           "{} bytes",
                           needed.registers, needed.vectorBytes))
        .help("measure with the same '--cpu': 'eqc bench --calibrate "
              "--cpu=NAME'");
}

bool eqc::parseRates(DiagnosticEngine &diags, const Machine &needed,
                     std::vector<CostTarget> &targets) {
  RatesReader(diags, targets).read(needed);
  return !diags.hasErrors();
}
