//===- GenerateNetwork.h - Random networks ----------------------*- C++ -*-===//

#ifndef EQC_FUZZ_GENERATENETWORK_H
#define EQC_FUZZ_GENERATENETWORK_H

#include "compiler/Fuzz/FuzzProgram.h"
#include "compiler/Fuzz/Legal.h"

#include <string>
#include <vector>

namespace eqc {

/// Adds spaces of some of the groups, a network, and the layers that it calls;
/// nothing if none of a few was legal.
void addNetwork(Choose &choose, const std::vector<std::string> &groups,
                FuzzProgram &program);

} // namespace eqc

#endif // EQC_FUZZ_GENERATENETWORK_H
