//===- FakeKernels.cpp - The kernels of the layer written by hand ---------===//

#include "test/Cuda/FakeKernels.h"

#include "compiler/Check/StandIn/StandIn.h"
#include "test/Cuda/FakeLayer.h"

using namespace eqc::test;
using eqc::standin::Launch;

static float *array(const Launch &l, size_t i) {
  return reinterpret_cast<float *>(l.param<uint64_t>(i));
}

static float sumOf(const float *values, int64_t count) {
  float sum = 0;
  for (int64_t i = 0; i != count; ++i)
    sum += values[i];
  return sum;
}

/// One row of y, given the sum over its sample.
static void applyRow(float sum, const float *x, const float *weight,
                     const float *bias, float *y) {
  for (int64_t o = 0; o != fakeOut; ++o) {
    float value = sum + (bias ? bias[o] : 0);
    for (int64_t c = 0; c != fakeIn; ++c)
      value += x[c] * weight[c * fakeOut + o];
    y[o] = value;
  }
}

/// (x, weight, bias, y, n), a sample for each block or cluster of blocks.
static void runSamples(const Launch &l) {
  const int64_t n = l.param<int64_t>(4);
  for (unsigned b = 0; b != l.grid / l.cluster; ++b) {
    const float *x = array(l, 0) + b * n * fakeIn;
    float sum = sumOf(x, n * fakeIn);
    for (int64_t i = 0; i != n; ++i)
      applyRow(sum, x + i * fakeIn, array(l, 1), array(l, 2),
               array(l, 3) + (b * n + i) * fakeOut);
  }
}

/// (x, sums, n): a sample for each block.
static void runSum(const Launch &l) {
  const int64_t size = l.param<int64_t>(2) * fakeIn;
  for (unsigned b = 0; b != l.grid; ++b)
    array(l, 1)[b] = sumOf(array(l, 0) + b * size, size);
}

/// (x, weight, bias, y, sums, n): a row for each block.
static void runApply(const Launch &l) {
  const int64_t n = l.param<int64_t>(5);
  for (unsigned row = 0; row != l.grid; ++row)
    applyRow(array(l, 4)[row / n], array(l, 0) + row * fakeIn, array(l, 1),
             array(l, 2), array(l, 3) + row * fakeOut);
}

/// (weight, packed): in the order of the channels out.
static void runPack(const Launch &l) {
  for (int64_t c = 0; c != fakeIn; ++c)
    for (int64_t o = 0; o != fakeOut; ++o)
      array(l, 1)[o * fakeIn + c] = array(l, 0)[c * fakeOut + o];
}

/// As runSamples, with packed weights.
static void runPacked(const Launch &l) {
  const int64_t n = l.param<int64_t>(4);
  float weight[fakeIn * fakeOut];
  for (int64_t c = 0; c != fakeIn; ++c)
    for (int64_t o = 0; o != fakeOut; ++o)
      weight[c * fakeOut + o] = array(l, 1)[o * fakeIn + c];
  for (unsigned b = 0; b != l.grid; ++b) {
    const float *x = array(l, 0) + b * n * fakeIn;
    float sum = sumOf(x, n * fakeIn);
    for (int64_t i = 0; i != n; ++i)
      applyRow(sum, x + i * fakeIn, weight, array(l, 2),
               array(l, 3) + (b * n + i) * fakeOut);
  }
}

/// (weight, grad_y, grad_x, n): a sample for each block.
static void runGradX(const Launch &l) {
  const int64_t n = l.param<int64_t>(3);
  for (unsigned b = 0; b != l.grid; ++b) {
    const float *grad = array(l, 1) + b * n * fakeOut;
    float sum = sumOf(grad, n * fakeOut);
    for (int64_t i = 0; i != n * fakeIn; ++i) {
      float value = sum;
      for (int64_t o = 0; o != fakeOut; ++o)
        value += grad[i / fakeIn * fakeOut + o] *
                 array(l, 0)[i % fakeIn * fakeOut + o];
      array(l, 2)[b * n * fakeIn + i] = value;
    }
  }
}

/// (x, grad_y, slabs, n, batch, which): samples b, b + grid, .. for each block.
static void runSlabs(const Launch &l) {
  const int64_t n = l.param<int64_t>(3), batch = l.param<int64_t>(4);
  for (unsigned slab = 0; slab != l.grid; ++slab) {
    float *sums = array(l, 2) + slab * 20;
    for (int i = 0; i != 20; ++i)
      sums[i] = 0;
    for (int64_t row = slab * n; row < batch * n;
         row = (row + 1) % n ? row + 1 : row + 1 + (l.grid - 1) * n)
      for (int64_t o = 0; o != fakeOut; ++o) {
        float grad = array(l, 1)[row * fakeOut + o];
        for (int64_t c = 0; c != fakeIn && (l.param<int>(5) & 1); ++c)
          sums[c * fakeOut + o] += grad * array(l, 0)[row * fakeIn + c];
        sums[fakeIn * fakeOut + o] += grad;
      }
  }
}

/// (slabs, grad_weight, grad_bias, count).
static void runAdd(const Launch &l) {
  for (int i = 0; i != 20; ++i) {
    float *to = array(l, i < 15 ? 1 : 2);
    if (!to)
      continue;
    float &sum = to[i < 15 ? i : i - 15];
    sum = 0;
    for (int64_t slab = 0; slab != l.param<int64_t>(3); ++slab)
      sum += array(l, 0)[slab * 20 + i];
  }
}

void eqc::test::registerFakeKernels() {
  standin::onKernel("fake_block", runSamples);
  standin::onKernel("fake_cluster", runSamples);
  standin::onKernel("fake_sum", runSum);
  standin::onKernel("fake_apply", runApply);
  standin::onKernel("fake_pack", runPack);
  standin::onKernel("fake_packed", runPacked);
  standin::onKernel("fake_grad_x", runGradX);
  standin::onKernel("fake_slabs", runSlabs);
  standin::onKernel("fake_add", runAdd);
}

/// A kernel as LLVM prints it. `params` has a letter for each parameter.
static std::string entry(const std::string &name, const std::string &params,
                         const std::string &shared = "") {
  std::string text = "\n.visible .entry " + name + "(";
  for (size_t i = 0; i != params.size(); ++i)
    text += std::string(i ? ",\n" : "\n") + "\t.param " +
            (params[i] == 'p'   ? ".u64 .ptr .global .align 4 "
             : params[i] == 'i' ? ".u32 "
                                : ".u64 ") +
            name + "_param_" + std::to_string(i);
  return text + "\n)\n.maxntid 128, 1, 1\n.minnctapersm 1\n{\n" + shared +
         "\t.reg .b64 %rd<2>;\n\tret;\n}\n";
}

std::string eqc::test::fakePtx(int chip, const char *version) {
  return std::string("//\n// Generated by hand\n//\n\n.version ") + version +
         "\n.target sm_" + std::to_string(chip) + "\n.address_size 64\n\n" +
         ".extern .shared .align 16 .b8 all[];\n" +
         entry("fake_block", "ppppn",
               "\t.shared .align 128 .b8 part[128];\n"
               "\tst.shared.u64 [part], 0;\n") +
         entry("fake_cluster", "ppppn") + entry("fake_sum", "ppn") +
         entry("fake_apply", "pppppn") + entry("fake_pack", "pp") +
         entry("fake_packed", "ppppn") + entry("fake_grad_x", "pppn") +
         entry("fake_slabs", "pppnni") + entry("fake_add", "pppn");
}
