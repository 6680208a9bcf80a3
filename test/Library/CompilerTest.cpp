//===- CompilerTest.cpp - The compiler through its C interface ------------===//

#include <eqc/compiler.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

struct Freed {
  void operator()(eqc_program *program) const { eqc_program_free(program); }
};
using Program = std::unique_ptr<eqc_program, Freed>;

Program parse(const std::string &text,
              const eqc_compile_options *options = nullptr) {
  return Program(eqc_parse(text.data(), text.size(), options));
}
Program compile(const std::string &text,
                const eqc_compile_options *options = nullptr) {
  return Program(eqc_compile(text.data(), text.size(), options));
}

/// y[i] = weight[0] x[i] + weight[1] (x[0] + x[1] + x[2])
constexpr char deepSets[] = "layer sets { group = S; n = 3; k = 1; l = 1 }";
using Forward = int(int64_t, const float *, const float *, const float *,
                    float *);

std::vector<float> callSets(const Program &program) {
  auto *forward = reinterpret_cast<Forward *>(
      eqc_program_function(program.get(), "sets_forward"));
  if (!forward)
    return {};
  const float x[] = {1, 2, 4}, weight[] = {10, 1};
  std::vector<float> y(3);
  if (forward(1, x, weight, nullptr, y.data()) != EQC_OK)
    return {};
  return y;
}
const std::vector<float> expectedSets = {17, 27, 47};

} // namespace

extern "C" int check_header();

TEST(Compiler, TheHeaderIsC) { EXPECT_EQ(check_header(), 1); }

TEST(Compiler, LayersFromAStringCanBeCalled) {
  Program program = compile(deepSets);
  ASSERT_EQ(eqc_program_status(program.get()), 0);
  EXPECT_STREQ(eqc_program_messages(program.get()), "");
  EXPECT_EQ(eqc_program_num_diagnostics(program.get()), 0);
  EXPECT_EQ(callSets(program), expectedSets);
  EXPECT_EQ(eqc_program_function(program.get(), "other_forward"), nullptr);

  ASSERT_EQ(eqc_program_num_layers(program.get()), 1);
  EXPECT_EQ(eqc_program_layer(program.get(), 1), nullptr);
  const eqc_layer_info *info = eqc_program_layer(program.get(), 0);
  EXPECT_STREQ(info->name, "sets");
  EXPECT_EQ(info->diagrams, 2);
  EXPECT_STRNE(info->plan, "");
  EXPECT_GE(eqc_program_packed_size(program.get(), 0), info->weight_size);
}

TEST(Compiler, DiagramsAreListedInTheOrderOfTheWeights) {
  Program program = parse(
      "layer a { group = S; n = 3; k = 1; l = 1; bias = true }\n"
      "layer b { group = O; n = 3; k = 1; l = 1; diagrams = [\"i1 o1\"] }");
  eqc_program *p = program.get();
  ASSERT_EQ(eqc_program_num_layers(p), 2);
  EXPECT_STREQ(eqc_program_diagram(p, 0, 0, 0), "o1 i1");
  EXPECT_STREQ(eqc_program_diagram(p, 0, 0, 1), "o1 | i1");
  EXPECT_EQ(eqc_program_diagram(p, 0, 0, 2), nullptr);
  EXPECT_STREQ(eqc_program_diagram(p, 0, 1, 0), "o1");
  EXPECT_STREQ(eqc_program_diagram(p, 1, 0, 0), "o1 i1");
  EXPECT_EQ(eqc_program_diagram(p, 1, 1, 0), nullptr);
  EXPECT_EQ(eqc_program_diagram(p, -1, 0, 0), nullptr);
  EXPECT_EQ(eqc_program_diagram(p, 2, 0, 0), nullptr);
}

TEST(Compiler, ErrorsAreData) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  eqc_compile_options options = {};
  options.struct_size = sizeof options;
  options.file = "net.eq";
  Program program = compile("layer a {\n  grup = S\n  n = 3\n}", &options);
  eqc_program *p = program.get();
  EXPECT_EQ(eqc_program_status(p), 1);
  EXPECT_EQ(eqc_program_num_layers(p), 0);
  EXPECT_EQ(eqc_program_function(p, "a_forward"), nullptr);
  EXPECT_EQ(eqc_program_code(p, nullptr), nullptr);
  ASSERT_GT(eqc_program_num_diagnostics(p), 1);
  const eqc_diagnostic *fix = nullptr;
  for (int64_t i = 0; i < eqc_program_num_diagnostics(p); ++i) {
    const eqc_diagnostic *d = eqc_program_diagnostic(p, i);
    EXPECT_STREQ(d->file, "net.eq");
    if (d->severity == EQC_ERROR) {
      EXPECT_EQ(d->id[0], 'E') << d->message;
    }
    if (d->fix)
      fix = d;
  }
  EXPECT_EQ(eqc_program_diagnostic(p, -1), nullptr);
  ASSERT_TRUE(fix);
  EXPECT_EQ(fix->severity, EQC_HELP);
  EXPECT_STREQ(fix->fix, "group");
  EXPECT_EQ(fix->line, 2);
  EXPECT_EQ(fix->column, 3);
  EXPECT_EQ(fix->end_column, 7);
  EXPECT_NE(std::string(eqc_program_messages(p)).find("net.eq:2:3: error: "),
            std::string::npos);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Compiler, FailuresOfTheCompilerAreLocated) {
  eqc_compile_options options = {};
  options.struct_size = sizeof options;
  options.plan = "dense";
  Program program =
      compile("\nlayer a { group = S; n = 4000; k = 2; l = 2 }", &options);
  EXPECT_EQ(eqc_program_status(program.get()), 4);
  ASSERT_GE(eqc_program_num_diagnostics(program.get()), 1);
  EXPECT_EQ(eqc_program_diagnostic(program.get(), 0)->line, 2);
}

TEST(Compiler, WrongOptionsAreReported) {
  auto firstMessage = [](auto change) {
    eqc_compile_options options = {};
    options.struct_size = sizeof options;
    change(options);
    testing::internal::CaptureStderr();
    Program program = compile(deepSets, &options);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(eqc_program_status(program.get()), 2);
    const eqc_diagnostic *d = eqc_program_diagnostic(program.get(), 0);
    EXPECT_EQ(d ? d->line : -1, 0);
    return std::string(d ? d->message : "");
  };
  EXPECT_NE(firstMessage([](auto &o) { o.plan = "best"; }).find("'best'"),
            std::string::npos);
  EXPECT_NE(firstMessage([](auto &o) { o.cpu = "z80"; }).find("'z80'"),
            std::string::npos);
  // Of 32 bits: LLVM would end the process.
  EXPECT_NE(firstMessage([](auto &o) { o.cpu = "i686"; }).find("'i686'"),
            std::string::npos);
  EXPECT_NE(firstMessage([](auto &o) { o.cpu = "native,native"; }), "");
  EXPECT_NE(firstMessage([](auto &o) { o.cpu = "haswell,haswell"; }), "");
  EXPECT_NE(firstMessage([](auto &o) { o.cpu = ""; }), "");
  EXPECT_NE(firstMessage([](auto &o) { o.optimize = 9; }), "");
}

TEST(Compiler, OptionsOfAnOlderProgramAreCompleted) {
  eqc_compile_options options;
  memset(&options, 0xFF, sizeof options);
  options.struct_size = offsetof(eqc_compile_options, plan);
  options.file = "old.eq";
  Program program = compile(deepSets, &options);
  EXPECT_EQ(eqc_program_status(program.get()), 0);
}

TEST(Compiler, GradientsCanBeLeftOut) {
  eqc_compile_options options = {};
  options.struct_size = sizeof options;
  EXPECT_TRUE(
      eqc_program_function(compile(deepSets, &options).get(), "sets_backward"));
  options.forward_only = 1;
  EXPECT_FALSE(
      eqc_program_function(compile(deepSets, &options).get(), "sets_backward"));
}

TEST(Compiler, ProgramsAreExplainedAndDrawn) {
  const std::string source =
      "layer a { group = S; n = 3; k = 1; l = 1 }\n"
      "space v = S(3)\n"
      "network b {\n  input x : v, 1\n  output y = c(x)\n}\n"
      "layer c { k = v; l = 0 }\n";
  eqc_program *program = eqc_parse(source.data(), source.size(), nullptr);
  ASSERT_EQ(eqc_program_status(program), 0) << eqc_program_messages(program);
  for (bool compiled : {false, true}) {
    if (compiled)
      ASSERT_EQ(eqc_program_compile(program), 0);
    const std::string words = eqc_program_explain(program, 0);
    EXPECT_THAT(words, testing::HasSubstr("layer c: order 1 -> 0"));
    EXPECT_THAT(words, testing::HasSubstr("network b: 1 layer"));
    EXPECT_THAT(eqc_program_explain(program, 1),
                testing::AllOf(testing::StartsWith("{"),
                               testing::HasSubstr("\"networks\"")));
    EXPECT_THAT(eqc_program_draw(program, 0), testing::HasSubstr("network b"));
    EXPECT_THAT(eqc_program_draw(program, 1), testing::HasSubstr("plan "));
    EXPECT_EQ(eqc_program_status(program), 0);
  }
  eqc_program_free(program);
  program = eqc_parse("layer", 5, nullptr);
  EXPECT_EQ(eqc_program_explain(program, 0), nullptr);
  EXPECT_EQ(eqc_program_draw(program, 1), nullptr);
  eqc_program_free(program);
}

TEST(Compiler, CodeCanBeStoredAndLoaded) {
  Program first = parse(deepSets);
  ASSERT_EQ(eqc_program_compile(first.get()), 0);
  EXPECT_EQ(eqc_program_function(first.get(), "sets_forward"), nullptr);
  size_t length = 0;
  const auto *code =
      static_cast<const char *>(eqc_program_code(first.get(), &length));
  const std::string stored(code, length);

  Program second = parse(deepSets);
  ASSERT_EQ(eqc_program_load(second.get(), stored.data(), length), 0);
  first.reset();
  EXPECT_EQ(callSets(second), expectedSets);
}

TEST(Compiler, WhatIsNoCodeIsRefused) {
  for (const std::string &code :
       {std::string(), std::string("not an object"), std::string(64, '\0'),
        std::string("\x7f"
                    "ELF\2\1\1",
                    7)}) {
    Program program = parse(deepSets);
    EXPECT_EQ(eqc_program_load(program.get(), code.data(), code.size()), 70);
    EXPECT_EQ(eqc_program_function(program.get(), "sets_forward"), nullptr);
  }
}

TEST(Compiler, CodeOfOtherLayersIsRefused) {
  Program other = parse("layer other { group = S; n = 3; k = 1; l = 1 }");
  ASSERT_EQ(eqc_program_compile(other.get()), 0);
  size_t length = 0;
  const void *code = eqc_program_code(other.get(), &length);
  Program program = parse(deepSets);
  EXPECT_EQ(eqc_program_load(program.get(), code, length), 70);
}

TEST(Compiler, ThreadsCompileAtOnce) {
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (std::vector<float> &result : results)
    threads.emplace_back([&result] { result = callSets(compile(deepSets)); });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::vector<float> &result : results)
    EXPECT_EQ(result, expectedSets);
}

TEST(Compiler, TheRuntimeActsOnLoadedLayers) {
  // An allocator without memory shows that the layers use this runtime.
  Program program = compile("layer sets { group = S; n = 3; k = 1; l = 1 }");
  eqc_set_allocator([](size_t, size_t, void *) -> void * { return nullptr; },
                    [](void *, size_t, void *) {}, nullptr);
  EXPECT_EQ(callSets(program), std::vector<float>());
  eqc_set_allocator(nullptr, nullptr, nullptr);
  EXPECT_EQ(callSets(program), expectedSets);
  EXPECT_EQ(eqc_set_num_threads(1), EQC_OK);
  EXPECT_EQ(callSets(program), expectedSets);
  EXPECT_EQ(eqc_set_num_threads(0), EQC_OK);
}

/// Whether a child that compiles a layer and calls it ends well, in a minute.
static bool childCompiles() {
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(callSets(compile(deepSets)) == expectedSets ? 0 : 1);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && status == 0;
}

static Program compileJson(const std::string &text) {
  return Program(eqc_compile_json(text.data(), text.size()));
}

TEST(Compiler, OneTextTellsALayer) {
  const std::string source = std::string("\"source\": \"") + deepSets + "\"";
  for (const char *options :
       {"", ", \"plan\": \"dense\", \"cpu\": \"native\", \"optimize\": 0",
        ", \"max_diagrams\": null, \"threads\": false, \"grad\": false"}) {
    Program program = compileJson("{" + source + options + "}");
    ASSERT_EQ(eqc_program_status(program.get()), 0)
        << eqc_program_messages(program.get());
    EXPECT_EQ(callSets(program), expectedSets);
    const bool hasBackward = !strstr(options, "grad");
    EXPECT_EQ(eqc_program_layer(program.get(), 0)->has_backward, hasBackward);
    EXPECT_STREQ(eqc_program_layer(program.get(), 0)->plan,
                 strstr(options, "dense")
                     ? "dense"
                     : eqc_program_layer(compile(deepSets).get(), 0)->plan);
  }
  Program refused = compileJson("{\"source\": \"layer a {}\"}");
  EXPECT_EQ(eqc_program_status(refused.get()), 1);
  for (const std::string &wrong :
       {std::string(), std::string("[]"), std::string("{"), std::string("{}"),
        "{" + source + ", \"plan\": 1}", "{" + source + ", \"optimize\": 4}",
        "{" + source + ", \"threads\": 1}", "{" + source + ", \"cpu\": null}",
        "{" + source + ", \"max_diagrams\": 0}",
        "{" + source + ", \"best\": true}"}) {
    Program program = compileJson(wrong);
    ASSERT_NE(program, nullptr);
    EXPECT_EQ(eqc_program_status(program.get()), 2) << wrong;
    EXPECT_EQ(eqc_program_num_diagnostics(program.get()), 1);
    EXPECT_EQ(eqc_program_num_layers(program.get()), 0);
  }
}

TEST(Compiler, ChildrenCompileWhateverOtherThreadsDo) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        Program program = compile("layer t { group = O; n = 3; k = 1; l = 1 }");
        eqc_program_function(program.get(), "t_forward");
      }
    });
  for (int i = 0; i < 8; ++i) {
    if (i % 2)
      eqc_prepare_fork();
    EXPECT_TRUE(childCompiles()) << i;
  }
  stop = true;
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(callSets(compile(deepSets)), expectedSets);
}

TEST(Compiler, AnnouncedForksLeaveTheCompilerUsable) {
  eqc_prepare_fork();
  eqc_prepare_fork();
  // The thread that is about to fork may still get inside.
  EXPECT_EQ(callSets(compile(deepSets)), expectedSets);
  EXPECT_TRUE(childCompiles());
  std::thread([] {
    EXPECT_EQ(callSets(compile(deepSets)), expectedSets);
  }).join();
  EXPECT_TRUE(childCompiles());
}
