//===- FakeLayer.h - A GPU layer written by hand ----------------*- C++ -*-===//
//
// y[b,i,o] = sum_j,c x[b,j,c] + sum_c x[b,i,c] weight[c,o] + bias[o] for 3
// channels in and 5 out, in forms like those that the compiler makes: all in
// one block with much shared memory, in clusters, or as two launches that have
// the sums of a sample in the workspace. Its kernels are functions of the host.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_TEST_CUDA_FAKELAYER_H
#define EQC_TEST_CUDA_FAKELAYER_H

#include "test/Runtime/FakeDefinition.h"

#include <eqc/cuda_kernel.h>

#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

namespace eqc::test {

/// The words of a formula.
using Words = std::vector<int64_t>;
Words value(int64_t constant);
Words variable(int64_t number);
Words apply(int64_t op, std::initializer_list<Words> operands);

class FakeLayer {
public:
  FakeLayer();
  ~FakeLayer();
  FakeLayer(const FakeLayer &) = delete;

  eqc_layer_info info = {};
  eqc_cuda_kernel kernel = {};
  void *state = nullptr;
  eqc_cuda_code code = {};
  std::vector<eqc_cuda_image> images;
  std::vector<eqc_cuda_function> functions;
  /// The forms of forward: by blocks, by clusters, by launches over the grid.
  std::vector<eqc_cuda_form> forward, packed, pack, gradX, sums;

  /// Points the record at its parts again after a change.
  void update();
  /// A formula that lives as long as the layer.
  eqc_formula formula(Words words);
  const eqc_cuda_launch *launchList(std::vector<eqc_cuda_launch> list);
  const eqc_cuda_param *paramList(std::vector<eqc_cuda_param> list);

  /// An image of all kernels.
  eqc_cuda_image ptx(int chip, const char *version = "7.0");
  eqc_cuda_image cubin(int chip);
  /// Text that lives as long as the layer.
  const char *text(std::string words);

private:
  std::deque<Words> formulas;
  std::deque<std::vector<eqc_cuda_launch>> launches;
  std::deque<std::vector<eqc_cuda_param>> params;
  std::deque<std::string> texts;
};

/// Arrays of a call, in guarded device memory.
struct FakeCall {
  FakeCall(int64_t n, int64_t batch, size_t offset = 0);
  ~FakeCall();
  FakeCall(const FakeCall &) = delete;

  int64_t n, batch;
  float *x, *weight, *bias, *y, *gradX, *gradWeight, *gradBias;

  int forward(const FakeLayer &layer, void *stream = nullptr);
  /// With y as grad_y.
  int backward(const FakeLayer &layer, void *stream = nullptr);
  std::vector<float> expected() const;
  std::vector<float> result() const;
  void clear(); ///< y is NaN again
};

} // namespace eqc::test

#endif // EQC_TEST_CUDA_FAKELAYER_H
