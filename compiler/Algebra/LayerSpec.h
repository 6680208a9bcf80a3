//===- LayerSpec.h - What a layer is, checked -------------------*- C++ -*-===//
//
// The meaning of one `layer` of a source after all checks: what the front end
// produces and every plan starts from.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_ALGEBRA_LAYERSPEC_H
#define EQC_ALGEBRA_LAYERSPEC_H

#include "compiler/Algebra/Diagram.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eqc {

enum class DType { F32, F64 };
enum class Layout { ChannelsLast, ChannelsFirst };
enum class Normalize { None, Mean };
enum class DiagramChoice { All, Basis, List };

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
  Group group = Group::S;
  int64_t n = 1; ///< -1: given at run time (`n = ?`)
  int k = 0;
  int l = 0;
  int64_t cIn = 1;
  int64_t cOut = 1;
  bool bias = false;
  DType dtype = DType::F32;
  Layout layout = Layout::ChannelsLast;
  Normalize normalize = Normalize::None;
  DiagramChoice choice = DiagramChoice::All;
  int64_t batch = 0; ///< the batch the code may specialise for; 0: none

  /// The layer's diagrams in the order of the weights: canonical, or the order
  /// of an explicit list.
  std::vector<Diagram> diagrams;
  /// The (l,0)-diagrams of the bias in the order of its rows; empty without.
  std::vector<Diagram> biasDiagrams;

  bool dynamicN() const { return n < 0; }
  int64_t elementSize() const { return dtype == DType::F32 ? 4 : 8; }
};

} // namespace eqc

#endif // EQC_ALGEBRA_LAYERSPEC_H
