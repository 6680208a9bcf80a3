//===- SharedLibrary.cpp - From an object to a shared library -------------===//
//
// LLD as a library: no linker, shell or start files need to be installed where
// eqc runs. The runtime's archive is looked for beside eqc.
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/SharedLibrary.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Lowering/KernelTarget.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <link.h>

LLD_HAS_DRIVER(elf)

using namespace eqc;
using llvm::StringRef;

static const char *const runtimeFunctions[] = {
    "eqc_status_string",   "eqc_last_error",    "eqc_version",
    "eqc_set_num_threads", "eqc_set_allocator", "eqc_set_parallel_for"};

#if defined(__SANITIZE_ADDRESS__)
#define EQC_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EQC_SANITIZED 1
#endif
#endif

/// Where libraries are installed, or in ../lib beside the program; where this
/// code is part of a library, in the library's folder.
static std::string findRuntime(StringRef library) {
  static int anchor;
  const std::string program =
      llvm::sys::fs::getMainExecutable(nullptr, &anchor);
  const StringRef folder = llvm::sys::path::parent_path(program);
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, EQC_LIBRARIES, library);
  if (!llvm::sys::fs::exists(path)) {
    path = folder;
    llvm::sys::path::append(path, "..", "lib", library);
  }
  Dl_info image;
  if (llvm::sys::fs::exists(path) || !dladdr(&anchor, &image))
    return std::string(path);
  llvm::SmallString<256> beside(llvm::sys::path::parent_path(image.dli_fname));
  llvm::sys::path::append(beside, library);
  return std::string(llvm::sys::fs::exists(beside) ? beside : path);
}

/// The C libraries this very process runs with: their sonames are what the
/// result will ask for.
static std::vector<std::string> findSystemLibraries() {
  std::vector<std::string> found;
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *result) {
        StringRef name = llvm::sys::path::filename(info->dlpi_name);
        for (StringRef prefix :
             {"libc.so", "libm.so", "libpthread.so", "libdl.so", "ld-linux"})
          if (name.starts_with(prefix))
            static_cast<std::vector<std::string> *>(result)->push_back(
                info->dlpi_name);
        return 0;
      },
      &found);
  return found;
}

static std::string versionScript(llvm::ArrayRef<LayerSpec> layers,
                                 llvm::ArrayRef<NetworkSpec> networks,
                                 const Device *device) {
  const Interface interface = device ? Interface::Device : Interface::Host;
  std::string text = "{ global:\n";
  for (const LayerSpec &layer : layers)
    for (const CFunction *function : cFunctions(
             /*gradients=*/true, interface, /*ragged=*/!device))
      text += "  " + nameOf(*function, layer.name) + ";\n";
  for (const NetworkSpec &network : networks)
    for (const NetworkFunction &function : networkFunctions())
      text += "  " + network.name + "_" + function.suffix + ";\n";
  for (const char *function : runtimeFunctions)
    text += "  " + std::string(function) + ";\n";
  return text + "  local: *;\n};\n";
}

static Failure writeFile(const std::string &path, StringRef bytes) {
  std::error_code code;
  llvm::raw_fd_ostream os(path, code);
  if (!code) {
    os << bytes;
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (!code)
    return {};
  return {StatusFile,
          "cannot write the temporary file '" + path + "': " + code.message()};
}

/// What LLD had no room or no permission to write is not a bug.
static int statusOf(StringRef linkerOutput) {
  for (int code : {ENOSPC, EFBIG, EDQUOT, EROFS, EIO})
    if (linkerOutput.contains(strerror(code)))
      return StatusFile;
  return linkerOutput.contains(strerror(ENOMEM)) ? StatusLimit : StatusInternal;
}

Failure eqc::linkSharedLibrary(llvm::ArrayRef<char> object,
                               llvm::ArrayRef<LayerSpec> layers,
                               llvm::ArrayRef<NetworkSpec> networks,
                               const Device *device,
                               PrivateDirectory &directory, std::string &path) {
  std::vector<std::string> runtimes{findRuntime("libeqc_rt.a")};
  if (device)
    runtimes.push_back(findRuntime(("lib" + device->runtime + ".a").str()));
  for (const std::string &runtime : runtimes)
    if (!llvm::sys::fs::exists(runtime))
      return {StatusFile, "cannot read the runtime '" + runtime +
                              "', which a shared library carries"};
  std::string objectPath = directory.file("layers.o");
  std::string scriptPath = directory.file("exports.map");
  path = directory.file("layers.so");
  if (Failure failure =
          writeFile(objectPath, StringRef(object.data(), object.size())))
    return failure;
  if (Failure failure =
          writeFile(scriptPath, versionScript(layers, networks, device)))
    return failure;

  // One thread and no build id: the same bytes every time. No memory map, which
  // would turn a full disk into a signal; some versions map all the same.
  std::vector<std::string> args = {
      "ld.lld", "-shared", "-Bsymbolic", "-z", "now", "-z", "relro", "-z",
      "noexecstack", "--build-id=none", "--hash-style=gnu", "--eh-frame-hdr",
      "--threads=1", "--no-mmap-output-file", "--strip-debug",
      // Without gradients there is no NAME_backward to export.
      "--undefined-version", "--version-script=" + scriptPath,
#ifndef EQC_SANITIZED
      // Sanitizers resolve their symbols in the program that loads the library.
      "--no-undefined",
#endif
      "-o", path, objectPath, "--whole-archive"};
  args.insert(args.end(), runtimes.begin(), runtimes.end());
  args.insert(args.end(), {"--no-whole-archive", "--as-needed"});
  for (std::string &library : findSystemLibraries())
    args.push_back(std::move(library));
  std::vector<const char *> argv;
  for (const std::string &arg : args)
    argv.push_back(arg.c_str());

  std::string output;
  llvm::raw_string_ostream os(output);
  lld::Result result =
      lld::lldMain(argv, os, os, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode == 0)
    return {};
  return {statusOf(output), "linking the shared library failed: " +
                                StringRef(output).rtrim().str()};
}
