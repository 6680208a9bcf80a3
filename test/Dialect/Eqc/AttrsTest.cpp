//===- AttrsTest.cpp - Attributes built from C++ and from noise -----------===//
//
// What the textual tests cannot reach: values that no text can express, and
// more texts than anyone would write down.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Enumerate.h"
#include "dialect/Eqc/EqcAttrs.h"
#include "dialect/Eqc/EqcDialect.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

#include <random>

using namespace eqc;
using namespace eqc::ir;

namespace {

class AttrsTest : public testing::Test {
protected:
  AttrsTest() {
    context.loadDialect<EqcDialect>();
    context.getDiagEngine().registerHandler(
        [&](mlir::Diagnostic &diagnostic) { lastError = diagnostic.str(); });
  }

  /// The error of building a diagram or pattern from `value`; empty if it was
  /// accepted.
  template <typename AttrT, typename ValueT>
  std::string errorOf(const ValueT &value) {
    lastError.clear();
    auto emitError = [&] {
      return mlir::emitError(mlir::UnknownLoc::get(&context));
    };
    AttrT attr = AttrT::getChecked(emitError, &context, value);
    EXPECT_EQ(static_cast<bool>(attr), lastError.empty());
    return lastError;
  }

  mlir::MLIRContext context;
  std::string lastError;
};

/// What constructors of attributes are given, right or wrong.
Diagram diagram(int l, int k, std::vector<int> block, int free) {
  Diagram made;
  made.l = l;
  made.k = k;
  made.block = std::move(block);
  made.free = free;
  return made;
}

RowPattern pattern(std::vector<int> block, std::vector<bool> kept, int free) {
  RowPattern made;
  made.block = std::move(block);
  made.kept = std::move(kept);
  made.free = free;
  return made;
}

std::string print(mlir::Attribute attr) {
  std::string text;
  llvm::raw_string_ostream(text) << attr;
  return text;
}

TEST_F(AttrsTest, EqualValuesAreOneAttribute) {
  auto a = DiagramAttr::get(&context, makeDiagram(2, 1, {7, 3, 7}));
  auto b = DiagramAttr::get(&context, makeDiagram(2, 1, {0, 1, 0}));
  EXPECT_EQ(a, b);
  EXPECT_NE(a, DiagramAttr::get(&context, makeDiagram(1, 2, {0, 1, 0})));
  EXPECT_NE(a, DiagramAttr::get(&context, makeDiagram(2, 1, {0, 1, 0}, 0)));

  const RowPattern kept = pattern({0, 1}, {true, false}, -1);
  const RowPattern dropped = pattern({0, 1}, {false, false}, -1);
  const RowPattern free = pattern({0, 1}, {false, false}, 1);
  auto p = RowPatternAttr::get(&context, kept);
  EXPECT_EQ(p, RowPatternAttr::get(&context, kept));
  EXPECT_NE(p, RowPatternAttr::get(&context, dropped));
  EXPECT_NE(RowPatternAttr::get(&context, dropped),
            RowPatternAttr::get(&context, free));
}

TEST_F(AttrsTest, RefusesWhatIsNoDiagram) {
  EXPECT_EQ(errorOf<DiagramAttr>(makeDiagram(1, 1, {0, 0})), "");
  EXPECT_EQ(errorOf<DiagramAttr>(Diagram{}), "");
  EXPECT_NE(errorOf<DiagramAttr>(diagram(1, 1, {0}, -1)), "");
  EXPECT_NE(errorOf<DiagramAttr>(diagram(-1, 2, {0}, -1)), "");
  EXPECT_NE(errorOf<DiagramAttr>(diagram(1, 1, {1, 0}, -1)), "");
  EXPECT_NE(errorOf<DiagramAttr>(diagram(1, 1, {0, 2}, -1)), "");
  EXPECT_NE(errorOf<DiagramAttr>(diagram(1, 1, {0, -1}, -1)), "");
  EXPECT_NE(errorOf<DiagramAttr>(diagram(1, 1, {0, 0}, 1)), "");
  EXPECT_NE(errorOf<DiagramAttr>(diagram(1, 1, {0, 0}, -2)), "");
}

TEST_F(AttrsTest, RefusesWhatIsNoPattern) {
  EXPECT_EQ(errorOf<RowPatternAttr>(RowPattern{}), "");
  EXPECT_EQ(errorOf<RowPatternAttr>(pattern({0, 1}, {true, false}, 1)), "");
  EXPECT_NE(errorOf<RowPatternAttr>(pattern({0, 1}, {true}, -1)), "");
  EXPECT_NE(errorOf<RowPatternAttr>(pattern({0}, {true, true}, -1)), "");
  EXPECT_NE(errorOf<RowPatternAttr>(pattern({1, 0}, {true, true}, -1)), "");
  EXPECT_NE(errorOf<RowPatternAttr>(pattern({0}, {true}, 0)), "");
  EXPECT_NE(errorOf<RowPatternAttr>(pattern({0}, {false}, 1)), "");
}

TEST_F(AttrsTest, EveryDiagramSurvivesPrintingAndParsing) {
  struct {
    Group group;
    long long n;
    int l, k;
  } cases[] = {{Group::S, 4, 3, 2},
               {Group::S, 6, 4, 4}, // the largest usual
                                    // layer: 4111
               {Group::O, 3, 3, 3},
               {Group::SO, 3, 3, 4},
               {Group::A, 4, 3, 2},
               {Group::Sp, 4, 0, 6},
               {Group::S, 2, 0, 0}};
  for (auto &c : cases) {
    std::vector<Diagram> diagrams = enumerateDiagrams(c.group, c.n, c.l, c.k);
    ASSERT_FALSE(diagrams.empty());
    mlir::ArrayAttr list = getDiagramArrayAttr(&context, diagrams);
    EXPECT_EQ(mlir::parseAttribute(print(list), &context), list);
    EXPECT_EQ(getDiagramValues(list), diagrams);
    for (const Diagram &diagram : diagrams) {
      auto top = RowPatternAttr::get(&context, splitDiagram(diagram).top);
      EXPECT_EQ(mlir::parseAttribute(print(top), &context), top);
    }
  }
}

/// Texts made of the notation's own pieces, so that some of them are right.
std::string randomText(std::mt19937 &random,
                       llvm::ArrayRef<const char *> words) {
  std::string text;
  for (unsigned i = 0, size = random() % 8; i < size; ++i) {
    text += words[random() % words.size()];
    if (random() % 4 != 0)
      text += ' ';
  }
  return text;
}

TEST_F(AttrsTest, NoTextBreaksTheParsers) {
  static const char *const words[] = {
      "o1", "o2", "i1", "i2", "|", "|", "*", "~",  "1",
      "2",  "3",  "-",  "o",  "i", "0", "9", "o9", "99999999999999999999"};
  std::mt19937 random(1);
  int diagrams = 0, patterns = 0;
  for (int round = 0; round < 100000; ++round) {
    std::string text = randomText(random, words);
    std::variant<Diagram, DiagramError> diagram = parseDiagramText(text);
    if (auto *value = std::get_if<Diagram>(&diagram)) {
      ++diagrams;
      ASSERT_EQ(errorOf<DiagramAttr>(*value), "") << text;
      auto again = parseDiagramText(toString(*value));
      ASSERT_TRUE(std::get_if<Diagram>(&again)) << text;
      ASSERT_EQ(std::get<Diagram>(again), *value) << text;
    } else {
      const DiagramError &error = std::get<DiagramError>(diagram);
      ASSERT_FALSE(error.message.empty()) << text;
      ASSERT_LE(error.offset + error.length, text.size()) << text;
    }
    std::variant<RowPattern, DiagramError> pattern = parsePatternText(text);
    if (auto *value = std::get_if<RowPattern>(&pattern)) {
      ++patterns;
      ASSERT_EQ(errorOf<RowPatternAttr>(*value), "") << text;
      auto again = parsePatternText(toString(*value));
      ASSERT_TRUE(std::get_if<RowPattern>(&again)) << text;
      ASSERT_TRUE(std::get<RowPattern>(again) == *value) << text;
    } else {
      const DiagramError &error = std::get<DiagramError>(pattern);
      ASSERT_FALSE(error.message.empty()) << text;
      ASSERT_LE(error.offset + error.length, text.size()) << text;
    }
  }
  // The generator must reach both outcomes for the test to mean anything.
  EXPECT_GT(diagrams, 100);
  EXPECT_GT(patterns, 100);
}

TEST_F(AttrsTest, LongTextsAreReadInReasonableTime) {
  // A row of 20000 vertices, each alone: linear work, not quadratic.
  std::string text;
  for (int v = 1; v <= 20000; ++v)
    text += (v > 1 ? " | o" : "o") + std::to_string(v);
  std::variant<Diagram, DiagramError> diagram = parseDiagramText(text);
  ASSERT_TRUE(std::get_if<Diagram>(&diagram));
  EXPECT_EQ(std::get<Diagram>(diagram).l, 20000);
  EXPECT_EQ(toString(std::get<Diagram>(diagram)), text);
}

} // namespace
