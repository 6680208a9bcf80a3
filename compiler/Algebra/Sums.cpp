//===- Sums.cpp - Diagrams on sums of spaces ------------------------------===//
//
// An axis of a sum lies in one of its summands, so the maps are those of the
// product layers that assignments of summands to axes make.
//
//===----------------------------------------------------------------------===//

#include "compiler/Algebra/Combinatorics.h"
#include "compiler/Algebra/Groups/GroupRules.h"

#include <algorithm>
#include <optional>

using namespace eqc;

void eqc::forEachAssignment(
    const LayerRows &rows,
    const std::function<bool(const LayerRows &)> &visit) {
  LayerRows assigned = rows;
  std::vector<int> position(rows.axes.size(), 0);
  while (true) {
    for (size_t v = 0; v < position.size(); ++v) {
      const SpaceSum *sum = sumOf(rows.group, rows.axes[v]);
      assigned.axes[v] = sum ? sum->summands[position[v]] : rows.axes[v];
      assigned.part.resize(position.size(), -1);
      if (sum)
        assigned.part[v] = partAt(rows.group, rows.axes[v], position[v]);
    }
    if (!visit(assigned))
      return;
    size_t v = position.size();
    while (v > 0) {
      const SpaceSum *sum = sumOf(rows.group, rows.axes[--v]);
      if (sum && ++position[v] < static_cast<int>(sum->summands.size()))
        break;
      position[v] = 0;
      if (v == 0)
        return;
    }
    if (position.empty())
      return;
  }
}

namespace {

/// Axes that may be assigned alike: of one sum, in one row, of duals or not.
struct AlikeAxes {
  int axis = 0;
  bool isOutput = true, isDual = false;
  uint64_t number = 0;

  bool takes(const LayerRows &rows, int vertex) const {
    return rows.axes[vertex] == axis && (vertex < rows.l) == isOutput &&
           (!rows.dual.empty() && rows.dual[vertex]) == isDual;
  }
};

/// Counts the diagrams of all assignments without listing any: summand by
/// summand, by how many axes of each kind it takes.
class SumCounter {
public:
  using CountOf = Count (GroupRules::*)(int64_t, const Vertices &) const;

  SumCounter(const LayerRows &rows, CountOf countOf)
      : rows(rows), countOf(countOf) {
    for (int v = 0; v < rows.l + rows.k; ++v) {
      if (!sumOf(rows.group, rows.axes[v]))
        continue;
      auto known =
          std::find_if(kinds.begin(), kinds.end(), [&](const AlikeAxes &kind) {
            return kind.takes(rows, v);
          });
      if (known == kinds.end()) {
        kinds.push_back(
            {rows.axes[v], v < rows.l, !rows.dual.empty() && rows.dual[v], 0});
        known = kinds.end() - 1;
      }
      ++known->number;
    }
  }

  Count count() {
    uint64_t states = 1, steps = rows.group.numSpaces();
    for (const AlikeAxes &kind : kinds) {
      states *= kind.number + 1;
      steps *= (kind.number + 1) * (kind.number + 2) / 2;
      // As many axes have far too many assignments.
      if (steps > kMostSteps)
        return kSaturated;
    }
    // By how many axes of each kind are left for the summands to come.
    std::vector<Count> left(states, Count{0, false});
    left.back() = {1, false};
    for (size_t c = 0; c < rows.group.numSpaces(); ++c) {
      space = static_cast<int>(c);
      ofSpace.assign(states, std::nullopt);
      std::vector<Count> next(states, Count{0, false});
      for (size_t state = 0; state < states; ++state)
        if (left[state].value > 0) {
          taken.assign(kinds.size(), 0);
          take(0, state, 0, 1, left[state], next);
        }
      left = std::move(next);
    }
    return left.front();
  }

private:
  static constexpr uint64_t kMostSteps = uint64_t(1) << 20;

  /// How often the summand of the space stands in the sum of a kind.
  uint64_t timesIn(const AlikeAxes &kind) const {
    const std::vector<int> &summands = sumOf(rows.group, kind.axis)->summands;
    return static_cast<uint64_t>(
        std::count(summands.begin(), summands.end(), space));
  }

  /// The diagrams of the space on its own axes and on those taken.
  Count countOfSpace(size_t state) {
    std::optional<Count> &known = ofSpace[state];
    if (known)
      return *known;
    Vertices vertices;
    std::vector<bool> inputs;
    auto add = [&](bool isOutput, bool isDual) {
      ++(isOutput ? vertices.l : vertices.k);
      (isOutput ? vertices.dual : inputs).push_back(isDual);
    };
    for (int v = 0; v < rows.l + rows.k; ++v)
      if (rows.axes[v] == space)
        add(v < rows.l, !rows.dual.empty() && rows.dual[v]);
    for (size_t i = 0; i < kinds.size(); ++i)
      for (uint64_t number = 0; number < taken[i]; ++number)
        add(kinds[i].isOutput, kinds[i].isDual);
    vertices.dual.insert(vertices.dual.end(), inputs.begin(), inputs.end());
    vertices.dual = someDual(std::move(vertices.dual));
    const Space &of = rows.group.spaces()[static_cast<size_t>(space)];
    known = (rulesOf(of.group).*countOf)(of.n, vertices);
    return *known;
  }

  /// Chooses how many axes of the kinds from the `first`-th on the space takes
  /// of those that `state` leaves; `place` is the state of what is taken,
  /// `unit` that of one more axis.
  void take(size_t first, size_t state, size_t place, size_t unit, Count ways,
            std::vector<Count> &next) {
    if (first == kinds.size()) {
      Count &total = next[state - place];
      total = add(total, multiply(ways, countOfSpace(place)));
      return;
    }
    const AlikeAxes &kind = kinds[first];
    const uint64_t there = state / unit % (kind.number + 1);
    const Count each{timesIn(kind), false};
    Count positions{1, false};
    for (uint64_t number = 0; number <= there; ++number) {
      taken[first] = number;
      take(first + 1, state, place + number * unit, unit * (kind.number + 1),
           multiply(ways, multiply(binomial(there, number), positions)), next);
      if (each.value == 0)
        break;
      positions = multiply(positions, each);
    }
    taken[first] = 0;
  }

  const LayerRows &rows;
  const CountOf countOf;
  std::vector<AlikeAxes> kinds;
  int space = 0;
  std::vector<uint64_t> taken;
  std::vector<std::optional<Count>> ofSpace; ///< by what is taken
};

} // namespace

Count eqc::countOnSums(const LayerRows &rows, bool ofBasis) {
  return SumCounter(rows,
                    ofBasis ? &GroupRules::countBasis : &GroupRules::count)
      .count();
}

std::string eqc::whyNoneOnSums(const LayerRows &rows) {
  if (const Count count = countOnSums(rows, /*ofBasis=*/false);
      count.saturated || count.value > 0)
    return "";
  // The first assignment stands for the others.
  std::string why;
  forEachAssignment(rows, [&](const LayerRows &assigned) {
    why = whyNoDiagrams(assigned);
    return false;
  });
  return why + ", nor are there any in other summands";
}
