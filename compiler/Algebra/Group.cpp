//===- Group.cpp - The groups eqc knows -------------------------*- C++ -*-===//
//
// Names of the groups.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Group.h"

#include <cstddef>

using namespace eqc;

std::string_view eqc::groupName(Group group) {
  static constexpr std::string_view names[] = {
#define EQC_GROUP(ID, RULES) #ID,
#include "compiler/Algebra/Groups/Groups.def"
  };
  return names[static_cast<size_t>(group)];
}

std::optional<Group> eqc::parseGroup(std::string_view name) {
  for (Group group : allGroups)
    if (name == groupName(group))
      return group;
  return std::nullopt;
}
