//===- LoadedLibrary.cpp - Layers that can be called ----------------------===//

#include "compiler/Check/LoadedLibrary.h"

#include <eqc/runtime.h>

#include <fmt/format.h>

#include <dlfcn.h>

#include <cstddef>
#include <cstring>
#include <utility>

using namespace eqc;

std::optional<LoadedLibrary> LoadedLibrary::open(const std::string &path,
                                                 std::string &error) {
  // Without a slash dlopen would look in the library path.
  std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  if (void *opened = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    std::shared_ptr<void> handle(opened, dlclose);
    return LoadedLibrary([handle](const std::string &name) {
      return dlsym(handle.get(), name.c_str());
    });
  }
  const char *why = dlerror();
  error = why ? why : "cannot open '" + path + "'";
  return std::nullopt;
}

/// A function with the type that the generated header declares.
template <typename Function>
static Function *findFunction(const LoadedLibrary::Lookup &find,
                              const std::string &name) {
  return reinterpret_cast<Function *>(find(name));
}

template <typename T>
static KernelFunctions makeKernel(const LoadedLibrary::Lookup &find,
                                  const std::string &name, bool takesN) {
  KernelFunctions result;
  if (takesN) {
    using Forward = int(int64_t, int64_t, const T *, const T *, const T *, T *);
    if (auto *forward = findFunction<Forward>(find, name))
      result.forward = [forward](int64_t n, int64_t batch, const void *x,
                                 const void *weight, const void *bias,
                                 void *y) {
        return forward(n, batch, static_cast<const T *>(x),
                       static_cast<const T *>(weight),
                       static_cast<const T *>(bias), static_cast<T *>(y));
      };
    return result;
  }
  using Forward = int(int64_t, const T *, const T *, const T *, T *);
  if (auto *forward = findFunction<Forward>(find, name))
    result.forward = [forward](int64_t, int64_t batch, const void *x,
                               const void *weight, const void *bias, void *y) {
      return forward(batch, static_cast<const T *>(x),
                     static_cast<const T *>(weight),
                     static_cast<const T *>(bias), static_cast<T *>(y));
    };
  return result;
}

template <typename T>
static void findBackward(const LoadedLibrary::Lookup &find,
                         const std::string &name, bool takesN,
                         KernelFunctions &result) {
  auto call = [](auto *function, auto... sizes) {
    return [=](const void *x, const void *weight, const void *gradY,
               void *gradX, void *gradWeight, void *gradBias) {
      return function(sizes..., static_cast<const T *>(x),
                      static_cast<const T *>(weight),
                      static_cast<const T *>(gradY), static_cast<T *>(gradX),
                      static_cast<T *>(gradWeight), static_cast<T *>(gradBias));
    };
  };
  using Fixed = int(int64_t, const T *, const T *, const T *, T *, T *, T *);
  using Dynamic =
      int(int64_t, int64_t, const T *, const T *, const T *, T *, T *, T *);
  if (takesN) {
    if (auto *function = findFunction<Dynamic>(find, name))
      result.backward = [=](int64_t n, int64_t batch, auto... arrays) {
        return call(function, n, batch)(arrays...);
      };
  } else if (auto *function = findFunction<Fixed>(find, name)) {
    result.backward = [=](int64_t, int64_t batch, auto... arrays) {
      return call(function, batch)(arrays...);
    };
  }
}

std::optional<KernelFunctions> LoadedLibrary::kernel(const LayerSpec &spec,
                                                     std::string &error) const {
  const std::string name = spec.name + "_forward";
  KernelFunctions result =
      spec.dtype == DType::F32
          ? makeKernel<float>(find, name, spec.dynamicN())
          : makeKernel<double>(find, name, spec.dynamicN());
  const std::string backward = spec.name + "_backward";
  if (spec.dtype == DType::F32)
    findBackward<float>(find, backward, spec.dynamicN(), result);
  else
    findBackward<double>(find, backward, spec.dynamicN(), result);
  if (result.forward)
    return result;
  error = "the library does not export '" + name + "'";
  return std::nullopt;
}

static const eqc_layer_info *findInfo(const LoadedLibrary::Lookup &find,
                                      const LayerSpec &spec) {
  auto *function =
      findFunction<const eqc_layer_info *()>(find, spec.name + "_info");
  return function ? function() : nullptr;
}

std::string LoadedLibrary::planName(const LayerSpec &spec) const {
  const eqc_layer_info *info = findInfo(find, spec);
  return info && info->plan ? info->plan : "";
}

bool LoadedLibrary::setNumThreads(int threads) const {
  auto *set = findFunction<int(int)>(find, "eqc_set_num_threads");
  return set && set(threads) == 0;
}

namespace {

/// Collects the fields that differ.
struct FieldComparison {
  std::string differences;

  void add(const std::string &text) {
    differences += (differences.empty() ? "" : ", ") + text;
  }
  void same(const char *field, const char *got, std::string_view expected) {
    if (!got)
      add(fmt::format("{} is null, not '{}'", field, expected));
    else if (expected != got)
      add(fmt::format("{} is '{}', not '{}'", field, got, expected));
  }
  void same(const char *field, int64_t got, int64_t expected) {
    if (got != expected)
      add(fmt::format("{} is {}, not {}", field, got, expected));
  }
  /// Texts that depend on the compiler rather than on the layer.
  void present(const char *field, const char *got) {
    if (!got || !*got)
      add(fmt::format("{} is missing", field));
  }
};

} // namespace

CheckRow LoadedLibrary::checkInfo(const LayerSpec &spec) const {
  CheckRow row;
  row.test = check_tests::kInfo;
  const eqc_layer_info *info = findInfo(find, spec);
  if (!info) {
    row.verdict = Verdict::Failed;
    row.note = "no '" + spec.name + "_info', or it returned null";
    return row;
  }

  FieldComparison fields;
  // The structure grows at its end only: the rest is there once this holds.
  if (info->struct_size < sizeof(eqc_layer_info)) {
    fields.add(fmt::format("struct_size is {}, less than {}", info->struct_size,
                           sizeof(eqc_layer_info)));
  } else {
    const int64_t diagrams = static_cast<int64_t>(spec.diagrams.size());
    const int64_t biasDiagrams =
        spec.bias ? static_cast<int64_t>(spec.biasDiagrams.size()) : 0;
    fields.same("abi", info->abi, 1);
    fields.same("name", info->name, spec.name);
    fields.same("group", info->group, groupName(spec.group));
    fields.same("dtype", info->dtype, spec.dtype == DType::F32 ? "f32" : "f64");
    fields.same("layout", info->layout,
                spec.layout == Layout::ChannelsLast ? "channels_last"
                                                    : "channels_first");
    fields.same("normalize", info->normalize,
                spec.normalize == Normalize::None ? "none" : "mean");
    fields.present("plan", info->plan);
    fields.present("spec", info->spec);
    fields.present("version", info->version);
    fields.same("n", info->n, spec.dynamicN() ? -1 : spec.n);
    fields.same("k", info->k, spec.k);
    fields.same("l", info->l, spec.l);
    fields.same("c_in", info->c_in, spec.cIn);
    fields.same("c_out", info->c_out, spec.cOut);
    fields.same("diagrams", info->diagrams, diagrams);
    fields.same("bias_diagrams", info->bias_diagrams, biasDiagrams);
    fields.same("weight_size", info->weight_size,
                diagrams * spec.cIn * spec.cOut);
    fields.same("bias_size", info->bias_size, biasDiagrams * spec.cOut);
    fields.same("batch", info->batch, spec.batch);
    bool backward = find(spec.name + "_backward") != nullptr;
    fields.same("has_backward", info->has_backward, backward ? 1 : 0);
  }
  if (!fields.differences.empty()) {
    row.verdict = Verdict::Failed;
    row.note = fields.differences;
  }
  return row;
}

CheckReport eqc::checkLibrary(const LayerSpec &spec,
                              const LoadedLibrary &library,
                              CheckOptions options) {
  const std::string plan = library.planName(spec);
  if (plan == "dense" || plan == "schur")
    options.nanWithinSample = false;

  std::string error;
  CheckRow info = library.checkInfo(spec);
  std::optional<KernelFunctions> kernel = library.kernel(spec, error);
  CheckReport report;
  if (kernel) {
    report = runCheck(spec, *kernel, options);
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
