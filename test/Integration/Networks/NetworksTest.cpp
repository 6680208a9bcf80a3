//===- NetworksTest.cpp - Compiled networks against the definition --------===//
//
// Networks of several groups, types and layouts, compiled, loaded and held to
// what the oracle makes of their text; what callers may do wrong.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/CheckNetwork.h"
#include "compiler/Check/NetworkCaller.h"
#include "compiler/Frontend/Frontend.h"
#include "compiler/Interface/NetworkInterface.h"
#include "compiler/Tune/InMemory.h"

#include <eqc/runtime.h>

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>

using namespace eqc;

namespace {

/// A source, compiled and loaded.
class Compiled {
public:
  explicit Compiled(const std::string &text, bool ragged = false) {
    const unsigned id = sources.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy(text, "t.eq"), llvm::SMLoc());
    result = parseLayers(sources, id, "t.eq", {}, diags);
    std::string messages;
    llvm::raw_string_ostream os(messages);
    diags.print(os);
    EXPECT_EQ(messages, "");
    CompileOptions options;
    options.cpus = {"native"};
    // What LLVM makes of kernels the grid of layers looks at.
    options.optLevel = 0;
    options.networks = result.networks;
    options.ragged = ragged;
    CompileFailure failure;
    library = compileInMemory(result.layers, options, failure);
    EXPECT_TRUE(library) << failure.message;
  }

  const NetworkSpec &network() const { return result.networks.front(); }

  /// Calls a function with arrays by the names of its arguments; numbers are
  /// `numbers`, in their order.
  int64_t call(const std::string &suffix, std::vector<int64_t> numbers,
               std::map<std::string, void *> arrays) {
    const NetworkFunction *function = nullptr;
    for (const NetworkFunction &known : networkFunctions())
      if (suffix == known.suffix)
        function = &known;
    std::vector<uint64_t> arguments;
    size_t number = 0;
    for (const NetworkParameter &parameter : parametersOf(*function, network()))
      arguments.push_back(
          parameter.isNumber
              ? static_cast<uint64_t>(numbers.at(number++))
              : reinterpret_cast<uintptr_t>(arrays[parameter.name]));
    size_t next = 0;
    return NetworkCaller(network(), *library)
        .call(suffix, [&](int, size_t) { return arguments.at(next++); })
        .value_or(1);
  }

  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  FrontendResult result;
  std::optional<LoadedLibrary> library;
};

/// The example of the reference.
const char *const small = "space p = S(?)\n"
                          "layer a { k = p; l = p; bias = true }\n"
                          "layer s { k = p; l = 0; bias = true }\n"
                          "network n {\n  input x : p, 1\n"
                          "  output y = s(relu(a(x)))\n}\n";

void expectAgrees(const std::string &text) {
  Compiled compiled(text, /*ragged=*/true);
  ASSERT_TRUE(compiled.library);
  for (const NetworkSpec &network : compiled.result.networks) {
    const CheckReport report =
        checkNetwork(network, compiled.result.layers, *compiled.library);
    EXPECT_TRUE(report.passed()) << text << renderReport(report);
  }
}

} // namespace

TEST(Networks, SmallExampleByHand) {
  Compiled compiled(small);
  float x[] = {1, 2}, params[] = {1, 10, .5, 2, 1}, y = 0;
  EXPECT_EQ(compiled.call("forward", {2, 1},
                          {{"x", x}, {"params", params}, {"y", &y}}),
            EQC_OK);
  // a: 1 + 10 * 3 + .5 and 2 + 30 + .5; 2 (31.5 + 32.5) + 1.
  EXPECT_EQ(y, 129);
  // Of y = 2 (a0 + a1) + 1, a = x w0 + w1 sum x + b: grad_x = 2 (w0 + 2 w1).
  float one = 1, gradX[2], gradParams[5];
  EXPECT_EQ(compiled.call("backward", {2, 1},
                          {{"x", x},
                           {"params", params},
                           {"grad_y", &one},
                           {"grad_x", gradX},
                           {"grad_params", gradParams}}),
            EQC_OK);
  EXPECT_EQ(gradX[0], 42);
  EXPECT_EQ(gradX[1], 42);
  const float expected[] = {2 * 3, 2 * 2 * 3, 2 * 2, 64, 1};
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(gradParams[i], expected[i]) << i;
}

//===----------------------------------------------------------------------===//
// Against the definition
//===----------------------------------------------------------------------===//

/// Layers on one space, as a network of all kinds of steps.
static std::string everyStep(const std::string &space,
                             const std::string &function,
                             const std::string &fields) {
  return "space p = " + space + "\n" +
         "layer up { k = p p; l = p p; channels = 2 -> 3; " + fields + " }\n" +
         "layer mix { k = p p; l = p p; channels = 1 -> 3; " + fields + " }\n" +
         "layer same { k = p p; l = p p; channels = 3 -> 3; " + fields +
         " }\n" +
         "layer out { k = p p; l = 0; channels = 6 -> 2; bias = true; " +
         fields + " }\n" +
         "network n {\n  input h : p p, 2\n  input a : p p, 1\n"
         "  input c : 0, 1\n"
         "  t = " +
         function +
         "(up(h) + mix(a))\n"
         "  u = scale(sigmoid(norm(t)), same(same(t)))\n"
         "  output y = out(concat(t, u))\n"
         "  output z = scale(c, t) + u + t\n}\n";
}

TEST(Networks, PermutationsInEveryTypeAndLayout) {
  for (const char *fields :
       {"batch = 4", "dtype = f64", "layout = channels_first",
        "layout = channels_first; dtype = f64; normalize = mean"})
    expectAgrees(everyStep("S(?)", "relu", fields));
}

TEST(Networks, OtherGroups) {
  expectAgrees(everyStep("S'(3)", "gelu", "dtype = f64"));
  expectAgrees(everyStep("H(3)", "tanh", "dtype = f64"));
  // No function of entries: the norm is invariant.
  for (const char *space : {"O(3)", "SO(3)", "B(4)", "O(?)"})
    expectAgrees(std::string("space v = ") + space +
                 "\nlayer f { k = v v; l = v v; channels = 2 -> 2; dtype = f64 "
                 "}\nlayer t { k = v v; l = 0; channels = 2 -> 2; dtype = f64 "
                 "}\nnetwork n {\n  input x : v v, 2\n  r = f(x)\n"
                 "  output y = scale(silu(norm(r)), r) + x\n"
                 "  output s = t(r)\n}\n");
  for (const char *space : {"Sp(?)", "O(1,3)"})
    expectAgrees(std::string("space v = ") + space +
                 "\nlayer f { k = v v; l = v v; channels = 2 -> 2; dtype = f64 "
                 "}\nlayer t { k = v v; l = 0; channels = 2 -> 1; dtype = f64 "
                 "}\nnetwork n {\n  input x : v v, 2\n"
                 "  output y = scale(tanh(t(x)), f(f(x)))\n}\n");
}

TEST(Networks, AxesOfSeveralSpaces) {
  expectAgrees("space p = S(5)\nspace v = O(3)\n"
               "layer lift { k = p; l = p; channels = 4 -> 2; bias = true }\n"
               "layer move { k = p v; l = p v; channels = 2 -> 2 }\n"
               "layer pairs { k = p v; l = p p v; channels = 2 -> 1 }\n"
               "layer back { k = p p v; l = p v; channels = 1 -> 2 }\n"
               "network n {\n  input h : p, 4\n  input x : p v, 2\n"
               "  gate = leaky_relu(lift(h))\n"
               "  m = scale(gate, move(x))\n  r = norm(pairs(m), v)\n"
               "  output y = back(scale(softplus(r), pairs(m))) + m\n"
               "  output g = norm(m, v) + norm(m, v)\n}\n");
}

TEST(Networks, SpacesWithSizesOfTheirOwn) {
  expectAgrees("space users = S(?)\nspace items = S(?)\n"
               "layer u { k = users; l = users; channels = 2 -> 3 }\n"
               "layer i { k = items; l = 0; channels = 1 -> 3 }\n"
               "layer j { k = 0; l = items; channels = 3 -> 2 }\n"
               "layer w { k = users; l = 0; channels = 3 -> 3 }\n"
               "network n {\n  input x : users, 2\n  input z : items, 1\n"
               "  s = w(abs(u(x))) + i(z)\n"
               "  output y = cos(j(s))\n  output t = square(s)\n}\n");
}

TEST(Networks, EveryFunction) {
  std::string text =
      "space p = S(4)\n"
      "layer f { k = p; l = p; channels = 3 -> 3; dtype = f64 }\n"
      "network n {\n  input x : p, 3\n";
  std::string sum;
  for (std::string_view function : functionNames()) {
    const std::string name(function);
    text += "  output y_" + name + " = " + name + "(f(x))\n";
  }
  expectAgrees(text + "}\n");
}

TEST(Networks, FormsOfOutputs) {
  // An input, one value twice, an output that others use.
  expectAgrees("space p = S(3)\nlayer f { k = p; l = p; channels = 2 -> 2 }\n"
               "network n {\n  input x : p, 2\n  output same = x\n"
               "  t = f(x)\n  output y = t\n  output z = t\n"
               "  output w = relu(t)\n  output v = f(w) + w + w\n"
               "  output u = concat(w, w, x)\n}\n");
}

//===----------------------------------------------------------------------===//
// Layers of two inputs
//===----------------------------------------------------------------------===//

TEST(Networks, ProductsOfMatricesInEveryTypeAndLayout) {
  // A weight on each channel, and on pairs of them.
  for (const char *fields :
       {"batch = 4", "dtype = f64", "layout = channels_first",
        "layout = channels_first; dtype = f64; normalize = mean"}) {
    std::string text = "space p = S(?)\n";
    for (const char *layer :
         {"f { k = p p; l = p p; channels = 2 -> 3; bias = true; ",
          "product { k = p p * p p; l = p p; channels = 3; diagrams = [\"o1 i1 "
          "| i2 i3 | o2 i4\"]; ",
          "pairs { k = p p * p p; l = p; channels = 3 * 3 -> 4; diagrams = "
          "[\"o1 i1 | i2 i3 | i4\", \"o1 i2 | i1 i3 i4\"]; bias = true; ",
          "out { k = p p; l = 0; channels = 5 -> 1; "})
      text += std::string("layer ") + layer + fields + " }\n";
    expectAgrees(text + "network n {\n  input x : p p, 2\n  a = relu(f(x))\n"
                        "  b = tanh(a)\n"
                        "  output y = out(concat(x, product(a, b)))\n"
                        "  output z = pairs(b, a)\n}\n");
  }
}

TEST(Networks, ProductsOfAllDiagrams) {
  expectAgrees("space p = S(?)\n"
               "layer f { k = p p * p; l = p; channels = 2 * 3 -> 3; dtype = "
               "f64; diagrams = connected; bias = true }\n"
               "layer g { k = p * p; l = p p; channels = 3; dtype = f64 }\n"
               "network n {\n  input x : p p, 2\n  input z : p, 3\n"
               "  output y = g(f(x, z), z)\n}\n");
}

TEST(Networks, ProductsOfOtherGroups) {
  const char *const mean = "; normalize = mean; layout = channels_first";
  for (auto [space, fields] :
       {std::pair("O(?)", ""), std::pair("SO(3)", mean), std::pair("Sp(?)", ""),
        std::pair("B(4)", mean), std::pair("O(1,3)", "")})
    expectAgrees(
        std::string("space v = ") + space +
        "\nlayer up { k = v v; l = v v; channels = 2 -> 3; dtype = f64" +
        fields +
        " }\nlayer mul { k = v v * v v; l = v v; channels = 3; dtype = f64; "
        "bias = true" +
        fields +
        " }\nlayer dot { k = v v * v v; l = 0; channels = 3 * 2 -> 1; bias = "
        "true; dtype = f64" +
        fields +
        " }\nnetwork n {\n  input x : v v, 2\n  t = up(x)\n"
        "  output y = mul(t, t) + mul(up(x), t)\n"
        "  output s = scale(tanh(dot(t, x)), x)\n}\n");
  expectAgrees("space v = SO(3)\n"
               "layer cross { k = v * v; l = v; channels = 2 * 1 -> 2 }\n"
               "network n {\n  input x : v, 2\n  input z : v, 1\n"
               "  output y = cross(cross(x, z), z)\n}\n");
}

TEST(Networks, ProductsOfOneValue) {
  // A gradient is the sum of those of both inputs, of a value that others read
  // and that is an output, an input, or neither.
  expectAgrees("space p = S(?)\n"
               "layer f { k = p p; l = p p; channels = 2 -> 2; dtype = f64 }\n"
               "layer mul { k = p p * p p; l = p p; channels = 2; dtype = f64; "
               "bias = true; diagrams = [\"o1 i1 | i2 i3 | o2 i4\", "
               "\"o1 i1 i3 | o2 i2 i4\"] }\n"
               "network n {\n  input x : p p, 2\n  t = f(x)\n"
               "  output y = mul(t, t)\n  output z = t + mul(x, x)\n"
               "  output w = relu(mul(mul(f(x), y), f(x)))\n}\n");
}

TEST(Networks, ProductsWithAxesOfSeveralSpaces) {
  expectAgrees(
      "space p = S(4)\nspace v = O(3)\n"
      "layer move { k = p v; l = p v; channels = 2 -> 3; bias = false }\n"
      "layer pull { k = p p * p v; l = p v; channels = 1 * 3 -> 2; diagrams = "
      "connected; bias = false }\n"
      "layer gram { k = p v * p v; l = p p; channels = 2; bias = true }\n"
      "network n {\n  input a : p p, 1\n  input x : p v, 2\n"
      "  t = pull(a, move(x))\n  output y = t + x\n"
      "  output s = relu(gram(t, x))\n}\n");
  // Sizes at run time; inputs without axes; an output's space is new.
  expectAgrees("space p = S(?)\nspace q = S(?)\n"
               "layer lift { k = 0 * 0; l = p; channels = 2 * 3 -> 2; bias = "
               "true }\n"
               "layer by { k = 0 * p; l = p; channels = 2 }\n"
               "layer sum { k = q * q; l = 0; channels = 3 }\n"
               "network n {\n  input s : 0, 2\n  input x : q, 3\n"
               "  output y = by(s, lift(s, sum(x, x)))\n}\n");
}

TEST(Networks, SquareOfAMatrixByHand) {
  Compiled compiled("space p = S(?)\n"
                    "layer mul { k = p p * p p; l = p p; channels = 1; "
                    "diagrams = [\"o1 i1 | i2 i3 | o2 i4\"] }\n"
                    "network n {\n  input x : p p, 1\n"
                    "  output y = mul(x, x)\n}\n");
  float x[] = {1, 2, 3, 4}, params[] = {2}, y[4];
  EXPECT_EQ(compiled.call("forward", {2, 1},
                          {{"x", x}, {"params", params}, {"y", y}}),
            EQC_OK);
  const float square[] = {7, 10, 15, 22};
  float one[] = {1, 0, 0, 0}, gradX[4], gradParams[1];
  EXPECT_EQ(compiled.call("backward", {2, 1},
                          {{"x", x},
                           {"params", params},
                           {"grad_y", one},
                           {"grad_x", gradX},
                           {"grad_params", gradParams}}),
            EQC_OK);
  // Of 2 (x00 x00 + x01 x10).
  const float expected[] = {2 * 2 * 1, 2 * 3, 2 * 2, 0};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(y[i], 2 * square[i]) << i;
    EXPECT_EQ(gradX[i], expected[i]) << i;
  }
  EXPECT_EQ(gradParams[0], 7);
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Of a network of two inputs, x and z, and two outputs, y and w, of which w
/// does not depend on z: all ways to ask for some gradients.
static void testNulls(const std::string &text) {
  Compiled compiled(text);
  const int64_t batch = 5, size = batch * 3 * 2;
  std::vector<double> x(size), z(size), params(compiled.network().params),
      gy(size), gw(size, 0.0);
  const std::vector<std::vector<double>> untouched{
      std::vector<double>(size, -7), std::vector<double>(size, -7),
      std::vector<double>(params.size(), -7)};
  auto fill = [](std::vector<double> &values, double seed) {
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = std::sin(seed + static_cast<double>(i));
  };
  fill(x, 1);
  fill(z, 2);
  fill(params, 3);
  fill(gy, 4);
  auto run = [&](void *givenW, bool wantX, bool wantZ, bool wantParams) {
    std::vector<std::vector<double>> grads = untouched;
    EXPECT_EQ(compiled.call(
                  "backward", {batch},
                  {{"x", x.data()},
                   {"z", z.data()},
                   {"params", params.data()},
                   {"grad_y", gy.data()},
                   {"grad_w", givenW},
                   {"grad_x", wantX ? grads[0].data() : nullptr},
                   {"grad_z", wantZ ? grads[1].data() : nullptr},
                   {"grad_params", wantParams ? grads[2].data() : nullptr}}),
              EQC_OK);
    return grads;
  };
  const auto all = run(gw.data(), true, true, true);
  // A gradient of an output that is NULL counts as zero.
  EXPECT_EQ(run(nullptr, true, true, true), all);
  // Which gradients are asked for changes no bit of them.
  for (int asked = 0; asked < 8; ++asked) {
    const auto some = run(gw.data(), asked & 1, asked & 2, asked & 4);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(some[i], asked >> i & 1 ? all[i] : untouched[i]);
  }
  // An input that no gradient reaches gets zeros.
  std::vector<double> gradZ(size, -7);
  EXPECT_EQ(compiled.call("backward", {batch},
                          {{"x", x.data()},
                           {"z", z.data()},
                           {"params", params.data()},
                           {"grad_w", gy.data()},
                           {"grad_z", gradZ.data()}}),
            EQC_OK);
  EXPECT_EQ(gradZ, std::vector<double>(size, 0.0));
}

TEST(Networks, GradientsThatAreNull) {
  for (const char *product : {"f(z)", "m(f(x), z)"}) {
    SCOPED_TRACE(product);
    testNulls(std::string("space p = S(3)\n"
                          "layer f { k = p; l = p; channels = 2 -> 2; dtype = "
                          "f64 }\nlayer m { k = p * p; l = p; channels = 2 * 2 "
                          "-> 2; dtype = f64 }\n"
                          "network n {\n  input x : p, 2\n  input z : p, 2\n"
                          "  output y = tanh(f(x)) + ") +
              product + "\n  output w = square(f(x))\n}\n");
  }
}

TEST(Networks, ArgumentsThatAreWrong) {
  Compiled compiled(small);
  float x[] = {1, 2}, params[5] = {}, y = 7, gradX[2];
  auto forward = [&](std::vector<int64_t> numbers,
                     std::map<std::string, void *> arrays) {
    const int64_t status =
        compiled.call("forward", std::move(numbers), std::move(arrays));
    EXPECT_EQ(y, 7);
    return status;
  };
  const std::map<std::string, void *> good{
      {"x", x}, {"params", params}, {"y", &y}};
  auto with = [&](const char *name, void *array) {
    auto arrays = good;
    arrays[name] = array;
    return arrays;
  };
  EXPECT_EQ(forward({0, 1}, good), EQC_ERR_ARG);
  EXPECT_EQ(forward({2, -1}, good), EQC_ERR_ARG);
  EXPECT_EQ(forward({int64_t(1) << 40, int64_t(1) << 40}, good), EQC_ERR_SIZE);
  EXPECT_EQ(forward({2, 1}, with("x", nullptr)), EQC_ERR_NULL);
  EXPECT_EQ(forward({2, 1}, with("params", nullptr)), EQC_ERR_NULL);
  EXPECT_EQ(forward({2, 1}, with("y", nullptr)), EQC_ERR_NULL);
  EXPECT_EQ(forward({2, 1}, with("y", params)), EQC_ERR_ALIAS);
  EXPECT_EQ(forward({2, 0}, {}), EQC_OK);
  EXPECT_EQ(compiled.call(
                "backward", {2, 1},
                {{"x", x}, {"params", params}, {"grad_y", &y}, {"grad_x", x}}),
            EQC_ERR_ALIAS);
  alignas(64) char tape[128];
  EXPECT_EQ(compiled.call("backward", {2, 1},
                          {{"x", x},
                           {"params", params},
                           {"grad_y", &y},
                           {"tape", tape + 8},
                           {"grad_x", gradX}}),
            EQC_ERR_ARG);
  EXPECT_EQ(compiled.call("forward_tape", {2, 1}, good), EQC_ERR_NULL);
  EXPECT_EQ(compiled.call("tape_size", {0, 1}, {}), EQC_ERR_ARG);
  EXPECT_GT(compiled.call("tape_size", {2, 1}, {}), 0);
  EXPECT_EQ(compiled.call("pack", {}, {{"params", params}}), EQC_ERR_NULL);
  // Of no samples the sums are zero.
  float gradParams[5] = {1, 1, 1, 1, 1};
  EXPECT_EQ(compiled.call("backward", {2, 0}, {{"grad_params", gradParams}}),
            EQC_OK);
  EXPECT_EQ(std::accumulate(gradParams, gradParams + 5, 0.f), 0);
}

TEST(Networks, WithoutMemoryNothingIsWritten) {
  Compiled compiled(small);
  float x[] = {1, 2}, params[5] = {}, y = 7;
  auto get = [](size_t, size_t, void *) -> void * { return nullptr; };
  auto put = [](void *, size_t, void *) {};
  ASSERT_EQ(eqc_set_allocator(get, put, nullptr), EQC_OK);
  EXPECT_EQ(compiled.call("forward", {2, 1},
                          {{"x", x}, {"params", params}, {"y", &y}}),
            EQC_ERR_NOMEM);
  EXPECT_EQ(y, 7);
  ASSERT_EQ(eqc_set_allocator(nullptr, nullptr, nullptr), EQC_OK);
}

TEST(Networks, ThreadsAndLargeBatchesChangeNoBit) {
  Compiled compiled("space p = S(?)\n"
                    "layer f { k = p p; l = p p; channels = 3 -> 8; bias = "
                    "true }\n"
                    "layer m { k = p p * p p; l = p p; channels = 8; diagrams "
                    "= [\"o1 i1 | i2 i3 | o2 i4\"]; normalize = mean }\n"
                    "layer g { k = p p; l = p; channels = 8 -> 2 }\n"
                    "network n {\n  input x : p p, 3\n  t = f(x)\n"
                    "  output y = g(m(relu(t), t))\n}\n");
  const int64_t n = 6, batch = 333;
  std::vector<float> x(batch * n * n * 3), params(compiled.network().params);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(std::sin(static_cast<double>(i)));
  for (size_t i = 0; i < params.size(); ++i)
    params[i] = static_cast<float>(std::cos(static_cast<double>(i)));
  // One sample's NaN stays there.
  x[5 * n * n * 3] = std::numeric_limits<float>::quiet_NaN();
  auto run = [&](int threads, int64_t samples) {
    eqc_set_num_threads(threads);
    std::vector<float> y(samples * n * 2), gradY(y.size(), 0.5f),
        gradX(samples * n * n * 3), gradParams(params.size());
    EXPECT_EQ(
        compiled.call(
            "forward", {n, samples},
            {{"x", x.data()}, {"params", params.data()}, {"y", y.data()}}),
        EQC_OK);
    EXPECT_EQ(compiled.call("backward", {n, samples},
                            {{"x", x.data()},
                             {"params", params.data()},
                             {"grad_y", gradY.data()},
                             {"grad_x", gradX.data()},
                             {"grad_params", gradParams.data()}}),
              EQC_OK);
    eqc_set_num_threads(0);
    for (std::vector<float> *values : {&gradX, &gradParams})
      y.insert(y.end(), values->begin(), values->end());
    return y;
  };
  auto sameBits = [](const std::vector<float> &a, const std::vector<float> &b) {
    return a.size() == b.size() &&
           std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
  };
  for (int64_t samples : {int64_t(1), int64_t(9), batch}) {
    const std::vector<float> one = run(1, samples);
    for (int threads : {2, 3, 8})
      EXPECT_TRUE(sameBits(run(threads, samples), one))
          << threads << " threads, " << samples << " samples";
  }
  const std::vector<float> y = run(1, batch);
  for (int64_t i = 0; i < batch * n * 2; ++i)
    EXPECT_EQ(std::isnan(y[i]), i / (n * 2) == 5) << i;
}

TEST(Networks, TakeSamplesOfDifferentSizes) {
  Compiled compiled(small, /*ragged=*/true);
  ASSERT_TRUE(compiled.library);
  float x[] = {1, 2, 5}, params[] = {1, 10, .5f, 2, 1}, y[2] = {};
  int64_t sizes[] = {2, 1}, none[] = {0, 0};
  std::map<std::string, void *> arrays{
      {"p", sizes}, {"x", x}, {"params", params}, {"y", y}};
  auto forward = [&](int64_t batch) {
    return compiled.call("forward_ragged", {batch}, arrays);
  };
  EXPECT_EQ(forward(2), EQC_OK);
  EXPECT_EQ(y[0], 129);
  EXPECT_EQ(y[1], 112);
  // Without entries the bias of the last layer is left.
  arrays = {{"p", none}, {"params", params}, {"y", y}};
  EXPECT_EQ(forward(2), EQC_OK);
  EXPECT_EQ(y[0], 1);
  EXPECT_EQ(y[1], 1);
  EXPECT_EQ(forward(-1), EQC_ERR_ARG);
  arrays = {};
  EXPECT_EQ(forward(0), EQC_OK);
  EXPECT_EQ(forward(2), EQC_ERR_NULL);
  arrays = {{"p", sizes}, {"params", params}, {"y", y}};
  EXPECT_EQ(forward(2), EQC_ERR_NULL); // x
  arrays["x"] = x;
  arrays["y"] = x + 1;
  EXPECT_EQ(forward(2), EQC_ERR_ALIAS);
  arrays["y"] = sizes;
  EXPECT_EQ(forward(2), EQC_ERR_ALIAS);
  arrays["y"] = y;
  sizes[1] = -1;
  EXPECT_EQ(forward(2), EQC_ERR_ARG);
  EXPECT_STREQ(eqc_last_error(),
               "n_forward_ragged: 'p[1]' is -1, must be 0 to 2147483648");
  sizes[1] = (int64_t(1) << 31) + 1;
  EXPECT_EQ(forward(2), EQC_ERR_ARG);
}

TEST(Networks, TakePaddedSamples) {
  Compiled compiled(small, /*ragged=*/true);
  ASSERT_TRUE(compiled.library);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  float x[] = {1, 2, 5, nan}, params[] = {1, 10, .5f, 2, 1}, y[2] = {};
  float gradY[] = {1, 1}, gradX[4] = {nan, nan, nan, nan}, gradParams[5] = {};
  int64_t sizes[] = {2, 1};
  std::map<std::string, void *> arrays{
      {"p_sizes", sizes},         {"x", x},
      {"params", params},         {"y", y},
      {"grad_y", gradY},          {"grad_x", gradX},
      {"grad_params", gradParams}};
  EXPECT_EQ(compiled.call("forward_padded", {2, 2}, arrays), EQC_OK);
  EXPECT_EQ(y[0], 129);
  EXPECT_EQ(y[1], 112);
  EXPECT_EQ(compiled.call("backward_padded", {2, 2}, arrays), EQC_OK);
  // 2 (1 + 10 n); what lies outside is zero.
  EXPECT_EQ(gradX[0], 42);
  EXPECT_EQ(gradX[2], 22);
  EXPECT_EQ(gradX[3], 0);
  EXPECT_EQ(gradParams[2], 6); // 2 for each entry
  EXPECT_EQ(gradParams[4], 2);
  arrays["tape"] = gradX;
  EXPECT_EQ(compiled.call("backward_padded", {2, 2}, arrays), EQC_ERR_ARG);
  arrays["tape"] = nullptr;
  EXPECT_EQ(compiled.call("forward_padded", {0, 2}, arrays), EQC_ERR_ARG);
  EXPECT_EQ(compiled.call("forward_padded", {1, 2}, arrays), EQC_ERR_ARG);
  EXPECT_EQ(
      compiled.call("backward_padded", {2, 0}, {{"grad_params", gradParams}}),
      EQC_OK);
  EXPECT_EQ(gradParams[4], 0);
}
