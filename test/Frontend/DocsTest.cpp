//===- DocsTest.cpp - The reference of ids cannot drift -------------------===//
//
// docs/Diagnostics.md is what the table of ids says; set EQC_UPDATE_DOCS to
// write it anew. Every id is tested.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "compiler/Frontend/Explained.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace eqc;
using namespace eqc::test;

static std::string renderReference() {
  std::ostringstream os;
  os << "# Diagnostics\n\n"
        "Errors are printed as `FILE:LINE:COL: error: MESSAGE [E0123]`, with "
        "the source line, a caret,\n"
        "notes and suggested fixes. Lines and columns count from 1, columns in "
        "bytes. `eqc explain E0123`\n"
        "prints the entry of an id. Ids are stable: none is ever used for "
        "something else.\n\n"
        "This page is made from `compiler/Frontend/Diagnostics.def`; a test "
        "compares the two.\n";
  for (const DiagnosticInfo &info : allDiagnostics())
    os << "\n## " << info.code << ": " << info.title << "\n\n"
       << info.explanation << "\n"
       << explainedExamples(info);
  os << "\n## Statuses of the runtime\n\n"
        "What functions of compiled layers return besides 0; `eqc explain "
        "EQC_ERR_NULL` prints the entry of a name,\n"
        "`eqc_status_string` a line. The calls are of `layer pairs { group = "
        "S; "
        "n = ?; k = 2; l = 2 }`.\n";
  for (const std::string &name : allStatuses())
    os << "\n### " << name << "\n\n" << explainedStatus(name);
  return os.str();
}

static std::string readDoc(const char *name) {
  std::ifstream in(std::string(EQC_DOCS_DIR "/") + name);
  std::ostringstream page;
  page << in.rdbuf();
  return page.str();
}

TEST(Docs, DiagnosticsPageMatchesTable) {
  std::string path = EQC_DOCS_DIR "/Diagnostics.md";
  if (std::getenv("EQC_UPDATE_DOCS"))
    std::ofstream(path) << renderReference();
  EXPECT_TRUE(readDoc("Diagnostics.md") == renderReference())
      << path << " is out of date: run this test with EQC_UPDATE_DOCS=1";
}

TEST(Docs, LanguageExampleIsAccepted) {
  // The first indented block of the reference is a whole source.
  std::istringstream page(readDoc("Language.md"));
  std::string source;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("## ", 0) == 0)
      break;
    if (line.rfind("    ", 0) == 0)
      source += line + "\n";
  }
  Parsed run(source);
  EXPECT_EQ(run.text(), "");
  ASSERT_EQ(run.result.layers.size(), 3u);
  EXPECT_EQ(run.result.layers[0].diagrams.size(), 15u);
  EXPECT_EQ(run.result.layers[1].diagrams.size(), 1u);
  EXPECT_EQ(run.result.layers[2].spaces().size(), 2u);
}

TEST(Docs, LanguageNamesEveryIdOfSources) {
  std::string page = readDoc("Language.md");
  std::set<std::string> named;
  for (size_t at = page.find("E0"); at != std::string::npos;
       at = page.find("E0", at + 1))
    named.insert(page.substr(at, 5));
  for (const std::string &id : named)
    EXPECT_NE(lookupDiagnostic(id), nullptr) << id;
  // What is left out is about shape alone, about plans or files of rates.
  for (const char *id : {"E0005", "E0006", "E0008", "E0050", "E0051", "E0052",
                         "E0060", "E0061", "E0062", "E0095", "E0097", "E0098"})
    named.insert(id);
  for (const DiagnosticInfo &info : allDiagnostics())
    EXPECT_TRUE(named.count(info.code)) << info.code;
}

TEST(Docs, TableIsSortedAndFound) {
  const char *previous = "E0000";
  for (const DiagnosticInfo &info : allDiagnostics()) {
    EXPECT_LT(std::string(previous), info.code);
    previous = info.code;
    EXPECT_EQ(lookupDiagnostic(info.code), &info);
    EXPECT_EQ(&diagnosticInfo(info.id), &info);
    EXPECT_TRUE(info.status == 1 || info.status == 3 || info.status == 4)
        << info.code;
  }
  EXPECT_EQ(lookupDiagnostic("E9999"), nullptr);
  EXPECT_EQ(lookupDiagnostic(""), nullptr);
}

TEST(Docs, EveryIdOfTheFrontEndIsTested) {
  std::set<std::string> tested;
  for (const auto *cases :
       {&syntaxErrorCases(), &meaningErrorCases(), &spaceErrorCases(),
        &networkErrorCases(), &bilinearErrorCases(), &symmetryErrorCases()})
    for (const ErrorCase &errorCase : *cases)
      for (const std::string &error : errorCase.errors)
        tested.insert(error.substr(error.rfind('[') + 1, 5));
  // LimitsTest has these.
  tested.insert("E0090");
  tested.insert("E0096");
  tested.insert("E0062");
  // Plans and files of rates are refused by others than the front end.
  for (const char *id : {"E0050", "E0051", "E0052", "E0053", "E0060", "E0061",
                         "E0095", "E0097", "E0098"})
    tested.insert(id);
  for (const DiagnosticInfo &info : allDiagnostics())
    EXPECT_TRUE(tested.count(info.code)) << info.code;
}
