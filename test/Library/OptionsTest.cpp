//===- OptionsTest.cpp - Options that nobody would give -------------------===//
//
// Whatever stands in the options of libeqc, the caller gets a status and words:
// the process goes on, nothing is printed.
//
//===----------------------------------------------------------------------===//

#include <eqc/compiler.h>

#include <gtest/gtest.h>

#include <pthread.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

struct Freed {
  void operator()(eqc_program *program) const { eqc_program_free(program); }
};
using Program = std::unique_ptr<eqc_program, Freed>;

constexpr char deepSets[] = "layer sets { group = S; n = 3; k = 1; l = 1 }";

/// What programs pass: right words, near misses, other machines, other bytes.
const std::vector<std::string> &words() {
  static const std::vector<std::string> all = {"native",
                                               "x86-64-v3",
                                               "x86-64-v4",
                                               "generic",
                                               "neoverse-n1",
                                               "haswell",
                                               "i686",
                                               "pentium4",
                                               "z80",
                                               "help",
                                               "",
                                               ",",
                                               "native,native",
                                               "native,znver4",
                                               "haswell,",
                                               "+avx2",
                                               "x86-64-v9",
                                               "x86-64-v",
                                               "auto",
                                               "dense",
                                               "Shared",
                                               "schur ",
                                               "best",
                                               "\xff\xfe",
                                               "%s%n",
                                               "\x1b[31m",
                                               "a\nb",
                                               "../../etc/passwd",
                                               "\xE2\x80\xAE",
                                               std::string(100000, 'x'),
                                               std::string(70000, ','),
                                               "native,haswell,native",
                                               "skylake-avx512,x86-64-v2"};
  return all;
}

void expectAnswer(const eqc_program *program, const std::string &what) {
  ASSERT_TRUE(program) << what;
  const int status = eqc_program_status(program);
  EXPECT_TRUE(status == 0 || status == 1 || status == 2 || status == 4)
      << what << ": " << status << " " << eqc_program_messages(program);
  if (status == 0)
    return;
  ASSERT_GE(eqc_program_num_diagnostics(program), 1) << what;
  EXPECT_STRNE(eqc_program_diagnostic(program, 0)->message, "") << what;
  for (const char *c = eqc_program_messages(program); *c; ++c)
    EXPECT_TRUE(*c == '\n' || *c == '\t' ||
                static_cast<unsigned char>(*c) >= ' ')
        << what;
}

} // namespace

TEST(Options, EveryAnswerIsAStatusWithWords) {
  std::mt19937 random(20);
  auto pick = [&](size_t count) { return random() % count; };
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 400; ++i) {
    eqc_compile_options options = {};
    options.struct_size = sizeof options;
    const std::string cpu = words()[pick(words().size())];
    const std::string plan = words()[pick(words().size())];
    const std::string file = words()[pick(words().size())];
    std::string what;
    if (pick(2))
      options.cpu = cpu.c_str(), what += "cpu " + cpu.substr(0, 40);
    if (pick(3) == 0)
      options.plan = plan.c_str(), what += " plan " + plan.substr(0, 40);
    if (pick(2))
      options.file = file.c_str();
    if (pick(3) == 0)
      options.optimize = static_cast<decltype(options.optimize)>(random());
    if (pick(3) == 0)
      options.max_diagrams =
          static_cast<decltype(options.max_diagrams)>(random()) *
          (pick(2) ? 1 : -1);
    options.single_thread = static_cast<int>(random());
    options.forward_only = static_cast<int>(random());
    if (pick(4) == 0)
      options.struct_size = static_cast<uint32_t>(pick(200));
    std::string source = deepSets;
    const bool compiled = i % 40 == 0;
    if (!compiled && pick(4) == 0)
      source[pick(source.size())] = static_cast<char>(random());
    // Only what the options alone decide: compiling all would take minutes.
    Program program(eqc_parse(source.data(), source.size(), &options));
    expectAnswer(program.get(), what);
    if (compiled) {
      eqc_program_compile(program.get());
      expectAnswer(program.get(), what);
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Options, EveryWordAsCpuCompilesOrIsRefused) {
  testing::internal::CaptureStderr();
  for (const std::string &cpu : words()) {
    eqc_compile_options options = {};
    options.struct_size = sizeof options;
    options.cpu = cpu.c_str();
    options.forward_only = 1;
    options.optimize = 1;
    Program program(eqc_compile(deepSets, sizeof deepSets - 1, &options));
    expectAnswer(program.get(), cpu.substr(0, 40));
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

/// Threads of some C libraries have little more. Compilation takes that much.
TEST(Options, AStackOf32Kilobytes) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 32 * 1024), 0);
  auto run = [](void *status) -> void * {
    Program program(eqc_compile(deepSets, sizeof deepSets - 1, nullptr));
    *static_cast<int *>(status) = eqc_program_status(program.get());
    return nullptr;
  };
  int status = -1;
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &status), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_EQ(status, 0);
}
