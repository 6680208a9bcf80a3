//===- Stages.h - What plans are made of ------------------------*- C++ -*-===//
//
// Reads, mixes and writes of patterns of rows: the steps that the plans have in
// common, described by offsets and strides that are polynomials in n.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_STAGES_H
#define EQC_PLAN_STAGES_H

#include "compiler/Plan/Walk.h"

#include <algorithm>
#include <variant>
#include <vector>

namespace eqc {

/// A tensor of the plan. Per sample it is a matrix [rows, channels].
enum class PlanArray {
  Input,  ///< x: n^k rows of c_in, or as many as its axes have positions
  Stored, ///< input patterns with a dropped block or free vertices, c_in
  Nodes,  ///< output patterns before they are written, c_out
  Output, ///< y: n^l rows of c_out
  Bias,   ///< one row per bias diagram, the same for every sample, c_out
};

/// A strided view of rows: offset + sum over the axes of index * stride.
struct RowView {
  PlanArray array = PlanArray::Input;
  Poly offset;
  std::vector<Poly> strides;
};

/// Reads one input pattern from a coarser one: inner[letters] = scale * sum
/// over the dropped letter and the terms of a group of +-source[..].
struct ReadEntry {
  int stored = 0;    ///< index into SharedPlan::stored
  RowPattern parent; ///< the coarser pattern: a view of x, or stored
  Poly target;       ///< row offset in Stored
  Walk walk;         ///< row side: the source; inner side: the target
  int divisions = 0; ///< blocks dropped by this step; `mean` divides by n each
};
/// Reads of patterns with as many kept blocks, of the same spaces, and free
/// vertices, from the same array; their terms have the same shape and, but for
/// legs of outputs, the same signs.
struct ReadStage {
  int kept = 0;
  PlanArray source = PlanArray::Input;
  std::vector<ReadEntry> entries;

  /// Whether they are steps of graph maps.
  bool isUneven() const {
    return !entries.empty() && entries.front().walk.isUneven;
  }
};

/// One diagram in a mix: target += view * weight[diagram].
struct MixTerm {
  int diagram = 0;
  RowView view;
};
/// One target of a mix: rows of an output pattern, written once.
struct MixTarget {
  int node = -1; ///< index into SharedPlan::nodes, or -1 for the output itself
  RowView target;
  std::vector<RowView>
      inits; ///< added first: broadcasts of lower patterns, bias
  std::vector<int> broadcasts; ///< the nodes among the inits
  std::vector<int> biasRows;   ///< the bias diagrams among the inits
  std::vector<MixTerm> fromInput;
  std::vector<MixTerm> fromStored;
};
/// All mixes over index spaces of one shape: axes of these lengths, one for
/// each kept block, then, when there are free vertices, one of `subsets`
/// entries that lie next to each other in the target and in every view.
struct MixStage {
  int kept = 0;
  std::vector<Poly> lengths;
  int64_t subsets = 1;
  PlanArray target = PlanArray::Nodes;
  std::vector<MixTarget> targets;

  /// The weights that are multiplied, all targets together.
  int64_t terms() const;
  /// Per sample and pair of channels.
  Poly multiplyAdds() const { return productOf(lengths, subsets * terms()); }
};

/// Adds an output pattern to a finer one or to the output: target[..] += sign *
/// node[letters].
struct WriteEntry {
  int node = 0;    ///< index into SharedPlan::nodes
  int parent = -1; ///< the same for the finer pattern; -1 for the output
  RowView source;  ///< only array and offset are used
  Walk walk;       ///< row side: the target; inner side: the source
  /// Whether each row of the node goes to one target alone of those that its
  /// dropped letters reach: of a layer that unpools.
  bool routes = false;
};
struct WriteStage {
  PlanArray target = PlanArray::Output;
  std::vector<WriteEntry> entries;

  /// Whether some of them have factors beside signs.
  bool isUneven() const {
    return std::any_of(
        entries.begin(), entries.end(),
        [](const WriteEntry &entry) { return entry.walk.isUneven; });
  }
};

using SharedStage = std::variant<ReadStage, MixStage, WriteStage>;

} // namespace eqc

#endif // EQC_PLAN_STAGES_H
