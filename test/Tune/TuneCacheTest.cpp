//===- TuneCacheTest.cpp - Entries, and what counts as none ---------------===//

#include "compiler/Tune/TuneCache.h"
#include "compiler/Lowering/KernelTarget.h"
#include "test/Plan/Support.h"

#include <gtest/gtest.h>

#include <set>

using namespace eqc;
using namespace eqc::test;

namespace {

TuneRequest request() {
  TuneRequest result;
  result.variant.name = "some";
  result.variant.machine = {32, 16};
  return result;
}

TuneResult result() {
  TuneResult made;
  made.n = 4;
  made.batch = 32;
  made.candidates = {{PlanKind::Shared, 16, 2e-6, ""},
                     {PlanKind::Dense, 16, 0, "too slow"},
                     {PlanKind::Shared, 12, 1.25e-6, ""}};
  made.chosen = 2;
  return made;
}

std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

} // namespace

TEST(TuneCache, EntriesAreReadAsTheyWereWritten) {
  const LayerSpec spec = makeLayer(Group::S, 4, 2, 2);
  const std::string text = renderTuning("key", result());
  const auto read = parseTuning(text, "key", spec, request());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->n, 4);
  EXPECT_EQ(read->batch, 32);
  EXPECT_EQ(read->chosen, 2u);
  EXPECT_EQ(read->tuning().plan, PlanKind::Shared);
  EXPECT_EQ(read->tuning().registers, 12);
  ASSERT_EQ(read->candidates.size(), 3u);
  EXPECT_EQ(read->candidates[1].skipped, "too slow");
  EXPECT_EQ(read->candidates[2].seconds, 1.25e-6);
  EXPECT_EQ(renderTuning("key", *read), text);
}

TEST(TuneCache, WhatIsDamagedCountsAsMissing) {
  const LayerSpec spec = makeLayer(Group::S, 4, 2, 2);
  const std::string text = renderTuning("key", result());
  auto read = [&](const std::string &entry) {
    return parseTuning(entry, "key", spec, request()).has_value();
  };
  EXPECT_TRUE(read(text));
  for (size_t length = 0; length + 1 < text.size(); length += 7)
    EXPECT_FALSE(read(text.substr(0, length))) << length;
  EXPECT_FALSE(read("[]"));
  EXPECT_FALSE(read(std::string(100000, '[')));
  EXPECT_FALSE(read(replaced(text, "\"key\": \"key\"", "\"key\": \"other\"")));
  EXPECT_FALSE(read(replaced(text, "\"eqc_tune\": 1", "\"eqc_tune\": 9")));
  EXPECT_FALSE(read(replaced(text, "\"chosen\": 2", "\"chosen\": 3")));
  EXPECT_FALSE(read(replaced(text, "\"chosen\": 2", "\"chosen\": -1")));
  // Without a time.
  EXPECT_FALSE(read(replaced(text, "\"chosen\": 2", "\"chosen\": 1")));
  EXPECT_FALSE(read(replaced(text, "\"shared\"", "\"auto\"")));
  EXPECT_FALSE(read(replaced(text, "\"registers\": 12", "\"registers\": 1")));
  // A plan that the layer does not have.
  EXPECT_FALSE(
      parseTuning(text, "key", makeLayer(Group::S, -1, 2, 2), request()));
}

TEST(TuneCache, TheKeyHoldsAllThatMatters) {
  std::set<std::string> keys;
  LayerSpec spec = makeLayer(Group::S, 4, 2, 2, 4, 4);
  TuneRequest asked = request();
  auto add = [&] { return keys.insert(tuneKey(spec, asked)).second; };
  EXPECT_TRUE(add());
  spec.name = "another";
  EXPECT_FALSE(add()) << "a name changes nothing";
  asked.batch = typicalBatch;
  EXPECT_FALSE(add()) << "the batch that is taken anyway";
  asked.batch = 7;
  EXPECT_TRUE(add());
  asked.variant.name = "other";
  EXPECT_TRUE(add());
  asked.compile.optLevel = 1;
  EXPECT_TRUE(add());
  asked.compile.plan = PlanKind::Shared;
  EXPECT_TRUE(add());
  spec.dtype = DType::F64;
  EXPECT_TRUE(add());
  spec.batch = 5;
  EXPECT_TRUE(add());
}

TEST(TuneCache, SizesFitTheMachine) {
  const TuneRequest asked = request();
  auto size = [&](const LayerSpec &spec) { return tuneSize(spec, asked); };
  EXPECT_EQ(size(makeLayer(Group::S, 4, 2, 2)).batch, typicalBatch);
  EXPECT_EQ(size(makeLayer(Group::S, -1, 2, 2)).n, typicalN);
  // Arrays of gigabytes become smaller batches, then smaller n.
  const TuneSize smaller = size(makeLayer(Group::S, 400, 2, 2, 32, 32));
  EXPECT_GE(smaller.batch, 1);
  EXPECT_LT(smaller.batch, typicalBatch);
  const TuneSize open = size(makeLayer(Group::Sp, -1, 4, 4, 8, 8));
  EXPECT_GE(open.n, 4);
  EXPECT_LT(open.n, typicalN);
  EXPECT_EQ(open.n % 2, 0);
  EXPECT_EQ(size(makeLayer(Group::S, 100000, 2, 2)).batch, 0);
}

TEST(TuneLayer, MeasuresEveryPlanThatIsPossible) {
  std::string error;
  std::vector<CpuVariant> variants;
  ASSERT_TRUE(resolveCpus("", {"native"}, variants, error));
  TuneRequest asked;
  asked.variant = variants.front();
  asked.seconds = 1e-4;
  const LayerSpec spec = makeLayer(Group::S, 2, 1, 1, 3, 2, true);
  TuneResult tuned;
  CompileFailure failure;
  ASSERT_TRUE(tuneLayer(spec, asked, tuned, failure)) << failure.message;
  std::set<PlanKind> plans;
  for (const TuneCandidate &candidate : tuned.candidates) {
    plans.insert(candidate.plan);
    EXPECT_TRUE(candidate.seconds > 0 || !candidate.skipped.empty());
  }
  const PlanChoice choice =
      choosePlan(spec, costTargetOf(asked.variant.machine));
  for (const PlanCandidate &candidate : choice.candidates)
    EXPECT_EQ(plans.count(candidate.kind), candidate.refused.empty() ? 1u : 0u);
  EXPECT_GT(tuned.candidates[tuned.chosen].seconds, 0);
  // Asked for one plan, only its tiles are tried.
  asked.compile.plan = PlanKind::Factored;
  TuneResult one;
  ASSERT_TRUE(tuneLayer(spec, asked, one, failure)) << failure.message;
  for (const TuneCandidate &candidate : one.candidates)
    EXPECT_EQ(candidate.plan, PlanKind::Factored);
  EXPECT_EQ(one.candidates.size(), registerCaps(asked.variant.machine).size());
}
