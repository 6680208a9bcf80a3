//===- ChipTable.cpp - The chips of a kind of GPU -------------------------===//

#include "compiler/Lowering/Gpu/ChipTable.h"
#include "compiler/Frontend/SourceText.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace eqc;
using namespace eqc::device;

const Chip *ChipTable::find(llvm::StringRef name) const {
  for (const Chip &chip : chips)
    if (name == chip.name)
      return &chip;
  return nullptr;
}

bool ChipTable::resolve(const std::vector<std::string> &names,
                        std::vector<CpuVariant> &variants,
                        std::string &error) const {
  variants.clear();
  auto add = [&](const std::string &name) {
    if (!find(name)) {
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
  llvm::sort(variants, [this](const CpuVariant &a, const CpuVariant &b) {
    return find(a.name)->number < find(b.name)->number;
  });
  return true;
}
