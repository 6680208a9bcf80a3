//===- FakeLayer.cpp - A kernel written by hand for the runtime's tests ---===//

#include "test/Runtime/FakeLayer.h"

#include <cstring>

using namespace eqc::test;

static FakeLayer *current = nullptr;

static void fakeSchedule(int64_t n, int64_t batch, eqc_schedule *out) {
  *out = current->schedule;
  out->scratch_bytes = out->block * static_cast<int64_t>(sizeof(float));
}

static void fakePack(int64_t n, const void *weight, void *packed) {
  std::memcpy(packed, weight, fakeIn * fakeOut * sizeof(float));
}

static void fakePhase(int64_t n, int64_t first, int64_t count, int64_t phase,
                      int64_t part, int64_t parts, const float *x,
                      const float *weight, const float *bias, float *y,
                      float *sums) {
  for (int64_t s = 0; s != count; ++s) {
    const float *xs = x + (first + s) * n * fakeIn;
    float *ys = y + (first + s) * n * fakeOut;
    if (phase == 0) {
      if (s % parts != part)
        continue;
      sums[s] = 0;
      for (int64_t i = 0; i != n * fakeIn; ++i)
        sums[s] += xs[i];
      continue;
    }
    for (int64_t i = part; i < n; i += parts)
      for (int64_t o = 0; o != fakeOut; ++o) {
        float sum = sums[s] + (bias ? bias[o] : 0);
        for (int64_t c = 0; c != fakeIn; ++c)
          sum += xs[i * fakeIn + c] * weight[c * fakeOut + o];
        ys[i * fakeOut + o] = sum;
      }
  }
}

static void fakeForward(int64_t n, int64_t first, int64_t count, int64_t phase,
                        int64_t part, const void *x, const void *packed,
                        const void *bias, void *y, void *scratch) {
  if (current->onForward)
    current->onForward();
  auto run = [&](int64_t phase, int64_t part, int64_t parts) {
    fakePhase(n, first, count, phase, part, parts,
              static_cast<const float *>(x), static_cast<const float *>(packed),
              static_cast<const float *>(bias), static_cast<float *>(y),
              static_cast<float *>(scratch));
  };
  if (phase >= 0)
    return run(phase, part, current->schedule.parts);
  run(0, 0, 1);
  run(1, 0, 1);
}

eqc_variant FakeLayer::variant(int64_t level, const char *features) {
  eqc_variant v;
  v.cpu_level = level;
  v.cpu_features = features;
  v.packed_bytes = fakeIn * fakeOut * static_cast<int64_t>(sizeof(float));
  v.schedule = fakeSchedule;
  v.pack = fakePack;
  v.forward = fakeForward;
  return v;
}

FakeLayer::FakeLayer(bool dynamic) {
  current = this;
  std::memset(&info, 0, sizeof info);
  info.struct_size = sizeof info;
  info.abi = 1;
  info.name = "fake";
  info.group = "S";
  info.dtype = "f32";
  info.layout = "channels_last";
  info.n = dynamic ? -1 : 4;
  info.k = info.l = 1;
  info.k2 = -1;
  info.c_in = fakeIn;
  info.c_out = fakeOut;
  info.diagrams = info.bias_diagrams = 1;
  info.weight_size = fakeIn * fakeOut;
  info.bias_size = fakeOut;
  kernel = {};
  schedule = {0, 4, 2, 1, 0};
  variants = {variant(0)};
  update();
}

FakeLayer::~FakeLayer() { current = nullptr; }

void FakeLayer::update() {
  chosen = 0;
  kernel.struct_size = sizeof kernel;
  kernel.abi = EQC_KERNEL_ABI;
  kernel.info = &info;
  kernel.element_bytes = sizeof(float);
  kernel.num_variants = static_cast<int64_t>(variants.size());
  kernel.variants = variants.data();
  kernel.threads = 1;
  kernel.chosen = &chosen;
}

FakeCall::FakeCall(int64_t n, int64_t batch)
    : n(n), batch(batch), x(n * batch * fakeIn), weight(fakeIn * fakeOut),
      bias(fakeOut), y(n * batch * fakeOut, untouched) {
  for (size_t i = 0; i != x.size(); ++i)
    x[i] = static_cast<float>(static_cast<int>(i * 7 % 11) - 5);
  for (size_t i = 0; i != weight.size(); ++i)
    weight[i] = static_cast<float>(static_cast<int>(i * 5 % 7) - 3);
  for (size_t i = 0; i != bias.size(); ++i)
    bias[i] = static_cast<float>(100 * i);
}

int FakeCall::run(const eqc_kernel &kernel) {
  return eqc_rt_forward(&kernel, n, batch, x.data(), weight.data(), bias.data(),
                        y.data());
}

std::vector<float> FakeCall::expected() const {
  return fakeDefinition(n, batch, x.data(), weight.data(), bias.data());
}
