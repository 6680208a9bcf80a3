//===- ImportTest.cpp - Where imported layers say they come from ----------===//

#include "compiler/Pipelines/ImportEqc.h"
#include "dialect/Eqc/EqcOps.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace mlir;

namespace {

TEST(ImportTest, EveryOperationStandsWhereTheSourceNamesTheLayer) {
  MLIRContext context;
  context.loadDialect<func::FuncDialect, ir::EqcDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  LayerSpec layer;
  layer.name = "edge";
  layer.position = {"graph.eq", 7, 3};
  layer.n = 4;
  layer.k = layer.l = 1;
  layer.bias = true;
  layer.diagrams = {makeDiagram(1, 1, {0, 0}), makeDiagram(1, 1, {0, 1})};
  layer.biasDiagrams = {makeDiagram(1, 0, {0})};
  func::FuncOp function = importLayer(b, layer);
  ASSERT_TRUE(succeeded(verify(*module)));

  Location source = FileLineColLoc::get(&context, "graph.eq", 7, 3);
  int operations = 0;
  function->walk([&](Operation *op) {
    EXPECT_EQ(op->getLoc(), source);
    ++operations;
  });
  EXPECT_EQ(operations, 3); // the function, the layer, the return
  const char *names[] = {"x", "weight", "bias"};
  ASSERT_EQ(function.getNumArguments(), 3u);
  for (auto [argument, name] : llvm::zip(function.getArguments(), names))
    EXPECT_EQ(argument.getLoc(),
              NameLoc::get(StringAttr::get(&context, name), source));
}

} // namespace
