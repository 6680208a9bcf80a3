//===- FormTest.cpp - Formulas, and which form a device has room for ------===//

#include "test/Cuda/CudaTest.h"

extern "C" {
#include "runtime/cuda/src/Cuda.h"
}

#include <climits>

using namespace eqc::test;
using namespace eqc::standin;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

class Form : public CudaTest {
protected:
  /// The kernels of a forward call, whose numbers are right.
  std::vector<std::string> run(const FakeLayer &layer, int64_t n, int64_t batch,
                               size_t offset = 0) {
    FakeCall call(n, batch, offset);
    forgetCalls();
    EXPECT_EQ(call.forward(layer), EQC_OK) << eqc_last_error();
    EXPECT_EQ(call.result(), call.expected());
    return kernelNames();
  }
};

//===-- Formulas ----------------------------------------------------------===//

struct Evaluated {
  int status;
  int64_t value;
};

Evaluated evaluate(Words words) {
  static eqc_cuda_call call;
  words.push_back(EQC_OP_END);
  call.args.layer = "fake";
  call.args.suffix = "forward";
  call.vars[EQC_VAR_N] = 7;
  call.vars[EQC_VAR_BATCH] = -7;
  Evaluated result;
  result.status = eqc_rt_cuda_evaluate(&call, words.data(), &result.value);
  return result;
}

int64_t of(int64_t op, int64_t a, int64_t b) {
  Evaluated result = evaluate(apply(op, {value(a), value(b)}));
  EXPECT_EQ(result.status, EQC_OK);
  return result.value;
}

TEST_F(Form, FormulasCompute) {
  EXPECT_EQ(evaluate(value(-3)).value, -3);
  EXPECT_EQ(evaluate(variable(EQC_VAR_N)).value, 7);
  EXPECT_EQ(of(EQC_OP_ADD, 5, 3), 8);
  EXPECT_EQ(of(EQC_OP_SUB, 3, 5), -2);
  EXPECT_EQ(of(EQC_OP_MUL, -3, 5), -15);
  EXPECT_EQ(of(EQC_OP_DIV, 7, 2), 3);
  EXPECT_EQ(of(EQC_OP_DIV, -7, 2), -4);
  EXPECT_EQ(of(EQC_OP_CEIL, 7, 2), 4);
  EXPECT_EQ(of(EQC_OP_CEIL, 8, 2), 4);
  EXPECT_EQ(of(EQC_OP_CEIL, -7, 2), -3);
  EXPECT_EQ(of(EQC_OP_MOD, 7, 4), 3);
  EXPECT_EQ(of(EQC_OP_MOD, -7, 4), 1);
  EXPECT_EQ(of(EQC_OP_MIN, 7, 4), 4);
  EXPECT_EQ(of(EQC_OP_MAX, 7, 4), 7);
  EXPECT_EQ(of(EQC_OP_EQ, 7, 7), 1);
  EXPECT_EQ(of(EQC_OP_EQ, 7, 6), 0);
  EXPECT_EQ(of(EQC_OP_LE, 7, 7), 1);
  EXPECT_EQ(of(EQC_OP_LE, 8, 7), 0);
  EXPECT_EQ(
      evaluate(apply(EQC_OP_SELECT, {value(2), value(5), value(6)})).value, 5);
  EXPECT_EQ(
      evaluate(apply(EQC_OP_SELECT, {value(0), value(5), value(6)})).value, 6);
}

TEST_F(Form, FormulasOverflowNowhere) {
  for (int64_t op : {EQC_OP_ADD, EQC_OP_MUL})
    EXPECT_EQ(evaluate(apply(op, {value(INT64_MAX), value(2)})).status,
              EQC_ERR_SIZE);
  EXPECT_EQ(evaluate(apply(EQC_OP_SUB, {value(INT64_MIN), value(1)})).status,
            EQC_ERR_SIZE);
}

TEST_F(Form, DamagedFormulasAreNoticed) {
  EXPECT_EQ(evaluate({}).status, EQC_ERR_ARG);
  EXPECT_EQ(evaluate({EQC_OP_ADD}).status, EQC_ERR_ARG);
  EXPECT_EQ(evaluate({EQC_NUM_OPS}).status, EQC_ERR_ARG);
  EXPECT_EQ(evaluate({-1}).status, EQC_ERR_ARG);
  EXPECT_EQ(evaluate(variable(EQC_NUM_VARS)).status, EQC_ERR_ARG);
  EXPECT_EQ(evaluate(apply(EQC_OP_DIV, {value(1), value(0)})).status,
            EQC_ERR_ARG);
  EXPECT_EQ(evaluate({EQC_OP_CONST, 1, EQC_OP_CONST, 1}).status, EQC_ERR_ARG);
  Words deep;
  for (int i = 0; i != EQC_FORMULA_DEPTH + 1; ++i)
    deep.insert(deep.end(), {EQC_OP_CONST, 1});
  EXPECT_EQ(evaluate(deep).status, EQC_ERR_ARG);
  EXPECT_THAT(eqc_last_error(), testing::HasSubstr("damaged"));
}

//===-- Choices -----------------------------------------------------------===//

TEST_F(Form, MuchSharedMemoryIsAskedFor) {
  FakeLayer layer;
  EXPECT_THAT(run(layer, 5, 2), ElementsAre("fake_block"));  // 40 KB
  EXPECT_THAT(run(layer, 28, 2), ElementsAre("fake_block")); // 224 KB
  EXPECT_EQ(launches()[0].dynamicShared, 28 * 8192u);
  // 128 bytes are static: 227 KB less 128 bytes are left.
  EXPECT_THAT(run(layer, 29, 2), ElementsAre("fake_sum", "fake_apply"));
}

TEST_F(Form, AChipWithLessSharedMemoryTakesAnotherForm) {
  for (auto [chip, fits] : {std::pair{sm75, 7}, {sm80, 20}, {sm120, 12}}) {
    start({chip});
    FakeLayer layer;
    EXPECT_THAT(run(layer, fits, 2), ElementsAre("fake_block"));
    EXPECT_THAT(run(layer, fits + 1, 2), ElementsAre("fake_sum", "fake_apply"));
  }
}

TEST_F(Form, AlignmentDecides) {
  FakeLayer layer;
  EXPECT_THAT(run(layer, 4, 2, 16), ElementsAre("fake_block"));
  EXPECT_THAT(run(layer, 4, 2, 4), ElementsAre("fake_sum", "fake_apply"));
}

TEST_F(Form, ClustersWhereThereAreAny) {
  FakeLayer layer;
  EXPECT_THAT(run(layer, 60, 3), ElementsAre("fake_cluster"));
  EXPECT_EQ(launches()[0].cluster, 4u);
  EXPECT_EQ(launches()[0].grid, 12u);
  start({sm80});
  FakeLayer without;
  EXPECT_THAT(run(without, 60, 3), ElementsAre("fake_sum", "fake_apply"));
}

TEST_F(Form, LargeClustersAreAskedFor) {
  FakeLayer layer;
  auto clusters = [&](int64_t blocks) {
    eqc_cuda_launch launch = layer.forward[1].launches[0];
    launch.cluster = layer.formula(value(blocks));
    launch.grid = layer.formula(
        apply(EQC_OP_MUL, {variable(EQC_VAR_COUNT), value(blocks)}));
    layer.forward[1].launches = layer.launchList({launch});
  };
  clusters(16);
  EXPECT_THAT(run(layer, 60, 3), ElementsAre("fake_cluster"));
  clusters(32);
  EXPECT_THAT(run(layer, 60, 3), ElementsAre("fake_sum", "fake_apply"));
  layer.forward.pop_back();
  layer.update();
  FakeCall call(60, 3);
  expectError(call.forward(layer), EQC_ERR_NO_DEVICE,
              "'fake_cluster' needs clusters of 32 blocks");
}

TEST_F(Form, WhetherClustersFitIsAskedOnce) {
  FakeLayer layer;
  for (int i = 0; i != 3; ++i)
    run(layer, 60, 3);
  FakeCall call(60, 3);
  forgetCalls();
  EXPECT_EQ(call.forward(layer), EQC_OK);
  EXPECT_EQ(countCalls("cuOccupancyMaxActiveClusters"), 0);
  EXPECT_EQ(countCalls("cuLaunchKernelEx"), 1);
}

TEST_F(Form, NoFormFits) {
  start({sm75});
  FakeLayer layer;
  layer.forward.resize(1);
  layer.update();
  FakeCall call(20, 2);
  expectError(call.forward(layer), EQC_ERR_NO_DEVICE,
              "fake_forward: 'fake_block' needs 163840 bytes of shared memory "
              "in a block, and this GPU (sm_75) has 65408");
  FakeCall narrow(4, 2, 4);
  expectError(narrow.forward(layer), EQC_ERR_NO_DEVICE,
              "no kernel for n = 4 on this GPU (sm_75)");
}

TEST_F(Form, WhatWasPassedOverLeavesNoText) {
  start({sm75});
  FakeLayer layer;
  FakeCall bad(4, 2);
  bad.n = 0;
  bad.forward(layer);
  std::string before = eqc_last_error();
  bad.n = 4;
  run(layer, 20, 2);
  EXPECT_EQ(eqc_last_error(), before);
}

//===-- Chunks and grids --------------------------------------------------===//

TEST_F(Form, ABatchIsCutIntoChunks) {
  FakeLayer layer;
  EXPECT_THAT(run(layer, 4, 130, 4),
              ElementsAre("fake_sum", "fake_apply", "fake_sum", "fake_apply",
                          "fake_sum", "fake_apply"));
  EXPECT_EQ(launches()[0].grid, 64u);
  EXPECT_EQ(launches()[4].grid, 2u);
}

TEST_F(Form, SomeLaunchesAreForTheWholeBatch) {
  FakeLayer layer;
  eqc_cuda_launch pass = layer.forward[0].launches[0], loop = pass;
  pass.shared = loop.shared = nullptr;
  auto numbered = [&](int64_t number) {
    loop.loop = number;
    return loop;
  };
  pass.loop = 0;
  layer.forward = {{nullptr, layer.formula(value(3)), 1, nullptr, 6,
                    layer.launchList({pass, numbered(1), numbered(1),
                                      numbered(2), pass, pass})}};
  layer.update();
  run(layer, 4, 8);
  std::vector<unsigned> grids;
  for (const Launch &launch : launches())
    grids.push_back(launch.grid);
  EXPECT_THAT(grids,
              ElementsAre(8u, 3u, 3u, 3u, 3u, 2u, 2u, 3u, 3u, 2u, 8u, 8u));
}

TEST_F(Form, AGridLimitMakesChunksSmaller) {
  Chip small = sm90;
  small.maxGrid = 100;
  start({small});
  FakeLayer layer;
  // 50 samples have 200 rows.
  run(layer, 4, 50, 4);
  EXPECT_EQ(launches()[1].grid, 100u);
  EXPECT_EQ(launches().size(), 4u);
  EXPECT_THAT(run(layer, 4, 250), ElementsAre("fake_block", "fake_block",
                                              "fake_block", "fake_block"));
  // Whole granules.
  layer.forward[0].granule = 40;
  EXPECT_EQ(run(layer, 4, 250).size(), 4u); // 80, 80, 80, 10
  EXPECT_EQ(launches()[0].grid, 80u);
}

TEST_F(Form, AGridThatMayNotBeCut) {
  Chip small = sm90;
  small.maxGrid = 100;
  start({small});
  FakeLayer layer;
  layer.forward[0].granule = 0;
  EXPECT_EQ(run(layer, 4, 101)[0], "fake_sum");
  layer.forward.resize(1);
  layer.update();
  FakeCall call(4, 101);
  expectError(call.forward(layer), EQC_ERR_SIZE,
              "a launch of 101 blocks for n = 4 and batch = 101, and this GPU "
              "takes 100");
}

TEST_F(Form, ALaunchThatKnowsItsFirstBlockIsSeveralGrids) {
  Chip small = sm90;
  small.maxGrid = 100;
  start({small});
  FakeLayer layer;
  layer.forward.resize(1);
  eqc_cuda_form &form = layer.forward[0];
  eqc_cuda_launch launch = form.launches[0];
  std::vector<eqc_cuda_param> params(launch.params,
                                     launch.params + launch.num_params);
  form.granule = 0;
  const size_t last = params.size() - 1;
  ASSERT_EQ(params[last].kind, EQC_PARAM_I64);
  params[last] = {EQC_PARAM_BLOCK, 0, nullptr};
  launch.params = layer.paramList(params);
  form.launches = layer.launchList({launch});
  layer.update();
  onKernel("fake_block", {});
  FakeCall call(4, 250), fits(4, 100);
  ASSERT_EQ(call.forward(layer), EQC_OK) << eqc_last_error();
  ASSERT_EQ(launches().size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(launches()[i].grid, i < 2 ? 100u : 50u);
    EXPECT_EQ(launches()[i].param<int64_t>(last),
              static_cast<int64_t>(100 * i));
  }
  forgetCalls();
  ASSERT_EQ(fits.forward(layer), EQC_OK) << eqc_last_error();
  ASSERT_EQ(launches().size(), 1u);
  EXPECT_EQ(launches()[0].param<int64_t>(last), 0);
  // Blocks of a cluster are of one grid.
  launch.function = 1;
  launch.cluster = layer.formula(value(2));
  form.launches = layer.launchList({launch});
  expectError(call.forward(layer), EQC_ERR_SIZE, "a launch of 250 blocks");
}

// Nothing is read or written: there is no memory of this size.
TEST_F(Form, BatchesPast32Bits) {
  FakeLayer layer;
  onKernel("fake_block", {});
  const int64_t n = 1, batch = (int64_t(1) << 32) + 5;
  auto *x = reinterpret_cast<const float *>(int64_t(1) << 40);
  auto *y = reinterpret_cast<float *>(int64_t(1) << 41);
  FakeCall small(1, 1);
  ASSERT_EQ(eqc_rt_cuda_forward(&layer.kernel, n, batch, x, small.weight,
                                small.bias, y, nullptr),
            EQC_OK)
      << eqc_last_error();
  uint64_t samples = 0;
  for (const Launch &l : launches()) {
    EXPECT_EQ(l.param<uint64_t>(0), (uint64_t(1) << 40) + samples * 12);
    EXPECT_EQ(l.param<uint64_t>(3), (uint64_t(1) << 41) + samples * 20);
    samples += l.grid;
  }
  EXPECT_EQ(samples, static_cast<uint64_t>(batch));
  EXPECT_LE(launches().size(), 4u);
}

TEST_F(Form, DamagedRecordsAreNoticed) {
  FakeLayer layer;
  FakeCall call(4, 2);
  const eqc_cuda_launch good = layer.forward[0].launches[0];
  auto expectDamage = [&](const eqc_cuda_launch &launch, const char *what) {
    layer.forward[0].launches = layer.launchList({launch});
    expectError(call.forward(layer), EQC_ERR_ARG, what);
    EXPECT_THAT(launches(), IsEmpty());
  };
  eqc_cuda_launch bad = good;
  bad.function = 9;
  expectDamage(bad, "damaged: a launch");
  bad = good;
  bad.num_params = EQC_CUDA_MAX_PARAMS + 1;
  expectDamage(bad, "damaged: a launch");
  bad = good;
  bad.shared = layer.formula(value(-1));
  expectDamage(bad, "shared memory");
  bad = good;
  bad.cluster = layer.formula(value(3));
  expectDamage(bad, "clusters");
  std::vector<eqc_cuda_param> params(good.params, good.params + 5);
  params[0].kind = EQC_PARAM_BLOCK + 1;
  bad = good;
  bad.params = layer.paramList(params);
  expectDamage(bad, "a parameter");
  params[0] = {EQC_PARAM_I32, 0, layer.formula(value(int64_t(1) << 31))};
  bad.params = layer.paramList(params);
  expectDamage(bad, "32 bits");
}

} // namespace
