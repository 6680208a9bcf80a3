//===- Program.cpp - Layers of a source, compiled and loaded --------------===//

#include "compiler/Library/Program.h"

#include "compiler/Frontend/Print.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Interface/Signature.h"
#include "compiler/Library/ForkGate.h"
#include "compiler/Lowering/KernelTarget.h"
#include "compiler/Report/Draw.h"
#include "compiler/Report/Explain.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace eqc;
using llvm::StringRef;

Program::Program(StringRef source, const eqc_compile_options &asked)
    : file(asked.file ? asked.file : "<string>") {
  readOptions(asked);
  if (state != 0)
    return;
  FrontendOptions frontend;
  if (asked.max_diagrams > 0)
    frontend.maxDiagrams = static_cast<uint64_t>(asked.max_diagrams);
  frontend.ragged = options.ragged;
  frontend.folder = llvm::sys::path::parent_path(file).str();
  unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(source, file), llvm::SMLoc());
  FrontendResult result = parseLayers(sources, id, file, frontend, diags);
  state = result.status;
  collectDiagnostics();
  if (state != 0)
    return;
  specs = std::move(result.layers);
  networkSpecs = std::move(result.networks);
  for (const NetworkSpec &network : networkSpecs)
    networkInfos.push_back(
        networkMemory.describe(network, networkSource(network, specs)));
  for (const LayerSpec &spec : specs) {
    infos.push_back(describe(spec));
    auto names = [&](const std::vector<Diagram> &diagrams) {
      std::vector<std::string> result;
      for (const Diagram &diagram : diagrams)
        result.push_back(toString(diagram, spec.group));
      return result;
    };
    diagramNames.push_back(names(spec.diagrams));
    biasNames.push_back(names(spec.biasDiagrams));
  }
}

Program::Program(const char *file, const std::string &error) : file(file) {
  fail(2, error);
}

void Program::readOptions(const eqc_compile_options &asked) {
  StringRef plan = asked.plan ? asked.plan : "auto";
  const std::optional<PlanKind> kind = findPlan(plan);
  if (!kind)
    return fail(2, "unknown plan '" + printable(plan) + "'; plans are " +
                       planNames());
  options.plan = *kind;
  if (std::string why = readTarget(asked); !why.empty())
    return fail(2, why);
  if (asked.optimize < 0 || asked.optimize > 4)
    return fail(2, "'optimize' is 0 to 4");
  options.optLevel =
      asked.optimize == 0 ? 3 : static_cast<int>(asked.optimize) - 1;
  if (asked.max_diagrams < 0)
    return fail(2, "'max_diagrams' is negative");
  options.threads = asked.single_thread == 0;
  options.gradients = asked.forward_only == 0;
  options.ragged = asked.ragged != 0;
  if (options.ragged && kernelTargetOf(options.triple).device())
    return fail(2, "'ragged' is not built yet for the target '" +
                       options.triple + "'");
}

/// The kinds of devices that there are.
static std::string deviceKinds() {
  std::vector<std::string> kinds;
  for (const KernelTarget *target : kernelTargets())
    if (target->device() && target->device()->hasRuntime())
      kinds.push_back(("'" + kindOf(*target) + "'").str());
  return llvm::join(kinds, ", ");
}

std::string Program::readTarget(const eqc_compile_options &asked) {
  const StringRef target = asked.target ? asked.target : "";
  const StringRef chips = asked.chip ? asked.chip : "";
  StringRef names = asked.cpu ? asked.cpu : "";
  if (const Device *device = kernelTargetOf(target).device()) {
    if (!device->hasRuntime())
      return "there is no runtime for the target '" + target.str() +
             "' yet; targets are " + deviceKinds() +
             " and, for this machine, ''";
    if (!names.empty())
      return "'cpu' names CPUs; the target '" + target.str() + "' takes 'chip'";
    names = chips;
    // Without ptxas, whose version code would depend on: drivers compile PTX,
    // and keep what they made of it.
    options.triple = target.str();
  } else if (!target.empty()) {
    return "unknown target '" + printable(target) + "'; targets are " +
           deviceKinds() + " and, for this machine, ''";
  } else if (!chips.empty()) {
    return "'chip' names GPUs, and needs the target " + deviceKinds();
  } else if (!asked.cpu) {
    names = "native";
  }
  if (!names.empty() || options.triple.empty()) {
    llvm::SmallVector<StringRef> list;
    names.split(list, ',');
    options.cpus.assign(list.begin(), list.end());
  }
  std::vector<CpuVariant> variants;
  std::string why;
  if (resolveVariants(options.triple, options.cpus, variants, why))
    return "";
  return (options.triple.empty() ? "'cpu': " : "'chip': ") + why;
}

const char *Program::keep(std::string value) {
  return strings.emplace_back(std::move(value)).c_str();
}

void Program::fail(int status, const std::string &message) {
  state = status;
  std::string shown = printable(message);
  text += printable(file) + ": error: " + shown + "\n";
  entries.push_back({EQC_ERROR, file.c_str(), 0, 0, 0, 0, "",
                     keep(std::move(shown)), nullptr});
}

void Program::fail(const CompileFailure &failure) {
  const SourcePosition *at = positionOf(failure, specs, networkSpecs);
  const DiagnosticInfo *info = lookupDiagnostic(failure.id);
  if (!at || !info)
    return fail(failure.status, failure.message);
  state = failure.status;
  diags.error(info->id, *at, failure.message);
  collectDiagnostics();
}

void Program::collectDiagnostics() {
  entries.clear();
  auto add = [&](eqc_severity severity, const SourceRange *range,
                 const char *id, const std::string &message, const FixIt *fix) {
    eqc_diagnostic entry = {severity, file.c_str(), 0,       0,      0,
                            0,        id,           nullptr, nullptr};
    if (range) {
      LineColumn begin = diags.source().lineColumn(range->begin);
      LineColumn end =
          diags.source().lineColumn(std::max(range->begin, range->end));
      entry.line = begin.line;
      entry.column = begin.column;
      entry.end_line = end.line;
      entry.end_column = end.column;
    }
    entry.message = keep(printable(message));
    if (fix)
      entry.fix = keep(fix->replacement);
    entries.push_back(entry);
  };
  for (const Diagnostic *diagnostic : diags.sorted()) {
    add(EQC_ERROR, &diagnostic->range, diagnosticInfo(diagnostic->id).code,
        diagnostic->message, nullptr);
    for (const Diagnostic::Note &note : diagnostic->notes)
      add(EQC_NOTE, note.range ? &*note.range : nullptr, "", note.message,
          nullptr);
    for (const Diagnostic::Help &help : diagnostic->helps) {
      const FixIt *fix = help.fix ? &*help.fix : nullptr;
      add(EQC_HELP, fix ? &fix->range : nullptr, "", help.message, fix);
    }
  }
  text.clear();
  llvm::raw_string_ostream os(text);
  diags.print(os);
}

eqc_layer_info Program::describe(const LayerSpec &spec) {
  CompiledAs compiled;
  compiled.source = toSource(spec);
  return makeInfo(infoValues(spec, compiled), infoMemory);
}

int Program::compile() {
  if (state != 0 || !object.empty())
    return state;
  CompileFailure failure;
  options.pause = pauseForForks();
  options.networks = networkSpecs;
  if (!compileLayers(specs, options, CodeKind::Object, object, failure)) {
    object.clear();
    fail(failure);
  }
  return state;
}

int Program::load(llvm::ArrayRef<char> bytes) {
  if (state != 0 || loaded)
    return state;
  std::string error;
  std::unique_ptr<LoadedObject> code = LoadedObject::load(bytes, error);
  if (!code) {
    fail(70, "cannot load the compiled layers: " + error);
    return state;
  }
  std::vector<eqc_layer_info> found;
  std::vector<int64_t> sizes;
  for (const LayerSpec &spec : specs) {
    using Info = const eqc_layer_info *();
    auto *info =
        reinterpret_cast<Info *>(code->function(nameOf(kInfo, spec.name)));
    if (!info || info()->struct_size != sizeof(eqc_layer_info)) {
      fail(70, "the compiled layers are not those of this source");
      return state;
    }
    found.push_back(*info());
    sizes.push_back(code->packedSize(spec.name));
  }
  std::vector<eqc_network_info> foundNetworks;
  for (const NetworkSpec &network : networkSpecs) {
    using Info = const eqc_network_info *();
    auto *info =
        reinterpret_cast<Info *>(code->function(network.name + "_info"));
    if (!info || info()->struct_size != sizeof(eqc_network_info)) {
      fail(70, "the compiled networks are not those of this source");
      return state;
    }
    foundNetworks.push_back(*info());
  }
  networkInfos = std::move(foundNetworks);
  infos = std::move(found);
  packedSizes = std::move(sizes);
  loaded = std::move(code);
  return state;
}

CompileOptions Program::reportOptions() {
  CompileOptions own = options;
  own.pause = pauseForForks();
  own.networks = {}; // layers are reported one by one
  return own;
}

const char *Program::explain(bool asJson) {
  if (state != 0)
    return nullptr;
  CompileFailure failure;
  std::string words;
  llvm::json::Object value;
  const CompileOptions own = reportOptions();
  if (asJson ? !explainProgram(specs, networkSpecs, own, {}, value, failure)
             : !explainProgram(specs, networkSpecs, own, {}, words, failure)) {
    fail(failure);
    return nullptr;
  }
  if (asJson)
    words = llvm::formatv("{0:2}\n", llvm::json::Value(std::move(value)));
  return keep(std::move(words));
}

const char *Program::draw(bool plan) {
  if (state != 0)
    return nullptr;
  if (!plan)
    return keep(drawProgram(specs, networkSpecs).front());
  CompileFailure failure;
  std::string picture;
  if (drawPlans(specs, reportOptions(), picture, failure))
    return keep(std::move(picture));
  fail(failure);
  return nullptr;
}

const char *Program::diagram(size_t layer, bool bias, size_t index) const {
  const auto &names = bias ? biasNames : diagramNames;
  if (layer >= names.size() || index >= names[layer].size())
    return nullptr;
  return names[layer][index].c_str();
}

int64_t Program::packedSize(size_t layer) const {
  return layer < packedSizes.size() ? packedSizes[layer] : 0;
}

void *Program::function(StringRef name) const {
  return loaded ? loaded->function(name) : nullptr;
}
