//===- PrintGroup.h - Groups in the messages of GoogleTest ------*- C++ -*-===//

#ifndef EQC_TEST_ALGEBRA_PRINTGROUP_H
#define EQC_TEST_ALGEBRA_PRINTGROUP_H

#include "compiler/Algebra/Group.h"

#include <ostream>

namespace eqc {

inline void PrintTo(const Group &group, std::ostream *os) {
  *os << groupName(group);
}

} // namespace eqc

#endif // EQC_TEST_ALGEBRA_PRINTGROUP_H
