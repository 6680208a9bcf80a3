//===- CheckNetwork.cpp - Is a compiled network right? --------------------===//
//
// Values against the definition; gradients by their products with random
// directions, whose derivatives the definition knows; equivariance; and that
// tape, packed parameters and threads change no bit.
//
//===----------------------------------------------------------------------===//

#include "compiler/Check/CheckNetwork.h"

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Check/CheckRaggedNetwork.h"
#include "compiler/Check/GuardedArray.h"
#include "compiler/Check/NetworkCaller.h"
#include "compiler/Check/NetworkOracle.h"
#include "compiler/Check/RandomElements.h"
#include "compiler/Interface/NetworkInterface.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

using namespace eqc;

/// What networks promise.
static double toleranceOf(DType dtype) {
  return dtype == DType::F32 ? 1e-4 : 1e-10;
}

namespace {

using Arrays = std::vector<Values>;

class NetworkChecker {
public:
  NetworkChecker(const NetworkSpec &network, llvm::ArrayRef<LayerSpec> layers,
                 const LoadedLibrary &library, const CheckOptions &options)
      : network(network), layers(layers), library(library), options(options),
        caller(network, library), random(options.seed),
        tolerance(toleranceOf(network.dtype)) {}

  std::vector<CheckRow> run() {
    for (auto [batch, where] : {std::pair(int64_t(1), Placement::Apart),
                                std::pair(int64_t(7), Placement::First),
                                std::pair(int64_t(2), Placement::Last)}) {
      placement = where;
      runCase(batch);
    }
    if (caller.has("forward_ragged") && options.integers == 0 &&
        !params.empty())
      checkRaggedNetwork(network, layers, caller, params, tolerance, options,
                         table);
    return std::move(table);
  }

private:
  struct Result {
    Arrays outputs;
    int64_t status = 0;
  };

  std::vector<int64_t> chooseSizes(int64_t seed) const {
    std::vector<int64_t> sizes;
    for (const Space &space : network.spaces) {
      const int unit = rulesOf(space.group).sizeUnit();
      sizes.push_back(space.n >= 0 ? space.n : (2 + seed % 2) * unit);
      ++seed;
    }
    return sizes;
  }

  Values draw(int64_t count) {
    return drawValues(network.dtype, count, random, options.integers);
  }

  CheckRow &addRow(const char *name, int64_t batch) {
    CheckRow row;
    row.test = name;
    row.batch = batch;
    table.push_back(std::move(row));
    return table.back();
  }

  void measure(const char *name, int64_t batch, double error, double bound) {
    CheckRow &row = addRow(name, batch);
    row.measured = true;
    row.error = error;
    row.tolerance = bound;
    row.verdict = error <= bound ? Verdict::Ok : Verdict::Failed;
  }

  /// A row that has no measure.
  void note(const char *name, int64_t batch, const std::string &problem) {
    CheckRow &row = addRow(name, batch);
    row.verdict = problem.empty() ? Verdict::Ok : Verdict::Failed;
    row.note = problem;
  }

  /// Calls a function with these sizes, this batch and the arrays that arrayOf
  /// finds; its status.
  int64_t call(const char *suffix, int64_t batch,
               llvm::function_ref<void *(NetworkArgument, size_t)> arrayOf) {
    return caller
        .call(suffix,
              [&](int number, size_t index) -> uint64_t {
                const auto kind = static_cast<NetworkArgument>(number);
                if (kind == NetworkArgument::Sizes)
                  return free[index];
                if (kind == NetworkArgument::Batch)
                  return batch;
                return reinterpret_cast<uintptr_t>(arrayOf(kind, index));
              })
        .value_or(-100);
  }

  /// Calls a forward function; `extra` is the tape or packed parameters.
  Result forward(const NetworkOracle &oracle, int64_t batch,
                 const Arrays &inputs, const char *suffix, void *extra) {
    std::deque<GuardedArray> ins, outs;
    for (const Values &input : inputs)
      ins.emplace_back(network.dtype, input, placement);
    for (const NetworkOutput &output : network.outputs)
      outs.emplace_back(network.dtype, oracle.elementsOf(output.value),
                        placement);
    GuardedArray flat(network.dtype, params, placement);
    Result result;
    result.status =
        call(suffix, batch, [&](NetworkArgument kind, size_t index) -> void * {
          switch (kind) {
          case NetworkArgument::Inputs:
            return ins[index].data();
          case NetworkArgument::Params:
            return flat.data();
          case NetworkArgument::Outputs:
            return outs[index].data();
          default:
            return extra;
          }
        });
    for (GuardedArray &output : outs) {
      result.outputs.push_back(output.values());
      observe(output);
    }
    for (const GuardedArray &input : ins)
      observe(input);
    observe(flat);
    return result;
  }

  struct Gradients {
    Arrays inputs;
    Values params;
    int64_t status = 0;
  };
  Gradients backward(int64_t batch, const Arrays &inputs, const Arrays &grads,
                     void *tape) {
    std::deque<GuardedArray> ins, given, results;
    for (const Values &input : inputs) {
      ins.emplace_back(network.dtype, input, placement);
      results.emplace_back(network.dtype, static_cast<int64_t>(input.size()),
                           placement);
    }
    for (const Values &grad : grads)
      given.emplace_back(network.dtype, grad, placement);
    GuardedArray flat(network.dtype, params, placement);
    GuardedArray gradParams(network.dtype, network.params, placement);
    Gradients gradients;
    gradients.status = call("backward", batch,
                            [&](NetworkArgument kind, size_t index) -> void * {
                              switch (kind) {
                              case NetworkArgument::Inputs:
                                return ins[index].data();
                              case NetworkArgument::Params:
                                return flat.data();
                              case NetworkArgument::GradOutputs:
                                return given[index].data();
                              case NetworkArgument::GradInputs:
                                return results[index].data();
                              case NetworkArgument::GradParams:
                                return gradParams.data();
                              default:
                                return tape;
                              }
                            });
    for (GuardedArray &result : results)
      gradients.inputs.push_back(result.values());
    gradients.params = gradParams.values();
    for (const std::deque<GuardedArray> *arrays : {&ins, &given, &results})
      for (const GuardedArray &array : *arrays)
        observe(array);
    observe(flat);
    observe(gradParams);
    return gradients;
  }

  /// Notes whether memory beside an array of a call was written or touched.
  void observe(const GuardedArray &array) {
    guardsIntact &= array.guardsIntact() && array.touched().empty();
  }

  void runCase(int64_t batch) {
    const std::vector<int64_t> sizes = chooseSizes(batch);
    free.clear();
    for (size_t i = 0; i < sizes.size(); ++i)
      if (network.spaces[i].n < 0)
        free.push_back(sizes[i]);
    const NetworkOracle oracle(network, layers, sizes, batch);
    // The definition is evaluated once for each derivative, too.
    if (oracle.work() * static_cast<double>(batch) > options.workLimit / 8) {
      CheckRow &row = addRow(check_tests::kOracle, batch);
      row.verdict = Verdict::Skipped;
      return;
    }
    Arrays inputs;
    for (size_t i = 0; i < network.numInputs; ++i)
      inputs.push_back(draw(oracle.elementsOf(static_cast<int>(i))));
    drawParams(oracle, inputs);
    const Arrays values = oracle.run(inputs, params);
    magnitudes = magnitudesOf(oracle, inputs);
    const Result result = forward(oracle, batch, inputs, "forward", nullptr);
    if (result.status != 0) {
      note(check_tests::kOracle, batch,
           fmt::format("the call returned {}", result.status));
      return;
    }
    double error = 0;
    for (size_t o = 0; o < network.outputs.size(); ++o) {
      const Values &expected = values[network.outputs[o].value];
      const double own = largest(expected);
      const double scale =
          options.integers > 0
              ? own
              : scaleOf(own, largest(magnitudes[network.outputs[o].value]));
      error = std::max(
          error,
          relative(largestDifference(result.outputs[o], expected), scale));
    }
    if (options.integers > 0) {
      // Values that a type could not hold exactly say nothing.
      if (isExact())
        measure(check_tests::kOracle, batch, error, 0);
      return;
    }
    measure(check_tests::kOracle, batch, error, tolerance);
    testEquivariance(oracle, batch, inputs, sizes, result);
    testForms(oracle, batch, inputs, result);
    if (caller.has("backward"))
      testGradients(oracle, batch, inputs, values);
    note(check_tests::kEmptyBatch, batch,
         forward(NetworkOracle(network, layers, sizes, 0), 0,
                 Arrays(network.numInputs), "forward", nullptr)
                     .status == 0
             ? ""
             : "the call failed");
    note(check_tests::kGuards, batch,
         guardsIntact ? "" : "memory beside an array was touched");
  }

  /// Whether all values are integers that the type holds, however they are
  /// summed up.
  bool isExact() const {
    for (const NetworkLayer &layer : network.layers)
      if (layers[layer.index].normalize != Normalize::None)
        return false;
    for (const NetworkStep &step : network.steps)
      if (step.kind == StepKind::Norm ||
          (step.kind == StepKind::Pointwise &&
           step.function != Function::Relu && step.function != Function::Abs &&
           step.function != Function::Square))
        return false;
    const double most = network.dtype == DType::F32 ? 0x1p24 : 0x1p53;
    for (const Values &values : magnitudes)
      if (!(largest(values) < most))
        return false;
    return true;
  }

  /// What the error of a result is relative to: its own size; or, of one that
  /// (nearly) cancels, such as the cross product of a vector with itself and
  /// whatever is made of that, as much of what it would be if nothing cancelled
  /// as keeps the tolerance at the roundings of all steps. A step's are at most
  /// (8 + log2 m) eps for sums of m terms, and m is below 2^24 here.
  double scaleOf(double own, double ifNothingCancels) const {
    const double eps = network.dtype == DType::F32 ? 0x1p-23 : 0x1p-52;
    const double roundings =
        32 * eps * static_cast<double>(network.steps.size());
    return std::max(own,
                    ifNothingCancels * std::min(roundings / tolerance, 1.0));
  }

  /// All values where nothing cancels.
  Arrays magnitudesOf(const NetworkOracle &oracle, const Arrays &inputs) const {
    Arrays magnitudes;
    for (const Values &input : inputs)
      magnitudes.push_back(absolute(input));
    return oracle.run(magnitudes, absolute(params), {}, Entries::Absolute);
  }

  /// Parameters under which no value grows: the weights of each layer divided
  /// by the largest number that it makes.
  void drawParams(const NetworkOracle &oracle, const Arrays &inputs) {
    params = draw(network.params);
    if (options.integers > 0)
      return;
    oracle.run(inputs, params, [&](size_t number, Values &result) {
      const NetworkLayer &layer = network.layers[number];
      const double scale = largest(result);
      if (scale <= 1)
        return;
      for (int64_t i = layer.offset; i < layer.biasOffset + layer.biasSize; ++i)
        params[i] = roundTo(network.dtype, params[i] / scale);
      for (double &value : result)
        value /= scale;
    });
  }

  void testEquivariance(const NetworkOracle &oracle, int64_t batch,
                        const Arrays &inputs, const std::vector<int64_t> &sizes,
                        const Result &result) {
    std::vector<std::pair<Group, int64_t>> spaces;
    for (size_t i = 0; i < sizes.size(); ++i)
      spaces.emplace_back(network.spaces[i].group, sizes[i]);
    RandomElements elements(spaces, network.sums, random);
    auto move = [&](int number, const Values &tensor) {
      const NetworkValue &value = network.values[number];
      std::vector<int> kinds;
      std::vector<bool> dual;
      for (int axis : value.axes) {
        kinds.push_back(axis % kDualAxis);
        dual.push_back(isDualAxis(axis));
      }
      return elements.move(tensor, static_cast<int>(value.axes.size()), kinds,
                           batch, value.channels, network.layout, dual);
    };
    Arrays moved;
    for (size_t i = 0; i < inputs.size(); ++i) {
      moved.push_back(move(static_cast<int>(i), inputs[i]));
      for (double &value : moved.back())
        value = roundTo(network.dtype, value);
    }
    const Result ofMoved = forward(oracle, batch, moved, "forward", nullptr);
    double error = 0;
    for (size_t o = 0; o < network.outputs.size(); ++o) {
      const int output = network.outputs[o].value;
      const Values expected = move(output, result.outputs[o]);
      const double scale =
          scaleOf(std::max(largest(expected), largest(result.outputs[o])),
                  largest(magnitudes[output]));
      error = std::max(
          error,
          relative(largestDifference(ofMoved.outputs[o], expected), scale));
    }
    measure(check_tests::kEquivariance, batch, error,
            4 * tolerance * elements.growth());
  }

  /// The other forward functions write the same bits.
  void testForms(const NetworkOracle &oracle, int64_t batch,
                 const Arrays &inputs, const Result &result) {
    library.setNumThreads(1);
    const Result alone = forward(oracle, batch, inputs, "forward", nullptr);
    library.setNumThreads(0);
    note(check_tests::kRepeat, batch,
         alone.outputs == result.outputs ? "" : "one thread has other bits");
    Values packed(packedElements());
    GuardedArray flat(network.dtype, params, placement);
    const int64_t status =
        call("pack", batch, [&](NetworkArgument kind, size_t) -> void * {
          return kind == NetworkArgument::Params ? flat.data() : packed.data();
        });
    const Result ofPacked =
        forward(oracle, batch, inputs, "forward_packed", packed.data());
    note(check_tests::kPackedNetwork, batch,
         status == 0 && ofPacked.outputs == result.outputs
             ? ""
             : "packed parameters give other bits");
    if (!caller.has("backward"))
      return;
    makeTape(batch);
    const Result taped = forward(oracle, batch, inputs, "forward_tape", tape());
    note(check_tests::kTape, batch,
         taped.outputs == result.outputs ? "" : "a tape gives other bits");
  }

  /// NAME_PACKED_SIZE.
  size_t packedElements() const {
    using Info = const eqc_network_info *();
    auto *info =
        reinterpret_cast<Info *>(library.function(network.name + "_info"));
    return info ? static_cast<size_t>(info()->packed_size) : 0;
  }

  void makeTape(int64_t batch) {
    const int64_t bytes =
        call("tape_size", batch,
             [](NetworkArgument, size_t) -> void * { return nullptr; });
    tapeMemory.assign(static_cast<size_t>(std::max<int64_t>(bytes, 0)) + 64, 0);
  }
  void *tape() {
    const auto at = reinterpret_cast<uintptr_t>(tapeMemory.data());
    return tapeMemory.data() + (64 - at % 64) % 64;
  }

  /// <grads, derivatives along a direction>, if nothing cancelled.
  double slopesIfNothingCancels(const NetworkOracle &oracle,
                                const Arrays &values, const Arrays &grads,
                                const Arrays &inputDirections,
                                const Values &paramDirection) const {
    Arrays directions;
    for (const Values &direction : inputDirections)
      directions.push_back(absolute(direction));
    const Arrays slopes = oracle.derive(values, absolute(params), directions,
                                        absolute(paramDirection), &magnitudes);
    double sum = 0;
    for (size_t o = 0; o < grads.size(); ++o)
      for (size_t i = 0; i < grads[o].size(); ++i)
        sum += std::abs(grads[o][i]) * slopes[network.outputs[o].value][i];
    return sum;
  }

  void testGradients(const NetworkOracle &oracle, int64_t batch,
                     const Arrays &inputs, const Arrays &values) {
    Arrays grads;
    for (const NetworkOutput &output : network.outputs)
      grads.push_back(draw(oracle.elementsOf(output.value)));
    const Gradients found = backward(batch, inputs, grads, nullptr);
    if (found.status != 0)
      return note(check_tests::kGradNetwork, batch,
                  fmt::format("the call returned {}", found.status));
    // A direction within each array, so that none hides behind the others.
    double error = 0;
    auto compare = [&](const Arrays &inputDirections,
                       const Values &paramDirection) {
      const Arrays slopes =
          oracle.derive(values, params, inputDirections, paramDirection);
      double expected = 0, got = 0, scale = 0;
      auto add = [](const Values &a, const Values &b, double &sum,
                    double *absolute) {
        for (size_t i = 0; i < a.size(); ++i) {
          sum += a[i] * b[i];
          if (absolute)
            *absolute += std::abs(a[i] * b[i]);
        }
      };
      for (size_t o = 0; o < grads.size(); ++o)
        add(grads[o], slopes[network.outputs[o].value], expected, nullptr);
      for (size_t i = 0; i < inputDirections.size(); ++i)
        add(found.inputs[i], inputDirections[i], got, &scale);
      add(found.params, paramDirection, got, &scale);
      const double difference = std::abs(got - expected);
      if (difference > tolerance * scale)
        scale = scaleOf(scale, slopesIfNothingCancels(oracle, values, grads,
                                                      inputDirections,
                                                      paramDirection));
      error = std::max(error, relative(difference, scale));
    };
    Arrays noInputs;
    for (const Values &input : inputs)
      noInputs.emplace_back(input.size(), 0.0);
    const Values noParams(params.size(), 0.0);
    for (size_t i = 0; i < inputs.size(); ++i) {
      Arrays direction = noInputs;
      direction[i] = draw(static_cast<int64_t>(inputs[i].size()));
      compare(direction, noParams);
    }
    for (const NetworkLayer &layer : network.layers)
      for (auto [offset, size] :
           {std::pair(layer.offset, layer.weightSize),
            std::pair(layer.biasOffset, layer.biasSize)}) {
        Values direction = noParams;
        const Values part = draw(size);
        std::copy(part.begin(), part.end(), direction.begin() + offset);
        if (size > 0)
          compare(noInputs, direction);
      }
    measure(check_tests::kGradNetwork, batch, error, tolerance);

    const Gradients taped = backward(batch, inputs, grads, tape());
    library.setNumThreads(1);
    const Gradients alone = backward(batch, inputs, grads, nullptr);
    library.setNumThreads(0);
    note(check_tests::kGradForms, batch,
         taped.inputs == found.inputs && taped.params == found.params &&
                 alone.inputs == found.inputs && alone.params == found.params
             ? ""
             : "a tape or one thread gives other bits");
  }

  const NetworkSpec &network;
  llvm::ArrayRef<LayerSpec> layers;
  const LoadedLibrary &library;
  const CheckOptions &options;
  NetworkCaller caller;
  Random random;
  const double tolerance;
  std::vector<CheckRow> table;

  // The current case.
  std::vector<int64_t> free; ///< sizes given at run time
  Values params;
  Arrays magnitudes; ///< all values where nothing cancels
  std::vector<char> tapeMemory;
  bool guardsIntact = true;
  Placement placement = Placement::Apart;
  AccessWatch watch;
};

} // namespace

CheckReport eqc::checkNetwork(const NetworkSpec &network,
                              llvm::ArrayRef<LayerSpec> layers,
                              const LoadedLibrary &library,
                              const CheckOptions &options) {
  CheckReport report;
  report.isNetwork = true;
  report.title =
      fmt::format("network {}: {} layers, {} steps, {} parameters, {}",
                  network.name, network.layers.size(), network.steps.size(),
                  network.params, network.dtype == DType::F32 ? "f32" : "f64");
  report.rows = NetworkChecker(network, layers, library, options).run();
  return report;
}
