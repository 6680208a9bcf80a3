//===- Support.h - Helpers of the front end's tests -------------*- C++ -*-===//
//
// Runs the front end on a string and tells the errors as short lines.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_FRONTEND_SUPPORT_H
#define EQC_TEST_FRONTEND_SUPPORT_H

#include "compiler/Frontend/Frontend.h"

#include "llvm/Support/SourceMgr.h"

#include <set>
#include <string>
#include <vector>

namespace eqc::test {

/// One run of the front end; owns the source, so that its results stay valid.
struct Parsed {
  explicit Parsed(const std::string &source,
                  const FrontendOptions &options = {},
                  const std::string &fileName = "t.eq");

  /// `LINE:COL: MESSAGE [E0123]`, in the order of the source.
  std::vector<std::string> errors() const;
  /// The ids of the errors.
  std::set<std::string> ids() const;
  /// What a user reads.
  std::string text() const;
  std::string json() const;

  llvm::SourceMgr sources;
  DiagnosticEngine diags;
  FrontendResult result;
};

/// A source and exactly the errors it must have.
struct ErrorCase {
  std::string source;
  std::vector<std::string> errors;
  int status = 1;
};
void expectErrors(const std::vector<ErrorCase> &cases);

/// All that SyntaxErrorsTest, MeaningErrorsTest and SpacesTest check, for the
/// test that no id is forgotten.
const std::vector<ErrorCase> &syntaxErrorCases();
const std::vector<ErrorCase> &meaningErrorCases();
const std::vector<ErrorCase> &spaceErrorCases();
const std::vector<ErrorCase> &networkErrorCases();
const std::vector<ErrorCase> &bilinearErrorCases();
const std::vector<ErrorCase> &symmetryErrorCases();

} // namespace eqc::test

#endif // EQC_TEST_FRONTEND_SUPPORT_H
