//===- SupportedTargetsTest.cpp - Which machines eqc compiles for ---------===//

#include "compiler/Target/SupportedTargets.h"
#include "compiler/Target/CpuVariant.h"

#include "llvm/MC/TargetRegistry.h"

#include <gtest/gtest.h>

using namespace eqc;

static std::string refusal(const std::string &triple) {
  std::string error;
  return findTarget(triple, error) ? "" : error;
}

TEST(SupportedTargets, LinuxOnTwoArchitectures) {
  for (const char *triple :
       {"x86_64-linux-gnu", "x86_64-pc-linux-gnu", "x86_64-unknown-linux-gnu",
        "x86_64-linux", "amd64-linux-gnu", "x86_64-linux-musl",
        "x86_64-redhat-linux", "x86_64-alpine-linux-musl"})
    EXPECT_EQ(refusal(triple) + resolveTriple(triple),
              "x86_64-unknown-linux-gnu")
        << triple;
  for (const char *triple :
       {"aarch64-linux-gnu", "aarch64-unknown-linux-gnu", "arm64-linux-gnu",
        "aarch64-linux-musl", "aarch64-linux"})
    EXPECT_EQ(refusal(triple) + resolveTriple(triple),
              "aarch64-unknown-linux-gnu")
        << triple;
}

TEST(SupportedTargets, OtherMachinesAreRefused) {
  for (const char *triple : {"riscv64-linux-gnu",
                             "riscv64-unknown-elf",
                             "amdgcn-amd-amdhsa",
                             "nvptx64-nvidia-cuda",
                             "spirv64-unknown-unknown",
                             "bpf",
                             "wasm32",
                             "wasm64-unknown-wasi",
                             "i386-linux-gnu",
                             "i686-linux-gnu",
                             "armv7-linux-gnueabihf",
                             "powerpc64le-linux",
                             "s390x-linux-gnu",
                             "mips64-linux-gnu",
                             "aarch64_be-linux-gnu",
                             "x86_64-linux-gnux32",
                             "x86_64-linux-muslx32",
                             "arm64e-linux-gnu",
                             "aarch64_32-linux-gnu",
                             "arm64ec-linux-gnu",
                             "x86_64h-linux-gnu",
                             "x86_64-linux-android",
                             "aarch64-linux-android21",
                             "x86_64-linux-ohos"})
    EXPECT_NE(refusal(triple), "") << triple;
}

TEST(SupportedTargets, OtherSystemsAndFormatsAreRefused) {
  for (const char *triple :
       {"x86_64", "aarch64", "x86_64-apple-darwin", "arm64-apple-macosx14",
        "x86_64-pc-windows-msvc", "x86_64-w64-mingw32",
        "x86_64-unknown-freebsd", "x86_64-elf", "aarch64-none-elf",
        "x86_64-linux-gnu-macho", "x86_64-linux-gnu-coff", "x86_64-linux-what",
        "aarch64-linux-gnu_ilp32", "x86_64-linux-gnusf", "x86_64-uefi",
        "x86_64-nacl"})
    EXPECT_NE(refusal(triple), "") << triple;
}

TEST(SupportedTargets, NonsenseIsRefusedInPrintableWords) {
  const std::string odd[] = {"nonsense",
                             "-",
                             "---",
                             "x86-64",
                             " ",
                             "native",
                             std::string("\0x86_64-linux-gnu", 17),
                             "\xff\xfe-linux-gnu",
                             std::string(100000, 'x'),
                             "x86_64-linux-gnu\n"};
  for (const std::string &triple : odd) {
    const std::string error = refusal(triple);
    EXPECT_NE(error.find("choose from x86_64-linux-gnu, aarch64-linux-gnu"),
              std::string::npos)
        << triple.substr(0, 40);
    for (char c : error)
      EXPECT_TRUE(static_cast<unsigned char>(c) >= ' ');
  }
}

/// Whatever else LLVM was built for is refused before LLVM is asked.
TEST(SupportedTargets, AllArchitecturesOfLLVM) {
  for (unsigned arch = 1; arch <= llvm::Triple::LastArchType; ++arch) {
    const auto type = static_cast<llvm::Triple::ArchType>(arch);
    const std::string triple =
        llvm::Triple::getArchTypeName(type).str() + "-unknown-linux-gnu";
    EXPECT_EQ(refusal(triple).empty(),
              type == llvm::Triple::x86_64 || type == llvm::Triple::aarch64)
        << triple;
  }
}
