//===- LayerInfo.cpp - What NAME_info() says, as data ---------------------===//

#include "compiler/Interface/LayerInfo.h"

#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/GraphMatrix.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SHA256.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <set>

using namespace eqc;

llvm::ArrayRef<InfoField> eqc::infoFields() {
  static constexpr InfoField fields[] = {
#define EQC_INFO_WORD(FIELD, VALUE) {#FIELD, InfoType::Word, false},
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE)                                  \
  {#FIELD, InfoType::Text, IS_MACRO},
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE)                                \
  {#FIELD, InfoType::Number, IS_MACRO},
#define EQC_INFO_SPACES(FIELD, VALUE) {#FIELD, InfoType::Spaces, false},
#define EQC_INFO_AXES(FIELD, VALUE) {#FIELD, InfoType::Axes, false},
#include "compiler/Interface/LayerInfo.def"
  };
  return fields;
}

// The list is the struct: two words, then a field every eight bytes.
namespace {
enum FieldNumber : size_t {
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE) number_##FIELD,
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE) number_##FIELD,
#define EQC_INFO_SPACES(FIELD, VALUE) number_##FIELD,
#define EQC_INFO_AXES(FIELD, VALUE) number_##FIELD,
#include "compiler/Interface/LayerInfo.def"
  numFields
};
} // namespace
static_assert(offsetof(eqc_layer_info, abi) == 4);
static_assert(kDualAxis == EQC_DUAL_AXIS);
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE)                                  \
  static_assert(offsetof(eqc_layer_info, FIELD) == 8 + 8 * number_##FIELD &&   \
                    sizeof(eqc_layer_info::FIELD) == 8,                        \
                #FIELD);
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE)                                \
  EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE)
#define EQC_INFO_SPACES(FIELD, VALUE) EQC_INFO_TEXT(FIELD, false, VALUE)
#define EQC_INFO_AXES(FIELD, VALUE) EQC_INFO_TEXT(FIELD, false, VALUE)
#include "compiler/Interface/LayerInfo.def"
static_assert(sizeof(eqc_layer_info) == 8 + 8 * numFields);

std::string eqc::macroOf(const InfoField &field) {
  return llvm::StringRef(field.name).upper();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// "S", "O(1,3)"; of typed axes their spaces and families, "users:S xyz:SO".
static std::string groupField(const LayerSpec &spec) {
  if (!spec.typed)
    return groupSource(spec.group);
  std::string text;
  auto add = [&](const std::string &word) {
    text += (text.empty() ? "" : " ") + word;
  };
  auto addSpace = [&](const Space &space) {
    add(space.name + ":" + std::string(familyName(space.group.family())));
  };
  if (!spec.group.hasSums()) {
    for (const Space &space : spec.spaces())
      addSpace(space);
    return text;
  }
  std::set<int> seen; // axes of them, in the order of the first
  for (int axis : spec.axes())
    if (seen.insert(axis).second) {
      if (sumOf(spec.group, axis))
        add(nameOfAxis(spec.group, axis));
      else
        addSpace(spec.group.spaces()[axis]);
    }
  return text;
}

/// The size of the only space, -2 for several, 0 for none.
static int64_t sizeField(const LayerSpec &spec) {
  if (spec.group.hasSums())
    return -2;
  const std::vector<Space> spaces = spec.spaces();
  return spaces.empty() ? 0 : spaces.size() > 1 ? -2 : spaces.front().n;
}

static std::vector<int32_t> axesField(const std::vector<int> &axes,
                                      const std::vector<bool> &duals,
                                      int order) {
  std::vector<int32_t> numbers(axes.begin(), axes.end());
  numbers.resize(static_cast<size_t>(order), 0);
  for (size_t axis = 0; axis < duals.size(); ++axis)
    numbers[axis] += duals[axis] ? kDualAxis : 0;
  return numbers;
}

std::string eqc::hashOf(std::string_view text) {
  if (text.empty())
    return "";
  return llvm::toHex(
      llvm::SHA256::hash(llvm::arrayRefFromStringRef(llvm::StringRef(text))),
      /*LowerCase=*/true);
}

/// Blocks are single characters from '0' on; '*' is none of them.
static constexpr int kMostBlocks = 127 - '0';

/// Entries that are written one by one: orbits of tuples, jellyfish and graph
/// maps. More of them would be more text than the code that they are to test.
static constexpr size_t kMostEntries = 8192;

/// Calls visit(values of the axes, entry) for the entries of a graph map that
/// are not 0.
template <typename Visit>
static void forEntriesOfMap(const Diagram &diagram, const Action &action,
                            const Visit &visit) {
  for (const auto &[at, entry] : graphMapEntries(diagram, action)) {
    std::vector<int> values;
    for (int block : diagram.block)
      values.push_back(at[block]);
    visit(values, entry);
  }
}

/// Calls visit(values, sign) for all values of the blocks from the `first`-th
/// on that are no legs of an orbit; the others have theirs.
template <typename Visit>
static void forValuesOfBlocks(const Diagram &diagram, Group group,
                              const std::vector<std::vector<int>> &blocks,
                              size_t first, std::vector<int> &values, int sign,
                              const Visit &visit) {
  while (first < blocks.size() && diagram.isLegOf(blocks[first].front()))
    ++first;
  if (first == blocks.size())
    return visit(values, sign);
  const std::vector<int> &vertices = blocks[first];
  const int space = diagram.spaceOf(vertices.front());
  const GroupRules &rules = rulesOf(group.of(space));
  if (static_cast<int>(first) == diagram.free) {
    std::vector<int> of(vertices.size());
    std::iota(of.begin(), of.end(), 0);
    do {
      int next = sign;
      for (size_t v = 0; v < vertices.size(); ++v) {
        values[vertices[v]] = of[v];
        if (vertices[v] >= diagram.l) // an input goes through the form
          next *= rules.form(of[v], of[v]);
        for (size_t w = 0; w < v; ++w)
          next *= of[w] > of[v] ? -1 : 1;
      }
      forValuesOfBlocks(diagram, group, blocks, first + 1, values, next, visit);
    } while (std::next_permutation(of.begin(), of.end()));
    return;
  }
  const bool oneRow =
      vertices.back() < diagram.l || vertices.front() >= diagram.l;
  for (int64_t value = 0, n = sizeOf(group, -1, space); value < n; ++value) {
    for (int vertex : vertices)
      values[vertex] = static_cast<int>(value);
    int next = sign;
    if (oneRow && vertices.size() == 2) {
      values[vertices.back()] = static_cast<int>(rules.partner(value));
      next *= rules.form(value, rules.partner(value));
    }
    forValuesOfBlocks(diagram, group, blocks, first + 1, values, next, visit);
  }
}

/// Whether different blocks of a space have different values, which an orbit
/// has in any case.
static bool areDistinct(const Diagram &diagram,
                        const std::vector<std::vector<int>> &blocks,
                        const std::vector<int> &values) {
  std::set<std::pair<int, int>> seen;
  for (const std::vector<int> &block : blocks)
    if (!diagram.isLegOf(block.front()) &&
        !seen.insert({diagram.spaceOf(block.front()), values[block.front()]})
             .second)
      return false;
  return true;
}

/// Values of spaces as those of axes, of which some are of sums.
static std::vector<int> onAxesOf(const Diagram &diagram, Group group,
                                 std::vector<int> values) {
  for (size_t v = 0; v < values.size(); ++v)
    values[v] += static_cast<int>(
        offsetAt(group, -1, diagram.partOf(static_cast<int>(v))));
  return values;
}

/// Calls visit(values of the axes, entry) for the entries of an orbit, beside
/// blocks of other spaces, that are not 0.
template <typename Visit>
static void forEntriesOfOrbit(const Diagram &diagram, const LayerSpec &spec,
                              const Visit &visit) {
  const Group group = spec.group;
  const Action &action = *group.of(diagram.head).action();
  const auto size = static_cast<int>(diagram.orbit.values.size());
  const TupleOrbits &all = action.orbits(size);
  const int32_t number = all.orbitOf[action.numberOf(diagram.orbit.values)];
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  std::vector<int> values(diagram.block.size());
  for (int32_t at = all.start[number]; at < all.start[number + 1]; ++at) {
    size_t next = 0;
    for (int value : action.tupleOf(all.tuples[at], size)) {
      while (!diagram.isLegOf(static_cast<int>(next)))
        ++next;
      values[next++] = value;
    }
    forValuesOfBlocks(diagram, group, blocks, 0, values, 1,
                      [&](const std::vector<int> &inSpaces, int sign) {
                        if (spec.weightsOf == WeightsOf::Orbits &&
                            !areDistinct(diagram, blocks, inSpaces))
                          return;
                        visit(onAxesOf(diagram, group, inSpaces),
                              static_cast<double>(sign));
                      });
  }
}

/// The same of a jellyfish, beside blocks of other spaces: its legs have
/// different values, and the entry is the sign of these, behind which the one
/// that is missing stands, if one is.
template <typename Visit>
static void forEntriesOfJellyfish(const Diagram &diagram, const LayerSpec &spec,
                                  const Visit &visit) {
  const Group group = spec.group;
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  std::vector<int> order(
      static_cast<size_t>(sizeOf(group, spec.n, diagram.head))),
      values(diagram.block.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    int sign = 1;
    for (size_t a = 0; a < order.size(); ++a)
      for (size_t b = 0; b < a; ++b)
        sign *= order[b] > order[a] ? -1 : 1;
    size_t leg = 0;
    for (const std::vector<int> &vertices : blocks)
      if (diagram.isLegOf(vertices.front())) {
        for (int vertex : vertices)
          values[vertex] = order[leg];
        ++leg;
      }
    forValuesOfBlocks(diagram, group, blocks, 0, values, sign,
                      [&](const std::vector<int> &inSpaces, int product) {
                        visit(onAxesOf(diagram, group, inSpaces),
                              static_cast<double>(product));
                      });
  } while (std::next_permutation(order.begin(), order.end()));
}

/// How many entries an orbit or a jellyfish has, or some number that is too
/// many.
static size_t numEntries(const Diagram &diagram, const LayerSpec &spec) {
  const Group group = spec.group;
  const std::vector<std::vector<int>> blocks = diagram.blocks();
  auto count = static_cast<size_t>(diagram.orbit.size);
  if (!diagram.orbit.exists()) // a jellyfish: all orders of n values
    for (int64_t n = sizeOf(group, spec.n, diagram.head), i = count = 1;
         i <= n && count <= kMostEntries; ++i)
      count *= static_cast<size_t>(i);
  for (size_t b = 0; b < blocks.size(); ++b) {
    const int first = blocks[b].front();
    const bool isFree = static_cast<int>(b) == diagram.free;
    for (int64_t n = sizeOf(group, -1, diagram.spaceOf(first));
         n > 0 && !diagram.isLegOf(first) && count <= kMostEntries;
         n = isFree ? n - 1 : 0)
      count *= static_cast<size_t>(n);
  }
  return count;
}

/// Adds the entries of a member; whether there is room for them.
static bool addEntries(const LayerSpec &spec, const SignedDiagram &member,
                       bool begins, size_t &entries, std::string &text) {
  const Diagram &of = member.diagram;
  auto add = [&](const std::vector<int> &values, double entry) {
    const double value = member.sign * entry;
    text += value >= 0 ? (begins ? '+' : '&') : begins ? '-' : '~';
    begins = false;
    text += '[';
    if (const double size = std::abs(value); size != 1)
      text += fmt::format("{:.0f}:", size);
    text += fmt::format("{}]", fmt::join(values, ","));
    ++entries;
  };
  if (of.map.exists()) {
    const Action &graph = *spec.group.action();
    if (countProducts(of, graph, kMostEntries) >=
        static_cast<int64_t>(kMostEntries))
      return false;
    forEntriesOfMap(of, graph, add);
  } else {
    // Other blocks may be of sizes that are not known yet.
    if (spec.dynamicN() || numEntries(of, spec) > kMostEntries)
      return false;
    if (of.orbit.exists())
      forEntriesOfOrbit(of, spec, add);
    else
      forEntriesOfJellyfish(of, spec, add);
  }
  if (begins) // no entry at all, which is a weight that does nothing
    add(std::vector<int>(of.block.size(), 0), 0);
  return entries <= kMostEntries;
}

/// Adds what each diagram stands for; whether all could be written.
static bool addMaps(const LayerSpec &spec, const std::vector<Diagram> &diagrams,
                    size_t &entries, std::string &text) {
  for (const Diagram &diagram : diagrams) {
    bool begins = true;
    for (const SignedDiagram &member :
         orbitOf(diagram, spec.group, spec.symmetry).members) {
      const Diagram &of = member.diagram;
      if (of.orbit.exists() || of.map.exists() || of.head >= 0) {
        // An entry is an integer, and all of them are added.
        const bool addsOnly =
            spec.normalize == Normalize::None && spec.pool == Pool::Sum;
        if ((!addsOnly && (of.orbit.exists() || of.map.exists() ||
                           of.numBottomOnlyBlocks() > 0)) ||
            !addEntries(spec, member, begins, entries, text))
          return false;
        begins = false;
        continue;
      }
      text += member.sign > 0 ? (begins ? '+' : '&') : begins ? '-' : '~';
      begins = false;
      for (size_t v = 0; v < of.block.size(); ++v) {
        const int block = of.block[v];
        if (block >= kMostBlocks)
          return false;
        text += block == of.free ? '*' : static_cast<char>('0' + block);
        if (!spec.group.hasSums())
          continue;
        const int part = of.partOf(static_cast<int>(v));
        text += static_cast<char>(
            '0' + (part < 0 ? 0 : placeOfPart(spec.group, part).position));
      }
    }
  }
  return true;
}

std::string eqc::mapsOf(const LayerSpec &spec) {
  std::string text = spec.weightsOf == WeightsOf::Orbits ? "=" : "";
  size_t entries = 0;
  if (!addMaps(spec, spec.diagrams, entries, text))
    return "";
  text += ';';
  if (!addMaps(spec, spec.biasDiagrams, entries, text))
    return "";
  for (const AxisPermutation &permutation : spec.symmetry.in) {
    text += permutation.sign > 0 ? ";+" : ";-";
    for (int image : permutation.images) {
      if (image >= kMostBlocks)
        return "";
      text += static_cast<char>('0' + image);
    }
  }
  return text;
}

std::vector<std::pair<std::string, int64_t>>
eqc::sizeMacros(const LayerSpec &spec) {
  std::vector<std::pair<std::string, int64_t>> macros;
  for (const Space &space : spec.spaces())
    if (!space.name.empty())
      macros.emplace_back("N_" + space.name, space.n);
  return macros;
}

std::vector<std::pair<std::string, int64_t>>
eqc::bilinearMacros(const LayerSpec &spec) {
  if (!spec.isBilinear())
    return {};
  return {{"K1", spec.k1()}, {"K2", spec.k2}, {"C_IN2", spec.cIn2}};
}

/// Programs are told the family of permutations that are spelled out; which
/// these are is in the source.
static SpaceList withFamilies(SpaceList list) {
  for (Space &space : list.spaces)
    if (space.group.action())
      space.group = Group(space.group.family());
  return list;
}

std::vector<InfoValue> eqc::infoValues(const LayerSpec &spec,
                                       const CompiledAs &compiled) {
  return {
#define EQC_INFO_WORD(FIELD, VALUE) {"", VALUE, {}, {}},
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE) {VALUE, 0, {}, {}},
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE) {"", VALUE, {}, {}},
#define EQC_INFO_SPACES(FIELD, VALUE) {"", 0, withFamilies(VALUE), {}},
#define EQC_INFO_AXES(FIELD, VALUE) {"", 0, {}, VALUE},
#include "compiler/Interface/LayerInfo.def"
  };
}

/// Descriptions are those of any library: what they point to may be missing.
static std::string orEmpty(const char *text) { return text ? text : ""; }

/// The number of the space with a name, if there is one.
static std::optional<int> numberOf(const std::vector<Space> &spaces,
                                   llvm::StringRef name) {
  for (size_t i = 0; i < spaces.size(); ++i)
    if (name == spaces[i].name)
      return static_cast<int>(i);
  return std::nullopt;
}

static SpaceList spacesOf(const eqc_layer_info &info) {
  SpaceList list;
  std::vector<Space> &spaces = list.spaces;
  for (int64_t i = 0; info.space && i < info.spaces; ++i) {
    const eqc_space_info &space = info.space[i];
    const Group family =
        parseGroup(orEmpty(space.group)).value_or(Group(Family::S));
    spaces.push_back({orEmpty(space.name),
                      space.q > 0
                          ? Group(family.family(), space.n - space.q, space.q)
                          : family,
                      space.n});
  }
  for (int64_t i = 0; info.space && i < info.sums; ++i) {
    const eqc_space_info &sum = info.space[info.spaces + i];
    list.sums.push_back({orEmpty(sum.name), {}});
    llvm::SmallVector<llvm::StringRef> names;
    const std::string group = orEmpty(sum.group);
    llvm::StringRef(group).split(names, " + ");
    for (llvm::StringRef name : names)
      if (const auto summand = numberOf(spaces, name))
        list.sums.back().summands.push_back(*summand);
  }
  return list;
}

std::vector<InfoValue> eqc::infoValues(const eqc_layer_info &info) {
  auto axes = [](const int32_t *numbers, int64_t order) {
    return numbers && order > 0 ? std::vector<int32_t>(numbers, numbers + order)
                                : std::vector<int32_t>();
  };
  const int64_t orderOfx_axes = info.k + std::max<int64_t>(info.k2, 0);
  const int64_t orderOfy_axes = info.l;
  return {
#define EQC_INFO_WORD(FIELD, VALUE) {"", info.FIELD, {}, {}},
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE) {orEmpty(info.FIELD), 0, {}, {}},
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE) {"", info.FIELD, {}, {}},
#define EQC_INFO_SPACES(FIELD, VALUE) {"", 0, spacesOf(info), {}},
#define EQC_INFO_AXES(FIELD, VALUE)                                            \
  {"", 0, {}, axes(info.FIELD, orderOf##FIELD)},
#include "compiler/Interface/LayerInfo.def"
  };
}

//===----------------------------------------------------------------------===//
// Structs
//===----------------------------------------------------------------------===//

const char *InfoMemory::keep(std::string text) {
  return texts.emplace_back(std::move(text)).c_str();
}

const eqc_space_info *InfoMemory::keep(const SpaceList &spaces) {
  std::vector<eqc_space_info> &list = spaceLists.emplace_back();
  for (const Space &space : spaces.spaces) {
    eqc_space_info info = {};
    info.struct_size = sizeof info;
    info.name = keep(space.name);
    info.group = keep(std::string(familyName(space.group.family())));
    info.n = space.n;
    info.q = space.group.minus();
    list.push_back(info);
  }
  for (const SpaceSum &sum : spaces.sums) {
    eqc_space_info info = {};
    info.struct_size = sizeof info;
    info.name = keep(sum.name);
    info.group = keep(summandsText(spaces.spaces, sum));
    for (int summand : sum.summands) {
      const int64_t n = spaces.spaces[summand].n;
      info.n = n < 0 || info.n < 0 ? -1 : info.n + n;
    }
    list.push_back(info);
  }
  return list.data();
}

const int32_t *InfoMemory::keep(std::vector<int32_t> axes) {
  return axisLists.emplace_back(std::move(axes)).data();
}

eqc_layer_info eqc::makeInfo(llvm::ArrayRef<InfoValue> values,
                             InfoMemory &memory) {
  eqc_layer_info info = {};
  info.struct_size = sizeof info;
  size_t next = 0;
#define EQC_INFO_WORD(FIELD, VALUE)                                            \
  info.FIELD = static_cast<uint32_t>(values[next++].number);
#define EQC_INFO_TEXT(FIELD, IS_MACRO, VALUE)                                  \
  info.FIELD = memory.keep(values[next++].text);
#define EQC_INFO_NUMBER(FIELD, IS_MACRO, VALUE)                                \
  info.FIELD = values[next++].number;
#define EQC_INFO_SPACES(FIELD, VALUE)                                          \
  info.FIELD = memory.keep(values[next++].spaces);
#define EQC_INFO_AXES(FIELD, VALUE)                                            \
  info.FIELD = memory.keep(values[next++].axes);
#include "compiler/Interface/LayerInfo.def"
  return info;
}

//===----------------------------------------------------------------------===//
// Spaces as a text
//===----------------------------------------------------------------------===//

std::string eqc::textOf(const SpaceList &list) {
  std::string text;
  auto add = [&](const std::string &name, const std::string &what) {
    text += (text.empty() ? "" : " ") + name + ":" + what;
  };
  for (const Space &space : list.spaces)
    add(space.name, spaceText(space));
  for (const SpaceSum &sum : list.sums)
    add(sum.name, summandsText(list.spaces, sum, "+"));
  return text;
}

/// Reads "carbon+oxygen"; nothing where one of them is no space.
static std::optional<std::vector<int>>
parseSummands(const std::vector<Space> &spaces, llvm::StringRef text) {
  llvm::SmallVector<llvm::StringRef> names;
  text.split(names, '+');
  std::vector<int> summands;
  for (llvm::StringRef name : names) {
    const std::optional<int> summand = numberOf(spaces, name);
    if (!summand)
      return std::nullopt;
    summands.push_back(*summand);
  }
  if (summands.size() < 2)
    return std::nullopt;
  return summands;
}

std::optional<SpaceList> eqc::parseSpaces(std::string_view text) {
  SpaceList list;
  std::vector<Space> &spaces = list.spaces;
  llvm::SmallVector<llvm::StringRef> words;
  llvm::StringRef(text).split(words, ' ', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef word : words) {
    auto [name, rest] = word.split(':');
    const auto [family, size] = rest.split('(');
    if (std::optional<std::vector<int>> summands =
            parseSummands(spaces, rest)) {
      list.sums.push_back({name.str(), std::move(*summands)});
      continue;
    }
    Space space;
    space.name = name.str();
    space.n = -1;
    llvm::StringRef number = size;
    if (const auto pair = parseGroup(std::string_view(rest));
        pair && pair->minus() > 0) {
      space.group = *pair;
      space.n = pair->plus() + pair->minus();
    } else if (const auto group = parseGroup(std::string_view(family));
               group && number.consume_back(")") &&
               (number == "?" || !number.getAsInteger(10, space.n))) {
      space.group = *group;
    } else {
      return std::nullopt;
    }
    spaces.push_back(std::move(space));
  }
  return list;
}
