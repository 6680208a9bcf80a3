//===- SelftestTest.cpp - What self-tests of layers find ------------------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Library/LoadedObject.h"
#include "compiler/Pipelines/Compile.h"
#include "compiler/Plan/Bilinear/JoinPlans.h"
#include "compiler/Plan/PlanRules.h"

#include <eqc/kernel.h>

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

  /// The default plan is that of the least code, where layers have it.
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
    for (const LayerSpec &layer : source.layers) {
      const bool has =
          plan == PlanKind::Auto ||
          (layer.isBilinear() ? sharesJoins(plan).has_value()
                              : rulesOf(plan).whyNot(layer).why.empty());
      options.tuning.push_back({has ? plan : PlanKind::Auto, 0});
    }
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

/// Whose plan is `shared` alone.
TEST(SelftestTest, LayersThatTakeExtremesPassOrFail) {
  constexpr const char *source =
      "space users = S(4)\nspace items = S(3)\nspace nodes = S(?)\n"
      "layer most { group = S; n = 4; k = 2; l = 2; channels = 2 -> 3; bias = "
      "true; pool = max }\n"
      "layer least { k = users items; l = users; channels = 2 -> 2; pool = "
      "min; layout = channels_first }\n"
      "layer sized { group = S; n = ?; k = 2; l = 1; channels = 2 -> 3; pool = "
      "max; in_symmetry = [\"(1 2)\"] }\n"
      "layer best { k = nodes; l = 0; channels = 3 -> 2; bias = true; pool = "
      "max }\n"
      "network model {\n  input x : nodes, 3\n  output y = best(relu(x))\n}\n";
  Compiled compiled(llvm::MemoryBuffer::getMemBufferCopy(source),
                    PlanKind::Shared);
  for (const char *name : {"most", "least", "sized", "best", "model"}) {
    const auto [status, report] = compiled.test(name);
    EXPECT_EQ(status, EQC_OK) << report;
    EXPECT_NE(report.find(": OK: "), std::string::npos) << report;
  }
  Compiled other(
      llvm::MemoryBuffer::getMemBufferCopy(
          "layer most { group = S; n = 4; k = 2; l = 1; pool = max }"),
      PlanKind::Shared);
  ASSERT_EQ(other.test("most").first, EQC_OK);
  other.replace(llvm::StringRef("\0max\0", 5), llvm::StringRef("\0min\0", 5));
  EXPECT_EQ(other.test("most").first, EQC_ERR_SELFTEST);
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

TEST(SelftestTest, AKernelOfOtherEntriesFails) {
  Compiled layer("layer f { group = Graph(3, \"0-1:2 1-2\"); k = 1; l = 1; "
                 "channels = 2 -> 3; diagrams = [\"o1=a i1=b : a-b\"] }");
  ASSERT_EQ(layer.test("f").first, EQC_OK);
  layer.replace("[2:0,1]", "[2:0,2]");
  auto [status, report] = layer.test("f");
  EXPECT_EQ(status, EQC_ERR_SELFTEST);
  EXPECT_NE(report.find("f: FAILED: y["), std::string::npos) << report;
  layer.replace("[2:0,2]", "[3:0,1]"); // another entry
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

TEST(SelftestTest, JellyfishAreTested) {
  // Alone, in a bias, with means and symmetries, beside blocks of other
  // spaces.
  const Compiled layer(R"eq(
space s = A(3)
space xyz = O(3)
space points = S(4)
layer two { group = A; n = 2; k = 1; l = 1; channels = 2 -> 3 }
layer three { group = A; n = 3; k = 2; l = 1; bias = true }
layer four { group = A; n = 4; k = 1; l = 3; bias = true; layout = channels_first }
layer five { group = A; n = 5; k = 2; l = 2; dtype = f64 }
layer means { group = A; n = 4; k = 2; l = 1; normalize = mean; dtype = f64 }
layer symmetric { group = A; n = 3; k = 2; l = 2; in_symmetry = ["(1 2)"] }
layer beside { k = s s xyz; l = s xyz; channels = 2 -> 2 }
layer summed { k = s points; l = s s; bias = true }
)eq");
  for (const LayerSpec &spec : layer.source.layers) {
    auto [status, report] = layer.test(spec.name);
    EXPECT_EQ(status, EQC_OK) << report;
  }
}

TEST(SelftestTest, AJellyfishOfOtherSignsFails) {
  Compiled layer("layer f { group = A; n = 3; k = 1; l = 1; diagrams = [\"* | "
                 "o1 | i1\"] }");
  ASSERT_EQ(layer.test("f").first, EQC_OK);
  layer.replace("+[0,1]~[0,2]", "+[0,1]&[0,2]");
  EXPECT_EQ(layer.test("f").first, EQC_ERR_SELFTEST);
}

TEST(SelftestTest, ManyEntriesAreNotTested) {
  const Compiled layer("layer f { group = A; n = 8; k = 4; l = 3; diagrams = "
                       "[\"* | o1 | o2 | o3 | i1 | i2 | i3 | i4\"] }");
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

//===----------------------------------------------------------------------===//
// Samples of different sizes: the runtime's calls with a fault (--wrap)
//===----------------------------------------------------------------------===//

static int faultyCall = 0;

static int spoilt(int call, int status, void *array, int64_t element) {
  if (faultyCall == call)
    static_cast<float *>(array)[element] += 1;
  return status;
}

extern "C" {
decltype(eqc_rt_forward_ragged) __real_eqc_rt_forward_ragged;
decltype(eqc_rt_forward_padded) __real_eqc_rt_forward_padded;
decltype(eqc_rt_backward_ragged) __real_eqc_rt_backward_ragged;
decltype(eqc_rt_backward_padded) __real_eqc_rt_backward_padded;

int __wrap_eqc_rt_forward_ragged(const eqc_kernel *kernel, int64_t batch,
                                 const int64_t *n, const void *x,
                                 const void *weight, const void *bias,
                                 void *y) {
  return spoilt(
      1, __real_eqc_rt_forward_ragged(kernel, batch, n, x, weight, bias, y), y,
      0);
}
int __wrap_eqc_rt_forward_padded(const eqc_kernel *kernel, int64_t n,
                                 int64_t batch, const int64_t *sizes,
                                 const void *x, const void *weight,
                                 const void *bias, void *y) {
  // Element 2 is the first beside the sample of size 2.
  return spoilt(2,
                spoilt(3,
                       __real_eqc_rt_forward_padded(kernel, n, batch, sizes, x,
                                                    weight, bias, y),
                       y, 2),
                y, 1);
}
int __wrap_eqc_rt_backward_ragged(const eqc_kernel *kernel, int64_t batch,
                                  const int64_t *n, const void *x,
                                  const void *weight, const void *grad_y,
                                  void *grad_x, void *grad_weight,
                                  void *grad_bias) {
  return spoilt(4,
                __real_eqc_rt_backward_ragged(kernel, batch, n, x, weight,
                                              grad_y, grad_x, grad_weight,
                                              grad_bias),
                grad_weight, 1);
}
int __wrap_eqc_rt_backward_padded(const eqc_kernel *kernel, int64_t n,
                                  int64_t batch, const int64_t *sizes,
                                  const void *x, const void *weight,
                                  const void *grad_y, void *grad_x,
                                  void *grad_weight, void *grad_bias) {
  const int status =
      __real_eqc_rt_backward_padded(kernel, n, batch, sizes, x, weight, grad_y,
                                    grad_x, grad_weight, grad_bias);
  return grad_x ? spoilt(5, status, grad_x, 0) : status;
}
}

TEST(SelftestTest, SamplesOfDifferentSizesAreTested) {
  const Compiled layer(
      "layer f { group = S; n = ?; k = 1; l = 1; bias = true }");
  const char *const reports[] = {
      "f: OK: ",
      "f: FAILED: element 0 of y of samples of different sizes is ",
      "f: FAILED: element 1 of y of padded samples is ",
      "f: FAILED: element 2 of y beside padded samples is not zero",
      "f: FAILED: element 1 of grad_weight of samples of different sizes is ",
      "f: FAILED: element 0 of grad_x of samples of different sizes is "};
  for (faultyCall = 0; faultyCall < 6; ++faultyCall) {
    const auto [status, report] = layer.test("f");
    EXPECT_EQ(status, faultyCall ? EQC_ERR_SELFTEST : EQC_OK);
    EXPECT_EQ(report.find(reports[faultyCall]), 0u) << report;
  }
  faultyCall = 0;
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
