//===- NetworkOracle.cpp - Networks by definition -------------------------===//

#include "compiler/Check/NetworkOracle.h"

#include "compiler/Check/BilinearOracle.h"
#include "compiler/Check/Oracle.h"

#include <algorithm>
#include <cmath>

using namespace eqc;

//===----------------------------------------------------------------------===//
// Functions of entries
//===----------------------------------------------------------------------===//

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

static double normalDistribution(double x) {
  return std::erfc(-x / std::sqrt(2.0)) / 2;
}

static double valueOf(Function function, double x) {
  switch (function) {
  case Function::Relu:
    return std::max(x, 0.0);
  case Function::LeakyRelu:
    return x < 0 ? 0.01 * x : x;
  case Function::Elu:
    return x < 0 ? std::exp(x) - 1 : x;
  case Function::Gelu:
    return x * normalDistribution(x);
  case Function::Silu:
    return x * sigmoid(x);
  case Function::Sigmoid:
    return sigmoid(x);
  case Function::Softplus:
    return std::log(1 + std::exp(x));
  case Function::Tanh:
    return std::tanh(x);
  case Function::Softsign:
    return x / (1 + std::abs(x));
  case Function::Sin:
    return std::sin(x);
  case Function::Cos:
    return std::cos(x);
  case Function::Exp:
    return std::exp(x);
  case Function::Abs:
    return std::abs(x);
  case Function::Square:
    return x * x;
  }
  return 0;
}

static double slopeOf(Function function, double x) {
  const double density = std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
  const double s = sigmoid(x);
  switch (function) {
  case Function::Relu:
    return x > 0 ? 1 : 0;
  case Function::LeakyRelu:
    return x > 0 ? 1 : 0.01;
  case Function::Elu:
    return x > 0 ? 1 : std::exp(x);
  case Function::Gelu:
    return normalDistribution(x) + x * density;
  case Function::Silu:
    return s + x * s * (1 - s);
  case Function::Sigmoid:
    return s * (1 - s);
  case Function::Softplus:
    return s;
  case Function::Tanh:
    return 1 - std::tanh(x) * std::tanh(x);
  case Function::Softsign:
    return 1 / ((1 + std::abs(x)) * (1 + std::abs(x)));
  case Function::Sin:
    return std::cos(x);
  case Function::Cos:
    return -std::sin(x);
  case Function::Exp:
    return std::exp(x);
  case Function::Abs:
    return x > 0 ? 1 : x < 0 ? -1 : 0;
  case Function::Square:
    return 2 * x;
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

std::vector<int64_t> NetworkOracle::lengthsOf(int value) const {
  std::vector<int64_t> lengths;
  for (int axis : network.values[value].axes)
    lengths.push_back(network.lengthOf(axis, sizes));
  return lengths;
}

int64_t NetworkOracle::elementsOf(int value) const {
  return batch * numPositions(lengthsOf(value)) *
         network.values[value].channels;
}

std::vector<int64_t> NetworkOracle::places(int of, int in) const {
  const NetworkValue &whole = network.values[of], &part = network.values[in];
  const std::vector<int64_t> lengths = lengthsOf(of), kept = lengthsOf(in);
  const int64_t positions = numPositions(lengths);
  const int64_t partPositions = numPositions(kept);
  std::vector<int64_t> result(elementsOf(of));
  for (int64_t sample = 0; sample < batch; ++sample)
    for (int64_t position = 0; position < positions; ++position) {
      // The indices of the axes that `in` has too, which are all axes of some
      // spaces.
      int64_t rest = position, place = 0, stride = 1;
      for (size_t axis = lengths.size(); axis-- > 0;) {
        const int64_t index = rest % lengths[axis];
        rest /= lengths[axis];
        if (std::find(part.axes.begin(), part.axes.end(), whole.axes[axis]) ==
            part.axes.end())
          continue;
        place += index * stride;
        stride *= lengths[axis];
      }
      for (int64_t c = 0; c < whole.channels; ++c)
        result[elementIndex(network.layout, sample, position, positions, c,
                            whole.channels)] =
            elementIndex(network.layout, sample, place, partPositions,
                         part.channels == 1 ? 0 : c, part.channels);
    }
  return result;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

double NetworkOracle::work() const {
  double total = 0;
  for (const NetworkStep &step : network.steps) {
    total += static_cast<double>(elementsOf(step.result)) / batch;
    if (step.kind != StepKind::Layer)
      continue;
    const LayerSpec spec = layerOf(step);
    for (const Diagram &diagram : spec.diagrams)
      total += oracleVisits(diagram, spec.group, spec.n) *
               static_cast<double>(spec.weightsOfDiagram());
    if (spec.isBilinear())
      total += static_cast<double>(elementsOf(step.operands[0])) / batch *
               static_cast<double>(elementsOf(step.operands[1])) / batch;
  }
  return total;
}

LayerSpec NetworkOracle::layerOf(const NetworkStep &step) const {
  const LayerSpec &spec = layers[network.layers[step.layer].index];
  std::vector<int64_t> given;
  for (const Space &space : spec.spaces())
    if (space.n < 0)
      given.push_back(
          sizes[std::find(network.spaces.begin(), network.spaces.end(), space) -
                network.spaces.begin()]);
  return atSizes(spec, given);
}

Values NetworkOracle::layer(const NetworkStep &step, const Values &x,
                            const Values &z, const Values &params,
                            bool withBias, Entries entries,
                            const Values *at) const {
  const NetworkLayer &place = network.layers[step.layer];
  const LayerSpec spec = layerOf(step);
  const Values none(static_cast<size_t>(place.biasSize), 0.0);
  const double *weight = params.data() + place.offset;
  const double *bias =
      withBias ? params.data() + place.biasOffset : none.data();
  // Sums and means over nothing are 0.
  if (spec.l == 0 && (x.empty() || (spec.isBilinear() && z.empty()))) {
    Values y;
    for (int64_t s = 0; s < batch; ++s)
      for (int64_t c = 0; c < spec.cOut; ++c)
        y.push_back(place.biasSize > 0 ? bias[c] : 0);
    return y;
  }
  if (spec.isBilinear())
    return oracleBilinear(spec, spec.n, batch, x.data(), z.data(), weight, bias,
                          entries);
  return oracleAlong(spec, spec.n, batch, (at ? *at : x).data(), x.data(),
                     weight, bias, entries);
}

void NetworkOracle::concatenate(const NetworkStep &step,
                                std::vector<Values> &values) const {
  const int64_t positions = numPositions(lengthsOf(step.result));
  const int64_t all = network.values[step.result].channels;
  int64_t before = 0;
  for (int operand : step.operands) {
    const int64_t channels = network.values[operand].channels;
    for (int64_t s = 0; s < batch; ++s)
      for (int64_t p = 0; p < positions; ++p)
        for (int64_t c = 0; c < channels; ++c)
          values[step.result][elementIndex(network.layout, s, p, positions,
                                           before + c, all)] =
              values[operand][elementIndex(network.layout, s, p, positions, c,
                                           channels)];
    before += channels;
  }
}

std::vector<Values> NetworkOracle::run(const std::vector<Values> &inputs,
                                       const Values &params,
                                       const Observer &observe,
                                       Entries entries) const {
  std::vector<Values> values(network.values.size());
  std::copy(inputs.begin(), inputs.end(), values.begin());
  std::vector<bool> seen(network.layers.size());
  for (const NetworkStep &step : network.steps) {
    Values &y = values[step.result];
    y.assign(static_cast<size_t>(elementsOf(step.result)), 0.0);
    const Values &x = values[step.operands[0]];
    switch (step.kind) {
    case StepKind::Layer:
      y = layer(step, x, values[step.operands.back()], params,
                /*withBias=*/true, entries);
      if (observe && !seen[step.layer])
        observe(step.layer, y);
      seen[step.layer] = true;
      break;
    case StepKind::Pointwise:
      for (size_t i = 0; i < y.size(); ++i)
        y[i] = valueOf(step.function, x[i]);
      break;
    case StepKind::Norm: {
      const std::vector<int64_t> at = places(step.operands[0], step.result);
      for (size_t i = 0; i < x.size(); ++i)
        y[at[i]] += x[i] * x[i];
      for (double &value : y)
        value = std::sqrt(value + 1e-12);
      break;
    }
    case StepKind::Scale: {
      const Values &value = values[step.operands[1]];
      const std::vector<int64_t> at =
          places(step.operands[1], step.operands[0]);
      for (size_t i = 0; i < y.size(); ++i)
        y[i] = x[at[i]] * value[i];
      break;
    }
    case StepKind::Concat:
      concatenate(step, values);
      break;
    case StepKind::Add:
      for (int operand : step.operands)
        for (size_t i = 0; i < y.size(); ++i)
          y[i] += values[operand][i];
      break;
    }
  }
  return values;
}

std::vector<Values>
NetworkOracle::derive(const std::vector<Values> &values, const Values &params,
                      const std::vector<Values> &inputDirections,
                      const Values &paramDirection,
                      const std::vector<Values> *magnitudes) const {
  const Entries entries = magnitudes ? Entries::Absolute : Entries::Signed;
  const std::vector<Values> &terms = magnitudes ? *magnitudes : values;
  std::vector<Values> slopes(network.values.size());
  std::copy(inputDirections.begin(), inputDirections.end(), slopes.begin());
  auto signless = [&](double x) { return magnitudes ? std::abs(x) : x; };
  for (const NetworkStep &step : network.steps) {
    Values &dy = slopes[step.result];
    const Values &x = values[step.operands[0]];
    const Values &term = terms[step.operands[0]];
    const Values &dx = slopes[step.operands[0]];
    dy.assign(static_cast<size_t>(elementsOf(step.result)), 0.0);
    switch (step.kind) {
    case StepKind::Layer: {
      // Linear in each input, where extremes stay where they are, and in the
      // parameters.
      const Values &z = terms[step.operands.back()];
      auto add = [&dy](const Values &part) {
        for (size_t i = 0; i < dy.size(); ++i)
          dy[i] += part[i];
      };
      add(layer(step, dx, z, params, /*withBias=*/false, entries, &x));
      if (step.operands.size() == 2)
        add(layer(step, term, slopes[step.operands[1]], params,
                  /*withBias=*/false, entries));
      add(layer(step, term, z, paramDirection, /*withBias=*/true, entries, &x));
      break;
    }
    case StepKind::Pointwise:
      for (size_t i = 0; i < dy.size(); ++i)
        dy[i] = signless(slopeOf(step.function, x[i])) * dx[i];
      break;
    case StepKind::Norm: {
      const std::vector<int64_t> at = places(step.operands[0], step.result);
      const Values &y = values[step.result];
      for (size_t i = 0; i < x.size(); ++i)
        // The direction of x that nearly cancels may be any.
        dy[at[i]] += dx[i] * (magnitudes ? std::min(term[i] / y[at[i]], 1.0)
                                         : x[i] / y[at[i]]);
      break;
    }
    case StepKind::Scale: {
      const std::vector<int64_t> at =
          places(step.operands[1], step.operands[0]);
      for (size_t i = 0; i < dy.size(); ++i)
        dy[i] = dx[at[i]] * terms[step.operands[1]][i] +
                term[at[i]] * slopes[step.operands[1]][i];
      break;
    }
    case StepKind::Concat:
      concatenate(step, slopes);
      break;
    case StepKind::Add:
      for (int operand : step.operands)
        for (size_t i = 0; i < dy.size(); ++i)
          dy[i] += slopes[operand][i];
      break;
    }
  }
  return slopes;
}
