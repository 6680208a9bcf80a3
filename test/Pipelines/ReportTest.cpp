//===- ReportTest.cpp - Reports of layers of a program --------------------===//

#include "compiler/Pipelines/Compile.h"

#include <gtest/gtest.h>

using namespace eqc;

namespace {

// A network knows its layers by their places in the source, of which a report
// has one.
TEST(Report, OfOneLayerOfANetwork) {
  LayerSpec layer;
  layer.name = "edge";
  layer.n = 4;
  layer.k = layer.l = 1;
  layer.diagrams = {makeDiagram(1, 1, {0, 0}), makeDiagram(1, 1, {0, 1})};
  NetworkSpec network;
  network.name = "net";
  network.layers.resize(1);
  network.layers[0].index = 1000000;
  CompileOptions options;
  options.cpus = {"x86-64-v3"};
  options.triple = "x86_64-unknown-linux-gnu";
  options.networks = network;
  LayerReport report;
  CompileFailure failure;
  ASSERT_TRUE(reportLayer(layer, options, report, failure)) << failure.message;
  EXPECT_FALSE(report.choice.candidates.empty());
}

} // namespace
