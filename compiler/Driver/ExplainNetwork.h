//===- ExplainNetwork.h - What a network consists of, in words --*- C++ -*-===//

#ifndef EQC_DRIVER_EXPLAINNETWORK_H
#define EQC_DRIVER_EXPLAINNETWORK_H

#include "compiler/Algebra/NetworkSpec.h"

#include <string>

namespace eqc {

/// Appends the values of a network, their types, its parameters, and how it is
/// carried out.
void explainNetwork(const NetworkSpec &network, std::string &text);

} // namespace eqc

#endif // EQC_DRIVER_EXPLAINNETWORK_H
