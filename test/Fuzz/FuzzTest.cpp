//===- FuzzTest.cpp - The fuzzer itself
//------------------------------------===//
//
// Programs are legal and the same everywhere; faults of every kind are found,
// and shrunk to programs that can be read.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fuzz/Apart.h"
#include "compiler/Fuzz/Legal.h"
#include "compiler/Fuzz/Search.h"
#include "compiler/Fuzz/Shrink.h"

#include "compiler/Check/Oracle.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

using namespace eqc;

TEST(Generate, ProgramsAreLegalAndOfAllKinds) {
  std::set<std::string> groups;
  bool hasNetwork = false, hasBilinear = false, hasProduct = false,
       hasDual = false, hasRagged = false, hasList = false;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    const FuzzProgram program = generate(seed, {});
    const FrontendResult result =
        readSource(program.source(), program.settings.ragged);
    ASSERT_EQ(result.status, 0) << program.text();
    hasNetwork |= !result.networks.empty();
    hasRagged |= program.settings.ragged;
    for (const LayerSpec &layer : result.layers) {
      hasBilinear |= layer.isBilinear();
      hasProduct |= layer.group.isProduct();
      hasDual |= !layer.xDuals.empty();
      hasList |= layer.choice == DiagramChoice::List;
      if (!layer.group.isProduct())
        groups.insert(std::string(familyName(layer.group.family())) +
                      (layer.group.hasSignature() ? "(p,q)" : ""));
    }
  }
  EXPECT_EQ(groups.size(), fuzzedGroups().size());
  EXPECT_TRUE(hasNetwork && hasBilinear && hasProduct && hasDual && hasRagged &&
              hasList);
}

TEST(Generate, TheSameSeedIsTheSameProgram) {
  for (uint64_t seed : {1, 2, 3, 77})
    EXPECT_EQ(generate(seed, {}).text(), generate(seed, {}).text());
  EXPECT_NE(generate(1, {}).text(), generate(2, {}).text());
}

TEST(Generate, GroupsAndPlansAreThoseAskedFor) {
  GenerateOptions options;
  options.groups = {"Sp"};
  options.plans = {"shared"};
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const FuzzProgram program = generate(seed, options);
    EXPECT_EQ(program.settings.plan, "shared");
    for (const LayerSpec &layer : readSource(program.source()).layers)
      if (layer.group.isProduct()) {
        for (const Space &space : layer.group.spaces())
          EXPECT_EQ(space.group.family(), Family::Sp);
      } else if (layer.k + layer.l > 0) {
        EXPECT_EQ(layer.group.family(), Family::Sp) << program.text();
      }
  }
}

TEST(Settings, SurviveBeingPrinted) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const FuzzProgram program = generate(seed, {});
    FuzzSettings read;
    std::string error;
    ASSERT_TRUE(readSettings(program.text(), read, error)) << error;
    EXPECT_EQ(read.text(), program.settings.text());
  }
  FuzzSettings settings;
  std::string error;
  EXPECT_FALSE(readSettings("layer a {}", settings, error));
  EXPECT_FALSE(readSettings("# eqc-fuzz: sped=3\n", settings, error));
  EXPECT_EQ(error, "'sped=3' is no setting");
}

/// Settings that say nothing, with calls as small as they get.
static std::string plainSettings() { return FuzzSettings().text(); }

TEST(Shrink, FindsTheLeastProgram) {
  // What is wrong with a program: four channels of y from two diagrams or more.
  auto fails = [](const FuzzProgram &program) {
    const FrontendResult result = readSource(program.source());
    for (const LayerSpec &layer : result.layers)
      if (layer.cOut >= 4 && layer.diagrams.size() >= 2)
        return true;
    return false;
  };
  int shrunk = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const FuzzProgram program = generate(seed, {});
    if (!fails(program))
      continue;
    ++shrunk;
    const FuzzProgram least = shrink(program, fails, 4000);
    const FrontendResult result = readSource(least.source());
    ASSERT_EQ(result.layers.size(), 1u) << least.text();
    EXPECT_TRUE(result.networks.empty());
    EXPECT_EQ(result.layers[0].cOut, 4) << least.text();
    EXPECT_LE(result.layers[0].k + result.layers[0].l, 6) << least.text();
    EXPECT_EQ(least.settings.text(), plainSettings()) << least.text();
  }
  EXPECT_GT(shrunk, 10);
}

TEST(Apart, ACrashIsAnOutcome) {
  std::vector<std::string> kinds;
  judgeApart(
      4,
      [](int64_t i) -> FuzzOutcome {
        if (i == 1)
          std::abort();
        if (i == 2)
          for (volatile int64_t endless = 0;; endless = endless + 1) {
          }
        FuzzOutcome outcome;
        outcome.counts["layers"] = i;
        return outcome;
      },
      [&](int64_t i, FuzzOutcome outcome) {
        kinds.push_back(outcome.kind);
        if (i == 3) {
          EXPECT_EQ(outcome.counts["layers"], 3);
        }
        return true;
      },
      /*seconds=*/1);
  ASSERT_EQ(kinds.size(), 4u);
  EXPECT_EQ(kinds[0], "");
  EXPECT_EQ(kinds[1].substr(0, 8), "signal 6");
  EXPECT_EQ(kinds[2], "too slow");
  EXPECT_EQ(kinds[3], "");
}

//===----------------------------------------------------------------------===//
// Deliberate faults
//===----------------------------------------------------------------------===//

namespace {

/// Searches with kernels of a fault, and returns what is printed of the first
/// failure; empty where nothing was found.
std::string findFault(const AdaptKernel &adapt, const std::string &groups) {
  SearchOptions options;
  options.generate.groups = {groups};
  options.generate.plans = {"shared"};
  options.adapt = adapt;
  std::string text;
  llvm::raw_string_ostream os(text);
  for (options.seed = 1; options.seed < 40 && text.empty(); ++options.seed) {
    options.count = 1;
    searchPrograms(options, os);
  }
  return text;
}

void addTo(DType dtype, void *array, int64_t index, double amount) {
  if (dtype == DType::F32)
    static_cast<float *>(array)[index] += static_cast<float>(amount);
  else
    static_cast<double *>(array)[index] += amount;
}

/// The kernel with another forward function, which may call that of the kernel.
template <typename Forward> AdaptKernel withForward(const Forward &forward) {
  return [forward](const LayerSpec &spec, const KernelFunctions &kernel) {
    KernelFunctions broken = kernel;
    broken.forward = [=](int64_t n, int64_t batch, const void *x,
                         const void *weight, const void *bias, void *y) {
      return forward(spec, kernel, n, batch, x, weight, bias, y);
    };
    return broken;
  };
}

} // namespace

TEST(Fault, AWrongElementOfATail) {
  // The last channel, where channels are no multiple of four: by one part in a
  // hundred million, which no tolerance of f32 would show.
  const std::string found = findFault(
      withForward([](const LayerSpec &spec, const KernelFunctions &kernel,
                     int64_t n, int64_t batch, const void *x,
                     const void *weight, const void *bias, void *y) {
        const int code = kernel.forward(n, batch, x, weight, bias, y);
        const int64_t size = batch * outputPositions(spec, n) * spec.cOut;
        if (code == 0 && size > 0 && spec.cOut % 4 == 3 &&
            spec.storage == Storage::AsComputed)
          addTo(spec.dtype, y, size - 1, spec.dtype == DType::F32 ? 1 : 1e-8);
        return code;
      }),
      "S");
  EXPECT_NE(found.find("FAILED: against the oracle: eqc-fuzz --seed="),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("-> 3"), std::string::npos) << found;
  // One layer is left, whichever of them it was.
  const size_t first = found.find("\nlayer f");
  EXPECT_EQ(found.find(" {\n", found.find(" {\n", first) + 1),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("calls=1x1"), std::string::npos) << found;
}

TEST(Fault, ASignOfAGradient) {
  const std::string found = findFault(
      [](const LayerSpec &spec, const KernelFunctions &kernel) {
        KernelFunctions broken = kernel;
        if (kernel.backward)
          broken.backward = [spec, kernel](int64_t n, int64_t batch,
                                           const void *x, const void *weight,
                                           const void *gradY, void *gradX,
                                           void *gradWeight, void *gradBias) {
            const int code = kernel.backward(n, batch, x, weight, gradY, gradX,
                                             gradWeight, gradBias);
            if (code == 0 && gradWeight && spec.k == 2)
              addTo(spec.dtype, gradWeight, 0, 2);
            return code;
          };
        return broken;
      },
      "O");
  EXPECT_NE(found.find("FAILED: grad_weight against the oracle"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("gradients=1"), std::string::npos) << found;
}

TEST(Fault, AnAccessBesideAnArray) {
  const std::string found = findFault(
      withForward([](const LayerSpec &spec, const KernelFunctions &kernel,
                     int64_t n, int64_t batch, const void *x,
                     const void *weight, const void *bias, void *y) {
        const int64_t size =
            batch * inputPositions(spec, n) * spec.cIn * spec.storedSize();
        if (batch > 0) {
          volatile char sink = static_cast<const volatile char *>(x)[size];
          (void)sink;
        }
        return kernel.forward(n, batch, x, weight, bias, y);
      }),
      "Sp");
  EXPECT_NE(found.find("FAILED: nothing touched beside arrays"),
            std::string::npos)
      << found;
}

TEST(Fault, ACrash) {
  const std::string found = findFault(
      [](const LayerSpec &spec, const KernelFunctions &kernel) {
        KernelFunctions broken = kernel;
        if (spec.bias)
          broken.forward = [](int64_t, int64_t, const void *, const void *,
                              const void *, void *) -> int { std::abort(); };
        return broken;
      },
      "S");
  EXPECT_NE(found.find("FAILED: signal 6"), std::string::npos) << found;
  EXPECT_NE(found.find("bias = true"), std::string::npos) << found;
}
