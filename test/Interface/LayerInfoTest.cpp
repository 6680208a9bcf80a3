//===- LayerInfoTest.cpp - What NAME_info() says --------------------------===//

#include "compiler/Interface/LayerInfo.h"

#include "llvm/ADT/STLExtras.h"

#include "gtest/gtest.h"

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

/// users event -> event.
static LayerSpec makeProduct() {
  LayerSpec spec;
  spec.name = "f";
  spec.typed = true;
  spec.group = Group::product(
      {{"users", Group::S, 7}, {"event", Group(Family::O, 1, 3), 4}});
  spec.n = sizeOfProduct(spec.group);
  spec.k = 2;
  spec.l = 1;
  spec.xAxes = {0, 1};
  spec.yAxes = {1};
  return spec;
}

/// atoms event -> atoms, a sum of two spaces.
static LayerSpec makeSum() {
  LayerSpec spec;
  spec.name = "f";
  spec.typed = true;
  spec.group = Group::product({{"carbon", Group::S, 7},
                               {"oxygen", Group::S, 2},
                               {"event", Group(Family::O, 1, 3), 4}},
                              {{"atoms", {0, 1}}});
  spec.n = sizeOfProduct(spec.group);
  spec.k = 2;
  spec.l = 1;
  spec.xAxes = {3, 2};
  spec.yAxes = {3};
  return spec;
}

TEST(LayerInfoTest, SumsAreDescribedBehindSpaces) {
  InfoMemory memory;
  const eqc_layer_info info = makeInfo(infoValues(makeSum(), {}), memory);
  EXPECT_STREQ(info.group, "atoms event:O");
  EXPECT_EQ(info.n, -2);
  ASSERT_EQ(info.spaces, 3);
  ASSERT_EQ(info.sums, 1);
  EXPECT_STREQ(info.space[1].name, "oxygen");
  EXPECT_STREQ(info.space[3].name, "atoms");
  EXPECT_STREQ(info.space[3].group, "carbon + oxygen");
  EXPECT_EQ(info.space[3].n, 9);
  EXPECT_EQ(info.space[3].struct_size, sizeof(eqc_space_info));
  EXPECT_EQ(info.y_axes[0], 3);
  EXPECT_EQ(info.x_axes[1], 2);
  using Macros = std::vector<std::pair<std::string, int64_t>>;
  EXPECT_EQ(sizeMacros(makeSum()),
            (Macros{{"N_carbon", 7}, {"N_oxygen", 2}, {"N_event", 4}}));
}

TEST(LayerInfoTest, MapsSayTheSummandsOfAxes) {
  LayerSpec spec = makeSum();
  Diagram diagram = makeDiagram(1, 2, {0, 1, 2}, -1, {1, 0, 2});
  diagram.part = {1, 0, -1};
  spec.diagrams = {diagram};
  EXPECT_EQ(mapsOf(spec), "+011020;");
}

TEST(LayerInfoTest, AxesOfDualsAreTold) {
  LayerSpec spec;
  spec.typed = true;
  spec.spaceName = "V";
  spec.group = Group::GL;
  spec.n = 3;
  spec.k = 2;
  spec.l = 1;
  spec.xDuals = {false, true};
  spec.yDuals = {false};
  InfoMemory memory;
  const eqc_layer_info info = makeInfo(infoValues(spec, {}), memory);
  EXPECT_STREQ(info.group, "V:GL");
  EXPECT_EQ(info.spaces, 1);
  EXPECT_EQ(info.y_axes[0], 0);
  EXPECT_EQ(info.x_axes[0], 0);
  EXPECT_EQ(info.x_axes[1], 65536);
  LayerSpec product = makeProduct();
  product.group = Group::product({{"users", Group::S, 7}, {"V", Group::GL, 4}});
  product.xDuals = {false, true};
  product.yDuals = {true};
  EXPECT_EQ(makeInfo(infoValues(product, {}), memory).y_axes[0], 65537);
}

TEST(LayerInfoTest, EveryFieldIsWhatTheStructSays) {
  CompiledAs compiled;
  compiled.plan = "shared";
  compiled.source = "layer f {}";
  compiled.gradients = true;
  InfoMemory memory;
  const eqc_layer_info info =
      makeInfo(infoValues(makeLayer(), compiled), memory);
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
  for (const LayerSpec &spec : {makeLayer(), makeProduct(), makeSum()}) {
    InfoMemory memory;
    const std::vector<InfoValue> values = infoValues(spec, {});
    const eqc_layer_info info = makeInfo(values, memory);
    const std::vector<InfoValue> again = infoValues(info);
    ASSERT_EQ(again.size(), values.size());
    for (auto [value, other] : llvm::zip(values, again)) {
      EXPECT_EQ(value.text, other.text);
      EXPECT_EQ(value.number, other.number);
      EXPECT_EQ(value.spaces, other.spaces);
      EXPECT_EQ(value.axes, other.axes);
    }
  }
}

TEST(LayerInfoTest, SpacesAreDescribed) {
  InfoMemory memory;
  const eqc_layer_info info = makeInfo(infoValues(makeProduct(), {}), memory);
  EXPECT_STREQ(info.group, "users:S event:O");
  EXPECT_EQ(info.n, -2);
  ASSERT_EQ(info.spaces, 2);
  EXPECT_EQ(info.space[0].struct_size, sizeof(eqc_space_info));
  EXPECT_STREQ(info.space[0].name, "users");
  EXPECT_STREQ(info.space[0].group, "S");
  EXPECT_EQ(info.space[0].n, 7);
  EXPECT_EQ(info.space[0].q, 0);
  EXPECT_STREQ(info.space[1].group, "O");
  EXPECT_EQ(info.space[1].n, 4);
  EXPECT_EQ(info.space[1].q, 3);
  EXPECT_EQ(std::vector<int>(info.x_axes, info.x_axes + 2),
            (std::vector<int>{0, 1}));
  EXPECT_EQ(info.y_axes[0], 1);

  // The space that `group` and `n` declare has no name.
  const eqc_layer_info plain = makeInfo(infoValues(makeLayer(), {}), memory);
  ASSERT_EQ(plain.spaces, 1);
  EXPECT_STREQ(plain.space[0].name, "");
  EXPECT_EQ(plain.space[0].n, -1);
  EXPECT_EQ(plain.x_axes[1], 0);
}

TEST(LayerInfoTest, TypedAxesNameTheirSizes) {
  LayerSpec one = makeLayer();
  one.typed = true;
  one.spaceName = "users";
  InfoMemory memory;
  const eqc_layer_info info = makeInfo(infoValues(one, {}), memory);
  EXPECT_STREQ(info.group, "users:S");
  EXPECT_EQ(info.n, -1);
  using Macros = std::vector<std::pair<std::string, int64_t>>;
  EXPECT_EQ(sizeMacros(one), (Macros{{"N_users", -1}}));
  EXPECT_EQ(sizeMacros(makeProduct()),
            (Macros{{"N_users", 7}, {"N_event", 4}}));
  EXPECT_EQ(sizeMacros(makeLayer()), Macros{});

  LayerSpec none;
  none.typed = true;
  EXPECT_EQ(makeInfo(infoValues(none, {}), memory).spaces, 0);
}

TEST(LayerInfoTest, SpacesAsATextComeBack) {
  for (const char *text : {"", "users:S(7)", ":Sp(?)", "a:O(1,3) b:S'(4)",
                           "a:S(2) b:O(3) c:b+a+a d:a+b"}) {
    const auto spaces = parseSpaces(text);
    ASSERT_TRUE(spaces) << text;
    EXPECT_EQ(textOf(*spaces), text);
  }
  for (const char *text :
       {"users", "users:S", "users:U(3)", "users:S(x)", "users:S(3", "a:S(1,2)",
        "a:S(2) b:a", "a:S(2) b:a+c"})
    EXPECT_FALSE(parseSpaces(text)) << text;
}

TEST(LayerInfoTest, MapsAreTheDiagramsInLetters) {
  LayerSpec spec = makeLayer();
  spec.biasDiagrams = {makeDiagram(1, 0, {0})};
  spec.diagrams = {makeDiagram(1, 2, {0, 0, 1}), makeDiagram(1, 2, {0, 1, 0})};
  EXPECT_EQ(mapsOf(spec), "+001+010;+0");
  spec.symmetry.in = {{{1, 0}, 1}};
  spec.diagrams.pop_back();
  EXPECT_EQ(mapsOf(spec), "+001&010;+0;+10");
  spec.symmetry.in = {{{1, 0}, -1}};
  EXPECT_EQ(mapsOf(spec), "+001~010;+0;-10");

  LayerSpec cross;
  cross.group = Group::SO;
  cross.n = 3;
  cross.k = 2;
  cross.l = 1;
  cross.diagrams = {makeDiagram(1, 2, {0, 0, 0}, 0)};
  EXPECT_EQ(mapsOf(cross), "+***;");
  // No letter is left for so many blocks.
  std::vector<int> many(90);
  for (int i = 0; i < 90; ++i)
    many[i] = i;
  cross.diagrams = {makeDiagram(45, 45, many)};
  EXPECT_EQ(mapsOf(cross), "");
}

// The value is that of the standard's test vector.
TEST(LayerInfoTest, HashesAreThoseOfTheStandard) {
  EXPECT_EQ(hashOf("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410"
            "ff61f20015ad");
  EXPECT_EQ(hashOf(""), "");
}
