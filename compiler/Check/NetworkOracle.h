//===- NetworkOracle.h - Networks by definition -----------------*- C++ -*-===//
//
// What a network computes, value by value in doubles, and its derivative along
// a direction. Layers are those of the oracle; no code is shared with plans or
// the runtime.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_NETWORKORACLE_H
#define EQC_CHECK_NETWORKORACLE_H

#include "compiler/Algebra/NetworkSpec.h"
#include "compiler/Check/CheckValues.h"
#include "compiler/Check/Oracle.h"

#include "llvm/ADT/ArrayRef.h"

#include <functional>
#include <vector>

namespace eqc {

class NetworkOracle {
public:
  /// `layers` are all layers of the source; `sizes` has a length for each space
  /// of the network.
  NetworkOracle(const NetworkSpec &network, llvm::ArrayRef<LayerSpec> layers,
                std::vector<int64_t> sizes, int64_t batch)
      : network(network), layers(layers), sizes(std::move(sizes)),
        batch(batch) {}

  int64_t elementsOf(int value) const;
  std::vector<int64_t> lengthsOf(int value) const;
  /// Operations that evaluating a sample takes, roughly.
  double work() const;

  /// Called with a layer's number and its result when that is first computed.
  using Observer = std::function<void(size_t layer, Values &result)>;
  /// All values; those of the inputs are the first.
  std::vector<Values> run(const std::vector<Values> &inputs,
                          const Values &params, const Observer &observe = {},
                          Entries entries = Entries::Signed) const;

  /// The derivatives of all values along a direction. With `magnitudes`, values
  /// where nothing cancels, what the derivatives would be if nothing cancelled
  /// in them either; parameters and directions have no signs then.
  std::vector<Values>
  derive(const std::vector<Values> &values, const Values &params,
         const std::vector<Values> &inputDirections,
         const Values &paramDirection,
         const std::vector<Values> *magnitudes = nullptr) const;

private:
  /// The layer of a step, at the sizes of this call.
  LayerSpec layerOf(const NetworkStep &step) const;
  /// A layer on one input or on two, `x` and `z`; `z` is not looked at else.
  Values layer(const NetworkStep &step, const Values &x, const Values &z,
               const Values &params, bool withBias,
               Entries entries = Entries::Signed,
               const Values *at = nullptr) const;
  /// The result of a step that puts channels side by side.
  void concatenate(const NetworkStep &step, std::vector<Values> &values) const;
  /// For every entry of `of` the entry of a value without some of its axes,
  /// of all channels or of one.
  std::vector<int64_t> places(int of, int in) const;

  const NetworkSpec &network;
  llvm::ArrayRef<LayerSpec> layers;
  const std::vector<int64_t> sizes;
  const int64_t batch;
};

} // namespace eqc

#endif // EQC_CHECK_NETWORKORACLE_H
