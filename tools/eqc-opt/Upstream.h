//===- Upstream.h - What eqc-opt takes from MLIR ----------------*- C++ -*-===//
//
// The upstream dialects and passes that eqc's pipelines are made of.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TOOLS_EQCOPT_UPSTREAM_H
#define EQC_TOOLS_EQCOPT_UPSTREAM_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace eqc::opt {

/// The dialects, with the interfaces that bufferization, tiling and the
/// conversion to LLVM attach to them.
void registerUpstreamDialects(mlir::DialectRegistry &registry);

/// The passes, as command line flags.
void registerUpstreamPasses();

} // namespace eqc::opt

#endif // EQC_TOOLS_EQCOPT_UPSTREAM_H
