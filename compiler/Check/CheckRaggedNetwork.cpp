//===- CheckRaggedNetwork.cpp - Networks on different sizes ---------------===//

#include "compiler/Check/CheckRaggedNetwork.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Check/GuardedArray.h"
#include "compiler/Check/NetworkOracle.h"
#include "compiler/Interface/NetworkInterface.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

using namespace eqc;

static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Equal sizes next to each other, and samples without entries.
static constexpr int64_t kPattern[] = {0, 2, 2, 1, 0, 1, 3, 0};
static constexpr int64_t kLargest = 3;

namespace {

using Arrays = std::vector<Values>;

class RaggedNetworkChecker {
public:
  RaggedNetworkChecker(const NetworkSpec &network,
                       llvm::ArrayRef<LayerSpec> layers,
                       const NetworkCaller &caller, const Values &params,
                       double tolerance, const CheckOptions &options)
      : network(network), caller(caller), params(params), tolerance(tolerance),
        random(options.seed), batch(std::size(kPattern)) {
    for (int64_t sample = 0; sample < batch; ++sample) {
      std::vector<int64_t> sizes;
      size_t list = 0;
      for (const Space &space : network.spaces) {
        if (space.n >= 0) {
          sizes.push_back(space.n);
          continue;
        }
        const int64_t n = kPattern[(sample + list) % std::size(kPattern)] *
                          rulesOf(space.group).sizeUnit();
        sizes.push_back(n);
        lists.resize(std::max(lists.size(), list + 1));
        lists[list++].push_back(n);
      }
      samples.emplace_back(network, layers, sizes, 1);
    }
    // Of padded arrays, longer than any sample.
    for (const Space &space : network.spaces) {
      const int64_t longest =
          space.n >= 0 ? space.n
                       : (kLargest + 1) * rulesOf(space.group).sizeUnit();
      extents.push_back(longest);
      if (space.n < 0)
        free.push_back(longest);
    }
  }

  double work() const {
    double work = 0;
    for (const NetworkOracle &sample : samples)
      work += sample.work();
    return work;
  }

  void run(std::vector<CheckRow> &table) {
    for (size_t i = 0; i < network.numInputs; ++i)
      drawn.push_back(draw(static_cast<int>(i)));
    for (const NetworkOutput &output : network.outputs)
      grads.push_back(draw(output.value));
    for (int64_t s = 0; s < batch; ++s)
      values.push_back(samples[s].run(inputsOf(s), params));
    if (caller.has("backward_ragged"))
      drawDirections();
    for (bool padded : {false, true}) {
      CheckRow row =
          newRow(padded ? check_tests::kPadded : check_tests::kRagged);
      CheckRow gradients =
          newRow(padded ? check_tests::kGradPadded : check_tests::kGradRagged);
      for (Placement place :
           {Placement::Apart, Placement::First, Placement::Last}) {
        placement = place;
        forward(padded, row);
        if (caller.has("backward_ragged"))
          backward(padded, gradients);
      }
      finish(row, table);
      if (caller.has("backward_ragged"))
        finish(gradients, table);
    }
  }

private:
  /// Of an array one part for each sample.
  Arrays draw(int value) {
    Arrays parts;
    for (const NetworkOracle &sample : samples)
      parts.push_back(
          drawValues(network.dtype, sample.elementsOf(value), random));
    return parts;
  }

  Arrays inputsOf(int64_t sample) const {
    Arrays inputs;
    for (const Arrays &array : drawn)
      inputs.push_back(array[sample]);
    return inputs;
  }

  CheckRow newRow(const char *test) const {
    CheckRow row;
    row.test = test;
    row.batch = batch;
    row.measured = true;
    row.tolerance = tolerance;
    return row;
  }

  static void finish(CheckRow &row, std::vector<CheckRow> &table) {
    row.verdict = row.note.empty() && row.error <= row.tolerance
                      ? Verdict::Ok
                      : Verdict::Failed;
    table.push_back(std::move(row));
  }

  /// Where the elements of each sample are in an array of a value.
  std::vector<std::vector<size_t>> placesOf(int value, bool padded,
                                            size_t &total) const {
    const int64_t channels = network.values[value].channels;
    std::vector<std::vector<size_t>> places;
    std::vector<int64_t> longest;
    for (int axis : network.values[value].axes)
      longest.push_back(network.lengthOf(axis, extents));
    const int64_t room = numPositions(longest);
    int64_t at = 0;
    for (int64_t s = 0; s < batch; ++s) {
      const std::vector<int64_t> lengths = samples[s].lengthsOf(value);
      const int64_t positions = numPositions(lengths);
      std::vector<size_t> &own = places.emplace_back(positions * channels);
      for (int64_t position = 0; position < positions; ++position) {
        int64_t rest = position, place = 0, stride = 1;
        for (size_t axis = lengths.size(); axis-- > 0;) {
          place += rest % lengths[axis] * stride;
          rest /= lengths[axis];
          stride *= longest[axis];
        }
        for (int64_t channel = 0; channel < channels; ++channel) {
          const int64_t element = elementIndex(network.layout, 0, position,
                                               positions, channel, channels);
          own[element] = padded ? elementIndex(network.layout, s, place, room,
                                               channel, channels)
                                : at + element;
        }
      }
      at += positions * channels;
    }
    total = padded ? batch * room * channels : at;
    return places;
  }

  Values join(int value, const Arrays &parts, bool padded) const {
    size_t total = 0;
    const auto places = placesOf(value, padded, total);
    Values joined(total, kNaN);
    for (size_t s = 0; s < parts.size(); ++s)
      for (size_t i = 0; i < parts[s].size(); ++i)
        joined[places[s][i]] = parts[s][i];
    return joined;
  }

  /// The parts of samples again; what lies outside must be zero.
  Arrays split(int value, const Values &joined, bool padded, CheckRow &row) {
    size_t total = 0;
    const auto places = placesOf(value, padded, total);
    std::vector<bool> counts(total);
    Arrays parts;
    for (const std::vector<size_t> &own : places) {
      Values &part = parts.emplace_back();
      for (size_t place : own) {
        part.push_back(joined[place]);
        counts[place] = true;
      }
    }
    for (size_t i = 0; i < total; ++i)
      if (!counts[i] && joined[i] != 0)
        row.note = "what lies outside is not zero";
    return parts;
  }

  void addArray(int value, const Arrays &parts, bool padded,
                std::deque<GuardedArray> &arrays) const {
    arrays.emplace_back(network.dtype, join(value, parts, padded), placement);
  }
  void addRoom(int value, bool padded, std::deque<GuardedArray> &arrays) const {
    size_t total = 0;
    placesOf(value, padded, total);
    arrays.emplace_back(network.dtype, Values(total, kNaN), placement);
  }

  using Find = llvm::function_ref<void *(NetworkArgument, size_t)>;
  void call(const char *suffix, Find find, CheckRow &row) {
    const auto status =
        caller.call(suffix, [&](int number, size_t index) -> uint64_t {
          const auto kind = static_cast<NetworkArgument>(number);
          if (kind == NetworkArgument::Sizes)
            return free[index];
          if (kind == NetworkArgument::Batch)
            return batch;
          if (kind == NetworkArgument::SampleSizes)
            return reinterpret_cast<uintptr_t>(lists[index].data());
          return reinterpret_cast<uintptr_t>(find(kind, index));
        });
    if (status.value_or(-100) != 0)
      row.note = "a call returned " + std::to_string(status.value_or(-100));
  }

  static void observe(const std::deque<GuardedArray> &arrays, CheckRow &row) {
    for (const GuardedArray &array : arrays)
      if (!array.guardsIntact() || !array.touched().empty())
        row.note = "a call touched memory beside its arrays";
  }

  void forward(bool padded, CheckRow &row) {
    std::deque<GuardedArray> ins, outs;
    for (size_t i = 0; i < drawn.size(); ++i)
      addArray(static_cast<int>(i), drawn[i], padded, ins);
    for (const NetworkOutput &output : network.outputs)
      addRoom(output.value, padded, outs);
    GuardedArray flat(network.dtype, params, placement);
    call(
        padded ? "forward_padded" : "forward_ragged",
        [&](NetworkArgument kind, size_t index) -> void * {
          return kind == NetworkArgument::Inputs    ? ins[index].data()
                 : kind == NetworkArgument::Outputs ? outs[index].data()
                                                    : flat.data();
        },
        row);
    observe(ins, row);
    observe(outs, row);
    for (size_t o = 0; o < outs.size(); ++o) {
      const int value = network.outputs[o].value;
      const Arrays got = split(value, outs[o].values(), padded, row);
      for (int64_t s = 0; s < batch; ++s)
        row.error = std::max(
            row.error, relative(largestDifference(got[s], values[s][value]),
                                largest(values[s][value])));
    }
  }

  void backward(bool padded, CheckRow &row) {
    std::deque<GuardedArray> ins, given, results;
    for (size_t i = 0; i < drawn.size(); ++i) {
      addArray(static_cast<int>(i), drawn[i], padded, ins);
      addRoom(static_cast<int>(i), padded, results);
    }
    for (size_t o = 0; o < grads.size(); ++o)
      addArray(network.outputs[o].value, grads[o], padded, given);
    GuardedArray flat(network.dtype, params, placement);
    GuardedArray gradParams(network.dtype, network.params, placement);
    call(
        padded ? "backward_padded" : "backward_ragged",
        [&](NetworkArgument kind, size_t index) -> void * {
          switch (kind) {
          case NetworkArgument::Inputs:
            return ins[index].data();
          case NetworkArgument::GradOutputs:
            return given[index].data();
          case NetworkArgument::GradInputs:
            return results[index].data();
          case NetworkArgument::GradParams:
            return gradParams.data();
          case NetworkArgument::Params:
            return flat.data();
          default:
            return nullptr; // the tape
          }
        },
        row);
    for (const std::deque<GuardedArray> *arrays : {&ins, &given, &results})
      observe(*arrays, row);
    std::vector<Arrays> found;
    for (size_t i = 0; i < results.size(); ++i)
      found.push_back(
          split(static_cast<int>(i), results[i].values(), padded, row));
    compare(found, gradParams.values(), row);
  }

  /// A direction in one input, or in the parameters of one layer, and the
  /// derivative along it that the definition has.
  struct Direction {
    std::vector<Arrays> inputs;
    Values params;
    double expected = 0;
  };

  void addDirection(std::vector<Arrays> inputs, Values paramDirection) {
    double expected = 0;
    for (int64_t s = 0; s < batch; ++s) {
      Arrays own;
      for (const Arrays &direction : inputs)
        own.push_back(direction[s]);
      const Arrays slopes =
          samples[s].derive(values[s], params, own, paramDirection);
      for (size_t o = 0; o < grads.size(); ++o)
        for (size_t i = 0; i < grads[o][s].size(); ++i)
          expected += grads[o][s][i] * slopes[network.outputs[o].value][i];
    }
    directions.push_back(
        {std::move(inputs), std::move(paramDirection), expected});
  }

  void drawDirections() {
    std::vector<Arrays> none = drawn;
    for (Arrays &array : none)
      for (Values &part : array)
        std::fill(part.begin(), part.end(), 0);
    const Values noParams(params.size(), 0.0);
    for (size_t i = 0; i < drawn.size(); ++i) {
      std::vector<Arrays> inputs = none;
      inputs[i] = draw(static_cast<int>(i));
      addDirection(std::move(inputs), noParams);
    }
    for (const NetworkLayer &layer : network.layers)
      for (auto [offset, size] :
           {std::pair(layer.offset, layer.weightSize),
            std::pair(layer.biasOffset, layer.biasSize)}) {
        Values direction = noParams;
        const Values part = drawValues(network.dtype, size, random);
        std::copy(part.begin(), part.end(), direction.begin() + offset);
        if (size > 0)
          addDirection(none, std::move(direction));
      }
  }

  /// Products of gradients with all directions.
  void compare(const std::vector<Arrays> &found, const Values &foundParams,
               CheckRow &row) {
    for (const Direction &direction : directions) {
      double got = 0, scale = 0;
      auto add = [&](const Values &gradient, const Values &along) {
        for (size_t i = 0; i < along.size(); ++i) {
          got += gradient[i] * along[i];
          scale += std::abs(gradient[i] * along[i]);
        }
      };
      for (size_t input = 0; input < found.size(); ++input)
        for (int64_t s = 0; s < batch; ++s)
          add(found[input][s], direction.inputs[input][s]);
      add(foundParams, direction.params);
      const double error = relative(std::abs(got - direction.expected), scale);
      // A maximum would not see one that is no number.
      row.error = std::isnan(error) ? INFINITY : std::max(row.error, error);
    }
  }

  const NetworkSpec &network;
  const NetworkCaller &caller;
  const Values &params;
  const double tolerance;
  Random random;
  const int64_t batch;
  std::vector<std::vector<int64_t>> lists; ///< the sizes of all samples
  std::vector<int64_t> extents, free; ///< of all spaces; of those with lists
  std::vector<NetworkOracle> samples;
  std::vector<Arrays> drawn, grads; ///< of each array, of each sample
  std::vector<Arrays> values;       ///< of each sample, all
  std::vector<Direction> directions;
  Placement placement = Placement::Apart;
  AccessWatch watch;
};

} // namespace

void eqc::checkRaggedNetwork(const NetworkSpec &network,
                             llvm::ArrayRef<LayerSpec> layers,
                             const NetworkCaller &caller, const Values &params,
                             double tolerance, const CheckOptions &options,
                             std::vector<CheckRow> &table) {
  RaggedNetworkChecker checker(network, layers, caller, params, tolerance,
                               options);
  if (checker.work() <= options.workLimit / 8)
    return checker.run(table);
  CheckRow row;
  row.test = check_tests::kRagged;
  row.verdict = Verdict::Skipped;
  table.push_back(std::move(row));
}
