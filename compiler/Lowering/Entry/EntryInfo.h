//===- EntryInfo.h - What entry points of all targets have ------*- C++ -*-===//

#ifndef EQC_LOWERING_ENTRY_ENTRYINFO_H
#define EQC_LOWERING_ENTRY_ENTRYINFO_H

#include "compiler/Lowering/Entry/EntryBuilder.h"
#include "dialect/Eqc/EqcAttrs.h"

#include <string>

namespace eqc {

/// What entry points must know of a layer's arrays.
struct EntryLayer {
  std::string name;
  int64_t n = 0;        ///< -1: given at run time; -2: there are several sizes
  int numSizes = 0;     ///< how many are given at run time
  Poly inputs, outputs; ///< positions of x and of y
  int64_t cIn = 0, cOut = 0;
  bool channelsLast = true;
  int64_t elementBytes = 4;

  /// Of a layer of two inputs, as one of its kernels sees them: `inputs` and
  /// `cIn` are the first array's, `outputs` and `cOut` the third one's.
  Poly second;
  int64_t cSecond = 0;
  int64_t products = 0; ///< channels multiplied for each of a record; 0: all

  explicit EntryLayer(ir::InterfaceAttr interface);
  /// A kernel of a layer of two inputs.
  EntryLayer(ir::InterfaceAttr interface, BilinearRole role);
  bool hasDynamicN() const { return numSizes > 0; }
  /// The layer from grad_y to grad_x.
  EntryLayer gradientOfX() const;
};

/// An array of eqc_space_info; null for none.
EntryConstant addSpaces(EntryBuilder &builder, const std::string &name,
                        const SpaceList &spaces);
/// The constant that NAME_info returns.
EntryConstant addLayerInfo(EntryBuilder &builder, ir::InterfaceAttr interface);
/// NAME_info.
void addInfoFunction(EntryBuilder &builder, const std::string &name,
                     const EntryConstant &info);
/// What a call's n is a multiple of.
int64_t sizeUnitOf(ir::InterfaceAttr interface);

} // namespace eqc

#endif // EQC_LOWERING_ENTRY_ENTRYINFO_H
