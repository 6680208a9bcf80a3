//===- Compiler.cpp - The C interface of the compiler ---------------------===//
//
// Thin: C types in and out, and no way for anything but a value to leave.
//
//===----------------------------------------------------------------------===//

#include "compiler/Library/ForkGate.h"
#include "compiler/Library/Program.h"
#include "compiler/Lowering/KernelTarget.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

#include <algorithm>
#include <cstring>
#include <new>

using eqc::InsideCompiler;
using llvm::StringRef;

/// The caller's options, the missing ones at their default.
static eqc_compile_options complete(const eqc_compile_options *options) {
  eqc_compile_options result = {};
  // All fields are as long as the first; of half a pointer nothing is taken.
  constexpr size_t field = sizeof result.struct_size;
  static_assert(sizeof(void *) == field && sizeof result % field == 0);
  if (options)
    memcpy(&result, options,
           std::min<size_t>(options->struct_size, sizeof result) / field *
               field);
  result.struct_size = sizeof result;
  return result;
}

eqc_program *eqc_parse(const char *source, size_t length,
                       const eqc_compile_options *options) {
  const InsideCompiler inside;
  return new (std::nothrow)
      eqc_program(StringRef(source, source ? length : 0), complete(options));
}

int eqc_program_compile(eqc_program *program) {
  const InsideCompiler inside;
  return program->compile();
}

int eqc_program_load(eqc_program *program, const void *code, size_t length) {
  const InsideCompiler inside;
  if (!code)
    return program->load(program->code());
  return program->load({static_cast<const char *>(code), length});
}

eqc_program *eqc_compile(const char *source, size_t length,
                         const eqc_compile_options *options) {
  const InsideCompiler inside;
  eqc_program *program = eqc_parse(source, length, options);
  if (program && program->compile() == 0)
    program->load(program->code());
  return program;
}

void eqc_program_free(eqc_program *program) {
  const InsideCompiler inside;
  delete program;
}

int eqc_program_status(const eqc_program *program) { return program->status(); }

int64_t eqc_program_num_diagnostics(const eqc_program *program) {
  return static_cast<int64_t>(program->diagnostics().size());
}

const eqc_diagnostic *eqc_program_diagnostic(const eqc_program *program,
                                             int64_t index) {
  llvm::ArrayRef<eqc_diagnostic> all = program->diagnostics();
  return index >= 0 && size_t(index) < all.size() ? &all[index] : nullptr;
}

const char *eqc_program_messages(const eqc_program *program) {
  return program->messages();
}

int64_t eqc_program_num_layers(const eqc_program *program) {
  return static_cast<int64_t>(program->layers().size());
}

const eqc_layer_info *eqc_program_layer(const eqc_program *program,
                                        int64_t index) {
  llvm::ArrayRef<eqc_layer_info> all = program->layers();
  return index >= 0 && size_t(index) < all.size() ? &all[index] : nullptr;
}

int64_t eqc_program_num_networks(const eqc_program *program) {
  return static_cast<int64_t>(program->networks().size());
}

const eqc_network_info *eqc_program_network(const eqc_program *program,
                                            int64_t index) {
  llvm::ArrayRef<eqc_network_info> all = program->networks();
  return index >= 0 && size_t(index) < all.size() ? &all[index] : nullptr;
}

const char *eqc_program_diagram(const eqc_program *program, int64_t layer,
                                int bias, int64_t index) {
  if (layer < 0 || index < 0)
    return nullptr;
  return program->diagram(layer, bias != 0, index);
}

int64_t eqc_program_packed_size(const eqc_program *program, int64_t layer) {
  return layer < 0 ? 0 : program->packedSize(layer);
}

const char *eqc_program_explain(eqc_program *program, int json) {
  const InsideCompiler inside;
  return program->explain(json != 0);
}

const char *eqc_program_draw(eqc_program *program, int plan) {
  const InsideCompiler inside;
  return program->draw(plan != 0);
}

const void *eqc_program_code(const eqc_program *program, size_t *length) {
  llvm::ArrayRef<char> code = program->code();
  if (length)
    *length = code.size();
  return code.empty() ? nullptr : code.data();
}

void *eqc_program_function(const eqc_program *program, const char *name) {
  const InsideCompiler inside;
  return name ? program->function(name) : nullptr;
}

const char *eqc_cuda_chip(int64_t number) {
  return eqc::kernelTargetOf("cuda").device()->chipFor(number);
}

const char *eqc_native_cpu(void) {
  const InsideCompiler inside;
  static const std::string text = [] {
    llvm::SubtargetFeatures features;
    for (const auto &feature : llvm::sys::getHostCPUFeatures())
      features.AddFeature(feature.first(), feature.second);
    std::vector<std::string> sorted = features.getFeatures();
    std::sort(sorted.begin(), sorted.end());
    return llvm::sys::getDefaultTargetTriple() + " " +
           llvm::sys::getHostCPUName().str() + " " + llvm::join(sorted, ",");
  }();
  return text.c_str();
}

void eqc_prepare_fork(void) { eqc::closeForkGate(); }
