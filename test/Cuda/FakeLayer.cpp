//===- FakeLayer.cpp - A GPU layer written by hand ------------------------===//

#include "test/Cuda/FakeLayer.h"

#include "compiler/Check/StandIn/StandIn.h"
#include "test/Cuda/FakeKernels.h"

#include <algorithm>
#include <cmath>

using namespace eqc::test;

Words eqc::test::value(int64_t constant) { return {EQC_OP_CONST, constant}; }
Words eqc::test::variable(int64_t number) { return {EQC_OP_VAR, number}; }

Words eqc::test::apply(int64_t op, std::initializer_list<Words> operands) {
  Words words;
  for (const Words &operand : operands)
    words.insert(words.end(), operand.begin(), operand.end());
  words.push_back(op);
  return words;
}

eqc_formula FakeLayer::formula(Words words) {
  words.push_back(EQC_OP_END);
  formulas.push_back(std::move(words));
  return formulas.back().data();
}

const eqc_cuda_launch *
FakeLayer::launchList(std::vector<eqc_cuda_launch> list) {
  launches.push_back(std::move(list));
  return launches.back().data();
}

const eqc_cuda_param *FakeLayer::paramList(std::vector<eqc_cuda_param> list) {
  params.push_back(std::move(list));
  return params.back().data();
}

const char *FakeLayer::text(std::string words) {
  texts.push_back(std::move(words));
  return texts.back().c_str();
}

eqc_cuda_image FakeLayer::ptx(int chip, const char *version) {
  return {chip, EQC_IMAGE_PTX, 0, text(fakePtx(chip, version)), &code};
}

eqc_cuda_image FakeLayer::cubin(int chip) {
  return {chip, EQC_IMAGE_CUBIN, 0,
          text("\x7f"
               "ELF sm_" +
               std::to_string(chip) + "\n" + fakePtx(chip, "9.9")),
          &code};
}

void FakeLayer::update() {
  code.num_functions = static_cast<int64_t>(functions.size());
  code.functions = functions.data();
  auto set = [&](int program, const std::vector<eqc_cuda_form> &forms) {
    code.programs[program] = {static_cast<int64_t>(forms.size()), forms.data()};
  };
  set(EQC_PROGRAM_FORWARD, forward);
  set(EQC_PROGRAM_FORWARD_PACKED, packed);
  set(EQC_PROGRAM_PACK, pack);
  set(EQC_PROGRAM_GRAD_X, gradX);
  set(EQC_PROGRAM_GRAD_SUMS, sums);
  kernel.num_images = static_cast<int64_t>(images.size());
  kernel.images = images.data();
}

namespace {
enum { Block, Cluster, Sum, Apply, Pack, Packed, GradX, Slabs, Add };
const Words n = variable(EQC_VAR_N), count = variable(EQC_VAR_COUNT),
            first = variable(EQC_VAR_FIRST);
} // namespace

FakeLayer::FakeLayer() {
  registerFakeKernels();
  info.struct_size = sizeof info;
  info.abi = 1;
  info.name = "fake";
  info.group = "S";
  info.dtype = "f32";
  info.layout = "channels_last";
  info.n = -1;
  info.k = info.l = 1;
  info.c_in = fakeIn;
  info.c_out = fakeOut;
  info.diagrams = info.bias_diagrams = 1;
  info.weight_size = fakeIn * fakeOut;
  info.bias_size = fakeOut;
  info.has_backward = 1;
  kernel.struct_size = sizeof kernel;
  kernel.abi = EQC_CUDA_ABI;
  kernel.info = &info;
  kernel.element_bytes = sizeof(float);
  kernel.packed_bytes = fakePackedBytes;
  kernel.state = &state;
  functions = {{"fake_block", 128, EQC_CUDA_LARGE_SHARED},
               {"fake_cluster", 128, EQC_CUDA_LARGE_CLUSTER},
               {"fake_sum", 64, 0},
               {"fake_apply", 64, 0},
               {"fake_pack", 32, 0},
               {"fake_packed", 32, 0},
               {"fake_grad_x", 128, 0},
               {"fake_slabs", 128, 0},
               {"fake_add", 32, 0}};

  // Where the chunk's part of an array begins.
  auto samples = [&](int64_t array, int64_t channels) -> eqc_cuda_param {
    return {
        EQC_PARAM_ARRAY, array,
        formula(apply(EQC_OP_MUL,
                      {first, apply(EQC_OP_MUL, {n, value(channels * 4)})}))};
  };
  auto whole = [](int64_t array) -> eqc_cuda_param {
    return {EQC_PARAM_ARRAY, array, nullptr};
  };
  eqc_cuda_param x = samples(EQC_ARRAY_X, fakeIn),
                 y = samples(EQC_ARRAY_Y, fakeOut),
                 gradY = samples(EQC_ARRAY_GRAD_Y, fakeOut),
                 size = {EQC_PARAM_I64, 0, formula(n)};
  eqc_formula perSample = formula(count);

  auto *direct =
      paramList({x, whole(EQC_ARRAY_WEIGHT), whole(EQC_ARRAY_BIAS), y, size});
  forward = {
      // All of a sample in shared memory, copied 16 bytes at a time.
      {formula(apply(EQC_OP_LE, {value(16), variable(EQC_VAR_ALIGN_SAMPLES)})),
       nullptr, 1, nullptr, 1,
       launchList(
           {{Block, perSample, formula(apply(EQC_OP_MUL, {n, value(8192)})),
             nullptr, 1, 5, direct}})},
      // Large samples, by clusters of 4.
      {formula(apply(EQC_OP_LE, {value(50), n})), nullptr, 1, nullptr, 1,
       launchList({{Cluster, formula(apply(EQC_OP_MUL, {count, value(4)})),
                    nullptr, formula(value(4)), 1, 5, direct}})},
      // Anywhere: sums of 64 samples, then their rows.
      {nullptr, formula(value(64)), 1,
       formula(apply(EQC_OP_MUL, {variable(EQC_VAR_CHUNK), value(4)})), 2,
       launchList(
           {{Sum, perSample, nullptr, nullptr, 1, 3,
             paramList({x, whole(EQC_ARRAY_WORKSPACE), size})},
            {Apply, formula(apply(EQC_OP_MUL, {count, n})), nullptr, nullptr, 1,
             6,
             paramList({x, whole(EQC_ARRAY_WEIGHT), whole(EQC_ARRAY_BIAS), y,
                        whole(EQC_ARRAY_WORKSPACE), size})}})}};
  packed = {{nullptr, nullptr, 0, nullptr, 1,
             launchList({{Packed, perSample, nullptr, nullptr, 0, 5,
                          paramList({x, whole(EQC_ARRAY_PACKED),
                                     whole(EQC_ARRAY_BIAS), y, size})}})}};
  pack = {{nullptr, nullptr, 0, nullptr, 1,
           launchList({{Pack, formula(value(1)), nullptr, nullptr, 0, 2,
                        paramList({whole(EQC_ARRAY_WEIGHT),
                                   whole(EQC_ARRAY_PACKED)})}})}};
  gradX = {
      {nullptr, nullptr, 1, nullptr, 1,
       launchList({{GradX, perSample, nullptr, nullptr, 1, 4,
                    paramList({whole(EQC_ARRAY_WEIGHT), gradY,
                               samples(EQC_ARRAY_GRAD_X, fakeIn), size})}})}};
  Words slabs = apply(EQC_OP_MIN, {variable(EQC_VAR_BATCH), value(8)});
  sums = {
      {nullptr, nullptr, 0,
       formula(apply(EQC_OP_MUL, {slabs, value(fakeSlabBytes)})), 2,
       launchList(
           {{Slabs, formula(slabs), nullptr, nullptr, 0, 6,
             paramList({whole(EQC_ARRAY_X),
                        whole(EQC_ARRAY_GRAD_Y),
                        whole(EQC_ARRAY_WORKSPACE),
                        size,
                        {EQC_PARAM_I64, 0, formula(variable(EQC_VAR_BATCH))},
                        {EQC_PARAM_I32, 0, formula(variable(EQC_VAR_SUMS))}})},
            {Add, formula(value(1)), nullptr, nullptr, 0, 4,
             paramList({whole(EQC_ARRAY_WORKSPACE),
                        whole(EQC_ARRAY_GRAD_WEIGHT),
                        whole(EQC_ARRAY_GRAD_BIAS),
                        {EQC_PARAM_I64, 0, formula(slabs)}})}})}};
  images = {ptx(75)};
  update();
}

FakeLayer::~FakeLayer() { eqc_rt_cuda_release(&kernel); }

//===-- Calls -------------------------------------------------------------===//

static float *newArray(int64_t elements, size_t offset) {
  return static_cast<float *>(
      eqc::standin::allocate(elements * sizeof(float), offset));
}

FakeCall::FakeCall(int64_t n, int64_t batch, size_t offset)
    : n(n), batch(batch), x(newArray(n * batch * fakeIn, offset)),
      weight(newArray(fakeIn * fakeOut, 0)), bias(newArray(fakeOut, 0)),
      y(newArray(n * batch * fakeOut, offset)),
      gradX(newArray(n * batch * fakeIn, offset)),
      gradWeight(newArray(fakeIn * fakeOut, 0)),
      gradBias(newArray(fakeOut, 0)) {
  for (int64_t i = 0; i != n * batch * fakeIn; ++i)
    x[i] = static_cast<float>(i * 7 % 11 - 5);
  for (int64_t i = 0; i != fakeIn * fakeOut; ++i)
    weight[i] = static_cast<float>(i * 5 % 7 - 3);
  for (int64_t i = 0; i != fakeOut; ++i)
    bias[i] = static_cast<float>(100 * i);
}

FakeCall::~FakeCall() {
  for (float *array : {x, weight, bias, y, gradX, gradWeight, gradBias})
    standin::release(array);
}

int FakeCall::forward(const FakeLayer &layer, void *stream) {
  return eqc_rt_cuda_forward(&layer.kernel, n, batch, x, weight, bias, y,
                             stream);
}

int FakeCall::backward(const FakeLayer &layer, void *stream) {
  return eqc_rt_cuda_backward(&layer.kernel, n, batch, x, weight, y, gradX,
                              gradWeight, gradBias, stream);
}

std::vector<float> FakeCall::result() const {
  return {y, y + n * batch * fakeOut};
}

void FakeCall::clear() { std::fill(y, y + n * batch * fakeOut, std::nanf("")); }

std::vector<float> FakeCall::expected() const {
  return fakeDefinition(n, batch, x, weight, bias);
}
