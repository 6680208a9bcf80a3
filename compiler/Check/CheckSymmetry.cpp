//===- CheckSymmetry.cpp - Tensors whose axes have a symmetry -------------===//

#include "compiler/Check/CheckSymmetry.h"
#include "compiler/Check/Oracle.h"

using namespace eqc;

/// Where a permutation of axes takes each position of a tensor with these.
static std::vector<int64_t> imagesOf(const AxisPermutation &permutation,
                                     const std::vector<int64_t> &lengths) {
  std::vector<int64_t> images;
  const int64_t positions = numPositions(lengths);
  for (int64_t position = 0; position < positions; ++position) {
    std::vector<int64_t> moved(lengths.size());
    int64_t rest = position;
    for (size_t axis = lengths.size(); axis-- > 0; rest /= lengths[axis])
      moved[permutation.images[axis]] = rest % lengths[axis];
    int64_t image = 0;
    for (size_t axis = 0; axis < lengths.size(); ++axis)
      image = image * lengths[axis] + moved[axis];
    images.push_back(image);
  }
  return images;
}

void eqc::makeSymmetric(Values &x, const LayerSpec &spec, int64_t n,
                        int64_t batch) {
  if (spec.symmetry.in.empty())
    return;
  const std::vector<int64_t> lengths = lengthsAt(spec, n, /*ofInput=*/true);
  const int64_t positions = numPositions(lengths);
  std::vector<std::vector<int64_t>> images;
  for (const AxisPermutation &generator : spec.symmetry.in)
    images.push_back(imagesOf(generator, lengths));
  // The positions that one can be taken to, with signs against it.
  std::vector<bool> done(positions, false);
  std::vector<int> signs(positions, 0);
  for (int64_t first = 0; first < positions; ++first) {
    if (done[first])
      continue;
    std::vector<std::pair<int64_t, int>> orbit{{first, 1}};
    signs[first] = 1;
    bool vanishes = false;
    for (size_t i = 0; i < orbit.size(); ++i)
      for (size_t g = 0; g < images.size(); ++g) {
        const int64_t image = images[g][orbit[i].first];
        const int sign = orbit[i].second * spec.symmetry.in[g].sign;
        if (signs[image] == 0)
          orbit.emplace_back(image, sign);
        else
          vanishes |= signs[image] != sign;
        signs[image] = sign;
      }
    for (auto [position, sign] : orbit) {
      done[position] = true;
      for (int64_t b = 0; b < batch; ++b)
        for (int64_t c = 0; c < spec.cIn; ++c)
          x[elementIndex(spec.layout, b, position, positions, c, spec.cIn)] =
              vanishes ? 0
                       : sign * x[elementIndex(spec.layout, b, first, positions,
                                               c, spec.cIn)];
    }
  }
}

Values eqc::permuteOutput(const Values &y, const AxisPermutation &generator,
                          const LayerSpec &spec, int64_t n, int64_t batch) {
  const std::vector<int64_t> images =
      imagesOf(generator, lengthsAt(spec, n, /*ofInput=*/false));
  const auto positions = static_cast<int64_t>(images.size());
  Values moved(y.size());
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t p = 0; p < positions; ++p)
      for (int64_t c = 0; c < spec.cOut; ++c)
        moved[elementIndex(spec.layout, b, images[p], positions, c,
                           spec.cOut)] =
            generator.sign *
            y[elementIndex(spec.layout, b, p, positions, c, spec.cOut)];
  return moved;
}
