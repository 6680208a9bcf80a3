//===- Group.cpp - The groups eqc knows -------------------------*- C++ -*-===//
//
// Names of the groups.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Group.h"
#include "compiler/Algebra/Action.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <charconv>
#include <cstddef>
#include <limits>
#include <list>
#include <mutex>

using namespace eqc;

Group Group::product(const std::vector<Space> &spaces) {
  // Made once each, and kept.
  static std::mutex mutex;
  static std::list<std::vector<Space>> known;
  Group result(Family::S);
  const std::lock_guard<std::mutex> lock(mutex);
  for (const std::vector<Space> &other : known)
    if (other == spaces)
      result.factors = &other;
  if (!result.factors)
    result.factors = &known.emplace_back(spaces);
  return result;
}

Group::Group(const Action *action) : kind(action->family()), points(action) {}

int64_t eqc::sizeOfProduct(Group product) {
  for (const Space &space : product.spaces())
    if (space.n < 0)
      return -1;
  return 0;
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
