//===- EntryInfo.cpp - What entry points of all targets have --------------===//

#include "compiler/Lowering/Entry/EntryInfo.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

using namespace eqc;
using namespace mlir;

EntryLayer::EntryLayer(ir::InterfaceAttr interface)
    : name(interface.getName()), n(interface.getNumber("n")),
      k(interface.getNumber("k")), l(interface.getNumber("l")),
      cIn(interface.getNumber("c_in")), cOut(interface.getNumber("c_out")),
      channelsLast(interface.getText("layout") == "channels_last"),
      elementBytes(interface.getText("dtype") == "f32" ? 4 : 8) {}

EntryLayer EntryLayer::gradientOfX() const {
  EntryLayer gradient = *this;
  gradient.name = gradientOfXName(name);
  std::swap(gradient.k, gradient.l);
  std::swap(gradient.cIn, gradient.cOut);
  return gradient;
}

EntryConstant eqc::addLayerInfo(EntryBuilder &b, ir::InterfaceAttr interface) {
  std::vector<EntryConstant> fields{EntryConstant::ofWord(0)};
  for (const InfoField &field : infoFields())
    switch (field.type) {
    case InfoType::Word:
      fields.push_back(EntryConstant::ofWord(interface.getNumber(field.name)));
      break;
    case InfoType::Text:
      fields.push_back(b.text(interface.getText(field.name)));
      break;
    case InfoType::Number:
      fields.push_back(
          EntryConstant::ofNumber(interface.getNumber(field.name)));
      break;
    }
  return b.addSized(interface.getName().str() + ".layer", std::move(fields),
                    sizeof(eqc_layer_info));
}

void eqc::addInfoFunction(EntryBuilder &b, const std::string &name,
                          const EntryConstant &info) {
  b.addFunction(name, b.pointer(), {}, LLVM::Linkage::External);
  LLVM::ReturnOp::create(b.op(), b.address(info));
}

int64_t eqc::sizeUnitOf(ir::InterfaceAttr interface) {
  // The front end knows no other groups.
  return rulesOf(*parseGroup(interface.getText("group"))).sizeUnit();
}
