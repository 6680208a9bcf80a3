//===- EntryInfo.cpp - What entry points of all targets have --------------===//

#include "compiler/Lowering/Entry/EntryInfo.h"
#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Interface/LayerInfo.h"
#include "compiler/Plan/Gradient/GradientPlan.h"
#include "compiler/Plan/Walk.h"

#include <tuple>

using namespace eqc;
using namespace mlir;

/// The positions of a tensor with these axes.
static Poly positionsOf(ir::InterfaceAttr interface,
                        llvm::ArrayRef<int32_t> axes) {
  const SpaceList list = interface.getSpaces();
  const auto order = static_cast<int>(axes.size());
  if (list.spaces.size() < 2 && list.sums.empty())
    return Poly::power(order);
  std::vector<int> ofSpaces;
  for (int32_t axis : axes)
    ofSpaces.push_back(axis % kDualAxis);
  return productOf(
      lengthsOfAxes(Group::product(list.spaces, list.sums), order, ofSpaces));
}

EntryLayer::EntryLayer(ir::InterfaceAttr interface)
    : name(interface.getName()), n(interface.getNumber("n")),
      numSizes(static_cast<int>(
          llvm::count_if(interface.getSpaces().spaces,
                         [](const Space &space) { return space.n < 0; }))),
      inputs(positionsOf(interface, interface.getAxes("x_axes"))),
      outputs(positionsOf(interface, interface.getAxes("y_axes"))),
      cIn(interface.getNumber("c_in")), cOut(interface.getNumber("c_out")),
      channelsLast(interface.getText("layout") == "channels_last"),
      elementBytes(interface.getText("dtype") == "f64" ? 8 : 4) {}

/// The positions and the channels of an array of a layer of two inputs.
static std::pair<Poly, int64_t> arrayOf(ir::InterfaceAttr interface,
                                        BilinearRow row) {
  const auto k1 = static_cast<size_t>(interface.getNumber("k"));
  llvm::ArrayRef<int32_t> axes =
      interface.getAxes(row == BilinearRow::Y ? "y_axes" : "x_axes");
  if (row == BilinearRow::X)
    axes = axes.take_front(k1);
  if (row == BilinearRow::Z)
    axes = axes.drop_front(k1);
  return {positionsOf(interface, axes),
          interface.getNumber(row == BilinearRow::Y   ? "c_out"
                              : row == BilinearRow::X ? "c_in"
                                                      : "c_in2")};
}

EntryLayer::EntryLayer(ir::InterfaceAttr interface, BilinearRole role)
    : EntryLayer(interface) {
  const BilinearRows rows = rowsOf(role);
  std::tie(inputs, cIn) = arrayOf(interface, rows.a);
  std::tie(second, cSecond) = arrayOf(interface, rows.b);
  std::tie(outputs, cOut) = arrayOf(interface, rows.third);
  name = nameOf(name, role);
  products = interface.getNumber("depthwise") ? cOut : cIn * cSecond;
}

EntryLayer EntryLayer::gradientOfX() const {
  EntryLayer gradient = *this;
  gradient.name = gradientOfXName(name);
  std::swap(gradient.inputs, gradient.outputs);
  std::swap(gradient.cIn, gradient.cOut);
  return gradient;
}

EntryConstant eqc::addSpaces(EntryBuilder &b, const std::string &name,
                             const SpaceList &list) {
  std::vector<EntryConstant> spaces;
  InfoMemory memory;
  const eqc_space_info *infos = memory.keep(list);
  for (size_t i = 0; i < list.spaces.size() + list.sums.size(); ++i)
    spaces.push_back(
        EntryConstant::ofStruct({EntryConstant::ofWord(sizeof(eqc_space_info)),
                                 EntryConstant::ofWord(0), // unused
                                 b.text(infos[i].name), b.text(infos[i].group),
                                 EntryConstant::ofNumber(infos[i].n),
                                 EntryConstant::ofNumber(infos[i].q)}));
  return spaces.empty() ? EntryConstant::none() : b.addTable(name, spaces);
}

/// An array of the spaces of axes.
static EntryConstant addAxes(EntryBuilder &b, ir::InterfaceAttr interface,
                             llvm::StringRef field) {
  std::vector<EntryConstant> axes;
  for (int32_t axis : interface.getAxes(field))
    axes.push_back(EntryConstant::ofWord(axis));
  return axes.empty()
             ? EntryConstant::none()
             : b.addTable((interface.getName() + "." + field).str(), axes);
}

EntryConstant eqc::addLayerInfo(EntryBuilder &b, ir::InterfaceAttr interface) {
  static_assert(sizeof(eqc_space_info) == 40, "as it is laid out here");
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
    case InfoType::Spaces:
      fields.push_back(addSpaces(b, interface.getName().str() + ".spaces",
                                 interface.getSpaces()));
      break;
    case InfoType::Axes:
      fields.push_back(addAxes(b, interface, field.name));
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
  const SpaceList list = interface.getSpaces();
  const std::vector<Space> &spaces = list.spaces;
  return spaces.size() == 1 && list.sums.empty()
             ? rulesOf(spaces.front().group).sizeUnit()
             : 1;
}
