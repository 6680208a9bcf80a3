//===- SuiteTest.cpp - The named workloads are whole ----------------------===//

#include "compiler/Bench/Suite.h"
#include "compiler/Frontend/Frontend.h"

#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <algorithm>

using namespace eqc;

TEST(Suite, HoldsTheThirteenWorkloadsInOrder) {
  std::string error;
  std::vector<Workload> suite = loadSuite(error);
  EXPECT_EQ(error, "");
  std::vector<std::string> names;
  for (const Workload &workload : suite)
    names.push_back(workload.name);
  EXPECT_EQ(names, (std::vector<std::string>{
                       "sets-1k", "ign-mol", "ign-social", "ign-large",
                       "pelican-jet", "graph-io", "kwl-3", "kwl-4", "tensornet",
                       "elastic", "chiral", "symplectic", "tiny"}));
}

TEST(Suite, EveryCaseNamesALayerThatIsAccepted) {
  std::string error;
  for (const Workload &workload : loadSuite(error)) {
    SCOPED_TRACE(workload.name);
    llvm::SourceMgr sources;
    DiagnosticEngine diags;
    unsigned id = sources.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBuffer(workload.source), llvm::SMLoc());
    FrontendResult result =
        parseLayers(sources, id, workload.name, FrontendOptions(), diags);
    std::string errors;
    llvm::raw_string_ostream os(errors);
    diags.print(os);
    ASSERT_EQ(result.status, 0) << errors;
    auto named = [&](const std::string &layer) {
      return [&layer](const auto &other) {
        if constexpr (std::is_same_v<std::decay_t<decltype(other)>, LayerSpec>)
          return other.name == layer;
        else
          return other.layer == layer;
      };
    };
    for (const WorkloadCase &item : workload.cases)
      EXPECT_TRUE(std::any_of(result.layers.begin(), result.layers.end(),
                              named(item.layer)))
          << item.layer;
    for (const LayerSpec &layer : result.layers)
      EXPECT_TRUE(std::any_of(workload.cases.begin(), workload.cases.end(),
                              named(layer.name)))
          << layer.name << " is never measured";
  }
}

TEST(Suite, DamagedDescriptionsAreRefused) {
  for (const char *text :
       {"", "[]", "{\"name\": \"a\", \"stands_for\": \"b\", \"cases\": []}",
        "{\"name\": \"a\", \"stands_for\": \"b\", \"cases\": [{}]}",
        "{\"name\": \"a\", \"stands_for\": \"b\", "
        "\"cases\": [{\"layer\": \"l\", \"batch\": 0}]}"}) {
    Workload workload;
    EXPECT_NE(parseWorkload(text, workload), "") << text;
  }
}

TEST(Suite, ListsNamesAndCases) {
  Workload workload{"small", "tests", "", {{"first", 3}}};
  std::string text = listSuite(workload);
  EXPECT_NE(text.find("small  tests\n"), std::string::npos) << text;
  EXPECT_NE(text.find("first, batch 3\n"), std::string::npos) << text;
}
