//===- Group.cpp - The groups eqc knows -------------------------*- C++ -*-===//
//
// Names of the groups.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Group.h"

using namespace eqc;

std::string_view eqc::groupName(Group group) {
  switch (group) {
  case Group::S:
    return "S";
  case Group::O:
    return "O";
  case Group::SO:
    return "SO";
  case Group::Sp:
    return "Sp";
  }
  return {};
}

std::optional<Group> eqc::parseGroup(std::string_view name) {
  for (Group group : {Group::S, Group::O, Group::SO, Group::Sp})
    if (name == groupName(group))
      return group;
  return std::nullopt;
}
