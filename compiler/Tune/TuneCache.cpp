//===- TuneCache.cpp - What was measured before ---------------------------===//

#include "compiler/Tune/TuneCache.h"
#include "compiler/Lowering/KernelTarget.h"

#include "compiler/Frontend/Print.h"
#include "compiler/Tune/HostVariant.h"
#include "compiler/Tune/ReadJson.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace eqc;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace json = llvm::json;

static constexpr int64_t formatVersion = 1;
/// No entry of ours is as large.
static constexpr uint64_t mostBytes = 1 << 22;

static StringRef environment(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

std::string eqc::tuneCacheDirectory() {
  if (environment("EQC_CACHE") == "0")
    return "";
  llvm::SmallString<256> path(environment("EQC_CACHE_DIR"));
  if (path.empty()) {
    path = environment("XDG_CACHE_HOME");
    // The standard has relative paths ignored.
    if (!llvm::sys::path::is_absolute(path)) {
      path = environment("HOME");
      if (path.empty())
        return "";
      llvm::sys::path::append(path, ".cache");
    }
    llvm::sys::path::append(path, "eqc");
  }
  llvm::sys::path::append(path, "tune");
  return std::string(path);
}

std::string eqc::tuneKey(const LayerSpec &spec, const TuneRequest &request) {
  LayerSpec unnamed = spec;
  unnamed.name = "layer";
  const TuneSize size = tuneSize(spec, request);
  return fmt::format("eqc {}\nhost {}\ncpu {}\nplan {}\n-O{}, threads {}\n"
                     "n {}, batch {}{}\n{}",
                     EQC_VERSION, describeHost(), request.variant.name,
                     planName(request.compile.plan), request.compile.optLevel,
                     request.compile.threads, size.n, size.batch,
                     request.compile.ragged ? ", ragged" : "",
                     toSource(unnamed));
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

std::string eqc::renderTuning(const std::string &key,
                              const TuneResult &result) {
  json::Array candidates;
  for (const TuneCandidate &candidate : result.candidates) {
    json::Object object{{"plan", StringRef(planName(candidate.plan))},
                        {"registers", candidate.registers}};
    if (candidate.skipped.empty())
      object["seconds"] = candidate.seconds;
    else
      object["skipped"] = json::fixUTF8(candidate.skipped);
    candidates.push_back(std::move(object));
  }
  json::Object document{{"eqc_tune", formatVersion},
                        {"key", json::fixUTF8(key)},
                        {"n", result.n},
                        {"batch", result.batch},
                        {"candidates", std::move(candidates)},
                        {"chosen", int64_t(result.chosen)}};
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::formatv("{0:2}", json::Value(std::move(document))) << "\n";
  return text;
}

static std::optional<TuneCandidate>
parseCandidate(const json::Value &value, const LayerSpec &spec,
               const CostTarget &target, const std::vector<int64_t> &caps) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return std::nullopt;
  const auto plan = object->getString("plan");
  const auto registers = object->getInteger("registers");
  const auto seconds = object->getNumber("seconds");
  const auto skipped = object->getString("skipped");
  if (!plan || !registers || !llvm::is_contained(caps, *registers))
    return std::nullopt;
  if (skipped ? skipped->empty() : !seconds || !(*seconds > 0))
    return std::nullopt;
  const std::optional<PlanKind> kind = findPlan(*plan);
  if (!kind || kind == PlanKind::Auto ||
      !whyNot(*kind, spec, target).why.empty())
    return std::nullopt;
  return TuneCandidate{*kind, *registers, seconds.value_or(0),
                       skipped ? skipped->str() : ""};
}

std::optional<TuneResult> eqc::parseTuning(StringRef text,
                                           const std::string &key,
                                           const LayerSpec &spec,
                                           const TuneRequest &request) {
  JsonProblem problem;
  const std::optional<json::Value> value = readJson(text, problem);
  const json::Object *object = value ? value->getAsObject() : nullptr;
  if (!object || object->getInteger("eqc_tune") != formatVersion ||
      object->getString("key") != StringRef(json::fixUTF8(key)))
    return std::nullopt;
  const auto n = object->getInteger("n");
  const auto batch = object->getInteger("batch");
  const auto chosen = object->getInteger("chosen");
  const json::Array *candidates = object->getArray("candidates");
  if (!n || !batch || !chosen || !candidates || *n < 1 || *batch < 1)
    return std::nullopt;
  TuneResult result;
  result.n = *n;
  result.batch = *batch;
  const CostTarget target = costTargetOf(request.variant.machine);
  const std::vector<int64_t> caps = registerCaps(request.variant.machine);
  for (const json::Value &item : *candidates) {
    std::optional<TuneCandidate> candidate =
        parseCandidate(item, spec, target, caps);
    if (!candidate)
      return std::nullopt;
    result.candidates.push_back(std::move(*candidate));
  }
  if (*chosen < 0 || size_t(*chosen) >= result.candidates.size() ||
      !result.candidates[size_t(*chosen)].skipped.empty())
    return std::nullopt;
  result.chosen = size_t(*chosen);
  return result;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static std::string entryPath(const std::string &key) {
  llvm::SmallString<256> path(tuneCacheDirectory());
  if (path.empty())
    return "";
  llvm::SHA256 hash;
  hash.update(key);
  llvm::sys::path::append(path, llvm::toHex(hash.final(), /*LowerCase=*/true) +
                                    ".json");
  return std::string(path);
}

static std::string readEntry(const std::string &path) {
  uint64_t size = 0;
  // Regular files alone: a FIFO in its place would keep us waiting.
  if (!fs::is_regular_file(path) || fs::file_size(path, size) ||
      size > mostBytes)
    return "";
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/true,
                                            /*IsVolatile=*/true);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

static void writeEntry(const std::string &path, StringRef text) {
  if (fs::create_directories(llvm::sys::path::parent_path(path)))
    return;
  // Not LLVM's TempFile: it would take the signals from who handles them.
  llvm::SmallString<256> temporary;
  int descriptor = -1;
  if (fs::createUniqueFile(path + ".%%%%%%%%", descriptor, temporary,
                           fs::OF_None, fs::owner_read | fs::owner_write))
    return;
  llvm::raw_fd_ostream out(descriptor, /*shouldClose=*/true);
  out << text;
  out.close();
  const bool failed = out.has_error();
  out.clear_error();
  if (failed || fs::rename(temporary, path))
    fs::remove(temporary);
}

bool eqc::tuneLayerCached(const LayerSpec &spec, const TuneRequest &request,
                          TuneResult &result, CompileFailure &failure) {
  const std::string key = tuneKey(spec, request);
  const std::string path = entryPath(key);
  if (!path.empty())
    if (std::optional<TuneResult> known =
            parseTuning(readEntry(path), key, spec, request)) {
      result = std::move(*known);
      return true;
    }
  if (!tuneLayer(spec, request, result, failure))
    return false;
  if (!path.empty())
    writeEntry(path, renderTuning(key, result));
  return true;
}
