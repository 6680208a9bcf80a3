//===- LayerInfoTest.cpp - What NAME_info() says --------------------------===//

#include "compiler/Interface/LayerInfo.h"

#include "llvm/ADT/STLExtras.h"

#include "gtest/gtest.h"

#include <list>

using namespace eqc;

/// S, 2 -> 1, channels 3 -> 5, with all that may be written.
static LayerSpec makeLayer() {
  LayerSpec spec;
  spec.name = "f";
  spec.group = Group::S;
  spec.n = -1;
  spec.k = 2;
  spec.l = 1;
  spec.cIn = 3;
  spec.cOut = 5;
  spec.bias = true;
  spec.dtype = DType::F64;
  spec.layout = Layout::ChannelsFirst;
  spec.normalize = Normalize::Mean;
  spec.batch = 64;
  spec.diagrams.resize(4);
  spec.biasDiagrams.resize(1);
  return spec;
}

TEST(LayerInfoTest, EveryFieldIsWhatTheStructSays) {
  CompiledAs compiled;
  compiled.plan = "shared";
  compiled.source = "layer f {}";
  compiled.gradients = true;
  std::list<std::string> texts;
  const eqc_layer_info info =
      makeInfo(infoValues(makeLayer(), compiled), [&](std::string text) {
        return texts.emplace_back(std::move(text)).c_str();
      });
  EXPECT_EQ(info.struct_size, sizeof info);
  EXPECT_EQ(info.abi, 1u);
  EXPECT_STREQ(info.name, "f");
  EXPECT_STREQ(info.group, "S");
  EXPECT_STREQ(info.dtype, "f64");
  EXPECT_STREQ(info.layout, "channels_first");
  EXPECT_STREQ(info.normalize, "mean");
  EXPECT_STREQ(info.plan, "shared");
  EXPECT_STREQ(info.spec, "layer f {}");
  EXPECT_STREQ(info.version, EQC_VERSION);
  EXPECT_EQ(info.n, -1);
  EXPECT_EQ(info.k, 2);
  EXPECT_EQ(info.l, 1);
  EXPECT_EQ(info.c_in, 3);
  EXPECT_EQ(info.c_out, 5);
  EXPECT_EQ(info.diagrams, 4);
  EXPECT_EQ(info.bias_diagrams, 1);
  EXPECT_EQ(info.weight_size, 4 * 3 * 5);
  EXPECT_EQ(info.bias_size, 5);
  EXPECT_EQ(info.batch, 64);
  EXPECT_EQ(info.has_backward, 1);
}

// Programs are compiled against this order: nothing is ever moved.
TEST(LayerInfoTest, TheFirstVersionStandsFirst) {
  const char *order[] = {
      "abi",         "name",      "group",    "dtype",
      "layout",      "normalize", "plan",     "spec",
      "version",     "n",         "k",        "l",
      "c_in",        "c_out",     "diagrams", "bias_diagrams",
      "weight_size", "bias_size", "batch",    "has_backward"};
  ASSERT_GE(infoFields().size(), std::size(order));
  for (size_t i = 0; i < std::size(order); ++i)
    EXPECT_STREQ(infoFields()[i].name, order[i]);
}

TEST(LayerInfoTest, AStructGivesItsValuesBack) {
  std::list<std::string> texts;
  const std::vector<InfoValue> values = infoValues(makeLayer(), {});
  const eqc_layer_info info = makeInfo(values, [&](std::string text) {
    return texts.emplace_back(std::move(text)).c_str();
  });
  const std::vector<InfoValue> again = infoValues(info);
  ASSERT_EQ(again.size(), values.size());
  for (auto [value, other] : llvm::zip(values, again)) {
    EXPECT_EQ(value.text, other.text);
    EXPECT_EQ(value.number, other.number);
  }
}
