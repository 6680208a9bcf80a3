//===- LayerPlan.cpp - The plan of a layer, whichever it is ---------------===//

#include "compiler/Plan/LayerPlan.h"
#include "compiler/Plan/Cost.h"

using namespace eqc;

PlanCost eqc::costOf(const LayerPlan &plan) {
  return std::visit([](const auto &stages) { return costOf(stages); }, plan);
}
