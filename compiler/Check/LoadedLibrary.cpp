//===- LoadedLibrary.cpp - Layers that can be called ----------------------===//

#include "compiler/Check/LoadedLibrary.h"

#include "compiler/Interface/LayerInfo.h"
#include "compiler/Interface/Signature.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/PlanRules.h"

#include "llvm/ADT/STLExtras.h"

#include <fmt/format.h>

#include <dlfcn.h>

#include <string_view>
#include <tuple>
#include <utility>

using namespace eqc;

std::optional<LoadedLibrary> LoadedLibrary::open(const std::string &path,
                                                 std::string &error,
                                                 Interface interface) {
  // Without a slash dlopen would look in the library path.
  std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  if (void *opened = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    std::shared_ptr<void> handle(opened, dlclose);
    return LoadedLibrary(
        [handle](const std::string &name) {
          return dlsym(handle.get(), name.c_str());
        },
        interface);
  }
  const char *why = dlerror();
  error = why ? why : "cannot open '" + path + "'";
  return std::nullopt;
}

/// A function with the type that the generated header declares, or null.
template <typename Pointer>
static Pointer findFunction(const LoadedLibrary::Lookup &find,
                            const std::string &name) {
  return reinterpret_cast<Pointer>(find(name));
}

/// Calls `function` with the arguments of a KernelFunctions: sizes, batch and
/// arrays of any type, and what `last` holds.
template <typename T, const CFunction &F, bool Dynamic, typename Pointer,
          size_t... I, typename... Last>
static auto callerOf(Pointer function, std::index_sequence<I...>,
                     Last... last) {
  return [=](int64_t n, int64_t batch, auto... arrays) {
    auto typed = std::make_tuple(
        static_cast<signature::Array<T, F.arrays[I].written>>(arrays)...);
    if constexpr (Dynamic)
      return function(n, batch, std::get<I>(typed)..., last...);
    else
      return function(batch, std::get<I>(typed)..., last...);
  };
}

/// The same of a layer with sizes S.
template <typename T, const CFunction &F, size_t... S, size_t... I>
static auto sizedCallerOf(void *found, std::index_sequence<S...>,
                          std::index_sequence<I...>) {
  using Function = int (*)(decltype(int64_t(S))..., int64_t,
                           signature::Array<T, F.arrays[I].written>...);
  auto *function = reinterpret_cast<Function>(found);
  return [=](int64_t n, int64_t batch, auto... arrays) {
    const auto *sizes = n < 0 ? reinterpret_cast<const int64_t *>(-n) : nullptr;
    auto typed = std::make_tuple(
        static_cast<signature::Array<T, F.arrays[I].written>>(arrays)...);
    return function((sizes ? sizes[S] : n)..., batch, std::get<I>(typed)...);
  };
}

/// Sets `call` to the layer's function `F`, if there is one, where the layer
/// takes at least N sizes.
template <typename T, const CFunction &F, size_t N = 2, typename Call>
static void findSized(const LoadedLibrary::Lookup &find, const LayerSpec &layer,
                      Call &call) {
  if (static_cast<size_t>(layer.numSizes()) == N) {
    if (void *function = find(nameOf(F, layer.name)))
      call = sizedCallerOf<T, F>(function, std::make_index_sequence<N>(),
                                 std::make_index_sequence<F.numArrays>());
  } else if constexpr (N < kMostSpaces) {
    findSized<T, F, N + 1>(find, layer, call);
  }
}

template <typename T, const CFunction &F, typename Pointer, size_t... I>
static auto raggedCallerOf(Pointer function, std::index_sequence<I...>) {
  if constexpr (F.takesSizes)
    return [=](int64_t n, int64_t batch, const int64_t *sizes, auto... arrays) {
      auto typed = std::make_tuple(
          static_cast<signature::Array<T, F.arrays[I].written>>(arrays)...);
      return function(n, batch, sizes, std::get<I>(typed)...);
    };
  else
    return [=](int64_t batch, const int64_t *n, auto... arrays) {
      auto typed = std::make_tuple(
          static_cast<signature::Array<T, F.arrays[I].written>>(arrays)...);
      return function(batch, n, std::get<I>(typed)...);
    };
}

/// The same for ragged batches.
template <typename T, const CFunction &F, typename Call>
static void findRagged(const LoadedLibrary::Lookup &find,
                       const std::string &layer, Call &call) {
  using Pointer = CFunctionPointer<T, F, true>;
  if (auto function = findFunction<Pointer>(find, nameOf(F, layer)))
    call =
        raggedCallerOf<T, F>(function, std::make_index_sequence<F.numArrays>());
}

/// Sets `call` to the layer's function `F`, if there is one; `last` is what it
/// takes after its arrays.
template <typename T, const CFunction &F, bool Dynamic, typename Call,
          typename... Last>
static void findCall(const LoadedLibrary::Lookup &find,
                     const std::string &layer, Call &call, Last... last) {
  using Pointer = CFunctionPointer<T, F, Dynamic, Last...>;
  if (auto function = findFunction<Pointer>(find, nameOf(F, layer)))
    call = callerOf<T, F, Dynamic>(
        function, std::make_index_sequence<F.numArrays>(), last...);
}

template <typename T, bool Dynamic>
static KernelFunctions findOnDevice(const LoadedLibrary::Lookup &find,
                                    const std::string &layer,
                                    const DeviceCall &device) {
  KernelFunctions result;
  if (device.workspace) {
    void *workspace = *device.workspace;
    findCall<T, kForwardIn, Dynamic>(find, layer, result.forward, workspace,
                                     device.stream);
    findCall<T, kBackwardIn, Dynamic>(find, layer, result.backward, workspace,
                                      device.stream);
  } else {
    findCall<T, kForward, Dynamic>(find, layer, result.forward, device.stream);
    findCall<T, kBackward, Dynamic>(find, layer, result.backward,
                                    device.stream);
  }
  return result;
}

template <typename T, bool Dynamic>
static KernelFunctions findKernel(const LoadedLibrary::Lookup &find,
                                  const std::string &layer) {
  KernelFunctions result;
  findCall<T, kForward, Dynamic>(find, layer, result.forward);
  findCall<T, kBackward, Dynamic>(find, layer, result.backward);
  if (!Dynamic)
    return result;
  findRagged<T, kForwardRagged>(find, layer, result.forwardRagged);
  findRagged<T, kBackwardRagged>(find, layer, result.backwardRagged);
  findRagged<T, kForwardPadded>(find, layer, result.forwardPadded);
  findRagged<T, kBackwardPadded>(find, layer, result.backwardPadded);
  return result;
}

template <typename T>
static KernelFunctions findFunctions(const LoadedLibrary::Lookup &find,
                                     Interface interface, const LayerSpec &spec,
                                     const DeviceCall &device) {
  if (spec.numSizes() > 1) {
    KernelFunctions result;
    findSized<T, kForward>(find, spec, result.forward);
    findSized<T, kBackward>(find, spec, result.backward);
    return result;
  }
  if (interface == Interface::Host)
    return spec.dynamicN() ? findKernel<T, true>(find, spec.name)
                           : findKernel<T, false>(find, spec.name);
  return spec.dynamicN() ? findOnDevice<T, true>(find, spec.name, device)
                         : findOnDevice<T, false>(find, spec.name, device);
}

std::optional<KernelFunctions>
LoadedLibrary::kernel(const LayerSpec &spec, std::string &error,
                      const DeviceCall &device) const {
  auto *findOne =
      spec.dtype == DType::F32 ? findFunctions<float> : findFunctions<double>;
  KernelFunctions result = findOne(find, interface, spec, device);
  if (result.forward)
    return result;
  error = "the library does not export '" + nameOf(kForward, spec.name) + "'";
  return std::nullopt;
}

int64_t LoadedLibrary::workspaceBytes(const LayerSpec &spec, int64_t n,
                                      int64_t batch, bool backward) const {
  const std::string name = nameOf(kWorkspaceBytes, spec.name);
  if (spec.dynamicN())
    if (auto *ask =
            findFunction<int64_t (*)(int64_t, int64_t, int)>(find, name))
      return ask(n, batch, backward);
  if (!spec.dynamicN())
    if (auto *ask = findFunction<int64_t (*)(int64_t, int)>(find, name))
      return ask(batch, backward);
  return EQC_ERR_ARG;
}

template <typename T>
static BilinearFunctions findBilinear(const LoadedLibrary::Lookup &find,
                                      const LayerSpec &spec) {
  BilinearFunctions result;
  if (spec.numSizes() > 1) {
    findSized<T, kBilinearForward>(find, spec, result.forward);
    findSized<T, kBilinearBackward>(find, spec, result.backward);
  } else if (spec.dynamicN()) {
    findCall<T, kBilinearForward, true>(find, spec.name, result.forward);
    findCall<T, kBilinearBackward, true>(find, spec.name, result.backward);
  } else {
    findCall<T, kBilinearForward, false>(find, spec.name, result.forward);
    findCall<T, kBilinearBackward, false>(find, spec.name, result.backward);
  }
  return result;
}

std::optional<BilinearFunctions>
LoadedLibrary::bilinear(const LayerSpec &spec, std::string &error) const {
  auto *findOne =
      spec.dtype == DType::F32 ? findBilinear<float> : findBilinear<double>;
  BilinearFunctions result = findOne(find, spec);
  if (result.forward)
    return result;
  error = "the library does not export '" + nameOf(kForward, spec.name) + "'";
  return std::nullopt;
}

static const eqc_layer_info *findInfo(const LoadedLibrary::Lookup &find,
                                      const LayerSpec &spec) {
  auto function =
      findFunction<const eqc_layer_info *(*)()>(find, nameOf(kInfo, spec.name));
  return function ? function() : nullptr;
}

std::string LoadedLibrary::planName(const LayerSpec &spec) const {
  const eqc_layer_info *info = findInfo(find, spec);
  return info && info->plan ? info->plan : "";
}

std::string LoadedLibrary::lastError() const {
  auto *get = findFunction<const char *(*)()>(find, "eqc_last_error");
  return get ? get() : "";
}

bool LoadedLibrary::setNumThreads(int threads) const {
  auto *set = findFunction<int (*)(int)>(find, "eqc_set_num_threads");
  return set && set(threads) == 0;
}

/// The fields that differ from what the layer says, in words.
static std::string differences(const std::vector<InfoValue> &got,
                               const std::vector<InfoValue> &expected) {
  std::string text;
  auto add = [&](const std::string &difference) {
    text += (text.empty() ? "" : ", ") + difference;
  };
  for (size_t i = 0; i < got.size(); ++i) {
    const InfoField &field = infoFields()[i];
    if (field.type == InfoType::Spaces) {
      if (!(got[i].spaces == expected[i].spaces))
        add(fmt::format("{} is '{}', not '{}'", field.name,
                        textOf(got[i].spaces), textOf(expected[i].spaces)));
    } else if (field.type == InfoType::Axes) {
      if (got[i].axes != expected[i].axes)
        add(fmt::format("{} differs", field.name));
    } else if (field.type != InfoType::Text) {
      if (got[i].number != expected[i].number)
        add(fmt::format("{} is {}, not {}", field.name, got[i].number,
                        expected[i].number));
    } else if (expected[i].text.empty()) {
      // A text that depends on the compiler rather than on the layer; or there
      // are no axes, and no group, or diagrams that are not written so.
      if (got[i].text.empty() && std::string_view(field.name) != "group" &&
          std::string_view(field.name) != "maps")
        add(fmt::format("{} is missing", field.name));
    } else if (got[i].text != expected[i].text) {
      add(fmt::format("{} is '{}', not '{}'", field.name, got[i].text,
                      expected[i].text));
    }
  }
  return text;
}

CheckRow LoadedLibrary::checkInfo(const LayerSpec &spec) const {
  CheckRow row;
  row.test = check_tests::kInfo;
  const eqc_layer_info *info = findInfo(find, spec);
  if (!info) {
    row.verdict = Verdict::Failed;
    row.note = "no '" + nameOf(kInfo, spec.name) + "', or it returned null";
    return row;
  }
  // The structure grows at its end only: the rest is there once this holds.
  if (info->struct_size < sizeof(eqc_layer_info)) {
    row.note = fmt::format("struct_size is {}, less than {}", info->struct_size,
                           sizeof(eqc_layer_info));
  } else {
    CompiledAs compiled;
    compiled.gradients = find(nameOf(kBackward, spec.name)) != nullptr;
    std::vector<InfoValue> expected = infoValues(spec, compiled);
    for (auto [value, field] : llvm::zip_equal(expected, infoFields()))
      if (llvm::StringRef(field.name) == "version")
        value.text.clear();
    row.note = differences(infoValues(*info), expected);
  }
  if (!row.note.empty())
    row.verdict = Verdict::Failed;
  return row;
}

void eqc::readPromises(const LayerSpec &spec, const LoadedLibrary &library,
                       BuiltPlans &built, CheckOptions &options) {
  const std::optional<PlanKind> plan = findPlan(library.planName(spec));
  auto conditionOf = [&](const LayerSpec &layer) {
    return plan && rulesOf(*plan).promisesLess
               ? rulesOf(*plan).count(layer, built).basisCondition
               : 1;
  };
  options.basisCondition = conditionOf(spec);
  options.gradientCondition = conditionOf(gradientLayer(spec));
}

CheckReport eqc::checkLibrary(const LayerSpec &spec,
                              const LoadedLibrary &library,
                              CheckOptions options, const AdaptKernel &adapt) {
  const std::optional<PlanKind> plan = findPlan(library.planName(spec));
  if (plan && rulesOf(*plan).promisesLess)
    options.nanWithinSample = false;

  std::string error;
  CheckRow info = library.checkInfo(spec);
  CheckReport report;
  std::optional<KernelFunctions> kernel;
  std::optional<BilinearFunctions> bilinear;
  if (spec.isBilinear())
    bilinear = library.bilinear(spec, error);
  else
    kernel = library.kernel(spec, error);
  if (bilinear) {
    report = runCheck(spec, *bilinear, options);
  } else if (kernel) {
    report = runCheck(spec, adapt ? adapt(spec, *kernel) : *kernel, options);
  } else {
    report.title = "layer " + spec.name;
    CheckRow row;
    row.test = check_tests::kStatus;
    row.verdict = Verdict::Failed;
    row.note = error;
    report.rows.push_back(std::move(row));
  }
  report.rows.insert(report.rows.begin(), std::move(info));
  return report;
}
