//===- GpuPlans.cpp - Which plans GPUs get --------------------------------===//

#include "compiler/Pipelines/GpuPlans.h"

using namespace eqc;

PlanKind eqc::planOfGpu(PlanKind asked) {
  return asked == PlanKind::Auto ? PlanKind::Shared : asked;
}
