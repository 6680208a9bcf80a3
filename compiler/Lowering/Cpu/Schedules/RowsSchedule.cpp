//===- RowsSchedule.cpp - How a CPU works row by row ----------------------===//

#include "compiler/Lowering/Cpu/Schedules/RowsSchedule.h"

#include <algorithm>

using namespace eqc;

/// More terms than this are not written out.
static constexpr int64_t kMostTermsInLine = 512;

int64_t eqc::partsOf(const LayerSpec &spec) {
  constexpr int64_t most = 16;
  return spec.dynamicN() ? most : std::min(most, spec.n);
}

RowsSchedule eqc::scheduleRows(const RowTransform &transform,
                               const Machine &machine) {
  RowsSchedule schedule;
  for (RowComponentClass &shape : classifyComponents(transform)) {
    ComponentSchedule component;
    int64_t terms = 0;
    for (const std::vector<int> &row : shape.pattern)
      terms += static_cast<int64_t>(row.size());
    component.inLine = terms <= kMostTermsInLine;
    // Two vectors of every source if they fit beside a sum and a coefficient.
    const bool twoFit = 2 * shape.numSources + 4 <= machine.registers;
    component.vectors = !component.inLine ? kRowVectors : twoFit ? 2 : 1;
    component.shape = std::move(shape);
    schedule.push_back(std::move(component));
  }
  return schedule;
}

std::string eqc::describe(const RowsSchedule &schedule) {
  const auto inLine =
      std::count_if(schedule.begin(), schedule.end(),
                    [](const ComponentSchedule &c) { return c.inLine; });
  if (inLine == static_cast<int64_t>(schedule.size()))
    return "component by component, in registers";
  return inLine == 0 ? "row by row, as sums"
                     : "small components in registers, rows of others as sums";
}
