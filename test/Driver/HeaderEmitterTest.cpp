//===- HeaderEmitterTest.cpp - What generated headers say -----------------===//

#include "compiler/Driver/HeaderEmitter.h"

#include "compiler/Algebra/Enumerate.h"

#include <gtest/gtest.h>

using namespace eqc;

namespace {

LayerSpec makeLayer(Group group, int64_t n, int k, int l, bool bias) {
  LayerSpec layer;
  layer.name = "a_layer";
  layer.group = group;
  layer.n = n;
  layer.k = k;
  layer.l = l;
  layer.cIn = 3;
  layer.cOut = 5;
  layer.bias = bias;
  layer.diagrams = enumerateDiagrams(group, n, l, k);
  if (bias)
    layer.biasDiagrams = enumerateDiagrams(group, n, l, 0);
  return layer;
}

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

std::string guardOf(const std::string &header) {
  size_t start = header.find("#ifndef ") + 8;
  return header.substr(start, header.find('\n', start) - start);
}

/// The header of one layer with packed weights of 1234 elements.
static std::string headerOf(const LayerSpec &layer, llvm::StringRef fileName) {
  return emitHeader(layer, 1234, fileName);
}

TEST(HeaderEmitter, MacrosOfALayerWithBias) {
  std::string header =
      headerOf(makeLayer(Group::S, 5, 2, 2, true), "a_layer.h");
  for (const char *line :
       {"#define a_layer_GROUP \"S\"\n", "#define a_layer_N 5\n",
        "#define a_layer_K 2\n", "#define a_layer_L 2\n",
        "#define a_layer_C_IN 3\n", "#define a_layer_C_OUT 5\n",
        "#define a_layer_DIAGRAMS 15\n", "#define a_layer_BIAS_DIAGRAMS 2\n",
        "#define a_layer_WEIGHT_SIZE 225\n", "#define a_layer_BIAS_SIZE 10\n"})
    EXPECT_TRUE(contains(header, line)) << line;
  EXPECT_TRUE(contains(header, "int a_layer_backward(int64_t batch,"));
  EXPECT_FALSE(contains(emitHeader(makeLayer(Group::S, 5, 2, 2, true), 1234,
                                   "a_layer.h", /*gradients=*/false),
                        "backward"));
}

TEST(HeaderEmitter, WithoutBiasItsSizesAreZero) {
  std::string header = headerOf(makeLayer(Group::O, 3, 1, 1, false), "");
  EXPECT_TRUE(contains(header, "#define a_layer_BIAS_DIAGRAMS 0\n"));
  EXPECT_TRUE(contains(header, "#define a_layer_BIAS_SIZE 0\n"));
}

TEST(HeaderEmitter, DynamicSizeIsTheFirstArgument) {
  std::string header = headerOf(makeLayer(Group::S, -1, 1, 1, false), "");
  EXPECT_TRUE(contains(header, "#define a_layer_N (-1)\n"));
  EXPECT_TRUE(contains(header, "int a_layer_forward(int64_t n, int64_t batch, "
                               "const float *x"));
  EXPECT_TRUE(contains(header, "[batch, n, 3]"));
}

TEST(HeaderEmitter, DtypeAndLayout) {
  LayerSpec layer = makeLayer(Group::SO, 3, 2, 1, false);
  layer.dtype = DType::F64;
  layer.layout = Layout::ChannelsFirst;
  std::string header = headerOf(layer, "");
  EXPECT_TRUE(contains(header, "const double *x"));
  EXPECT_FALSE(contains(header, "float"));
  EXPECT_TRUE(contains(header, "[batch, 3, 3, 3]"));
  EXPECT_TRUE(contains(header, "0  * o1 i1 i2"));
}

TEST(HeaderEmitter, ListsDiagramsInTheOrderOfTheWeights) {
  std::string header = headerOf(makeLayer(Group::O, 3, 2, 2, false), "");
  EXPECT_TRUE(contains(header, "     0  o1 o2 | i1 i2\n"
                               "     1  o1 i1 | o2 i2\n"
                               "     2  o1 i2 | o2 i1 */\n"));
}

TEST(HeaderEmitter, LongListsOfDiagramsAreLeftOut) {
  std::string header = headerOf(makeLayer(Group::S, 9, 3, 3, false), "");
  EXPECT_FALSE(contains(header, "o1 o2 o3"));
  EXPECT_TRUE(contains(header, "eqc explain"));
}

TEST(HeaderEmitter, GuardsDifferByNameAndByContents) {
  LayerSpec one = makeLayer(Group::S, 5, 1, 1, false), other = one;
  other.cIn = 7;
  std::string guard = guardOf(headerOf(one, "dir.d/my-layer.h"));
  EXPECT_EQ(guard.rfind("EQC_GENERATED_MY_LAYER_H_", 0), 0u) << guard;
  EXPECT_EQ(guard, guardOf(headerOf(one, "elsewhere/my-layer.h")));
  EXPECT_NE(guard, guardOf(headerOf(one, "dir.d/other.h")));
  EXPECT_NE(guard, guardOf(headerOf(other, "dir.d/my-layer.h")));
  for (char c : guardOf(headerOf(one, "\xff \"$\n.h")))
    EXPECT_TRUE(isalnum(static_cast<unsigned char>(c)) || c == '_');
}

} // namespace

TEST(HeaderEmitter, DeclaresPackedWeights) {
  std::string header = headerOf(makeLayer(Group::S, -1, 1, 1, false), "");
  EXPECT_NE(header.find("_PACKED_SIZE 1234\n"), std::string::npos);
  EXPECT_NE(header.find("_pack(const float *weight, float *packed);"),
            std::string::npos);
  EXPECT_NE(header.find("_forward_packed(int64_t n, int64_t batch,"),
            std::string::npos);
}
