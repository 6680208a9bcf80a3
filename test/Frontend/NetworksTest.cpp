//===- NetworksTest.cpp - Networks and what stands in them ----------------===//
//
// What is accepted and what becomes of it, and the exact place and words of
// every error about networks.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "compiler/Frontend/Print.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

/// Layers that the cases below call; a network stands on line 10.
static const char *const layers =
    "space p = S(?)\nspace v = O(3)\nspace s = Sp(4)\n"
    "layer up { k = p; l = p; channels = 2 -> 3; bias = true }\n"
    "layer dot { k = p v; l = p v }\n"
    "layer sp { k = s; l = s }\n"
    "layer old { group = S; n = 3; k = 1; l = 1 }\n"
    "layer big { k = p; l = p; channels = 2 -> 3; dtype = f64 }\n"
    "layer cf { k = p; l = p; channels = 2 -> 3; layout = channels_first }\n";
/// The same with a space that a layer of two spaces may have.
static std::string with(const std::string &network) {
  std::string text = layers;
  const size_t at = text.find("S(?)");
  return text.replace(at, 4, "S(5)") + network;
}

static std::string inNetwork(const std::string &body) {
  return with("network n {\n" + body + "\n}");
}

/// In a network on line 3, whose inputs are x and z, on line 4.
static std::string twoInputs(const std::string &body) {
  return "space p = S(3)\n"
         "layer mul { k = p p * p; l = p; channels = 2 * 3 -> 2 }\n"
         "network n {\n  input x : p p, 2; input z : p, 3\n" +
         body + "\n}";
}

/// On line 9, in a network whose input x has axes of sums.
static std::string inSums(const std::string &body) {
  return "space turn = O(3)\nspace one = S(1)\nspace form = Sp(2)\n"
         "space moved = one + turn\n"
         "space forms = one + form\n"
         "layer f { k = moved forms; l = moved forms }\n"
         "layer g { k = turn; l = turn }\n"
         "network n { input x : moved forms, 1\n" +
         body + "\n}";
}

/// `count` statements that are called v0, v1, ..
static std::string manyInputs(int count) {
  std::string text = "  y0 = up(v0)\n";
  for (int i = 0; i < count; ++i)
    text += "  input v" + std::to_string(i) + " : p, 2\n";
  return text;
}

static std::string manyCalls(int count) {
  std::string text = "input x : p, 2\noutput y = ";
  for (int i = 0; i < count - 1; ++i)
    text += "relu(";
  text += "up(x)";
  return text + std::string(static_cast<size_t>(count - 1), ')');
}

const std::vector<ErrorCase> &eqc::test::networkErrorCases() {
  static const std::vector<ErrorCase> cases = {
      // Layers of two inputs.
      {twoInputs("output y = mul(x)\noutput u = relu(z)"),
       {"5:12: 'mul' takes 2 arguments, not 1 [E0083]"}},
      {twoInputs("output y = mul(x, z, z)"),
       {"5:12: 'mul' takes 2 arguments, not 3 [E0083]"}},
      {twoInputs("output y = mul(z, x)"),
       {"5:16: layer 'mul' takes axes p p and 2 channels, but this value has "
        "axis p and 3 channels [E0083]"}},
      {twoInputs("output y = mul(x, x)\noutput u = relu(z)"),
       {"5:19: layer 'mul' takes axis p and 3 channels, but this value has "
        "axes p p and 2 channels [E0083]"}},
      {twoInputs("output y = mul(x, q)\noutput u = relu(z)"),
       {"5:19: unknown value 'q' [E0080]"}},
      // Syntax.
      {with("network {\n input x : p, 2\n output y = up(x)\n}"),
       {"10:9: expected a network name, found '{' [E0016]"}},
      {with("network n input x"),
       {"10:11: expected '{' after the network's name, found 'input' [E0006]"}},
      {with("network n {\n input x : p, 2\n output y = up(x)"),
       {"12:18: expected '}' at the end of the network, found the end of the "
        "file [E0008]"}},
      {inNetwork("input x p, 2\noutput y = up(x)"),
       {"11:9: expected ':' after the input 'x', found 'p' [E0006]"}},
      {inNetwork("input x : , 2\noutput y = up(x)"),
       {"11:11: expected the spaces of the axes of 'x', or 0 for none, found "
        "',' [E0006]"}},
      {inNetwork("input x : p 2\noutput y = up(x)"),
       {"11:13: expected ',' and the channels of 'x', found an integer '2' "
        "[E0006]"}},
      {inNetwork("input x : p, c\noutput y = up(x)"),
       {"11:14: expected the channels of 'x', an integer, found 'c' [E0006]"}},
      {inNetwork("input x : p, 2\noutput y up(x)"),
       {"12:10: expected '=' after 'y', found 'up' [E0006]"}},
      {inNetwork("input x : p, 2\noutput y = "),
       {"13:1: expected a value or a call, found '}' [E0006]"}},
      {inNetwork("input x : p, 2\noutput y = up()"),
       {"12:15: expected a value or a call as an argument, found ')' "
        "[E0006]"}},
      {inNetwork("input x : p, 2\noutput y = up(x"),
       {"13:1: expected ',' or ')', found '}' [E0006]"}},
      {inNetwork("input x : p, 2\noutput y = up(x) up(x)"),
       {"12:18: expected a newline, ';' or '}' after the statement, found "
        "'up' [E0006]"}},
      {inNetwork("input x : p, 2; 3; output y = up(x)"),
       {"11:17: expected a statement or '}', found an integer '3' [E0006]"}},
      // Names.
      {with("network up {\n input x : p, 2\n output y = up(x)\n}"),
       {"10:9: network 'up' has the name of another network or layer "
        "[E0018]"}},
      {with("network v {\n input x : p, 2\n output y = up(x)\n}"),
       {"10:9: network 'v' has the name of a space [E0018]"}},
      {with("network int {\n input x : p, 2\n output y = up(x)\n}"),
       {"10:9: network name 'int' is a keyword of C or C++ [E0017]"}},
      {"space PARAMS = S(3)\nlayer a { k = PARAMS; l = 0 }\n"
       "network a_N {\n input x : PARAMS, 1\n output y = a(x)\n}",
       {"2:7: layers 'a_N' and 'a' would both define 'a_N_PARAMS' [E0019]"}},
      {inNetwork("input x : p, 2\noutput y = up(z)"),
       {"11:7: input 'x' is not used [E0082]",
        "12:15: unknown value 'z' [E0080]"}},
      {inNetwork("input x : p, 2\noutput y = up(t)\nt = relu(x)"),
       {"12:15: unknown value 't' [E0080]"}},
      {inNetwork("input x : p, 2\noutput y = upp(x)"),
       {"12:12: there is no layer or function 'upp' [E0080]"}},
      {inNetwork("input x : p, 2\noutput y = max(x)"),
       {"12:12: there is no layer or function 'max' [E0080]"}},
      {inNetwork("input x : p, 2\nreturn up(x)"),
       {"12:8: expected '=' after 'return', found 'up' [E0006]"}},
      {inNetwork("input x : p, 2\nx = up(x)\noutput y = relu(x)"),
       {"12:1: value 'x' is defined twice [E0081]"}},
      {inNetwork("input x : p, 2\ninput z : p, 2\noutput y = up(x)\n"
                 "t = up(x)"),
       {"12:7: input 'z' is not used [E0082]",
        "14:1: value 't' is not used [E0082]"}},
      {inNetwork("input x : p, 2\nt = up(x)\nu = relu(t)"),
       {"10:9: network 'n' has no output [E0086]",
        "13:1: value 'u' is not used [E0082]"}},
      {inNetwork("input x : p, 2\noutput y = relu(x)"),
       {"10:9: network 'n' calls no layer [E0085]"}},
      {inNetwork("input x' : p, 2\noutput y = up(x')"),
       {"11:7: the name of the value is no valid name [E0016]"}},
      // Types.
      {inNetwork("input x : q, 2\noutput y = up(x)"),
       {"11:11: unknown space 'q' [E0070]"}},
      {inNetwork("input x : 1, 2\noutput y = up(x)"),
       {"11:11: values of networks have axes of spaces [E0071]"}},
      {inNetwork("input x : p, 0\noutput y = up(x)"),
       {"11:14: an input has at least 1 channel, not 0 [E0020]"}},
      {inNetwork("input x : p, 9223372036854775808\noutput y = up(x)"),
       {"11:14: the integer is above 2^63 - 1 [E0015]"}},
      {inNetwork("input x : p, 3\noutput y = up(x)"),
       {"12:15: layer 'up' takes axis p and 2 channels, but this value has "
        "axis p and 3 channels [E0083]"}},
      {inNetwork("input x : 0, 2\noutput y = up(x)"),
       {"12:15: layer 'up' takes axis p and 2 channels, but this value has no "
        "axes and 2 channels [E0083]"}},
      {inNetwork("input x : v p, 1\noutput y = dot(x)"),
       {"12:16: layer 'dot' takes axes p v and 1 channel, but this value has "
        "axes v p and 1 channel [E0083]"}},
      {inNetwork("input x : p, 2\noutput y = up(x, x)"),
       {"12:12: 'up' takes 1 argument, not 2 [E0083]"}},
      {inNetwork("input x : p, 2\noutput y = relu(up(x), x)"),
       {"12:12: 'relu' takes 1 argument, not 2 [E0083]"}},
      {inNetwork("input x : p, 2\noutput y = up(x) + x"),
       {"12:20: '+' takes values with equal axes and channels [E0083]"}},
      {inNetwork("input x : p, 2\ninput z : 0, 2\n"
                 "output y = concat(up(x), z)"),
       {"13:26: 'concat' takes values with equal axes [E0083]"}},
      {inNetwork("input x : p v, 1\noutput y = norm(dot(x), s)"),
       {"12:25: this is no space of an axis of the value whose norm is taken "
        "[E0083]"}},
      {inNetwork("input x : p v, 1\noutput y = norm(dot(x), v, v)"),
       {"12:28: space 'v' is named twice [E0083]"}},
      {inNetwork("input x : p v, 1\noutput y = scale(norm(x), dot(x), x)"),
       {"12:12: 'scale' takes 2 arguments, not 3 [E0083]"}},
      {inNetwork("input x : p v, 1\ninput z : v, 1\ninput w : 0, 2\n"
                 "output y = scale(w, dot(x))\noutput u = scale(dot(x), z)"),
       {"14:18: 'scale' takes a factor with the axes of the value less all "
        "axes of some spaces, and 1 channel or those of the value [E0083]",
        "15:18: 'scale' takes a factor with the axes of the value less all "
        "axes of some spaces, and 1 channel or those of the value [E0083]"}},
      // What is equivariant.
      {inNetwork("input x : p v, 1\noutput y = relu(dot(x))"),
       {"12:12: 'relu' is not equivariant here [E0084]"}},
      {inNetwork("input x : p v, 1\noutput y = tanh(dot(x))"),
       {"12:12: 'tanh' is not equivariant here [E0084]"}},
      {inNetwork("input x : s, 1\noutput y = scale(norm(x), sp(x))"),
       {"12:18: the norm over axes of space 's' is not invariant [E0084]"}},
      {inNetwork("input x : p v, 1\noutput y = norm(dot(x), p)"),
       {"12:12: a norm that leaves these axes is not equivariant [E0084]"}},
      {inNetwork("input x : p v, 1\noutput y = scale(x, dot(x))"),
       {"12:12: 'scale' by a factor with these axes is not equivariant "
        "[E0084]"}},
      {inSums("output y = relu(f(x))"),
       {"9:12: 'relu' is not equivariant here [E0084]"}},
      {inSums("output y = scale(norm(f(x), forms), f(x))"),
       {"9:18: the norm over axes of space 'forms' is not invariant [E0084]"}},
      {inSums("output y = scale(norm(f(x), turn), f(x))"),
       {"9:29: this is no space of an axis of the value whose norm is taken "
        "[E0083]"}},
      {inSums("output y = g(f(x))"),
       {"9:14: layer 'g' takes axis turn and 1 channel, but this value has "
        "axes moved forms and 1 channel [E0083]"}},
      // Layers that do not fit.
      {inNetwork("input x : 0, 1\noutput y = old(x)"),
       {"12:12: layer 'old' has no typed axes, which layers of networks need "
        "[E0085]"}},
      {inNetwork("input x : p, 2\noutput y = up(x) + big(x)\n"
                 "output z = cf(x)"),
       {"12:20: layer 'big' has another dtype than 'up' [E0085]",
        "13:12: layer 'cf' has another layout than 'up' [E0085]"}},
      // Limits.
      {inNetwork(manyInputs(65)),
       {"10:9: network 'n' has 65 inputs, the limit is 64 [E0100]"},
       4},
      {inNetwork(manyCalls(4097)),
       {"10:9: network 'n' has 4097 calls, the limit is 4096 [E0100]"},
       4},
      {"layer g { k = 0; l = 0; channels = 1 -> 1 }\nnetwork n {\n"
       " input x : 0, 1\n input w : 0, 9223372036854775807\n"
       " output y = g(x)\n output z = concat(x, w)\n}",
       {"6:13: the channels are above 2^63 - 1 [E0092]"},
       4},
  };
  return cases;
}

TEST(Networks, PlaceAndMessage) { expectErrors(networkErrorCases()); }

static NetworkSpec networkOf(const std::string &source) {
  Parsed parsed(source);
  EXPECT_EQ(parsed.text(), "");
  return parsed.result.networks.empty() ? NetworkSpec()
                                        : parsed.result.networks.front();
}

/// Kinds of steps by their first letters, "l p a".
static std::string kindsOf(const NetworkSpec &network) {
  std::string text;
  for (const NetworkStep &step : network.steps)
    text += "lpnsca"[static_cast<size_t>(step.kind)];
  return text;
}

TEST(Networks, ParametersFollowTheFirstCalls) {
  const NetworkSpec network =
      networkOf("space p = S(?)\n"
                "layer a { k = p; l = p; channels = 2 -> 2; bias = true }\n"
                "layer b { k = p; l = p; channels = 2 -> 2 }\n"
                "layer c { k = p; l = 0; channels = 4 -> 1; bias = true }\n"
                "network n {\n  input x : p, 2\n"
                "  t = relu(a(b(x)) + # the rest follows\n    b(x))\n"
                "  ;; output y = c(concat(t,\n x)); output z = t\n}\n");
  EXPECT_EQ(kindsOf(network), "lllapcla");
  ASSERT_EQ(network.layers.size(), 3u);
  EXPECT_EQ(network.layers[0].name, "b");
  EXPECT_EQ(network.layers[1].name, "a");
  EXPECT_EQ(network.layers[1].offset, 2 * 2 * 2);
  EXPECT_EQ(network.layers[1].biasOffset, 2 * (2 * 2 * 2));
  EXPECT_EQ(network.layers[2].offset, 2 * (2 * 2 * 2) + 2);
  EXPECT_EQ(network.params, 2 * (2 * 2 * 2) + 2 + 4 + 1);
  ASSERT_EQ(network.outputs.size(), 2u);
  EXPECT_NE(network.outputs[0].value, network.outputs[1].value);
}

TEST(Networks, LayersOfTwoInputs) {
  const NetworkSpec network = networkOf(
      "space nodes = S(?)\n"
      "layer up { k = nodes; l = nodes nodes; channels = 16 -> 32; bias = true "
      "}\n"
      "layer mix { k = nodes nodes; l = nodes nodes; channels = 4 -> 32 }\n"
      "layer half { k = nodes nodes; l = nodes nodes; channels = 32 -> 32 }\n"
      "layer mul { k = nodes nodes * nodes nodes; l = nodes nodes; channels = "
      "32; diagrams = [\"o1 i1 | i2 i3 | o2 i4\"] }\n"
      "layer out { k = nodes nodes; l = 0; channels = 64 -> 1; bias = true }\n"
      "network ppgn {\n  input h : nodes, 16\n  input a : nodes nodes, 4\n"
      "  t = relu(up(h) + mix(a))\n  u = mul(t, relu(half(t)))\n"
      "  output y = out(concat(t, u))\n}\n");
  EXPECT_EQ(kindsOf(network), "llaplplcl");
  // A call counts at its closing parenthesis.
  std::vector<std::pair<std::string, int64_t>> offsets;
  for (const NetworkLayer &layer : network.layers)
    offsets.emplace_back(layer.name, layer.offset);
  EXPECT_EQ(offsets,
            (std::vector<std::pair<std::string, int64_t>>{{"up", 0},
                                                          {"mix", 2624},
                                                          {"half", 4544},
                                                          {"mul", 19904},
                                                          {"out", 19936}}));
  EXPECT_EQ(network.params, 20065);
  EXPECT_EQ(network.steps[6].operands, (std::vector<int>{5, 7}));
}

TEST(Networks, InputsAreTheFirstValues) {
  const NetworkSpec network =
      networkOf("space p = S(?)\nlayer a { k = p; l = p; channels = 2 -> 2 }\n"
                "network n {\n  input x : p, 2\n  t = a(x)\n  input z : p, 2\n"
                "  output y = t + z\n}\n");
  ASSERT_EQ(network.numInputs, 2u);
  EXPECT_EQ(network.values[0].name, "x");
  EXPECT_EQ(network.values[1].name, "z");
  EXPECT_EQ(network.steps[0].operands, (std::vector<int>{0}));
  EXPECT_EQ(network.steps[1].operands, (std::vector<int>{2, 1}));
}

TEST(Networks, WordsAreNotReserved) {
  const NetworkSpec network = networkOf(
      "space p = S(?)\nlayer relu { k = p; l = p }\n"
      "layer network { k = p; l = p }\n"
      "network output {\n  input input : p, 1\n  layer = relu(input)\n"
      "  output = network(layer)\n  output output_ = output\n}\n");
  EXPECT_EQ(kindsOf(network), "lla"); // the layer, not the function
}

TEST(Networks, FunctionsAskTheGroupsOfAllAxes) {
  struct Case {
    const char *spaces, *axes, *function;
    bool good;
  };
  for (const Case &each : std::vector<Case>{
           {"space a = S(3)", "a a", "relu", true},
           {"space a = S'(3)", "a a", "relu", true},
           {"space a = S'(3)", "a", "relu", false},
           {"space a = S'(3)", "a", "tanh", true},
           {"space a = H(3)", "a a", "relu", false},
           {"space a = H(3)", "a a", "sin", true},
           {"space a = B(3)", "a", "tanh", false},
           {"space a = O(3)", "a", "softsign", false},
           {"space a = S(3)\nspace b = H(2)", "a b b", "square", false},
           {"space a = S(3)\nspace b = H(2)", "a b b", "tanh", true},
           {"space a = S(3)\nspace b = Sp(2)", "a b b", "tanh", false},
           {"space V = GL(3)", "V V'", "tanh", false},
           // Entries lie in each of the summands, of two axes in different
           // ones too.
           {"space a = S(3)\nspace b = A(4)\nspace c = a + b", "c c", "relu",
            true},
           {"space a = S(3)\nspace b = O(3)\nspace c = a + b", "c", "tanh",
            false},
           {"space a = S(3)\nspace b = H(3)\nspace c = a + b", "c c", "tanh",
            true},
           {"space a = S(3)\nspace b = H(3)\nspace c = a + b", "c", "relu",
            false},
           {"space a = S'(3)\nspace c = a + a", "c c", "relu", true},
           {"space a = S'(3)\nspace b = S'(2)\nspace c = a + b", "c c", "relu",
            false},
           {"space a = S'(3)\nspace b = S'(2)\nspace c = a + b", "c c", "sin",
            true}}) {
    Parsed parsed(std::string(each.spaces) + "\nlayer f { k = " + each.axes +
                  "; l = " + each.axes +
                  " }\nnetwork n {\n input x : " + each.axes +
                  ", 1\n output y = " + each.function + "(f(x))\n}");
    EXPECT_EQ(parsed.result.status == 0, each.good)
        << each.spaces << ": " << each.function << " on " << each.axes << "\n"
        << parsed.text();
  }
}

TEST(Networks, PrintAsTheyAreRead) {
  Parsed first(
      "space p = S(5)\nspace v = O(3)\n"
      "layer f { k = p v; l = p v; channels = 2 -> 4; bias = false }\n"
      "layer g { k = p; l = 0; channels = 4 -> 4; bias = true }\n"
      "layer m { k = p v * p; l = v; channels = 2 * 4 -> 3; diagrams = "
      "connected; bias = false }\n"
      "network n {\n  input x : p v, 2\n input c : 0, 4\n  t = f(x)\n"
      "  output y = scale(sigmoid(norm(t, v)), t + f(x))\n"
      "  output z = g(norm(t, v)) + c + norm(t)\n"
      "  output w = m(x, norm(t, v))\n}");
  ASSERT_EQ(first.text(), "");
  const std::string text =
      networkSource(first.result.networks[0], first.result.layers);
  Parsed second(text);
  ASSERT_EQ(second.text(), "");
  EXPECT_EQ(networkSource(second.result.networks[0], second.result.layers),
            text);
  EXPECT_NE(text.find("output y = scale(sigmoid(norm(t, v)), t + f(x))"),
            std::string::npos)
      << text;
}

// Spaces are numbered by the values, sums behind them, and duals beyond.
TEST(Networks, NumberSumsBehindSpaces) {
  Parsed parsed("space a = S(3)\nspace V = GL(2)\nspace b = S(?)\n"
                "space w = V + V\nspace c = a + V\n"
                "layer f { k = c w'; l = w'; channels = 2 -> 4 }\n"
                "layer g { k = w'; l = V'; channels = 4 -> 4 }\n"
                "layer h { k = b; l = b; channels = 1 -> 1 }\n"
                "network n {\n  input x : c w', 2\n  input z : b, 1\n"
                "  output y = g(f(x))\n  output t = h(z)\n}");
  ASSERT_EQ(parsed.text(), "");
  const NetworkSpec &network = parsed.result.networks[0];
  ASSERT_EQ(network.spaces.size(), 3u);
  EXPECT_EQ(network.spaces[0].name, "a");
  EXPECT_EQ(network.spaces[1].name, "V");
  EXPECT_EQ(network.spaces[2].name, "b");
  ASSERT_EQ(network.sums.size(), 2u);
  EXPECT_EQ(network.sums[0].name, "c");
  EXPECT_EQ(network.values[0].axes, std::vector<int>({3, 4 + kDualAxis}));
  EXPECT_EQ(network.lengthOf(3), 5);
  EXPECT_EQ(network.lengthOf(4 + kDualAxis), 4);
  EXPECT_EQ(network.lengthOf(2), -1);
  const std::vector<int> &y = network.values[network.outputs[0].value].axes;
  EXPECT_EQ(textOfAxes(network, y), "V'");
  const std::string text = networkSource(network, parsed.result.layers);
  Parsed second(text);
  ASSERT_EQ(second.text(), "");
  EXPECT_EQ(networkSource(second.result.networks[0], second.result.layers),
            text);
}

TEST(Networks, AreRaggedWhereSomeSizeIsGivenAtRunTime) {
  FrontendOptions options;
  options.ragged = true;
  auto errors = [&](const std::string &size, const std::string &inputs) {
    return Parsed("space p = S(" + size + ")\nlayer f { k = " + inputs +
                      "; l = p }\nnetwork n {\n input x : p, 1\n"
                      " output y = f(x" +
                      (inputs == "p" ? "" : ", x") + ")\n}\n",
                  options)
        .errors();
  };
  EXPECT_TRUE(errors("?", "p").empty());
  // A layer of two inputs alone has no such functions, but its network has.
  EXPECT_TRUE(errors("?", "p * p; channels = 1").empty());
  EXPECT_EQ(errors("3", "p"),
            std::vector<std::string>{"2:7: ragged batches need a layer whose "
                                     "size is given at run time [E0062]"});
}

TEST(Networks, NestAsDeepAsTheyAreLong) {
  EXPECT_EQ(networkOf(inNetwork(manyCalls(4096))).steps.size(), 4096u);
}
