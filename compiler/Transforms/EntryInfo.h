//===- EntryInfo.h - What entry points of all targets have ------*- C++ -*-===//

#ifndef EQC_TRANSFORMS_ENTRYINFO_H
#define EQC_TRANSFORMS_ENTRYINFO_H

#include "compiler/Transforms/EntryBuilder.h"
#include "dialect/Eqc/EqcAttrs.h"

namespace eqc {

/// The constant that NAME_info returns.
EntryConstant addLayerInfo(EntryBuilder &builder, ir::InterfaceAttr interface);
/// NAME_info.
void addInfoFunction(EntryBuilder &builder, const std::string &name,
                     const EntryConstant &info);
/// What a call's n is a multiple of.
int64_t sizeUnitOf(ir::InterfaceAttr interface);

} // namespace eqc

#endif // EQC_TRANSFORMS_ENTRYINFO_H
