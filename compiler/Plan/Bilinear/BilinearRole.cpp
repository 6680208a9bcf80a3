//===- BilinearRole.cpp - A bilinear layer and its gradients --------------===//

#include "compiler/Plan/Bilinear/BilinearRole.h"
#include "compiler/Plan/Gradient/GradientPlan.h"

using namespace eqc;

BilinearRows eqc::rowsOf(BilinearRole role) {
  switch (role) {
  case BilinearRole::Forward:
  case BilinearRole::GradWeight:
    return {BilinearRow::X, BilinearRow::Z, BilinearRow::Y};
  case BilinearRole::GradX:
    return {BilinearRow::Y, BilinearRow::Z, BilinearRow::X};
  case BilinearRole::GradZ:
    return {BilinearRow::Y, BilinearRow::X, BilinearRow::Z};
  }
  return {};
}

int64_t eqc::channelsOf(const LayerSpec &spec, BilinearRow row) {
  return row == BilinearRow::Y   ? spec.cOut
         : row == BilinearRow::X ? spec.cIn
                                 : spec.cIn2;
}

std::string eqc::nameOf(const std::string &layer, BilinearRole role) {
  switch (role) {
  case BilinearRole::Forward:
    break;
  case BilinearRole::GradX:
    return gradientOfXName(layer);
  case BilinearRole::GradZ:
    return layer + ".grad_z";
  case BilinearRole::GradWeight:
    return gradientOfWeightName(layer);
  }
  return layer;
}
