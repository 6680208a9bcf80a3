//===- GraphMapNotation.cpp - Graph maps as text --------------------------===//
//
// Printing and reading `o1=a i1=b : a-c c-b`, and rows of such diagrams.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/NotationLexer.h"

#include <algorithm>
#include <map>

using namespace eqc;

/// Letters are named in the order of their numbers.
static std::string nameOf(int letter) {
  std::string name(1, static_cast<char>('a' + letter % 26));
  return letter < 26 ? name : name + std::to_string(letter / 26);
}

std::string eqc::textOfGraphMap(const Diagram &diagram, bool typed) {
  const GraphMap &map = diagram.map;
  std::string text;
  auto append = [&](const std::string &word) {
    text += (text.empty() ? "" : " ") + word;
  };
  for (size_t v = 0; v < diagram.block.size(); ++v)
    append(vertexName(diagram.l, static_cast<int>(v)) + "=" +
           nameOf(diagram.block[v]));
  if (!map.edges.empty())
    append(":");
  for (auto [a, b] : map.edges)
    append(nameOf(a) + (map.symmetric ? "-" : ">") + nameOf(b));
  if (!typed)
    return text;
  append("#");
  for (int letter : map.ofInputs)
    append(nameOf(letter));
  append("/");
  for (int letter : map.ofOutputs)
    append(nameOf(letter));
  return text;
}

std::string eqc::textOfSteps(const RowPattern &pattern) {
  RowPattern base = pattern;
  while (!base.steps.empty())
    base = withoutLastStep(base);
  std::string text = toString(base);
  for (const RowStep &step : pattern.steps) {
    text += " ;";
    for (int letter : step.summed)
      text += " ~" + std::to_string(letter + 1);
    if (step.added > 0)
      text += " +" + std::to_string(step.added);
    if (!step.edges.empty())
      text += " :";
    for (auto [a, b] : step.edges)
      text += " " + std::to_string(a + 1) + ">" + std::to_string(b + 1);
  }
  return text;
}

/// Orbits have numbers behind '=', and never a colon.
bool eqc::isGraphMapText(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == ':')
      return text.find('=') < at || text.find_first_not_of(" \t\r\n") == at;
    if (text[at] == '=')
      return at + 1 < text.size() && (text[at + 1] < '0' || text[at + 1] > '9');
  }
  return false;
}

namespace {

bool isWord(std::string_view word) {
  auto isLetter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !word.empty() && isLetter(word[0]) &&
         std::all_of(word.begin(), word.end(), [&](char c) {
           return isLetter(c) || (c >= '0' && c <= '9');
         });
}

/// Words between blanks, and the marks ':' '#' '/' ';' wherever they stand.
class Tokens {
public:
  explicit Tokens(std::string_view text) : text(text) {}

  bool next(NotationToken &token) {
    auto isBlank = [](char c) {
      return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    };
    auto isMark = [](char c) {
      return c == ':' || c == '#' || c == '/' || c == ';';
    };
    while (at < text.size() && isBlank(text[at]))
      ++at;
    if (at == text.size())
      return false;
    const size_t begin = at++;
    if (!isMark(text[begin]))
      while (at < text.size() && !isBlank(text[at]) && !isMark(text[at]))
        ++at;
    token = {text.substr(begin, at - begin), begin};
    return true;
  }

private:
  const std::string_view text;
  size_t at = 0;
};

class GraphMapParser {
public:
  GraphMapParser(std::string_view text, int l, int k, bool typed)
      : text(text), tokens(text), l(l), k(k), typed(typed) {}

  std::variant<Diagram, DiagramError> parse() {
    if (!parseVertices() || !parseEdges() || (typed && !parseOrders()))
      return error;
    if (more)
      return token.error("nothing may follow the edges");
    if (!typed)
      return plain();
    Diagram diagram = makeDiagram(l, k, letterOf);
    if (diagram.block != letterOf)
      return DiagramError{0, text.size(),
                          "letters are named in the order of vertices"};
    std::sort(edges.begin(), edges.end());
    diagram.map.letters = numLetters;
    diagram.map.symmetric = !edges.empty() && !directed;
    diagram.map.edges = std::move(edges);
    diagram.map.ofInputs = std::move(orders[0]);
    diagram.map.ofOutputs = std::move(orders[1]);
    return diagram;
  }

private:
  bool fail(DiagramError what) {
    error = std::move(what);
    return false;
  }

  /// With names of its own letters, unless these are too many.
  Diagram plain() const {
    if (numLetters <= kMostLetters)
      return makeGraphMap(l, k, letterOf, numLetters, edges,
                          /*symmetric=*/false);
    Diagram diagram = makeDiagram(l, k, letterOf);
    diagram.map.letters = numLetters;
    return diagram;
  }

  /// The number of a letter; of a new one the next, where that is allowed.
  /// Names that are printed say their number.
  int numberOf(const std::string &name, bool isNew) {
    if (typed) {
      const int number = name[0] - 'a';
      if (name.size() != 1 || number < 0 || number >= kMostLetters ||
          (!isNew && number >= numLetters))
        return -1;
      numLetters = std::max(numLetters, number + 1);
      return number;
    }
    const auto known = letters.find(name);
    if (known != letters.end())
      return known->second;
    if (!isNew || letters.size() >= kMostNames)
      return -1;
    const int number = static_cast<int>(letters.size());
    letters[name] = number;
    numLetters = number + 1;
    return number;
  }

  bool parseVertices() {
    const size_t vertices = static_cast<size_t>(l) + static_cast<size_t>(k);
    letterOf.assign(vertices, -1);
    while ((more = tokens.next(token)) && token.text != ":" &&
           token.text != "#") {
      const size_t equals = token.text.find('=');
      if (equals == std::string_view::npos)
        return fail(token.error("expected a vertex with a letter, such as "
                                "'o1=a', not " +
                                token.quoted()));
      const std::string_view name = token.text.substr(0, equals);
      const long long index = name.size() > 1 ? parseIndex(name.substr(1)) : 0;
      const bool isOutput = !name.empty() && name[0] == 'o';
      if (index < 1 || (!isOutput && (name.empty() || name[0] != 'i')) ||
          index > (isOutput ? l : k))
        return fail(token.error("unknown vertex in " + token.quoted()));
      int &letter = letterOf[static_cast<size_t>(index) - 1 +
                             (isOutput ? 0 : static_cast<size_t>(l))];
      if (letter >= 0)
        return fail(token.error("the vertex of " + token.quoted() +
                                " has a letter already"));
      const std::string_view word = token.text.substr(equals + 1);
      if (!isWord(word))
        return fail(token.error("expected a letter such as 'a' behind '=' in " +
                                token.quoted()));
      letter = numberOf(std::string(word), true);
      if (letter < 0)
        return fail(tooMany());
    }
    for (size_t v = 0; v < vertices; ++v)
      if (letterOf[v] < 0)
        return fail({0, text.size(),
                     "vertex '" + vertexName(l, static_cast<int>(v)) +
                         "' has no letter"});
    return true;
  }

  bool parseEdges() {
    if (!more || token.text != ":")
      return true;
    bool any = false;
    while ((more = tokens.next(token)) && token.text != "#") {
      const size_t mark = token.text.find_first_of("->");
      const bool isEdge = mark != std::string_view::npos &&
                          isWord(token.text.substr(0, mark)) &&
                          isWord(token.text.substr(mark + 1));
      if (!isEdge)
        return fail(token.error("expected an edge such as 'a-b', not " +
                                token.quoted()));
      directed |= token.text[mark] == '>';
      const int a = numberOf(std::string(token.text.substr(0, mark)), true);
      const int b = numberOf(std::string(token.text.substr(mark + 1)), true);
      if (a < 0 || b < 0 || edges.size() >= kMostEdges)
        return fail(tooMany());
      edges.emplace_back(a, b);
      any = true;
    }
    return any || fail({text.size(), 1, "expected an edge behind ':'"});
  }

  bool parseOrders() {
    if (!more || token.text != "#")
      return fail({0, text.size(), "expected '#' and the letters summed"});
    for (std::vector<int> &order : orders) {
      while ((more = tokens.next(token)) && token.text != "/") {
        const int letter = numberOf(std::string(token.text), false);
        if (letter < 0)
          return fail(token.error("unknown letter " + token.quoted()));
        order.push_back(letter);
      }
      if (&order == &orders[0] && !more)
        return fail({0, text.size(), "expected '/'"});
    }
    return true;
  }

  DiagramError tooMany() const {
    return token.error("a graph map has at most " +
                       std::to_string(kMostLetters) + " letters and " +
                       std::to_string(kMostEdges) + " edges");
  }

  static constexpr size_t kMostNames = 64, kMostEdges = 64;

  const std::string_view text;
  Tokens tokens;
  NotationToken token;
  const int l, k;
  const bool typed;
  bool more = true, directed = false;
  int numLetters = 0;
  std::map<std::string, int> letters;
  std::vector<int> letterOf;
  std::vector<LetterEdge> edges;
  std::vector<int> orders[2];
  DiagramError error;
};

} // namespace

std::variant<Diagram, DiagramError>
eqc::parseGraphMap(std::string_view text, int l, int k, bool typed) {
  // Memory follows the text, not the orders that a source claims.
  if (static_cast<long long>(l) + k > static_cast<long long>(text.size()))
    return DiagramError{0, text.size(), "not all vertices have letters"};
  return GraphMapParser(text, l, k, typed).parse();
}

std::variant<RowPattern, DiagramError>
eqc::parseRowWithSteps(std::string_view text, int size) {
  const size_t first = text.find(';');
  std::variant<RowPattern, DiagramError> parsed =
      parseRowPattern(text.substr(0, first), size);
  if (std::holds_alternative<DiagramError>(parsed))
    return parsed;
  RowPattern pattern = std::get<RowPattern>(std::move(parsed));
  Tokens tokens(text.substr(first));
  NotationToken token;
  bool inEdges = false;
  auto number = [](std::string_view digits) {
    const long long index = parseIndex(digits);
    return index > 4 * kMostLetters ? -1 : static_cast<int>(index) - 1;
  };
  auto wrong = [&] {
    return DiagramError{first + token.offset, text.size(),
                        "expected what a step sums, adds and joins, not " +
                            token.quoted()};
  };
  while (tokens.next(token)) {
    if (token.text == ";") {
      if (pattern.steps.size() > 4 * kMostLetters)
        return wrong();
      pattern.steps.emplace_back();
      inEdges = false;
    } else if (token.text == ":" && !inEdges) {
      inEdges = true;
    } else if (inEdges) {
      const size_t mark = token.text.find('>');
      const int a = mark == std::string_view::npos
                        ? -1
                        : number(token.text.substr(0, mark));
      const int b = a < 0 ? -1 : number(token.text.substr(mark + 1));
      if (b < 0 || pattern.steps.back().edges.size() >= 64)
        return wrong();
      pattern.steps.back().edges.emplace_back(a, b);
    } else if (token.text[0] == '~') {
      const int letter = number(token.text.substr(1));
      if (letter < 0 || letter >= static_cast<int>(pattern.kept.size()) ||
          !pattern.kept[letter])
        return wrong();
      pattern.steps.back().summed.push_back(letter);
      pattern.kept[letter] = false;
    } else if (token.text[0] == '+') {
      const int added = number(token.text.substr(1)) + 1;
      if (added < 1 || added > kMostLetters)
        return wrong();
      pattern.steps.back().added = added;
      pattern.kept.resize(pattern.kept.size() + static_cast<size_t>(added),
                          true);
    } else {
      return wrong();
    }
  }
  if (std::string why = whyNoSteps(pattern); !why.empty())
    return DiagramError{0, text.size(), std::move(why)};
  return pattern;
}
