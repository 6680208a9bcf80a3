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

std::string eqc::tailOfOrbit(const TupleOrbit &orbit) {
  return counts({orbit.rows, orbit.columns, orbit.size, orbit.divisor});
}

std::string eqc::tailOfOrbit(const RowOrbit &orbit) {
  std::string text = orbit.isOwn ? "" : " >";
  for (int value : orbit.others)
    text += " " + std::to_string(value);
  return text + counts({orbit.entries, orbit.terms});
}

/// Values are below this; which of them there are says the group.
static constexpr long long kMostValue = 1 << 20;

static bool readValue(std::string_view digits, int &value) {
  const long long number = digits == "0" ? 0 : parseIndex(digits);
  value = static_cast<int>(number);
  return number < kMostValue && (number > 0 || digits == "0");
}

int eqc::takeValue(NotationToken &token) {
  const size_t equals = token.text.find('=');
  if (equals == std::string_view::npos)
    return kNoSpace;
  int value = 0;
  if (!readValue(token.text.substr(equals + 1), value))
    return kBadSpace;
  token.text = token.text.substr(0, equals);
  return value;
}

/// Reads `# a b ..`, at the end, from `#` on, unless there is no token.
static std::optional<DiagramError>
parseCounts(NotationLexer &lexer, const NotationToken *token,
            std::initializer_list<int64_t *> numbers) {
  const DiagramError missing{0, lexer.size(),
                             "expected the sizes of the orbit"};
  if (!token || token->text != "#")
    return DiagramError{0, lexer.size(),
                        "expected '#' and the sizes of the orbit"};
  NotationToken next;
  for (int64_t *number : numbers) {
    *number = lexer.next(next) ? parseIndex(next.text) : 0;
    if (*number < 1)
      return missing;
  }
  if (lexer.next(next))
    return next.error("nothing may follow the orbit");
  return std::nullopt;
}

std::optional<DiagramError> eqc::parseTail(NotationLexer &lexer,
                                           const NotationToken *token,
                                           TupleOrbit &orbit) {
  return parseCounts(
      lexer, token, {&orbit.rows, &orbit.columns, &orbit.size, &orbit.divisor});
}

std::optional<DiagramError> eqc::parseTail(NotationLexer &lexer,
                                           const NotationToken *token,
                                           RowOrbit &orbit) {
  orbit.isOwn = !token || token->text != ">";
  NotationToken next;
  for (bool isOther = !orbit.isOwn; isOther;) {
    token = lexer.next(next) ? &next : nullptr;
    isOther = token && token->text != "#";
    if (isOther && !readValue(token->text, orbit.others.emplace_back()))
      return token->error("expected a value, not " + token->quoted());
  }
  return parseCounts(lexer, token, {&orbit.entries, &orbit.terms});
}

namespace {

class OrbitParser {
public:
  explicit OrbitParser(std::string_view text) : lexer(text) {}

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

  /// Reads what follows the values.
  template <typename Orbit> bool readTail(Orbit &orbit) {
    std::optional<DiagramError> wrong =
        parseTail(lexer, more ? &token : nullptr, orbit);
    return !wrong || fail(std::move(*wrong));
  }

  bool fail(DiagramError what) {
    error = std::move(what);
    return false;
  }

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
  if (!typed && parser.more)
    return parser.token.error("expected a vertex with a value, such as 'o1=0', "
                              "not " +
                              parser.token.quoted());
  if (typed && !parser.readTail(diagram.orbit))
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
  if (!parser.readTail(row.orbit))
    return parser.error;
  return row;
}
