//===- Program.h - Layers of a source, compiled and loaded ------*- C++ -*-===//
//
// What stands behind an eqc_program: the steps from a text to functions, and
// everything the C interface hands out pointers to.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_LIBRARY_PROGRAM_H
#define EQC_LIBRARY_PROGRAM_H

#include "compiler/Frontend/Frontend.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Library/LoadedObject.h"
#include "compiler/Pipelines/Compile.h"

#include <eqc/compiler.h>

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/SourceMgr.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace eqc {

class Program {
public:
  /// Reads and checks `source`.
  Program(llvm::StringRef source, const eqc_compile_options &options);
  /// No layers, and an option that is wrong.
  Program(const char *file, const std::string &error);

  /// Both do nothing unless `status()` is 0 and return it afterwards.
  int compile();
  int load(llvm::ArrayRef<char> object);

  int status() const { return state; }
  llvm::ArrayRef<eqc_diagnostic> diagnostics() const { return entries; }
  const char *messages() const { return text.c_str(); }
  llvm::ArrayRef<eqc_layer_info> layers() const { return infos; }
  llvm::ArrayRef<eqc_network_info> networks() const { return networkInfos; }
  /// Null where there is no such diagram.
  const char *diagram(size_t layer, bool bias, size_t index) const;
  int64_t packedSize(size_t layer) const;
  llvm::ArrayRef<char> code() const { return object; }
  void *function(llvm::StringRef name) const;
  /// What the command line says of the program, and draws; null, with a
  /// diagnostic, where that is not possible. Kept as long as the program.
  const char *explain(bool asJson);
  const char *draw(bool plan);

private:
  /// Sets what is compiled for; reports options that are wrong.
  void readOptions(const eqc_compile_options &options);
  /// The machine among them; empty, or what is wrong.
  std::string readTarget(const eqc_compile_options &options);
  /// An error about no place of the source.
  void fail(int status, const std::string &message);
  /// A failure of the compiler, located where it is about a layer.
  void fail(const CompileFailure &failure);
  /// Diagnostics of the front end as data and as text.
  void collectDiagnostics();
  /// What is said of layers is said under these.
  CompileOptions reportOptions();
  /// `info` of a layer that was not loaded.
  eqc_layer_info describe(const LayerSpec &layer);
  /// The text, kept as long as the program.
  const char *keep(std::string value);

  std::string file;
  CompileOptions options;
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  std::vector<LayerSpec> specs;
  std::vector<NetworkSpec> networkSpecs;
  int state = 0;

  std::deque<std::string> strings;
  std::vector<eqc_diagnostic> entries;
  std::string text;
  std::vector<eqc_layer_info> infos;
  std::vector<eqc_network_info> networkInfos;
  InfoMemory infoMemory; ///< what those point to before code is loaded
  NetworkInfoMemory networkMemory;
  /// For each layer the names of its diagrams and of its bias diagrams.
  std::vector<std::vector<std::string>> diagramNames, biasNames;
  std::vector<int64_t> packedSizes;
  llvm::SmallVector<char, 0> object;
  std::unique_ptr<LoadedObject> loaded;
};

} // namespace eqc

/// The C interface's name for it.
struct eqc_program : eqc::Program {
  using Program::Program;
};

#endif // EQC_LIBRARY_PROGRAM_H
