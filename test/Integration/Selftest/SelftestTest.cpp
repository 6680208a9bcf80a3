//===- SelftestTest.cpp - What self-tests of layers find ------------------===//

#include "compiler/Frontend/Frontend.h"
#include "compiler/Library/LoadedObject.h"
#include "compiler/Pipelines/Compile.h"

#include <eqc/runtime.h>

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include "gtest/gtest.h"

#include <cstdlib>
#include <cstring>
#include <set>

using namespace eqc;

namespace {

/// Layers that are compiled without effort, in memory.
struct Compiled {
  llvm::SourceMgr sources;
  FrontendResult source;
  llvm::SmallVector<char, 0> object;
  std::unique_ptr<LoadedObject> loaded;

  /// The default plan is that of the least code.
  explicit Compiled(std::unique_ptr<llvm::MemoryBuffer> text,
                    PlanKind plan = PlanKind::Factored) {
    DiagnosticEngine diags;
    const unsigned id =
        sources.AddNewSourceBuffer(std::move(text), llvm::SMLoc());
    source = parseLayers(sources, id, "layers.eq", {}, diags);
    EXPECT_EQ(source.status, 0);
    CompileOptions options;
    options.cpus = {"native"};
    options.optLevel = 0;
    options.plan = plan;
    options.networks = source.networks;
    CompileFailure failure;
    EXPECT_TRUE(compileLayers(source.layers, options, CodeKind::Object, object,
                              failure))
        << failure.message;
    load();
  }
  explicit Compiled(const char *text)
      : Compiled(llvm::MemoryBuffer::getMemBufferCopy(text)) {}

  void load() {
    std::string problem;
    loaded = LoadedObject::load(object, problem);
    ASSERT_TRUE(loaded) << problem;
  }

  /// The status, and the report.
  std::pair<int, std::string> test(const std::string &name) const {
    using Selftest = int(char *, size_t);
    auto *selftest =
        reinterpret_cast<Selftest *>(loaded->function(name + "_selftest"));
    if (!selftest)
      return {1, "none"};
    char report[4096];
    const int status = selftest(report, sizeof report);
    return {status, report};
  }

  /// Replaces the first occurrence of bytes in the object.
  void replace(llvm::StringRef from, llvm::StringRef to) {
    const size_t at = llvm::StringRef(object.data(), object.size()).find(from);
    ASSERT_NE(at, llvm::StringRef::npos);
    ASSERT_EQ(from.size(), to.size());
    std::copy(to.begin(), to.end(), object.begin() + at);
    load();
  }
};

} // namespace

TEST(SelftestTest, RightLayersOfAllKindsPass) {
  auto text = llvm::MemoryBuffer::getFile(EQC_LAYERS);
  ASSERT_TRUE(text);
  const Compiled compiled(std::move(*text));
  std::set<std::string> families;
  for (const LayerSpec &layer : compiled.source.layers) {
    const auto [status, report] = compiled.test(layer.name);
    EXPECT_EQ(status, EQC_OK) << report;
    EXPECT_NE(report.find(layer.name + ": OK: "), std::string::npos) << report;
    for (const Space &space : layer.spaces())
      families.insert(std::string(familyName(space.group.family())));
  }
  for (const NetworkSpec &network : compiled.source.networks) {
    const auto [status, report] = compiled.test(network.name);
    EXPECT_EQ(status, EQC_OK) << report;
    EXPECT_NE(report.find(network.name + ": OK: "), std::string::npos);
  }
  // A new group needs a line in layers.eq and in runtime/src/Definition.c.
  for (Group group : allGroups)
    EXPECT_TRUE(families.count(std::string(familyName(group.family()))))
        << familyName(group.family());
}

TEST(SelftestTest, AKernelOfOtherDiagramsFails) {
  Compiled layer(
      "layer f { group = S; n = 3; k = 1; l = 1; channels = 2 -> 3 }");
  ASSERT_EQ(layer.test("f").first, EQC_OK);
  layer.replace("+00+01;", "+01+00;");
  auto [status, report] = layer.test("f");
  EXPECT_EQ(status, EQC_ERR_SELFTEST);
  EXPECT_NE(report.find("f: FAILED: y["), std::string::npos) << report;
  EXPECT_NE(std::string(eqc_last_error()).find("f_selftest: y["),
            std::string::npos);
  layer.replace("+01+00;", "+00-01;"); // another sign
  EXPECT_EQ(layer.test("f").first, EQC_ERR_SELFTEST);
  layer.replace("+00-01;", "+00&01;"); // too few
  EXPECT_EQ(layer.test("f").first, EQC_ERR_SELFTEST);
}

TEST(SelftestTest, ABiasOfOtherDiagramsFails) {
  Compiled layer("layer f { group = S; n = 3; k = 1; l = 2; channels = 1 -> 3; "
                 "bias = true }");
  layer.replace(";+00+01", ";+01+00");
  auto [status, report] = layer.test("f");
  EXPECT_EQ(status, EQC_ERR_SELFTEST);
  EXPECT_NE(report.find("f: FAILED: y["), std::string::npos) << report;
}

TEST(SelftestTest, AnotherGroupFails) {
  // Sp has the diagrams of O, and another form.
  Compiled layer("layer f { group = O; n = 4; k = 2; l = 2 }");
  ASSERT_EQ(layer.test("f").first, EQC_OK);
  const std::string object(layer.object.data(), layer.object.size());
  const size_t at = object.find(std::string("\0O\0", 3));
  ASSERT_NE(at, std::string::npos);
  Compiled other("layer f { group = Sp; n = 4; k = 2; l = 2 }");
  other.replace(llvm::StringRef("\0Sp\0", 4), llvm::StringRef("\0O\0\0", 4));
  EXPECT_EQ(other.test("f").first, EQC_ERR_SELFTEST);
}

TEST(SelftestTest, AGroupThatIsNotKnownIsNotTested) {
  Compiled layer("layer f { group = Sp; n = 4; k = 1; l = 1 }");
  layer.replace(llvm::StringRef("\0Sp\0", 4), llvm::StringRef("\0Xy\0", 4));
  auto [status, report] = layer.test("f");
  EXPECT_EQ(status, EQC_ERR_ARG);
  EXPECT_EQ(report, "f: NOT TESTED: f_selftest: this runtime does not know the "
                    "group 'Xy'\n");
}

TEST(SelftestTest, JellyfishAreNotTested) {
  const Compiled layer(llvm::MemoryBuffer::getMemBufferCopy(
                           "layer f { group = A; n = 2; k = 1; l = 1 }"),
                       PlanKind::Auto);
  auto [status, report] = layer.test("f");
  EXPECT_EQ(status, EQC_ERR_ARG);
  EXPECT_EQ(report.find("f: NOT TESTED: "), 0u) << report;
}

TEST(SelftestTest, LargeLayersSaySo) {
  // One call's arrays would not fit; no number of diagrams is too large for
  // some entries.
  Compiled layer("layer f { group = S; n = 3000; k = 2; l = 1 }\n"
                 "layer g { group = S; n = 200; k = 2; l = 2 }");
  auto [status, report] = layer.test("f");
  EXPECT_EQ(status, EQC_ERR_SIZE);
  EXPECT_EQ(report, "f: NOT TESTED: f_selftest: the layer is too large to be "
                    "tested in a second\n");
  std::tie(status, report) = layer.test("g");
  EXPECT_EQ(status, EQC_OK) << report;
}

TEST(SelftestTest, ReportsFitTheirRoom) {
  const Compiled layer("layer f { group = S; n = 3; k = 1; l = 1 }");
  auto *test = reinterpret_cast<int (*)(char *, size_t)>(
      layer.loaded->function("f_selftest"));
  EXPECT_EQ(test(nullptr, 0), EQC_OK);
  EXPECT_EQ(test(nullptr, 100), EQC_OK);
  char report[8] = "unknown";
  EXPECT_EQ(test(report, 0), EQC_OK);
  EXPECT_STREQ(report, "unknown");
  EXPECT_EQ(test(report, 5), EQC_OK);
  EXPECT_STREQ(report, "f: O");
  EXPECT_EQ(report[6], 'n'); // of what was there
}

namespace {
/// Fails from the n-th request on, once.
struct Failing {
  int left = 0;
  bool failed = false;
};
} // namespace

TEST(SelftestTest, OutOfMemoryAtEveryRequest) {
  const Compiled layer(
      "layer f { group = S; n = 3; k = 1; l = 1; channels = 2 -> 3 }");
  Failing failing;
  ASSERT_EQ(eqc_set_allocator(
                [](size_t size, size_t align, void *ctx) -> void * {
                  auto *state = static_cast<Failing *>(ctx);
                  if (state->left-- == 0) {
                    state->failed = true;
                    return nullptr;
                  }
                  return std::aligned_alloc(align,
                                            (size + align - 1) / align * align);
                },
                [](void *p, size_t, void *) { std::free(p); }, &failing),
            EQC_OK);
  int requests = 0;
  for (;; ++requests) {
    failing = {requests, false};
    const auto [status, report] = layer.test("f");
    if (!failing.failed) {
      EXPECT_EQ(status, EQC_OK) << report;
      break;
    }
    EXPECT_EQ(status, EQC_ERR_NOMEM) << report;
    EXPECT_EQ(report.find("f: NOT TESTED: "), 0u) << report;
  }
  EXPECT_GT(requests, 1);
  eqc_set_allocator(nullptr, nullptr, nullptr);
  EXPECT_EQ(layer.test("f").first, EQC_OK);
}
