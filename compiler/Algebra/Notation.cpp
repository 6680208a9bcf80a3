//===- Notation.cpp - Diagrams as text --------------------------*- C++ -*-===//
//
// Printing and reading `o1 i1 | o2 i2`.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Diagram.h"
#include "compiler/Algebra/GraphMap.h"
#include "compiler/Algebra/NotationLexer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

using namespace eqc;

std::string eqc::vertexName(int l, int vertex) {
  return vertex < l ? "o" + std::to_string(vertex + 1LL)
                    : "i" + std::to_string(vertex - l + 1LL);
}

std::string
eqc::textOfBlocks(const std::vector<std::vector<int>> &blocks,
                  const std::vector<int> &values,
                  const std::function<bool(int block)> &isLeg,
                  const std::function<std::string(int vertex)> &nameOf,
                  const std::function<std::string(int block)> &markOf) {
  // Vertices with values, each a block of its own, in the place of the first.
  std::string text, legs;
  size_t next = 0;
  for (size_t b = 0; !values.empty() && b < blocks.size(); ++b)
    if (isLeg(static_cast<int>(b)))
      legs += (legs.empty() ? "" : " ") + nameOf(blocks[b].front()) + "=" +
              std::to_string(values[next++]);
  for (size_t b = 0; b < blocks.size(); ++b) {
    const auto block = static_cast<int>(b);
    const bool hasValues = !values.empty() && isLeg(block);
    if (hasValues && legs.empty())
      continue; // all stand there already
    text += text.empty() ? "" : " | ";
    if (hasValues) {
      text += std::exchange(legs, "");
      continue;
    }
    text += markOf(block);
    for (size_t i = 0; i < blocks[b].size(); ++i)
      text += (i == 0 ? "" : " ") + nameOf(blocks[b][i]);
  }
  return text;
}

/// `names` are those of the spaces of the vertices that name theirs.
static std::string textOf(const Diagram &diagram, bool typed,
                          const std::vector<std::string> &names = {}) {
  if (diagram.map.exists())
    return textOfGraphMap(diagram, typed);
  std::vector<std::vector<int>> blocks = diagram.blocks();
  if (blocks.empty())
    return "1";
  std::string text;
  if (diagram.head >= 0 && !diagram.orbit.exists()) {
    text = "* ";
    if (typed && diagram.head > 0)
      text += "@" + std::to_string(diagram.head) + " ";
    text += "| ";
  }
  auto vertexText = [&](int vertex) {
    std::string name = vertexName(diagram.l, vertex);
    if (typed && !diagram.space.empty())
      name += ":" + std::to_string(diagram.space[vertex]);
    if (typed && diagram.partOf(vertex) >= 0)
      name += "/" + std::to_string(diagram.part[vertex]);
    if (!names.empty() && !names[vertex].empty())
      name += ":" + names[vertex];
    if (typed && diagram.isDual(vertex))
      name += "'";
    return name;
  };
  text += textOfBlocks(
      blocks, diagram.orbit.values,
      [&](int block) { return diagram.isLegOf(blocks[block].front()); },
      vertexText, [&](int block) { return block == diagram.free ? "* " : ""; });
  if (typed && diagram.orbit.exists())
    text += tailOfOrbit(diagram.orbit);
  return text;
}

std::string eqc::toString(const Diagram &diagram) {
  return textOf(diagram, /*typed=*/false);
}

std::string eqc::toString(const Diagram &diagram, Group group) {
  std::vector<std::string> names;
  for (size_t v = 0; v < diagram.part.size(); ++v)
    names.push_back(
        diagram.part[v] < 0 ? "" : group.spaces()[diagram.space[v]].name);
  return textOf(diagram, /*typed=*/false, names);
}

std::string eqc::toTypedString(const Diagram &diagram) {
  return textOf(diagram, /*typed=*/true);
}

//===----------------------------------------------------------------------===//
// Tokens, shared with the patterns of a row
//===----------------------------------------------------------------------===//

bool NotationLexer::next(NotationToken &token) {
  auto isBlank = [](char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  };
  auto isMark = [](char c) { return c == '|' || c == '*' || c == '~'; };
  while (position < text.size() && isBlank(text[position]))
    ++position;
  if (position == text.size())
    return false;
  size_t begin = position++;
  if (!isMark(text[begin]))
    while (position < text.size() && !isBlank(text[position]) &&
           !isMark(text[position]))
      ++position;
  token = {text.substr(begin, position - begin), begin};
  return true;
}

DiagramError NotationToken::error(std::string message) const {
  return {offset, text.size(), std::move(message)};
}

std::string NotationToken::quoted() const {
  // Long enough for any sensible vertex; never cut inside a UTF-8 sequence.
  size_t size = std::min<size_t>(text.size(), 32);
  while (size < text.size() && size > 0 && (text[size] & 0xC0) == 0x80)
    --size;
  static const char digits[] = "0123456789abcdef";
  std::string result = "'";
  for (unsigned char c : text.substr(0, size)) {
    if (c < 0x20 || c == 0x7F) {
      result += "\\x";
      result += digits[c >> 4];
      result += digits[c & 15];
    } else {
      result += static_cast<char>(c);
    }
  }
  return result + (size < text.size() ? "...'" : "'");
}

/// A number below `most`, or kBadSpace.
static int parseNumber(std::string_view digits, int most) {
  const long long number = digits == "0" ? 0 : parseIndex(digits);
  return (number == 0 && digits != "0") || number >= most
             ? kBadSpace
             : static_cast<int>(number);
}

int eqc::parseSpace(std::string_view number) {
  return parseNumber(number, kMostSpaces);
}

/// Takes the number behind `mark` off the end of a token.
static int takeNumber(NotationToken &token, char mark, int most) {
  const size_t place = token.text.find(mark);
  if (place == std::string_view::npos)
    return kNoSpace;
  const int number = parseNumber(token.text.substr(place + 1), most);
  if (number != kBadSpace)
    token.text = token.text.substr(0, place);
  return number;
}

int eqc::takeSpace(NotationToken &token, bool maybeSum) {
  return takeNumber(token, ':', kMostSpaces + (maybeSum ? kMostSums : 0));
}

int eqc::takePart(NotationToken &token) {
  return takeNumber(token, '/', kMostSums * kMostSummands);
}

long long eqc::parseIndex(std::string_view digits) {
  if (digits.empty() || digits[0] == '0')
    return 0;
  long long value = 0;
  for (char c : digits) {
    if (c < '0' || c > '9')
      return 0;
    // Far above any vertex number, and nothing overflows.
    value = std::min(value * 10 + (c - '0'), 1LL << 40);
  }
  return value;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {

/// Reads one diagram. Vertices are kept in a map: memory follows the text, not
/// the l and k that a source claims.
class DiagramParser {
public:
  DiagramParser(std::string_view text, int l, int k, bool typed)
      : text(text), l(l), k(k), typed(typed) {}
  /// Vertices on axes of sums name their summands.
  DiagramParser(std::string_view text, int l, int k, Group group,
                const std::vector<int> &axes)
      : text(text), l(l), k(k), typed(false), group(group), axes(&axes) {}

  std::variant<Diagram, DiagramError> parse();

private:
  /// Reads the vertex `token`; true on failure, like all parse functions here.
  bool parseVertex(const NotationToken &token);
  /// Takes the name of the summand, if there is one, off the end of `token`.
  std::optional<std::string_view> takeName(NotationToken &token) const;
  bool assign(int vertex, std::optional<std::string_view> name,
              const NotationToken &written);
  bool fail(DiagramError what) {
    error = std::move(what);
    return true;
  }
  /// A `*` block that ends without vertices, where there are any, is a head.
  bool endHead() {
    if (free != block || numVertices() == 0)
      return false;
    head = headSpace;
    free = -1;
    return true;
  }
  /// Takes the value, if there is one, off the end of `token`, a vertex. All of
  /// a block have values or none.
  bool takeValueOf(NotationToken &token, std::optional<int> &value);
  /// Makes `diagram` the orbit of the vertices with values.
  std::optional<DiagramError> addOrbit(Diagram &diagram) const;
  long long numVertices() const { return static_cast<long long>(l) + k; }
  std::string rowText(char row) const;
  std::variant<Diagram, DiagramError> finish();

  std::string_view text;
  int l, k;
  bool typed; ///< whether vertices may name their spaces
  Group group = Group::S;
  const std::vector<int> *axes = nullptr; ///< where sums have summands' names
  int block = 0;                          ///< the block being read
  int free = -1;                          ///< the block after `*`
  int head = -1;      ///< the space of a `*` without vertices
  int headSpace = 0;  ///< as written behind `*`
  bool empty = true;  ///< the block being read has no vertex yet
  bool opened = true; ///< nothing of the block being read was seen yet
  int ofValues = -1;  ///< the block of the vertices with values
  std::unordered_map<int, int> blockOf, spaceOf, partOf;
  std::map<int, int> valueOf;
  TupleOrbit sizes;      ///< of the orbit, where they are written
  std::vector<int> dual; ///< vertices
  DiagramError error;
};

} // namespace

std::string DiagramParser::rowText(char row) const {
  int size = row == 'o' ? l : k;
  std::string word = row == 'o' ? "output" : "input";
  if (size == 0)
    return "there are no " + word + "s";
  if (size == 1)
    return "the only " + word + " is " + row + "1";
  return std::string("the ") + word + "s are " + row + "1 to " + row +
         std::to_string(size);
}

bool DiagramParser::takeValueOf(NotationToken &token,
                                std::optional<int> &value) {
  if (!typed && !axes)
    return false;
  const NotationToken written = token;
  const int number = takeValue(token);
  if (number == kBadSpace)
    return fail(written.error("expected the number of a point behind '=' in " +
                              written.quoted()));
  const bool hasValue = number != kNoSpace;
  if (hasValue != (ofValues == block) && !empty)
    return fail(
        written.error("all vertices of a block have values, or none of them"));
  if (hasValue && ofValues >= 0 && ofValues != block)
    return fail(written.error("a second block of vertices with values"));
  if (hasValue && free == block)
    return fail(written.error("vertices with values have no '*'"));
  if (hasValue) {
    ofValues = block;
    value = number;
  }
  return false;
}

bool DiagramParser::parseVertex(const NotationToken &written) {
  NotationToken token = written;
  std::optional<int> value;
  if (takeValueOf(token, value))
    return true;
  const bool isDual =
      typed && token.text.size() > 1 && token.text.back() == '\'';
  token.text.remove_suffix(isDual ? 1 : 0);
  const std::optional<std::string_view> name = takeName(token);
  const int part = typed ? takePart(token) : kNoSpace;
  const int space = typed ? takeSpace(token) : kNoSpace;
  if (space == kBadSpace || part == kBadSpace)
    return fail(written.error("expected the number of a space behind ':' in " +
                              written.quoted()));
  if (token.text.empty())
    return fail(written.error("expected a vertex such as 'o1' or 'i2', not " +
                              written.quoted()));
  char row = token.text[0];
  long long index =
      row == 'o' || row == 'i' ? parseIndex(token.text.substr(1)) : 0;
  if (index == 0) {
    if (token.text == "1" && numVertices() > 0)
      return fail(token.error("'1' is the diagram without vertices, but here "
                              "l + k = " +
                              std::to_string(numVertices())));
    return fail(token.error("expected a vertex such as 'o1' or 'i2', not " +
                            token.quoted()));
  }
  if (index > (row == 'o' ? l : k))
    return fail(
        token.error("unknown vertex " + token.quoted() + ": " + rowText(row)));
  int vertex = static_cast<int>(row == 'o' ? index - 1 : l + index - 1);
  if (!blockOf.try_emplace(vertex, block).second)
    return fail(token.error("vertex " + token.quoted() + " appears twice"));
  if (value)
    valueOf[vertex] = *value;
  if (isDual)
    dual.push_back(vertex);
  if (part != kNoSpace)
    partOf[vertex] = part;
  if (axes && assign(vertex, name, written))
    return true;
  if (space != kNoSpace)
    spaceOf[vertex] = space;
  if (!spaceOf.empty() && spaceOf.size() != blockOf.size())
    return fail(
        written.error("all vertices name their spaces, or none of them"));
  return false;
}

std::optional<std::string_view>
DiagramParser::takeName(NotationToken &token) const {
  const size_t colon = token.text.find(':');
  if (!axes || colon == std::string_view::npos)
    return std::nullopt;
  const std::string_view name = token.text.substr(colon + 1);
  token.text = token.text.substr(0, colon);
  return name;
}

/// Puts a vertex on an axis of a sum into the summand that it names.
bool DiagramParser::assign(int vertex, std::optional<std::string_view> name,
                           const NotationToken &written) {
  const int axis = (*axes)[static_cast<size_t>(vertex)];
  const SpaceSum *sum = sumOf(group, axis);
  if (!sum && name)
    return fail(written.error("vertex '" + vertexName(l, vertex) +
                              "' is on no axis of a sum and has no summand"));
  if (!sum) {
    spaceOf[vertex] = axis;
    return false;
  }
  std::string names;
  for (size_t i = 0; i < sum->summands.size(); ++i) {
    const std::string &summand = group.spaces()[sum->summands[i]].name;
    names += (i == 0 ? "'" : ", '") + summand + "'";
    if (!name || *name != summand)
      continue;
    spaceOf[vertex] = sum->summands[i];
    partOf[vertex] = partAt(group, axis, static_cast<int>(i));
    return false;
  }
  return fail(written.error(
      (name ? "'" + std::string(name->substr(0, 32)) + "' is no summand of '" +
                  sum->name + "', which has "
            : "vertex '" + vertexName(l, vertex) +
                  "' must name its summand of '" + sum->name + "', one of ") +
      names));
}

std::variant<Diagram, DiagramError> DiagramParser::parse() {
  NotationLexer lexer(text);
  NotationToken token;
  bool any = false, hasTail = false;
  while (lexer.next(token)) {
    if (!any && token.text == "1" && numVertices() == 0) {
      if (!lexer.next(token))
        return Diagram();
      return token.error("nothing may follow '1', the diagram without "
                         "vertices");
    }
    any = true;
    if (token.text == "|") {
      if (empty && !endHead())
        return token.error("empty block");
      ++block;
      empty = opened = true;
    } else if (token.text == "*") {
      if (!opened)
        return token.error("'*' stands before the vertices of its block");
      if (free >= 0 || head >= 0)
        return token.error("a second '*' block");
      free = block;
      opened = false;
    } else if (typed && token.text[0] == '@' && empty && free == block) {
      headSpace = parseSpace(token.text.substr(1));
      if (headSpace == kBadSpace)
        return token.error("expected the number of a space behind '@' in " +
                           token.quoted());
    } else if (typed && token.text == "#" && ofValues >= 0) {
      if (std::optional<DiagramError> wrong = parseTail(lexer, &token, sizes))
        return *wrong;
      hasTail = true;
      break;
    } else {
      if (parseVertex(token))
        return error;
      empty = opened = false;
    }
  }
  if (!any)
    return DiagramError{0, text.size(),
                        numVertices() == 0
                            ? "empty diagram; the diagram without vertices is "
                              "written '1'"
                            : "empty diagram"};
  if (empty && !endHead()) // the last token is a bar or a star
    return token.error("empty block");
  if (typed && ofValues >= 0 && !hasTail)
    return *parseTail(lexer, nullptr, sizes);
  return finish();
}

std::variant<Diagram, DiagramError> DiagramParser::finish() {
  if (static_cast<long long>(blockOf.size()) < numVertices()) {
    int missing = 0;
    while (blockOf.count(missing))
      ++missing;
    return DiagramError{0, text.size(),
                        "vertex '" + vertexName(l, missing) + "' is missing"};
  }
  std::vector<int> labels(blockOf.size()), space(spaceOf.size());
  for (const auto &[vertex, label] : blockOf)
    labels[vertex] = label == ofValues ? block + 1 + vertex : label;
  for (const auto &[vertex, number] : spaceOf)
    space[vertex] = number;
  Diagram diagram = makeDiagram(l, k, labels, free, std::move(space));
  diagram.head = head;
  if (ofValues >= 0)
    if (std::optional<DiagramError> wrong = addOrbit(diagram))
      return *wrong;
  if (!partOf.empty())
    diagram.part.assign(labels.size(), -1);
  for (const auto &[vertex, number] : partOf)
    diagram.part[vertex] = number;
  if (!dual.empty())
    diagram.dual.resize(labels.size());
  for (int vertex : dual)
    diagram.dual[vertex] = true;
  return diagram;
}

std::optional<DiagramError> DiagramParser::addOrbit(Diagram &diagram) const {
  auto wrong = [&](std::string message) {
    return DiagramError{0, text.size(), std::move(message)};
  };
  if (head >= 0)
    return wrong("a lone '*' beside vertices with values is not built yet");
  diagram.head = diagram.spaceOf(valueOf.begin()->first);
  for (int v = 0; v < l + k; ++v) {
    const auto value = valueOf.find(v);
    if ((value != valueOf.end()) != diagram.isLegOf(v))
      return wrong(value == valueOf.end()
                       ? "vertex '" + vertexName(l, v) + "' has no value"
                       : "the vertices with values are of two spaces");
  }
  diagram.orbit = sizes;
  for (const auto &[vertex, value] : valueOf)
    diagram.orbit.values.push_back(value);
  return std::nullopt;
}

std::variant<Diagram, DiagramError>
eqc::parseDiagram(std::string_view text, int l, int k, bool typed) {
  if (isGraphMapText(text))
    return parseGraphMap(text, l, k, typed);
  // With the spaces of vertices as any other diagram.
  if (text.find('=') != std::string_view::npos &&
      text.find(':') == std::string_view::npos)
    return parseOrbit(text, l, k, typed);
  return DiagramParser(text, l, k, typed).parse();
}

std::variant<Diagram, DiagramError>
eqc::parseDiagram(std::string_view text, int l, int k, Group group,
                  const std::vector<int> &axes) {
  return DiagramParser(text, l, k, group, axes).parse();
}
