//===- FindGpu.cpp - The GPU that a command runs layers on ----------------===//

#include "compiler/Driver/FindGpu.h"

#include "compiler/Lowering/KernelTarget.h"

#include <fmt/format.h>

using namespace eqc;

/// Compiles for what is there, unless something else was asked for.
static bool takeChip(CompileOptions &options, const Gpu &gpu, std::string &text,
                     std::string &error) {
  text += fmt::format("on {}, sm_{}\n\n", gpu.name(), gpu.chip());
  const char *chip =
      kernelTargetOf(options.triple).device()->chipFor(gpu.chip());
  if (!options.cpus.empty())
    return true;
  if (chip)
    options.cpus = {chip};
  else
    error = fmt::format("the GPU, {}, is of compute capability {}.{}; layers "
                        "are compiled for 7.5 and newer",
                        gpu.name(), gpu.chip() / 10, gpu.chip() % 10);
  return chip != nullptr;
}

std::unique_ptr<Gpu> eqc::findDevice(CompileOptions &options, std::string &text,
                                     std::string &error) {
  std::unique_ptr<Gpu> gpu = Gpu::find(error);
  return gpu && takeChip(options, *gpu, text, error) ? std::move(gpu) : nullptr;
}

std::unique_ptr<Gpu> eqc::findGpu(CompileOptions &options, std::string &text,
                                  std::string &error,
                                  const Gpu::FindPhase &clusters) {
  std::unique_ptr<Gpu> gpu = Gpu::find(error);
  if (gpu)
    return takeChip(options, *gpu, text, error) ? std::move(gpu) : nullptr;
  std::vector<CpuVariant> chips;
  const std::string why = error;
  if (!resolveVariants(options.triple, options.cpus, chips, error))
    return nullptr;
  // The newest that was asked for.
  const std::string newest = chips.back().name;
  gpu = Gpu::standIn(kernelTargetOf(options.triple).device()->numberOf(newest),
                     error, clusters);
  if (!gpu)
    return nullptr;
  options.cpus = {newest};
  options.assembler.clear();
  text += fmt::format("without a GPU ({}): kernels for {} are executed by an "
                      "interpreter of their PTX\n\n",
                      why, newest);
  return gpu;
}
