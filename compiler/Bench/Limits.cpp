//===- Limits.cpp - What this machine can do at most ----------------------===//

#include "compiler/Bench/Limits.h"

#include "compiler/Bench/CpuLoops.h"
#include "compiler/Bench/LargePages.h"
#include "compiler/Bench/Timing.h"
#include "compiler/Bench/Workers.h"
#include "compiler/Machine/Machine.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <unistd.h>
#include <vector>

using namespace eqc;

/// Where the results of loops go, so that none is left out.
static volatile double sink;

Rate eqc::measurePeak(DType dtype, int threads, double seconds,
                      size_t vectorBytes) {
  Rate best;
  std::vector<CpuLoops> all;
  for (const CpuLoops &loops : usableCpuLoops())
    if (vectorBytes == 0 || loops.vectorBytes == vectorBytes)
      all.push_back(loops);
  const double share = seconds / double(all.size());
  for (const CpuLoops &loops : all) {
    auto *loop =
        dtype == DType::F32 ? loops.multiplyAddF32 : loops.multiplyAddF64;
    int64_t lanes = int64_t(loops.vectorBytes) / (dtype == DType::F32 ? 4 : 8);
    constexpr int64_t iterations = 1000;
    double flops = 2.0 * double(iterations * loops.stepsPerRun * lanes);
    int started = threads;
    // The rate of one thread times those that ran.
    double rate = bestRate(flops, share, [&](int64_t repeats) {
      return runTogether(
          threads, [](int) {}, [&](int) { sink = loop(iterations * repeats); },
          &started);
    });
    rate *= started;
    if (rate > best.perSecond)
      best = {rate, std::string(loops.name) + " x " + std::to_string(lanes)};
  }
  return best;
}

Rate eqc::measureBandwidth(int64_t workingSet, int threads, double seconds) {
  // Whole steps of every loop, per thread.
  constexpr int64_t granule = 256;
  int64_t bytes = workingSet / (2 * threads) / granule * granule;
  bytes = std::max(bytes, granule);

  std::vector<LargeMemory> to(threads), from(threads);
  for (int t = 0; t < threads; ++t) {
    to[t] = allocateLikeNumPy(bytes);
    from[t] = allocateLikeNumPy(bytes);
    if (!to[t] || !from[t])
      return {};
  }
  // Each thread touches its own memory first, where that decides its place.
  runTogether(
      threads,
      [&](int t) {
        std::memset(from[t].get(), 1, bytes);
        std::memset(to[t].get(), 0, bytes);
      },
      [](int) {});

  struct Way {
    std::string name;
    std::function<void(void *, const void *, size_t)> copy;
  };
  std::vector<Way> ways;
  const CpuLoops &widest = usableCpuLoops().front();
  ways.push_back({std::string("copy ") + widest.name, widest.copy});
  if (widest.streamCopy)
    ways.push_back(
        {std::string("non-temporal copy ") + widest.name, widest.streamCopy});
  // Through a pointer the compiler cannot see, or copying twice is copying
  // once.
  static void *(*volatile libraryCopy)(void *, const void *, size_t) =
      std::memcpy;
  ways.push_back({"memcpy", [](void *out, const void *in, size_t size) {
                    libraryCopy(out, in, size);
                  }});

  Rate best;
  const double share = seconds / double(ways.size());
  for (const Way &way : ways) {
    int started = threads;
    double rate = bestRate(2.0 * double(bytes), share, [&](int64_t repeats) {
      return runTogether(
          threads, [](int) {},
          [&](int t) {
            for (int64_t r = 0; r < repeats; ++r)
              way.copy(to[t].get(), from[t].get(), bytes);
          },
          &started);
    });
    rate *= started;
    if (rate > best.perSecond)
      best = {rate, way.name};
  }
  return best;
}

std::string eqc::cpuName() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line)) {
    size_t colon = line.find(':');
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos)
      return line.substr(std::min(line.size(), colon + 2));
  }
  return "";
}

int64_t eqc::secondLevelCache() {
  const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return bytes > 0 ? int64_t(bytes) : Machine().l2Bytes;
}
