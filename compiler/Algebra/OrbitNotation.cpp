//===- OrbitNotation.cpp - Orbits of tuples as text -----------------------===//
//
// Printing and reading `o1=0 i1=2`, and rows of such diagrams.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/NotationLexer.h"

#include <algorithm>

using namespace eqc;

/// The counts behind '#', each at least 1.
static std::string counts(std::initializer_list<int64_t> numbers) {
  std::string text = " #";
  for (int64_t number : numbers)
    text += " " + std::to_string(number);
  return text;
}

std::string eqc::textOfOrbit(const Diagram &diagram, bool typed) {
  const TupleOrbit &orbit = diagram.orbit;
  std::string text;
  for (size_t v = 0; v < orbit.values.size(); ++v)
    text += (v == 0 ? "" : " ") + vertexName(diagram.l, static_cast<int>(v)) +
            "=" + std::to_string(orbit.values[v]);
  if (typed)
    text += counts({orbit.rows, orbit.columns, orbit.size, orbit.divisor});
  return text;
}

std::string eqc::textOfOrbit(const RowPattern &pattern) {
  const RowOrbit &orbit = pattern.orbit;
  std::string text;
  for (size_t v = 0; v < orbit.values.size(); ++v)
    text += (v == 0 ? "" : " ") + std::to_string(v + 1) + "=" +
            std::to_string(orbit.values[v]);
  if (!orbit.isOwn)
    text += " >";
  for (int value : orbit.others)
    text += " " + std::to_string(value);
  return text + counts({orbit.entries, orbit.terms});
}

namespace {

/// Values are below this; which of them there are says the group.
constexpr long long kMostValue = 1 << 20;

class OrbitParser {
public:
  explicit OrbitParser(std::string_view text) : text(text), lexer(text) {}

  /// Reads `vertex=value` for every vertex that `number` knows, which is -1 for
  /// others, up to a token of another kind, which is left in `token`.
  template <typename NumberOf>
  bool readValues(size_t vertices, const NumberOf &number,
                  std::vector<int> &values) {
    values.assign(vertices, -1);
    while ((more = lexer.next(token)) && token.text[0] != '>' &&
           token.text[0] != '#') {
      const size_t equals = token.text.find('=');
      if (equals == std::string_view::npos)
        return fail(token.error("expected a vertex with a value, such as "
                                "'o1=0', not " +
                                token.quoted()));
      const int vertex = number(token.text.substr(0, equals));
      if (vertex < 0)
        return fail(token.error("unknown vertex in " + token.quoted()));
      if (values[vertex] >= 0)
        return fail(token.error("the vertex of " + token.quoted() +
                                " has a value already"));
      if (!readValue(token.text.substr(equals + 1), values[vertex]))
        return fail(token.error(
            "expected the number of a point behind '=' in " + token.quoted()));
    }
    return true;
  }

  static bool readValue(std::string_view digits, int &value) {
    const long long number = digits == "0" ? 0 : parseIndex(digits);
    value = static_cast<int>(number);
    return number < kMostValue && (number > 0 || digits == "0");
  }

  /// Reads `# a b ..`, at the end.
  bool readCounts(std::initializer_list<int64_t *> numbers) {
    if (!more || token.text != "#")
      return fail({0, text.size(), "expected '#' and the sizes of the orbit"});
    for (int64_t *number : numbers) {
      more = lexer.next(token);
      *number = more ? parseIndex(token.text) : 0;
      if (*number < 1)
        return fail({0, text.size(), "expected the sizes of the orbit"});
    }
    return true;
  }

  bool fail(DiagramError what) {
    error = std::move(what);
    return false;
  }
  bool atEnd() {
    return !more || !lexer.next(token) ||
           fail(token.error("nothing may follow the orbit"));
  }

  std::string_view text;
  NotationLexer lexer;
  NotationToken token;
  bool more = true;
  DiagramError error;
};

} // namespace

std::variant<Diagram, DiagramError> eqc::parseOrbit(std::string_view text,
                                                    int l, int k, bool typed) {
  OrbitParser parser(text);
  auto number = [&](std::string_view name) {
    const long long index = name.size() > 1 ? parseIndex(name.substr(1)) : 0;
    const bool isOutput = !name.empty() && name[0] == 'o';
    if (index < 1 || (!isOutput && name[0] != 'i') ||
        index > (isOutput ? l : k))
      return -1;
    return static_cast<int>(index) - 1 + (isOutput ? 0 : l);
  };
  std::vector<int> values;
  if (!parser.readValues(static_cast<size_t>(l) + static_cast<size_t>(k),
                         number, values))
    return parser.error;
  for (size_t v = 0; v < values.size(); ++v)
    if (values[v] < 0)
      return DiagramError{0, text.size(),
                          "vertex '" + vertexName(l, static_cast<int>(v)) +
                              "' has no value"};
  Diagram diagram = makeOrbit(l, k, std::move(values));
  TupleOrbit &orbit = diagram.orbit;
  if (!typed && parser.more)
    return parser.token.error("expected a vertex with a value, such as 'o1=0', "
                              "not " +
                              parser.token.quoted());
  if (typed && (!parser.readCounts({&orbit.rows, &orbit.columns, &orbit.size,
                                    &orbit.divisor}) ||
                !parser.atEnd()))
    return parser.error;
  return diagram;
}

std::variant<RowPattern, DiagramError>
eqc::parseRowOfOrbit(std::string_view text, int size) {
  OrbitParser parser(text);
  auto number = [&](std::string_view name) {
    const long long index = parseIndex(name);
    return index < 1 || index > size ? -1 : static_cast<int>(index) - 1;
  };
  RowPattern row;
  if (!parser.readValues(static_cast<size_t>(size), number, row.orbit.values))
    return parser.error;
  for (int v = 0; v < size; ++v) {
    if (row.orbit.values[v] < 0)
      return DiagramError{0, text.size(),
                          "vertex '" + std::to_string(v + 1) +
                              "' has no value"};
    row.block.push_back(v);
    row.kept.push_back(false);
  }
  row.head = 0;
  row.orbit.isOwn = !parser.more || parser.token.text != ">";
  while (!row.orbit.isOwn && (parser.more = parser.lexer.next(parser.token)) &&
         parser.token.text != "#")
    if (!OrbitParser::readValue(parser.token.text,
                                row.orbit.others.emplace_back()))
      return parser.token.error("expected a value, not " +
                                parser.token.quoted());
  if (!parser.readCounts({&row.orbit.entries, &row.orbit.terms}) ||
      !parser.atEnd())
    return parser.error;
  return row;
}
