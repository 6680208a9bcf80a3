//===- Driver.h - What `eqc` does, as a library -----------------*- C++ -*-===//

#ifndef EQC_DRIVER_DRIVER_H
#define EQC_DRIVER_DRIVER_H

namespace eqc {

/// Runs the command line and returns the exit status. Installs process-wide
/// handlers for signals and for running out of memory.
int runDriver(int argc, char **argv);

} // namespace eqc

#endif // EQC_DRIVER_DRIVER_H
