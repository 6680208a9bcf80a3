//===- PatchCode.cpp - Are changes of code found? -------------------------===//
//
// eqc-patch-code FILE.eq [--count=N] [--seed=N] [--plan=PLAN] [--cpu=NAME]
// [-O0..-O3]: compiles the layers of a file, changes one byte of code at a
// time, and asks `eqc check`'s tests and `eqc verify`'s whether something is
// wrong, in child processes. Every change that the first see, the second must.
// Status 1 if one was missed.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/LoadedLibrary.h"
#include "compiler/Driver/VerifyFile.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Library/LoadedObject.h"
#include "compiler/Pipelines/Compile.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <random>

using namespace eqc;

/// No call takes a fraction of it; a patch that loops takes all.
static constexpr double kSeconds = 5;

static int fail(const llvm::Twine &message) {
  llvm::errs() << "eqc-patch-code: " << message << "\n";
  return 2;
}

namespace {

/// A byte of code: where it lies in the file.
struct Code {
  std::vector<size_t> offsets;
  std::vector<std::string> functions;
};

} // namespace

/// The bytes of all functions; those that the linker writes do not count.
static Code codeOf(llvm::ArrayRef<char> bytes) {
  Code code;
  auto object = llvm::cantFail(llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(bytes.data(), bytes.size()), "o")));
  std::vector<bool> linked(bytes.size(), false);
  auto offsetOf = [&](const llvm::object::SectionRef &section) {
    return llvm::object::ELFSectionRef(section).getOffset();
  };
  for (const llvm::object::SectionRef &section : object->sections()) {
    auto target = section.getRelocatedSection();
    if (!target || *target == object->section_end())
      continue;
    for (const llvm::object::RelocationRef &relocation : section.relocations())
      for (size_t i = 0; i < 8; ++i)
        if (const size_t at = offsetOf(**target) + relocation.getOffset() + i;
            at < linked.size())
          linked[at] = true;
  }
  for (const llvm::object::SymbolRef &symbol : object->symbols()) {
    auto type = llvm::cantFail(symbol.getType());
    auto section = llvm::cantFail(symbol.getSection());
    if (type != llvm::object::SymbolRef::ST_Function ||
        section == object->section_end())
      continue;
    const size_t first = offsetOf(*section) + llvm::cantFail(symbol.getValue());
    const uint64_t size = llvm::object::ELFSymbolRef(symbol).getSize();
    for (size_t i = 0; i < size; ++i)
      if (!linked[first + i]) {
        code.offsets.push_back(first + i);
        code.functions.push_back(llvm::cantFail(symbol.getName()).str());
      }
  }
  return code;
}

static std::vector<char> changed(llvm::ArrayRef<char> object, size_t at,
                                 char to) {
  std::vector<char> bytes(object.begin(), object.end());
  bytes[at] = to;
  return bytes;
}

/// Whether the tests of `eqc check` see something.
static bool isWrong(const std::vector<LayerSpec> &layers,
                    llvm::ArrayRef<char> object, std::string &why) {
  const ChildResult result = runInChild(
      [&](int) {
        std::string error;
        std::shared_ptr<LoadedObject> loaded =
            LoadedObject::load(object, error);
        if (!loaded)
          return 2;
        const LoadedLibrary library([loaded](const std::string &name) {
          return loaded->function(name);
        });
        BuiltPlans built;
        for (const LayerSpec &layer : layers) {
          CheckOptions options;
          readPromises(layer, library, built, options);
          if (checkLibrary(layer, library, options).failed())
            return 1;
        }
        return 0;
      },
      kSeconds);
  why = result.status < 0 ? result.why : result.status ? "results differ" : "";
  return result.status != 0;
}

static bool isCaught(const std::vector<LayerSpec> &layers,
                     llvm::ArrayRef<char> object, const std::string &path) {
  std::error_code code;
  llvm::raw_fd_ostream os(path, code);
  os.write(object.data(), object.size());
  os.close();
  Verifiable file;
  for (const LayerSpec &layer : layers)
    if (verifyOne(path, file, layer.name, kSeconds).status != 0)
      return true;
  return false;
}

int main(int argc, char **argv) {
  uint64_t count = 1000, seed = 1;
  CompileOptions options;
  options.cpus = {"native"};
  std::string input;
  for (llvm::StringRef arg : llvm::ArrayRef(argv + 1, argc - 1)) {
    if (arg.consume_front("--count=")) {
      if (arg.getAsInteger(10, count))
        return fail("no number: " + arg);
    } else if (arg.consume_front("--seed=")) {
      if (arg.getAsInteger(10, seed))
        return fail("no number: " + arg);
    } else if (arg.consume_front("--plan=")) {
      options.plan = findPlan(arg).value_or(PlanKind::Auto);
    } else if (arg.consume_front("--cpu=")) {
      options.cpus = {arg.str()};
    } else if (arg.consume_front("-O")) {
      options.optLevel = arg.front() - '0';
    } else {
      input = arg.str();
    }
  }
  auto buffer = llvm::MemoryBuffer::getFile(input);
  if (!buffer)
    return fail("cannot read '" + input + "'");
  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  const unsigned id =
      sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  const FrontendResult source = parseLayers(sources, id, input, {}, diags);
  diags.print(llvm::errs());
  if (source.status != 0)
    return source.status;
  llvm::SmallVector<char, 0> object;
  CompileFailure failure;
  if (!compileLayers(source.layers, options, CodeKind::Object, object, failure))
    return fail(failure.message);

  llvm::SmallString<128> path;
  if (llvm::sys::fs::createTemporaryFile("eqc-patched", "o", path))
    return fail("no temporary file");
  const llvm::FileRemover remover(path);
  std::string why;
  if (isWrong(source.layers, object, why) ||
      isCaught(source.layers, object, path.str().str()))
    return fail("what is unchanged is wrong: " + why);
  const Code code = codeOf(object);
  std::mt19937_64 random(seed);
  uint64_t wrong = 0, caught = 0, missed = 0, more = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const size_t place = random() % code.offsets.size();
    const size_t at = code.offsets[place];
    const char to = static_cast<char>(object[at] + 1 + random() % 255);
    const std::vector<char> patched = changed(object, at, to);
    const bool isFound = isCaught(source.layers, patched, path.str().str());
    bool differs = isWrong(source.layers, patched, why);
    // A machine with other work may be late: once more.
    if (differs && !isFound)
      differs = isWrong(source.layers, patched, why);
    wrong += differs;
    caught += differs && isFound;
    more += !differs && isFound;
    if (differs && !isFound) {
      ++missed;
      llvm::outs() << "MISSED: byte " << at << " of " << code.functions[place]
                   << ": " << (object[at] & 255) << " -> " << (to & 255) << " ("
                   << why << ")\n";
      llvm::outs().flush();
    }
  }
  llvm::outs() << count << " changes of " << code.offsets.size()
               << " bytes of code: " << wrong << " make a difference, "
               << caught << " of them caught, " << missed << " missed; " << more
               << " more caught\n";
  return missed ? 1 : 0;
}
