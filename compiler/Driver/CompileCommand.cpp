//===- CompileCommand.cpp - eqc compile -----------------------------------===//

#include "compiler/Driver/Commands.h"

#include "compiler/Driver/Depfile.h"
#include "compiler/Driver/FortranEmitter.h"
#include "compiler/Driver/HeaderEmitter.h"
#include "compiler/Driver/Input.h"
#include "compiler/Driver/Process.h"
#include "compiler/Driver/SharedLibrary.h"
#include "compiler/Lowering/KernelTarget.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace eqc;
using llvm::StringRef;

namespace {

struct KindInfo {
  std::string extension;
  bool wantsHeader; ///< a header is written without being asked for
  CodeKind code;
};

} // namespace

static KindInfo kindInfo(const Options &options) {
  const Device *device = kernelTargetOf(options.compile.triple).device();
  switch (options.emit) {
  case EmitKind::Obj:
    // Without a runtime nothing can be declared.
    return {device ? device->objects.str() : ".o",
            !device || device->hasRuntime(), CodeKind::Object};
  case EmitKind::Asm:
    return {".s", true, CodeKind::Assembly};
  case EmitKind::LLVM:
    return {".ll", false, CodeKind::LLVM};
  case EmitKind::MLIR:
    return {".mlir", false, CodeKind::MLIR};
  case EmitKind::Eq:
    return {".mlir", false, CodeKind::Eq};
  case EmitKind::Loops:
    return {".mlir", false, CodeKind::Loops};
  case EmitKind::Linalg:
    return {".mlir", false, CodeKind::Linalg};
  case EmitKind::Stages:
    return {".mlir", false, CodeKind::Stages};
  case EmitKind::Shared:
    return {".so", true, CodeKind::Object};
  case EmitKind::Header:
    return {".h", false, CodeKind::Object};
  case EmitKind::Device:
    return {("." + device->code).str(), false, CodeKind::Device};
  }
  return {"", false, CodeKind::Object};
}

static std::string defaultOutput(StringRef input, StringRef extension) {
  input.consume_back(".eq");
  return (input + extension).str();
}

static std::string headerBeside(StringRef output) {
  llvm::SmallString<256> path(output);
  llvm::sys::path::replace_extension(path, "h");
  return std::string(path);
}

namespace {
/// The outputs of a run and which is which.
struct OutputPlan {
  Outputs outputs;
  size_t code = 0;
  std::optional<size_t> header, fortran, depfile;
  std::string headerPath;
  std::vector<std::string> written; ///< what the depfile says is made
};
} // namespace

static Failure planOutputs(const Options &options, OutputPlan &plan) {
  KindInfo info = kindInfo(options);
  if (!options.output && isStdin(options.input))
    return {StatusUsage, "reading standard input needs '-o <path>', or '-o -'"};
  if (options.emit == EmitKind::Header && options.header)
    return {StatusUsage, "'--emit=header' writes the header to '-o' and takes "
                         "no '--header'"};
  std::string output = options.output
                           ? *options.output
                           : defaultOutput(options.input, info.extension);
  plan.code =
      plan.outputs.add(output, options.emit == EmitKind::Shared ? 0777 : 0666);
  if (options.emit == EmitKind::Header) {
    plan.headerPath = output;
  } else if (options.header) {
    plan.headerPath = *options.header;
    plan.header = plan.outputs.add(*options.header);
  } else if (info.wantsHeader && plan.outputs.isRegular(plan.code)) {
    plan.headerPath = headerBeside(output);
    plan.header = plan.outputs.add(plan.headerPath);
  }
  plan.written = {output};
  if (plan.header)
    plan.written.push_back(plan.headerPath);
  if (options.fortran) {
    plan.fortran = plan.outputs.add(*options.fortran);
    plan.written.push_back(*options.fortran);
  }
  if (options.depfile)
    plan.depfile = plan.outputs.add(*options.depfile);
  if (Failure failure = plan.outputs.check(options.input))
    return failure;
  return options.rates ? plan.outputs.check(*options.rates) : Failure();
}

/// The shared library's bytes.
static Failure makeShared(llvm::ArrayRef<char> object, const Source &source,
                          const Device *device, std::string &bytes) {
  PrivateDirectory directory;
  std::string problem = directory.create();
  if (!problem.empty())
    return {StatusFile, problem};
  std::string path;
  const MapsMayFill maps;
  if (Failure failure = linkSharedLibrary(
          object,
          source.compile.networkOnly ? std::vector<LayerSpec>() : source.layers,
          source.networks, device, directory, path))
    return failure;
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return {StatusFile, "cannot read the temporary file '" + path +
                            "': " + buffer.getError().message()};
  bytes = (*buffer)->getBuffer().str();
  return {};
}

int eqc::runCompile(const Options &options) {
  OutputPlan plan;
  if (Failure failure = planOutputs(options, plan))
    return report(failure);
  Source source(options);
  if (int status = loadSource(options, source))
    return status;
  if (int status = tuneSource(options, source))
    return status;

  const Device *device = kernelTargetOf(options.compile.triple).device();
  std::vector<int64_t> packed;
  std::vector<bool> ragged;
  for (size_t i = 0; i < source.layers.size(); ++i)
    ragged.push_back(hasRagged(source.layers, source.compile, i));
  auto makeHeader = [&] {
    return emitHeader(
        source.layers, packed,
        plan.headerPath == "-" ? "" : StringRef(plan.headerPath),
        options.compile.gradients, device, ragged,
        {source.networks, options.compile.networkOnly, options.compile.ragged});
  };
  if (options.emit == EmitKind::Header) {
    if (int status = findPackedSizes(options, source, packed))
      return status;
    plan.outputs.setContents(plan.code, makeHeader());
  } else {
    const CodeKind kind = kindInfo(options).code;
    llvm::SmallVector<char, 0> code;
    if (int status = compileSource(options, source, kind, code, &packed))
      return status;
    if ((plan.header || plan.fortran) && !hasKernels(kind))
      if (int status = findPackedSizes(options, source, packed))
        return status;
    std::string library;
    if (options.emit == EmitKind::Shared) {
      mlir::TimingScope time = source.watch.step("linking");
      if (Failure failure = makeShared(code, source, device, library))
        return report(failure);
      source.watch.rest();
      plan.outputs.setContents(plan.code, library);
    } else {
      plan.outputs.setContents(plan.code, StringRef(code.data(), code.size()));
    }
    if (plan.header)
      plan.outputs.setContents(*plan.header, makeHeader());
  }
  if (plan.fortran)
    plan.outputs.setContents(
        *plan.fortran,
        emitFortran(source.layers, packed,
                    *options.fortran == "-" ? "" : StringRef(*options.fortran),
                    options.compile.gradients, device, ragged,
                    {source.networks, options.compile.networkOnly,
                     options.compile.ragged}));
  if (plan.depfile) {
    std::vector<std::string> read;
    for (const std::string &path : {options.input, options.rates.value_or("-")})
      if (!isStdin(path))
        read.push_back(path);
    read.insert(read.end(), source.filesRead.begin(), source.filesRead.end());
    plan.outputs.setContents(*plan.depfile, emitDepfile(plan.written, read));
  }
  if (Failure failure = plan.outputs.commit())
    return report(failure);
  noteLayersWithoutRagged(source);
  return StatusDone;
}
