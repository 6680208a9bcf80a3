//===- Support.cpp - Helpers of the front end's tests ---------------------===//
//
// Runs the front end on a string and tells the errors as short lines.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

Parsed::Parsed(const std::string &source, const FrontendOptions &options,
               const std::string &fileName) {
  unsigned id = sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(source), llvm::SMLoc());
  result = parseLayers(sources, id, fileName, options, diags);
}

std::vector<std::string> Parsed::errors() const {
  std::vector<std::string> lines;
  for (const Diagnostic *error : diags.sorted()) {
    LineColumn at = diags.source().lineColumn(error->range.begin);
    lines.push_back(std::to_string(at.line) + ":" + std::to_string(at.column) +
                    ": " + error->message + " [" +
                    diagnosticInfo(error->id).code + "]");
  }
  return lines;
}

std::set<std::string> Parsed::ids() const {
  std::set<std::string> result;
  for (const Diagnostic *error : diags.sorted())
    result.insert(diagnosticInfo(error->id).code);
  return result;
}

std::string Parsed::text() const {
  std::string result;
  llvm::raw_string_ostream os(result);
  diags.print(os);
  return result;
}

std::string Parsed::json() const {
  std::string result;
  llvm::raw_string_ostream os(result);
  diags.printJson(os);
  return result;
}

void eqc::test::expectErrors(const std::vector<ErrorCase> &cases) {
  for (const ErrorCase &errorCase : cases) {
    Parsed run(errorCase.source);
    EXPECT_EQ(run.errors(), errorCase.errors) << errorCase.source;
    EXPECT_EQ(run.result.status, errorCase.status) << errorCase.source;
    EXPECT_TRUE(run.result.layers.empty()) << errorCase.source;
  }
}
