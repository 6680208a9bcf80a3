//===- InterpretedTest.cpp - From a call to the PTX of its kernels --------===//

#include "compiler/Check/StandIn/Interpreted.h"

#include "test/Cuda/CudaTest.h"

#include <fstream>
#include <iterator>

using namespace eqc::test;
using namespace eqc::standin;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

const Words n = variable(EQC_VAR_N), count = variable(EQC_VAR_COUNT);

/// y[b] = sum of x[b, j] over j, by a kernel that MLIR and LLVM made:
/// (x, y), both as memrefs, a row for each block.
class SumLayer : public FakeLayer {
public:
  SumLayer() {
    info.name = "sum";
    info.l = 0;
    info.c_in = info.c_out = info.weight_size = info.diagrams = 1;
    info.bias_size = info.bias_diagrams = 0;
    functions = {{"rowsum", 128, 0}};
    for (auto *program : {&packed, &pack, &gradX, &sums})
      program->clear();
    setGrid(count);
    for (int chip : {80, 90, 100})
      images.push_back({chip, EQC_IMAGE_PTX, 0, read(chip), &code});
    images.erase(images.begin());
    update();
  }

  /// The form with so many blocks.
  void setGrid(Words blocks) {
    Words first = variable(EQC_VAR_FIRST), four = value(4);
    eqc_formula row =
        formula(apply(EQC_OP_MUL, {first, apply(EQC_OP_MUL, {n, four})}));
    eqc_formula element = formula(apply(EQC_OP_MUL, {first, four}));
    auto i64 = [&](Words words) -> eqc_cuda_param {
      return {EQC_PARAM_I64, 0, formula(words)};
    };
    eqc_cuda_param x = {EQC_PARAM_ARRAY, EQC_ARRAY_X, row},
                   y = {EQC_PARAM_ARRAY, EQC_ARRAY_Y, element};
    forward = {
        {nullptr, formula(value(3)), 1, nullptr, 1,
         launchList({{0, formula(blocks), nullptr, nullptr, 1, 12,
                      paramList({x, x, i64(value(0)), i64(count), i64(n),
                                 i64(n), i64(value(1)), y, y, i64(value(0)),
                                 i64(count), i64(value(1))})}})}};
    update();
  }

private:
  const char *read(int chip) {
    std::ifstream file(std::string(EQC_PTX_KERNELS) + "/rowsum-f32-sm_" +
                       std::to_string(chip) + ".ptx");
    return text({std::istreambuf_iterator<char>(file), {}});
  }
};

class Interpreted : public CudaTest {
protected:
  int call(const SumLayer &layer, float *x, const float *weight, float *y,
           void *stream = nullptr) {
    return eqc_rt_cuda_forward(&layer.kernel, 5, 7, x, weight, nullptr, y,
                               stream);
  }
};

TEST_F(Interpreted, ACallComputes) {
  for (auto order : {eqc::ptx::Order::Forwards, eqc::ptx::Order::Backwards}) {
    start({sm90});
    eqc::standin::interpretKernels(order);
    SumLayer layer;
    auto *x = static_cast<float *>(allocate(5 * 7 * 4)),
         *y = static_cast<float *>(allocate(7 * 4)),
         *weight = static_cast<float *>(allocate(4));
    for (int i = 0; i != 35; ++i)
      x[i] = static_cast<float>(i);
    ASSERT_EQ(call(layer, x, weight, y), EQC_OK) << eqc_last_error();
    // Three chunks.
    EXPECT_EQ(launches().size(), 3u);
    for (int b = 0; b != 7; ++b)
      EXPECT_EQ(y[b], 10 + 25 * b);
    // In a graph, on other numbers.
    void *stream = createStream(context);
    beginCapture(stream, 0);
    EXPECT_EQ(call(layer, x, weight, y, stream), EQC_OK);
    int graph = endCapture(stream);
    for (int i = 0; i != 35; ++i)
      x[i] = static_cast<float>(2 * i);
    launchGraph(graph);
    for (int b = 0; b != 7; ++b)
      EXPECT_EQ(y[b], 20 + 50 * b);
    for (float *array : {x, y, weight})
      release(array);
  }
}

TEST_F(Interpreted, WhatIsWrongIsNoticed) {
  eqc::standin::interpretKernels();
  SumLayer layer;
  // One block too many: a row past the end of x.
  layer.setGrid(apply(EQC_OP_ADD, {count, value(1)}));
  auto *x = static_cast<float *>(allocate(5 * 7 * 4)),
       *y = static_cast<float *>(allocate(7 * 4)),
       *weight = static_cast<float *>(allocate(4));
  EXPECT_EQ(call(layer, x, weight, y), EQC_OK);
  EXPECT_THAT(violations(), ElementsAre(testing::AllOf(
                                HasSubstr("rowsum"), HasSubstr("ld.global"))));
  for (float *array : {x, y, weight})
    release(array);
  start({sm90});
}

} // namespace
