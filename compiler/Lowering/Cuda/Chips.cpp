//===- Chips.cpp - The GPUs that eqc compiles for -------------------------===//

#include "compiler/Lowering/Cuda/Chips.h"
#include "compiler/Frontend/SourceText.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace eqc;
using namespace eqc::cuda;

/// LLVM prints about names that it does not know and goes on, so it is only
/// given these.
static constexpr Chip chips[] = {
    {"sm_75", 75},   {"sm_80", 80},   {"sm_86", 86},   {"sm_87", 87},
    {"sm_89", 89},   {"sm_90", 90},   {"sm_100", 100}, {"sm_103", 103},
    {"sm_110", 110}, {"sm_120", 120}, {"sm_121", 121},
};
static constexpr const char *defaults[] = {"sm_80", "sm_90"};

const Chip *cuda::findChip(llvm::StringRef name) {
  for (const Chip &chip : chips)
    if (name == chip.name)
      return &chip;
  return nullptr;
}

const Chip *cuda::newestChipFor(int64_t number) {
  const Chip *newest = nullptr;
  for (const Chip &chip : chips)
    if (chip.number <= number)
      newest = &chip;
  return newest;
}

bool cuda::resolveChips(const std::vector<std::string> &names,
                        std::vector<CpuVariant> &variants, std::string &error) {
  variants.clear();
  auto add = [&](const std::string &name) {
    if (!findChip(name)) {
      error =
          "'" + printable(name) + "' is no chip that eqc knows; choose from ";
      error += llvm::join(llvm::map_range(chips,
                                          [](const Chip &chip) {
                                            return llvm::StringRef(chip.name);
                                          }),
                          ", ");
      return false;
    }
    if (llvm::any_of(variants, [&](const CpuVariant &variant) {
          return variant.name == name;
        })) {
      error = "chip '" + name + "' is named twice";
      return false;
    }
    CpuVariant variant;
    variant.name = variant.cpu = name;
    variants.push_back(variant);
    return true;
  };
  if (names.empty())
    for (const char *name : defaults)
      add(name);
  for (const std::string &name : names)
    if (!add(name))
      return false;
  llvm::sort(variants, [](const CpuVariant &a, const CpuVariant &b) {
    return findChip(a.name)->number < findChip(b.name)->number;
  });
  return true;
}
