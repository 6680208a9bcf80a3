//===- HostVariant.h - Which code this machine would run --------*- C++ -*-===//

#ifndef EQC_TUNE_HOSTVARIANT_H
#define EQC_TUNE_HOSTVARIANT_H

#include "compiler/Target/CpuVariant.h"

#include <optional>

namespace eqc {

/// The variant that the runtime would choose on this machine, for code of this
/// machine's architecture; nothing where none fits.
std::optional<size_t> hostVariant(const std::vector<CpuVariant> &variants);

/// Names this machine's CPU and all its features.
std::string describeHost();

} // namespace eqc

#endif // EQC_TUNE_HOSTVARIANT_H
