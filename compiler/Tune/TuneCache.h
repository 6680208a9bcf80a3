//===- TuneCache.h - What was measured before -------------------*- C++ -*-===//
//
// Results of tuning on disk. An entry is named by a hash of all that the result
// depends on, holds that text too, and is replaced as a whole; what is damaged
// or of another origin counts as missing. Nothing about the cache is an error.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TUNE_TUNECACHE_H
#define EQC_TUNE_TUNECACHE_H

#include "compiler/Tune/TuneLayer.h"

#include "llvm/ADT/StringRef.h"

#include <optional>

namespace eqc {

/// EQC_CACHE_DIR, else `eqc` in XDG_CACHE_HOME or in ~/.cache, and in it the
/// folder `tune`; empty where there is none, or EQC_CACHE is 0.
std::string tuneCacheDirectory();

/// All that the result depends on: the layer without its name, how it is
/// compiled, the size, this machine and the version of eqc.
std::string tuneKey(const LayerSpec &spec, const TuneRequest &request);

/// The entry as a text, and back. Nothing where it is damaged, has another key
/// or a choice that `spec` does not have.
std::string renderTuning(const std::string &key, const TuneResult &result);
std::optional<TuneResult> parseTuning(llvm::StringRef text,
                                      const std::string &key,
                                      const LayerSpec &spec,
                                      const TuneRequest &request);

/// The result in the cache, or else measured and stored there.
bool tuneLayerCached(const LayerSpec &spec, const TuneRequest &request,
                     TuneResult &result, CompileFailure &failure);

} // namespace eqc

#endif // EQC_TUNE_TUNECACHE_H
