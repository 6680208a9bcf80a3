//===- LoadedObject.cpp - Compiled layers in memory -----------------------===//
//
// JITLink does what a linker and a loader would do. Neither of ORC's ready-made
// JITs is used: objects of ours have no constructors, no exceptions and no
// thread-local data, and need nothing but the runtime and a few functions of
// the C library, whose addresses are taken here. So nothing depends on what
// else this process has loaded, and no thread is started.
//
//===----------------------------------------------------------------------===//

#include "compiler/Library/LoadedObject.h"

#include <eqc/cuda_kernel.h>
#include <eqc/kernel.h>

#include "llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"
#include "llvm/ExecutionEngine/Orc/TaskDispatch.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/TargetParser/Host.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

using namespace eqc;
using namespace llvm;
using namespace llvm::orc;

namespace {

struct NamedAddress {
  const char *name;
  ExecutorAddr address;
};

template <typename Function> NamedAddress at(const char *name, Function *f) {
  return {name, ExecutorAddr::fromPtr(f)};
}

} // namespace

/// All that objects of ours may ask for, and the public functions of the
/// runtime, which are thereby part of every program that loads layers.
static std::vector<NamedAddress> providedFunctions() {
  return {
      at("eqc_rt_backward", &eqc_rt_backward),
      at("eqc_rt_backward_padded", &eqc_rt_backward_padded),
      at("eqc_rt_backward_ragged", &eqc_rt_backward_ragged),
      at("eqc_rt_bilinear_backward", &eqc_rt_bilinear_backward),
      at("eqc_rt_bilinear_forward", &eqc_rt_bilinear_forward),
      at("eqc_rt_bilinear_forward_packed", &eqc_rt_bilinear_forward_packed),
      at("eqc_rt_forward", &eqc_rt_forward),
      at("eqc_rt_forward_packed", &eqc_rt_forward_packed),
      at("eqc_rt_forward_padded", &eqc_rt_forward_padded),
      at("eqc_rt_forward_ragged", &eqc_rt_forward_ragged),
      at("eqc_rt_network_backward", &eqc_rt_network_backward),
      at("eqc_rt_network_backward_padded", &eqc_rt_network_backward_padded),
      at("eqc_rt_network_backward_ragged", &eqc_rt_network_backward_ragged),
      at("eqc_rt_network_forward", &eqc_rt_network_forward),
      at("eqc_rt_network_forward_packed", &eqc_rt_network_forward_packed),
      at("eqc_rt_network_forward_padded", &eqc_rt_network_forward_padded),
      at("eqc_rt_network_forward_ragged", &eqc_rt_network_forward_ragged),
      at("eqc_rt_network_forward_tape", &eqc_rt_network_forward_tape),
      at("eqc_rt_network_pack", &eqc_rt_network_pack),
      at("eqc_rt_network_tape_size", &eqc_rt_network_tape_size),
      at("eqc_rt_network_selftest", &eqc_rt_network_selftest),
      at("eqc_rt_pack", &eqc_rt_pack),
      at("eqc_rt_selftest", &eqc_rt_selftest),
      at("eqc_rt_cuda_backward", &eqc_rt_cuda_backward),
      at("eqc_rt_cuda_backward_in", &eqc_rt_cuda_backward_in),
      at("eqc_rt_cuda_forward", &eqc_rt_cuda_forward),
      at("eqc_rt_cuda_forward_in", &eqc_rt_cuda_forward_in),
      at("eqc_rt_cuda_forward_packed", &eqc_rt_cuda_forward_packed),
      at("eqc_rt_cuda_pack", &eqc_rt_cuda_pack),
      at("eqc_rt_cuda_prepare", &eqc_rt_cuda_prepare),
      at("eqc_rt_cuda_workspace_bytes", &eqc_rt_cuda_workspace_bytes),
      at("eqc_cuda_device_chip", &eqc_cuda_device_chip),
      at("eqc_cuda_device_count", &eqc_cuda_device_count),
      at("eqc_cuda_pop_device", &eqc_cuda_pop_device),
      at("eqc_cuda_push_device", &eqc_cuda_push_device),
      at("eqc_last_error", &eqc_last_error),
      at("eqc_set_allocator", &eqc_set_allocator),
      at("eqc_set_num_threads", &eqc_set_num_threads),
      at("eqc_set_parallel_for", &eqc_set_parallel_for),
      at("eqc_status_string", &eqc_status_string),
      at("eqc_version", &eqc_version),
      at("memcpy",
         static_cast<void *(*)(void *, const void *, size_t)>(memcpy)),
      at("memmove",
         static_cast<void *(*)(void *, const void *, size_t)>(memmove)),
      at("memset", static_cast<void *(*)(void *, int, size_t)>(memset)),
      at("fma", static_cast<double (*)(double, double, double)>(std::fma)),
      at("fmaf", static_cast<float (*)(float, float, float)>(std::fma)),
  };
}

namespace {

/// Notes where the descriptors of layers lie, which no object exports. A layer
/// has one, for CPUs or for GPUs.
class FindDescriptors : public ObjectLinkingLayer::Plugin {
public:
  void modifyPassConfig(MaterializationResponsibility &, jitlink::LinkGraph &,
                        jitlink::PassConfiguration &config) override {
    // Others refer to the section that they lie in: their names would be
    // dropped.
    config.PrePrunePasses.push_back([](jitlink::LinkGraph &graph) {
      for (jitlink::Symbol *symbol : graph.defined_symbols())
        if (endsIn(*symbol, kHostSuffix) || endsIn(*symbol, kCudaSuffix))
          symbol->setLive(true);
      return Error::success();
    });
    config.PostAllocationPasses.push_back([this](jitlink::LinkGraph &graph) {
      for (jitlink::Symbol *symbol : graph.defined_symbols())
        if (endsIn(*symbol, kHostSuffix))
          onHost[layerOf(*symbol, kHostSuffix)] =
              symbol->getAddress().toPtr<const eqc_kernel *>();
        else if (endsIn(*symbol, kCudaSuffix))
          onCuda[layerOf(*symbol, kCudaSuffix)] =
              symbol->getAddress().toPtr<const eqc_cuda_kernel *>();
      return Error::success();
    });
  }
  Error notifyFailed(MaterializationResponsibility &) override {
    return Error::success();
  }
  Error notifyRemovingResources(JITDylib &, ResourceKey) override {
    return Error::success();
  }
  void notifyTransferringResources(JITDylib &, ResourceKey,
                                   ResourceKey) override {}

  /// By the names of layers.
  StringMap<const eqc_kernel *> onHost;
  StringMap<const eqc_cuda_kernel *> onCuda;

private:
  static constexpr StringLiteral kHostSuffix = ".kernel";
  static constexpr StringLiteral kCudaSuffix = ".cuda_kernel";

  static bool endsIn(const jitlink::Symbol &symbol, StringRef suffix) {
    return symbol.hasName() && (*symbol.getName()).ends_with(suffix);
  }
  static StringRef layerOf(const jitlink::Symbol &symbol, StringRef suffix) {
    return (*symbol.getName()).drop_back(suffix.size());
  }
};

} // namespace

struct LoadedObject::Session {
  Session(std::unique_ptr<SelfExecutorProcessControl> control)
      : execution(std::move(control)),
        linker(execution, execution.getExecutorProcessControl().getMemMgr()),
        runtime(execution.createBareJITDylib("runtime")),
        layers(execution.createBareJITDylib("layers")) {
    // Failures reach the caller of a lookup; nothing is printed.
    execution.setErrorReporter([](Error e) { consumeError(std::move(e)); });
    layers.addToLinkOrder(runtime);
    linker.addPlugin(descriptors);
  }
  ~Session() {
    // What the CUDA runtime has loaded for a layer hangs on its record.
    for (const auto &layer : descriptors->onCuda)
      eqc_rt_cuda_release(layer.second);
    consumeError(execution.endSession());
  }

  Error provideRuntime() {
    SymbolMap symbols;
    for (const NamedAddress &f : providedFunctions())
      symbols[execution.intern(f.name)] = {
          f.address, JITSymbolFlags::Exported | JITSymbolFlags::Callable};
    return runtime.define(absoluteSymbols(std::move(symbols)));
  }

  Expected<ExecutorSymbolDef> find(StringRef name) {
    return execution.lookup(ArrayRef<JITDylib *>({&layers, &runtime}),
                            execution.intern(name));
  }

  std::shared_ptr<FindDescriptors> descriptors =
      std::make_shared<FindDescriptors>();
  ExecutionSession execution;
  ObjectLinkingLayer linker;
  JITDylib &runtime;
  JITDylib &layers;
};

LoadedObject::LoadedObject(std::unique_ptr<Session> session)
    : session(std::move(session)) {}

LoadedObject::~LoadedObject() = default;

/// Links everything now, so that nothing can fail later. Any one symbol will
/// do: an object is linked as a whole.
static Error linkAll(ExecutionSession &execution, JITDylib &layers,
                     const object::ObjectFile &object) {
  for (const object::SymbolRef &symbol : object.symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    using object::BasicSymbolRef;
    if (!(*flags & BasicSymbolRef::SF_Global) ||
        (*flags & BasicSymbolRef::SF_Undefined))
      continue;
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    return execution
        .lookup(ArrayRef<JITDylib *>({&layers}), execution.intern(*name))
        .takeError();
  }
  return createStringError("it exports nothing");
}

std::unique_ptr<LoadedObject> LoadedObject::load(ArrayRef<char> bytes,
                                                 std::string &error) {
  auto fail = [&](Error e) {
    error = toString(std::move(e));
    return nullptr;
  };
  // A copy: the linker keeps it, and ELF wants its alignment.
  std::unique_ptr<MemoryBuffer> buffer = MemoryBuffer::getMemBufferCopy(
      StringRef(bytes.data(), bytes.size()), "layers");
  Expected<std::unique_ptr<object::ObjectFile>> object =
      object::ObjectFile::createObjectFile(buffer->getMemBufferRef());
  if (!object)
    return fail(object.takeError());
  if ((*object)->getArch() != Triple(sys::getProcessTriple()).getArch())
    return fail(createStringError("it is for another kind of machine"));

  auto control = SelfExecutorProcessControl::Create(
      nullptr, std::make_unique<InPlaceTaskDispatcher>());
  if (!control)
    return fail(control.takeError());
  auto session = std::make_unique<Session>(std::move(*control));
  if (Error e = session->provideRuntime())
    return fail(std::move(e));
  if (Error e = session->linker.add(
          session->layers,
          MemoryBuffer::getMemBufferCopy(buffer->getBuffer(), "layers")))
    return fail(std::move(e));
  if (Error e = linkAll(session->execution, session->layers, **object))
    return fail(std::move(e));
  return std::unique_ptr<LoadedObject>(new LoadedObject(std::move(session)));
}

void *LoadedObject::function(StringRef name) const {
  Expected<ExecutorSymbolDef> symbol = session->find(name);
  if (symbol)
    return symbol->getAddress().toPtr<void *>();
  consumeError(symbol.takeError());
  return nullptr;
}

int64_t LoadedObject::packedSize(StringRef layer) const {
  if (const eqc_cuda_kernel *kernel =
          session->descriptors->onCuda.lookup(layer))
    return kernel->packed_bytes > 0
               ? kernel->packed_bytes / kernel->element_bytes
               : kernel->info->weight_size;
  const eqc_kernel *kernel = session->descriptors->onHost.lookup(layer);
  int64_t most = 0;
  for (int64_t i = 0; kernel && i < kernel->num_variants; ++i)
    most = std::max(most, kernel->variants[i].packed_bytes);
  if (!kernel)
    return 0;
  // Weights that are read as they are.
  return most > 0 ? most / kernel->element_bytes : kernel->info->weight_size;
}
