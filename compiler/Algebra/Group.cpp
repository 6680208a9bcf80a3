//===- Group.cpp - The groups eqc knows -------------------------*- C++ -*-===//
//
// Names of the groups.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Group.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <charconv>
#include <cstddef>
#include <limits>

using namespace eqc;

std::string_view eqc::familyName(Family family) {
  static constexpr std::string_view names[] = {
#define EQC_GROUP(ID, NAME, RULES) NAME,
#include "compiler/Algebra/Groups/Groups.def"
  };
  return names[static_cast<size_t>(family)];
}

std::string eqc::groupName(Group group) {
  std::string name(familyName(group.family()));
  if (group.hasSignature())
    name += "(" + std::to_string(group.plus()) + "," +
            std::to_string(group.minus()) + ")";
  return name;
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
