//===- ReproducibleTest.cpp - The same bytes in any program ---------------===//
//
// Code for the CPU and for GPUs does not depend on the locale that a program
// has set, one with decimal commas among them, on what was compiled before, or
// on what other threads compile.
//
//===----------------------------------------------------------------------===//

#include <eqc/compiler.h>

#include <gtest/gtest.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

/// Of numbers that are no integers in code, text and diagnostics: bases, means,
/// activations.
constexpr char source[] = R"(space xyz = O(3)
layer mean { group = S; n = 3; k = 2; l = 1; channels = 1 -> 3; normalize = mean; bias = true }
layer basis { k = xyz xyz; l = xyz xyz }
network net {
  input x : xyz xyz, 1
  t = basis(x)
  output y = scale(gelu(norm(t)), t)
})";

struct Kind {
  const char *plan, *target;
};
constexpr Kind kinds[] = {{"auto", nullptr},
                          {"schur", nullptr},
                          {"dense", nullptr},
                          {"auto", "cuda"}};

/// The code, or why there is none.
std::string codeOf(const Kind &kind) {
  eqc_compile_options options = {};
  options.struct_size = sizeof options;
  options.plan = kind.plan;
  options.target = kind.target;
  options.optimize = 1; // -O0: what is about LLVM is not asked here
  options.forward_only = 1;
  const std::string text =
      kind.target ? std::string(source, std::strstr(source, "network") - source)
                  : source;
  const std::unique_ptr<eqc_program, void (*)(eqc_program *)> program(
      eqc_parse(text.data(), text.size(), &options), eqc_program_free);
  if (eqc_program_compile(program.get()) != 0)
    return eqc_program_messages(program.get());
  size_t length = 0;
  const auto *code =
      static_cast<const char *>(eqc_program_code(program.get(), &length));
  return {code, length};
}

std::vector<std::string> allCode() {
  std::vector<std::string> all;
  for (const Kind &kind : kinds)
    all.push_back(codeOf(kind));
  return all;
}

/// The C library's German, made where it is not installed.
class German {
public:
  German() {
    std::string name =
        std::filesystem::temp_directory_path() / "eqc-locale-XXXXXX";
    if (!mkdtemp(name.data()))
      return;
    folder = name;
    const std::string command = "localedef -i de_DE -f UTF-8 " + folder +
                                "/de_DE.UTF-8 >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0)
      return;
    setenv("LOCPATH", folder.c_str(), 1);
    isSet = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  }
  ~German() {
    std::setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    if (!folder.empty())
      std::filesystem::remove_all(folder);
  }
  bool isSet = false;

private:
  std::string folder;
};

} // namespace

TEST(Reproducible, WhateverTheLocale) {
  const std::vector<std::string> expected = allCode();
  for (const std::string &code : expected)
    ASSERT_GT(code.size(), 1000u) << code;
  EXPECT_NE(expected[0], expected[2]);
  {
    const German german;
    if (!german.isSet)
      GTEST_SKIP() << "no locale with decimal commas, and no localedef";
    char text[8];
    std::snprintf(text, sizeof text, "%.1f", 1.5);
    ASSERT_STREQ(text, "1,5");
    EXPECT_EQ(allCode(), expected);
  }
}

TEST(Reproducible, WhateverOtherThreadsCompile) {
  const std::vector<std::string> expected = allCode();
  std::vector<std::vector<std::string>> found(3);
  std::vector<std::thread> threads;
  for (std::vector<std::string> &of : found)
    threads.emplace_back([&of] { of = allCode(); });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::vector<std::string> &of : found)
    EXPECT_EQ(of, expected);
}
