//===- Group.cpp - The groups eqc knows -------------------------*- C++ -*-===//
//
// Names of the groups.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Group.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <cassert>
#include <charconv>
#include <cstddef>
#include <limits>
#include <list>
#include <mutex>

using namespace eqc;

/// Sizes that are refused later may be of any length.
static int64_t saturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum)
             ? std::numeric_limits<int64_t>::max()
             : sum;
}

Group Group::product(const std::vector<Space> &spaces,
                     const std::vector<SpaceSum> &sums) {
  // Made once each, and kept.
  static std::mutex mutex;
  static std::list<SpaceList> known;
  Group result(Family::S);
  SpaceList wanted{spaces, sums};
  const std::lock_guard<std::mutex> lock(mutex);
  for (const SpaceList &other : known)
    if (other == wanted)
      result.factors = &other;
  if (!result.factors)
    result.factors = &known.emplace_back(std::move(wanted));
  return result;
}

const std::vector<SpaceSum> &Group::sums() const {
  static const std::vector<SpaceSum> none;
  return factors ? factors->sums : none;
}

const SpaceSum *eqc::sumOf(Group group, int axis) {
  const auto number = static_cast<size_t>(axis);
  return group.isProduct() && number >= group.numSpaces()
             ? &group.sums()[number - group.numSpaces()]
             : nullptr;
}

int64_t eqc::sizeOf(Group group, int64_t n, int axis) {
  if (!group.isProduct())
    return n;
  const SpaceSum *sum = sumOf(group, axis);
  if (!sum)
    return group.spaces()[static_cast<size_t>(axis)].n;
  int64_t total = 0;
  for (int space : sum->summands) {
    const int64_t size = sizeOf(group, n, space);
    if (size < 0)
      return -1;
    total = saturatingAdd(total, size);
  }
  return total;
}

int64_t eqc::sizeAt(Group group, int64_t n, int axis) {
  const int64_t size = sizeOf(group, n, axis);
  if (size >= 0)
    return size;
  const SpaceSum *sum = sumOf(group, axis);
  if (!sum)
    return n;
  int64_t total = 0;
  for (int space : sum->summands)
    total = saturatingAdd(total, sizeAt(group, n, space));
  return total;
}

const std::string &eqc::nameOfAxis(Group group, int axis) {
  const SpaceSum *sum = sumOf(group, axis);
  return sum ? sum->name : group.spaces()[static_cast<size_t>(axis)].name;
}

SummandPlace eqc::placeOfPart(Group group, int part) {
  auto axis = static_cast<int>(group.numSpaces());
  for (const SpaceSum &sum : group.sums()) {
    const auto size = static_cast<int>(sum.summands.size());
    if (part < size)
      return {axis, part, sum.summands[static_cast<size_t>(part)]};
    part -= size;
    ++axis;
  }
  assert(false && "there are no such parts");
  return {};
}

int eqc::numParts(Group group) {
  size_t parts = 0;
  for (const SpaceSum &sum : group.sums())
    parts += sum.summands.size();
  return static_cast<int>(parts);
}

int eqc::partAt(Group group, int axis, int position) {
  size_t before = 0;
  const size_t number = static_cast<size_t>(axis) - group.numSpaces();
  for (size_t sum = 0; sum < number; ++sum)
    before += group.sums()[sum].summands.size();
  return static_cast<int>(before) + position;
}

int eqc::axisOf(Group group, int space, int part) {
  return part < 0 ? space : placeOfPart(group, part).axis;
}

int64_t eqc::offsetAt(Group group, int64_t n, int part) {
  if (part < 0)
    return 0;
  const SummandPlace place = placeOfPart(group, part);
  const SpaceSum &sum = *sumOf(group, place.axis);
  int64_t offset = 0;
  for (int i = 0; i < place.position; ++i)
    offset += sizeAt(group, n, sum.summands[static_cast<size_t>(i)]);
  return offset;
}

Group::Group(const Action *action) : kind(action->family()), points(action) {}

int64_t eqc::sizeOfProduct(Group product) {
  for (const Space &space : product.spaces())
    if (space.n < 0)
      return -1;
  return 0;
}

std::vector<int> eqc::spacesWithSizes(Group product) {
  std::vector<int> given;
  const std::vector<Space> &spaces = product.spaces();
  for (size_t c = 0; c < spaces.size(); ++c)
    if (spaces[c].n < 0)
      given.push_back(static_cast<int>(c));
  return given;
}

Group eqc::withSizes(Group product, const std::vector<int64_t> &sizes) {
  std::vector<Space> spaces = product.spaces();
  size_t next = 0;
  for (Space &space : spaces)
    if (space.n < 0)
      space.n = sizes[next++];
  return Group::product(spaces, product.sums());
}

std::string_view eqc::familyName(Family family) {
  static constexpr std::string_view names[] = {
#define EQC_GROUP(ID, NAME, RULES) NAME,
#include "compiler/Algebra/Groups/Groups.def"
  };
  return names[static_cast<size_t>(family)];
}

std::string eqc::groupName(Group group) {
  if (group.isProduct()) {
    std::string names;
    for (const Space &space : group.spaces())
      names += (names.empty() ? "" : " ") + space.name + ":" +
               std::string(familyName(space.group.family()));
    for (const SpaceSum &sum : group.sums())
      names += " " + sum.name;
    return names;
  }
  std::string name(familyName(group.family()));
  if (group.hasSignature())
    name += "(" + std::to_string(group.plus()) + "," +
            std::to_string(group.minus()) + ")";
  if (group.action())
    name += "(" + std::to_string(group.action()->n()) + ")";
  return name;
}

std::string eqc::groupSource(Group group) {
  if (!group.action())
    return groupName(group);
  std::string text = std::string(familyName(group.family())) + "(" +
                     std::to_string(group.action()->n());
  for (const std::string &part : group.action()->texts())
    text += ", \"" + part + "\"";
  return text + ")";
}

std::string eqc::spaceText(const Space &space) {
  std::string text = groupName(space.group);
  if (!space.group.hasSize())
    text += "(" + (space.n < 0 ? "?" : std::to_string(space.n)) + ")";
  return text;
}

std::string eqc::summandsText(const std::vector<Space> &spaces,
                              const SpaceSum &sum, std::string_view plus) {
  std::string text;
  for (int summand : sum.summands) {
    if (!text.empty())
      text += plus;
    text += spaces[static_cast<size_t>(summand)].name;
  }
  return text;
}

/// The digits at the start of `text`, taken off it; 0 is none.
static int64_t takeNumber(std::string_view &text) {
  int64_t number = 0;
  const char *end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc())
    return 0;
  text.remove_prefix(rest - text.data());
  return number;
}

std::optional<Group> eqc::parseGroup(std::string_view name) {
  const size_t opening = name.find('(');
  for (Group group : allGroups) {
    if (name.substr(0, opening) != familyName(group.family()))
      continue;
    if (opening == std::string_view::npos)
      return group;
    std::string_view rest = name.substr(opening + 1);
    const int64_t plus = takeNumber(rest);
    if (!rest.empty() && rest.front() == ',')
      rest.remove_prefix(1);
    const Group signedGroup(group.family(), plus, takeNumber(rest));
    if (rulesOf(group).takesSignature() && plus > 0 &&
        signedGroup.minus() > 0 &&
        plus <= std::numeric_limits<int64_t>::max() - signedGroup.minus() &&
        groupName(signedGroup) == name)
      return signedGroup;
  }
  return std::nullopt;
}
