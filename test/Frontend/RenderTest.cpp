//===- RenderTest.cpp - What a user reads ---------------------------------===//
//
// Source lines, carets, notes and fixes; and that nothing of a source reaches
// the terminal raw.
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include "llvm/Support/JSON.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

TEST(Render, LineCaretAndFix) {
  EXPECT_EQ(
      Parsed("layer a {\n\tgroup = S; chanels = 4\n  n=3;k=1;l=1}").text(),
      "t.eq:2:13: error: unknown field 'chanels' [E0010]\n"
      "  \tgroup = S; chanels = 4\n"
      "  \t           ^~~~~~~\n"
      "help: did you mean 'channels'?\n");
}

TEST(Render, NotesShowTheOtherPlace) {
  EXPECT_EQ(Parsed("layer a {group=S;n=3;k=1;l=1}\r\nlayer a "
                   "{group=S;n=3;k=1;l=1}")
                .text(),
            "t.eq:2:7: error: layer 'a' is declared more than once [E0018]\n"
            "  layer a {group=S;n=3;k=1;l=1}\n"
            "        ^\n"
            "t.eq:1:7: note: it was declared first here\n"
            "  layer a {group=S;n=3;k=1;l=1}\n"
            "        ^\n");
}

TEST(Render, CaretInsideAString) {
  EXPECT_EQ(Parsed("layer a {group=S;n=3;k=1;l=1\n diagrams = [\"o1 | i1 x\"]}")
                .text(),
            "t.eq:2:23: error: expected a vertex such as 'o1' or 'i2', not 'x' "
            "[E0042]\n"
            "   diagrams = [\"o1 | i1 x\"]}\n"
            "                        ^\n");
}

TEST(Render, WideAndInvisibleCharactersKeepTheCaretInPlace) {
  EXPECT_EQ(Parsed("layer gr\xD0\xBE {group=S;n=3;k=1;l=1}").text(),
            "t.eq:1:9: error: character U+043E is not allowed outside comments "
            "[E0007]\n"
            "  layer gr\xD0\xBE {group=S;n=3;k=1;l=1}\n"
            "          ^\n"
            "help: only ASCII characters may stand outside comments; type the "
            "text again by hand if it was pasted\n");
  EXPECT_EQ(Parsed("layer \xE2\x80\xAE"
                   "a {group=S;n=3;k=1;l=1}")
                .text(),
            "t.eq:1:7: error: bidirectional control character U+202E is not "
            "allowed outside comments [E0007]\n"
            "  layer <U+202E>a {group=S;n=3;k=1;l=1}\n"
            "        ^~~~~~~~\n"
            "help: only ASCII characters may stand outside comments; type the "
            "text again by hand if it was pasted\n");
}

/// Printable UTF-8 and newlines and tabs, nothing else.
static bool isSafe(llvm::StringRef text) {
  while (!text.empty()) {
    if (text.front() == '\n' || text.front() == '\t') {
      text = text.drop_front();
      continue;
    }
    llvm::StringRef before = text;
    std::string shown = takePrintable(text);
    if (before.take_front(before.size() - text.size()) != shown)
      return false;
  }
  return true;
}

TEST(Render, NothingRawReachesTheTerminal) {
  std::string evil = "\x1b[31m%s%n\x07\xFF\xE2\x80\xAE\xE2\x80\x8B\x7F";
  for (const std::string &source : std::vector<std::string>{
           "layer a { # " + evil + "\n k = -1 # " + evil + "\n}",
           "layer a { k = -1 # " + evil, "layer " + evil + " {", evil,
           "layer a { diagrams = [\"" + evil + "\"]; group = \"" + evil +
               "\" }",
           "layer a { group=S;n=3;k=1;l=1;diagrams=[\"\x1b[31m\"] }"}) {
    Parsed run(source, {}, "dir/" + evil + ".eq");
    EXPECT_TRUE(run.diags.hasErrors());
    EXPECT_TRUE(isSafe(run.text())) << source;
    EXPECT_TRUE(isSafe(run.json())) << source;
  }
}

TEST(Render, LongLinesAreCut) {
  std::string spaces(50000, ' ');
  Parsed run("layer a {" + spaces + "k = -1;" + spaces + "group=S;n=3;l=1}");
  EXPECT_EQ(run.errors(), std::vector<std::string>({"1:50014: 'k' must be at "
                                                    "least 0, found '-1' "
                                                    "[E0020]"}));
  std::string text = run.text();
  EXPECT_LT(text.size(), 600u);
  size_t line = text.find("  ...");
  size_t caret = text.find('^');
  size_t shown = text.find("-1;");
  ASSERT_NE(line, std::string::npos);
  size_t lineAfter = text.find('\n', shown) + 1;
  EXPECT_EQ(shown - line, caret - lineAfter);
}

TEST(Render, JsonIsOneObjectPerLine) {
  Parsed run("layer a {group=S;n=3;k=1;k=\"\x1b\";chanels=1;l=1}");
  llvm::SmallVector<llvm::StringRef> lines;
  std::string json = run.json();
  llvm::StringRef(json).split(lines, '\n', -1, false);
  ASSERT_EQ(lines.size(), 2u);
  for (llvm::StringRef line : lines) {
    llvm::Expected<llvm::json::Value> value = llvm::json::parse(line);
    ASSERT_TRUE(bool(value)) << line.str();
    const llvm::json::Object *object = value->getAsObject();
    ASSERT_TRUE(object);
    EXPECT_EQ(object->getString("file"), llvm::StringRef("t.eq"));
    EXPECT_EQ(object->getInteger("line"), 1);
    EXPECT_TRUE(object->getString("message"));
  }
  EXPECT_NE(lines[1].find("\"replacement\":\"channels\""),
            llvm::StringRef::npos);
}

TEST(Render, StagesAfterTheFrontEndReportByLineAndColumn) {
  Parsed run("layer a {group=S;n=3;k=1;l=1}\nlayer b {group=S;n=?;k=1;l=1}");
  ASSERT_EQ(run.result.status, 0);
  run.diags.error(DiagId::DensePlanDynamic, run.result.layers[1].position,
                  "the dense plan needs a fixed n");
  EXPECT_EQ(run.text(), "t.eq:2:7: error: the dense plan needs a fixed n "
                        "[E0050]\n"
                        "  layer b {group=S;n=?;k=1;l=1}\n"
                        "        ^\n");
  EXPECT_EQ(run.diags.status(), 1);
}
