//===- Opt.h - What `eqc-opt` does, as a library ----------------*- C++ -*-===//

#ifndef EQC_TOOLS_EQC_OPT_OPT_H
#define EQC_TOOLS_EQC_OPT_OPT_H

namespace eqc::opt {

/// Runs the command line and returns the exit status. Installs process-wide
/// handlers for signals.
int runOpt(int argc, char **argv);

} // namespace eqc::opt

#endif // EQC_TOOLS_EQC_OPT_OPT_H
