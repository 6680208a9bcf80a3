//===- NetworkPlan.h - Where the values of a network live -------*- C++ -*-===//
//
// A network is carried out on a block of samples at a time. Values that are not
// inputs or outputs, and gradients, live in slots of a scratch that is planned
// here: two may share a slot when one is gone before the other is made.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_PLAN_NETWORK_NETWORKPLAN_H
#define EQC_PLAN_NETWORK_NETWORKPLAN_H

#include "compiler/Algebra/NetworkSpec.h"

#include <vector>

namespace eqc {

/// Slots are numbers from 0 on; -1: none.
struct ValuePlan {
  /// In the forward functions, where outputs are the caller's arrays.
  int slot = -1;
  /// In the backward function, of a value that it computes again.
  int backSlot = -1;
  /// Of its gradient. None for inputs, whose gradients are the caller's arrays,
  /// and for outputs that no step reads.
  int gradSlot = -1;
  /// Whether the backward function needs it, so that it is on the tape.
  bool kept = false;
  /// Whether its gradient is a sum: several steps read it, or one does and it
  /// is an output.
  bool isShared = false;
};

struct NetworkPlan {
  std::vector<ValuePlan> values;
  /// Whether the backward function does a step again, where there is no tape.
  std::vector<bool> isRepeated;
  int numSlots = 0, numBackSlots = 0;
};

NetworkPlan planNetwork(const NetworkSpec &spec);

} // namespace eqc

#endif // EQC_PLAN_NETWORK_NETWORKPLAN_H
