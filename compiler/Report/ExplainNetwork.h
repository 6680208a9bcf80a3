//===- ExplainNetwork.h - What a network consists of, in words --*- C++ -*-===//

#ifndef EQC_REPORT_EXPLAINNETWORK_H
#define EQC_REPORT_EXPLAINNETWORK_H

#include "compiler/Algebra/NetworkSpec.h"

#include "llvm/Support/JSON.h"

#include <string>

namespace eqc {

/// What a step does: the name of its layer or of its function, "+".
std::string functionText(const NetworkSpec &network, const NetworkStep &step);

/// Appends the values of a network, their types, its parameters, and how it is
/// carried out.
void explainNetwork(const NetworkSpec &network, std::string &text);

/// The same as data.
llvm::json::Object explainNetwork(const NetworkSpec &network);

} // namespace eqc

#endif // EQC_REPORT_EXPLAINNETWORK_H
