//===- LoadedLibraryTest.cpp - Layers of a shared library -----------------===//

#include "compiler/Check/LoadedLibrary.h"
#include "test/Check/TestLayers.h"

using namespace eqc;
using namespace eqc::test;

static LoadedLibrary openLayers() {
  std::string error;
  auto library = LoadedLibrary::open(EQC_HAND_WRITTEN_LAYERS, error);
  EXPECT_TRUE(library) << error;
  if (!library)
    std::abort();
  return std::move(*library);
}

static LayerSpec deepSets(const char *name, int64_t n, DType dtype) {
  LayerSpec spec = makeLayer(Group::S, n, 1, 1);
  spec.name = name;
  spec.dtype = dtype;
  spec.bias = false;
  spec.biasDiagrams.clear();
  return spec;
}

TEST(LoadedLibrary, RightLayersPass) {
  LoadedLibrary library = openLayers();
  for (const LayerSpec &spec : {deepSets("fixed", 4, DType::F32),
                                deepSets("dynamic", -1, DType::F64)}) {
    CheckReport report = checkLibrary(spec, library);
    EXPECT_TRUE(report.passed()) << renderReport(report);
    EXPECT_EQ(report.rows.front().test, check_tests::kInfo);
  }
}

TEST(LoadedLibrary, EveryFieldOfTheDescriptionCounts) {
  LoadedLibrary library = openLayers();
  const LayerSpec right = deepSets("fixed", 4, DType::F32);
  EXPECT_EQ(library.checkInfo(right).verdict, Verdict::Ok);
  auto note = [&](auto change) {
    LayerSpec spec = right;
    change(spec);
    CheckRow row = library.checkInfo(spec);
    EXPECT_EQ(row.verdict, Verdict::Failed);
    return row.note;
  };
  EXPECT_EQ(note([](LayerSpec &s) { s.group = Group::O; }),
            "group is 'S', not 'O', space is ':S(4)', not ':O(4)'");
  EXPECT_EQ(note([](LayerSpec &s) { s.dtype = DType::F64; }),
            "dtype is 'f32', not 'f64'");
  EXPECT_EQ(note([](LayerSpec &s) { s.layout = Layout::ChannelsFirst; }),
            "layout is 'channels_last', not 'channels_first'");
  EXPECT_EQ(note([](LayerSpec &s) { s.normalize = Normalize::Mean; }),
            "normalize is 'none', not 'mean'");
  EXPECT_EQ(note([](LayerSpec &s) { s.n = -1; }),
            "n is 4, not -1, space is ':S(4)', not ':S(?)'");
  EXPECT_EQ(note([](LayerSpec &s) { s.k = 2; }),
            "k is 1, not 2, x_axes differs");
  EXPECT_EQ(note([](LayerSpec &s) { s.l = 0; }),
            "l is 1, not 0, y_axes differs");
  EXPECT_EQ(note([](LayerSpec &s) { s.batch = 8; }), "batch is 0, not 8");
  EXPECT_EQ(note([](LayerSpec &s) { s.cIn = 3; }),
            "c_in is 1, not 3, weight_size is 2, not 6");
  EXPECT_EQ(note([](LayerSpec &s) { s.diagrams.pop_back(); }),
            "diagrams is 2, not 1, weight_size is 2, not 1, "
            "maps is '+00+01;', not '+00;'");
  EXPECT_EQ(note([](LayerSpec &s) {
              s.bias = true;
              s.biasDiagrams = enumerateDiagrams(Group::S, 4, 1, 0);
            }),
            "bias_diagrams is 0, not 1, bias_size is 0, not 1, "
            "maps is '+00+01;', not '+00+01;+0'");
}

TEST(LoadedLibrary, WhatADescriptionLacksIsReported) {
  CheckRow row = openLayers().checkInfo(deepSets("hollow", 4, DType::F32));
  EXPECT_EQ(row.verdict, Verdict::Failed);
  EXPECT_NE(row.note.find("space is"), std::string::npos) << row.note;
}

TEST(LoadedLibrary, AnOldDescriptionIsNotReadBeyondItsEnd) {
  CheckRow row = openLayers().checkInfo(deepSets("truncated", 4, DType::F32));
  EXPECT_EQ(row.verdict, Verdict::Failed);
  EXPECT_EQ(row.note.find("struct_size is 8"), 0u) << row.note;
}

TEST(LoadedLibrary, MissingFunctionsAreReported) {
  LoadedLibrary library = openLayers();
  CheckReport report = checkLibrary(deepSets("absent", 4, DType::F32), library);
  EXPECT_TRUE(report.failed());
  EXPECT_FALSE(report.checked());
  std::string text = renderReport(report);
  EXPECT_NE(text.find("absent_forward"), std::string::npos) << text;
  EXPECT_NE(text.find("absent_info"), std::string::npos) << text;
}

TEST(LoadedLibrary, FilesThatAreNoLibraryAreRefused) {
  std::string error;
  EXPECT_FALSE(LoadedLibrary::open("no-such-library.so", error));
  EXPECT_NE(error.find("no-such-library.so"), std::string::npos) << error;
}
