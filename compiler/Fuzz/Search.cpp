//===- Search.cpp - Random programs until time is up ----------------------===//

#include "compiler/Fuzz/Search.h"

#include "compiler/Fuzz/Apart.h"
#include "compiler/Fuzz/Shrink.h"

#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>

#include <chrono>

using namespace eqc;

/// Words that make the same programs again.
static std::string generateWords(const GenerateOptions &options) {
  std::string words;
  if (!options.groups.empty())
    words += fmt::format(" \"--groups={}\"", llvm::join(options.groups, ";"));
  if (!options.plans.empty())
    words += fmt::format(" --plans={}", llvm::join(options.plans, ","));
  if (!options.target.empty())
    words += fmt::format(" --target={}", options.target);
  return words;
}

static FuzzOutcome judgeAlone(const FuzzProgram &program,
                              const AdaptKernel &adapt) {
  FuzzOutcome result;
  judgeApart(
      1,
      [&](int64_t) { return judge(program.source(), program.settings, adapt); },
      [&](int64_t, FuzzOutcome outcome) {
        result = std::move(outcome);
        return true;
      });
  return result;
}

static void report(const SearchOptions &options, uint64_t seed,
                   const FuzzOutcome &outcome, llvm::raw_ostream &os) {
  // Before what takes a while.
  os << fmt::format("FAILED: {}: eqc-fuzz --seed={} --count=1{}\n",
                    outcome.kind, seed, generateWords(options.generate));
  os.flush();
  FuzzProgram program = generate(seed, options.generate);
  std::string text = outcome.text;
  if (options.shrinks) {
    program = shrink(std::move(program), [&](const FuzzProgram &candidate) {
      const FuzzOutcome of = judgeAlone(candidate, options.adapt);
      if (of.verdict != FuzzVerdict::Failed || of.kind != outcome.kind)
        return false;
      text = of.text;
      return true;
    });
  }
  os << program.text() << text << "\n";
  os.flush();
}

SearchResult eqc::searchPrograms(const SearchOptions &options,
                                 llvm::raw_ostream &os) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  SearchResult result;
  judgeApart(
      options.count,
      [&](int64_t i) {
        const FuzzProgram program =
            generate(options.seed + static_cast<uint64_t>(i), options.generate);
        return judge(program.source(), program.settings, options.adapt);
      },
      [&](int64_t i, FuzzOutcome outcome) {
        ++result.programs;
        for (const auto &[name, number] : outcome.counts)
          result.counts[name] += number;
        if (outcome.verdict == FuzzVerdict::Refused)
          ++result.refused;
        if (outcome.verdict == FuzzVerdict::Failed) {
          ++result.failures;
          report(options, options.seed + static_cast<uint64_t>(i), outcome, os);
        }
        const std::chrono::duration<double> passed = Clock::now() - start;
        return options.seconds == 0 || passed.count() < options.seconds;
      });
  return result;
}

std::string eqc::summaryOf(const SearchOptions &options,
                           const SearchResult &result) {
  std::string text = fmt::format(
      "seeds {} to {}{}: {} programs, {} refused, {} failed;", options.seed,
      options.seed + static_cast<uint64_t>(result.programs) - 1,
      generateWords(options.generate), result.programs, result.refused,
      result.failures);
  const char *separator = " ";
  for (const auto &[name, number] : result.counts) {
    text += fmt::format("{}{} {}", separator, number, name);
    separator = ", ";
  }
  return text + "\n";
}

FuzzOutcome eqc::replay(const std::string &source,
                        const FuzzSettings &settings) {
  FuzzOutcome result;
  judgeApart(
      1, [&](int64_t) { return judge(source, settings); },
      [&](int64_t, FuzzOutcome outcome) {
        result = std::move(outcome);
        return true;
      });
  return result;
}
