//===- LayerSpec.h - What a layer is, checked -------------------*- C++ -*-===//
//
// The meaning of one `layer` of a source after all checks: what the front end
// produces and every plan starts from.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_LAYERSPEC_H
#define EQC_ALGEBRA_LAYERSPEC_H

#include "compiler/Algebra/OrbitWeights.h"
#include "compiler/Algebra/Symmetry.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eqc {

enum class DType { F32, F64 };
/// How x and y, and their gradients, lie in memory: as they are computed, or in
/// 16 bits, computed in f32.
enum class Storage { AsComputed, BF16, F16 };
/// "f32", "f64", "bf16", "f16": what the language calls the two together.
const char *dtypeName(DType dtype, Storage storage = Storage::AsComputed);
enum class Layout { ChannelsLast, ChannelsFirst };
enum class Normalize { None, Mean };
/// What blocks of inputs only take over their joint index.
enum class Pool { Sum, Max, Min };
/// "sum", "max", "min".
const char *poolName(Pool pool);
/// What a weight multiplies: the matrix of its diagram, or that of the tuples
/// that are equal exactly within its blocks.
enum class WeightsOf { Diagrams, Orbits };
/// Connected: those of a bilinear layer that join x and z.
enum class DiagramChoice { All, Basis, List, Connected };
/// "all", "basis", "connected"; "list" for a list.
const char *choiceName(DiagramChoice choice);

/// Where something stands in a source; line and column count from 1, columns in
/// bytes.
struct SourcePosition {
  std::string file;
  unsigned line = 1;
  unsigned column = 1;
};

/// A layer as in the language reference. The front end's have been checked.
struct LayerSpec {
  std::string name;
  SourcePosition position; ///< of the layer's name
  /// What acts: one group, on all axes alike, or a product.
  Group group = Group::S;
  int64_t n = 1; ///< -1: given at run time (`n = ?`); see sizeOfProduct
  int k = 0; ///< axes of all inputs: of a bilinear layer those of x, then of z
  int l = 0;
  /// The axes of z, the second input of a bilinear layer; -1 for a linear one.
  int k2 = -1;
  /// Of a product the space of each axis of y and of x; else empty.
  std::vector<int> yAxes, xAxes;
  /// Whether each axis of y and of x is of the dual of its space; empty: none.
  std::vector<bool> yDuals, xDuals;
  /// The name of the only space, where axes are typed and all of one.
  std::string spaceName;
  bool typed = false; ///< whether axes are typed, maybe none
  int64_t cIn = 1;
  int64_t cIn2 = 0; ///< channels of z, where there is one
  int64_t cOut = 1;
  /// Of a bilinear layer: channel c of y is made of channel c of x and of z.
  bool depthwise = false;
  bool bias = false;
  DType dtype = DType::F32; ///< what is computed in, and of weights
  Storage storage = Storage::AsComputed;
  Layout layout = Layout::ChannelsLast;
  Normalize normalize = Normalize::None;
  Pool pool = Pool::Sum;
  /// Of the gradient of x of a layer that pools: diagrams drop blocks of y,
  /// which is that gradient; what they are given goes to the entries that x has
  /// its extremes at.
  bool unpools = false;
  WeightsOf weightsOf = WeightsOf::Diagrams;
  DiagramChoice choice = DiagramChoice::All;
  int64_t batch = 0; ///< the batch the code may specialise for; 0: none

  /// What x is promised to be invariant under, and what y is made to be. Where
  /// there is any, every diagram below stands for its orbit.
  AxisSymmetry symmetry;

  /// The layer's diagrams in the order of the weights: canonical, or the order
  /// of an explicit list.
  std::vector<Diagram> diagrams;
  /// The (l,0)-diagrams of the bias in the order of its rows; empty without.
  std::vector<Diagram> biasDiagrams;

  /// Whether a weight multiplies more than the matrix of its diagram.
  bool combinesDiagrams() const {
    return !symmetry.isTrivial() || weightsOf == WeightsOf::Orbits;
  }
  /// Whether there are blocks that take extremes.
  bool pools() const;
  /// Whether there is a second input, z.
  bool isBilinear() const { return k2 >= 0; }
  /// The axes of x alone.
  int k1() const { return isBilinear() ? k - k2 : k; }
  /// Weights of a diagram: one for each way to choose a channel of each array.
  int64_t weightsOfDiagram() const {
    return depthwise ? cOut : cIn * (isBilinear() ? cIn2 : 1) * cOut;
  }
  /// Whether a size is given at run time.
  bool dynamicN() const { return n < 0; }
  /// How many are.
  int numSizes() const {
    return !dynamicN()         ? 0
           : group.isProduct() ? static_cast<int>(spacesWithSizes(group).size())
                               : 1;
  }
  /// Whether samples of a batch may differ in size: layers of several spaces
  /// have such batches as parts of networks.
  bool mayBeRagged() const {
    return dynamicN() && !isBilinear() && !group.isProduct();
  }
  /// What they are called in polynomials, as far as they have names; else n.
  std::vector<std::string> sizeNames() const;
  /// The spaces of the axes, in the order of the sizes that calls take; none
  /// where there are no typed axes.
  std::vector<Space> spaces() const;
  /// The same with the sums that axes are of.
  SpaceList spaceList() const { return {spaces(), group.sums()}; }
  /// The spaces of the axes of y, then those of x, of diagrams of the layer.
  std::vector<int> axes(bool ofBias = false) const;
  /// Whether they are of duals; empty: none is.
  std::vector<bool> duals(bool ofBias = false) const;
  int64_t elementSize() const { return dtype == DType::F32 ? 4 : 8; }
  /// Bytes of an element of x and y in memory.
  int64_t storedSize() const {
    return storage == Storage::AsComputed ? elementSize() : 2;
  }
};

/// The layer where the sizes that are given at run time are these, in the order
/// of its spaces.
LayerSpec atSizes(LayerSpec spec, const std::vector<int64_t> &sizes);

/// What a weight of the layer, or a row of its bias, multiplies: the sum over
/// these; `diagram`, its own, comes first.
std::vector<DiagramMultiple> diagramsOfWeight(const LayerSpec &spec,
                                              const Diagram &diagram);

/// `factor` times the weight of a diagram.
struct WeightedDiagram {
  int diagram = 0;
  double factor = 1;
};
/// One matrix of c_in x c_out that kernels multiply by: a sum over diagrams. It
/// is empty where a layer leaves diagrams out.
using PackedTerm = std::vector<WeightedDiagram>;

/// A layer whose weights multiply several diagrams as one whose diagrams are
/// multiplied by sums of weights.
struct MemberLayer {
  LayerSpec spec;
  std::vector<PackedTerm> weights, biasWeights; ///< by diagram
  /// Whether anything changed: else each diagram has the weight of its number.
  bool sumsWeights = false;
};
MemberLayer membersOf(const LayerSpec &spec);

/// Whether a block, or a Levi-Civita symbol, meets both the first `k1` inputs
/// and the others.
bool joinsInputs(const Diagram &diagram, int k1);

/// The length of each of `order` axes, which are of these spaces where the
/// group is a product; -1: given at run time.
std::vector<int64_t> lengthsOf(Group group, int64_t n, int order,
                               const std::vector<int> &axes);
std::vector<int64_t> lengthsOfInput(const LayerSpec &spec); ///< x alone
std::vector<int64_t> lengthsOfSecondInput(const LayerSpec &spec);
std::vector<int64_t> lengthsOfOutput(const LayerSpec &spec);
/// The positions of a tensor with such axes, those before `first` left out.
int64_t numPositions(const std::vector<int64_t> &lengths, size_t first = 0);

} // namespace eqc

#endif // EQC_ALGEBRA_LAYERSPEC_H
