//===- Reduce.h - What `eqc-reduce` does, as a library ----------*- C++ -*-===//

#ifndef EQC_TOOLS_EQC_REDUCE_REDUCE_H
#define EQC_TOOLS_EQC_REDUCE_REDUCE_H

namespace eqc::opt {

/// Runs the command line and returns the exit status.
int runReduce(int argc, char **argv);

} // namespace eqc::opt

#endif // EQC_TOOLS_EQC_REDUCE_REDUCE_H
