//===- Bundle.cpp - Code objects of several chips in one ------------------===//

#include "compiler/Lowering/Rocm/Bundle.h"

#include "llvm/Support/EndianStream.h"
#include "llvm/Support/MathExtras.h"

using namespace eqc;

/// Loaders map code objects into memory where they are.
static constexpr uint64_t kAlignment = 4096;

void rocm::writeBundle(
    llvm::ArrayRef<std::pair<std::string, std::string>> objects,
    llvm::SmallVectorImpl<char> &bundle) {
  // There is code of a host in every bundle; this one has none.
  llvm::SmallVector<std::pair<std::string, llvm::StringRef>> entries;
  entries.emplace_back("host-x86_64-unknown-linux-gnu-", "");
  for (const auto &[chip, object] : objects)
    entries.emplace_back("hipv4-amdgcn-amd-amdhsa--" + chip, object);

  const llvm::StringRef magic = "__CLANG_OFFLOAD_BUNDLE__";
  uint64_t offset = magic.size() + sizeof(uint64_t);
  for (const auto &[name, object] : entries)
    offset += 3 * sizeof(uint64_t) + name.size();
  llvm::raw_svector_ostream out(bundle);
  llvm::support::endian::Writer writer(out, llvm::endianness::little);
  out << magic;
  writer.write<uint64_t>(entries.size());
  for (const auto &[name, object] : entries) {
    offset = llvm::alignTo(offset, object.empty() ? 1 : kAlignment);
    writer.write<uint64_t>(offset);
    writer.write<uint64_t>(object.size());
    writer.write<uint64_t>(name.size());
    out << name;
    offset += object.size();
  }
  for (const auto &[name, object] : entries) {
    if (!object.empty())
      out.write_zeros(static_cast<unsigned>(
          llvm::offsetToAlignment(bundle.size(), llvm::Align(kAlignment))));
    out << object;
  }
}
