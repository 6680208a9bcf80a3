//===- OrbitPlanTest.cpp - Plans of Perm and Graph beside other spaces ----===//

#include "TypedLayers.h"

#include "compiler/Algebra/Action.h"
#include "compiler/Plan/Cost.h"
#include "compiler/Plan/Shared/SharedPlan.h"

#include <gtest/gtest.h>

using namespace eqc;
using namespace eqc::test;

namespace {

Group spelledOut(Family family, int64_t n,
                 const std::vector<std::string> &texts) {
  return Group(std::get<const Action *>(Action::make(family, n, texts)));
}

std::vector<LayerSpec> layers() {
  const Space path{"path", spelledOut(Family::Graph, 3, {"0-1 1-2"}), 3},
      bell{"bell", spelledOut(Family::Perm, 4, {"(0 1 2)"}), 4},
      fixed{"fixed", spelledOut(Family::Perm, 2, {"()"}), 2};
  const Space set{"set", Group::S, 3}, xyz{"xyz", Group::O, 3},
      turn{"turn", Group::SO, 3}, plane{"plane", Group::SO, 2},
      boost{"boost", Group(Family::SO, 1, 2), 3}, phase{"phase", Group::Sp, 2},
      event{"event", Group(Family::O, 1, 1), 2}, spins{"spins", Group::H, 3},
      v{"V", Group::GL, 2};
  constexpr int dual = kDualAxis;
  return {
      makeLayer({path, xyz}, {0, 1}, {0, 1}),
      makeLayer({path, xyz}, {1, 0}, {0, 1}),
      makeLayer({xyz, path}, {0, 1}, {0, 1, 0, 0}),
      makeLayer({path, set}, {0, 1, 0}, {1, 0, 1}),
      makeLayer({path, set}, {1, 1}, {0, 0, 1}),
      makeLayer({path, set}, {0, 1, 0}, {1}),
      makeLayer({path, set}, {}, {0, 1, 1}),
      makeLayer({set, path}, {1, 0, 0}, {}),
      makeLayer({bell, set}, {0, 0, 1}, {0, 1}),
      makeLayer({bell, spins}, {0, 1}, {0, 0, 1, 1, 1}),
      makeLayer({set, fixed, xyz}, {0, 1, 2}, {2, 1, 0}),
      makeLayer({bell, phase}, {0, 1, 1}, {1, 0, 1}),
      makeLayer({path, event}, {1, 0, 1}, {0, 1, 1}),
      makeLayer({fixed, v}, {1, 0}, {0, 1, 1, 1 + dual}),
      // An orbit beside a Levi-Civita symbol.
      makeLayer({path, turn}, {0, 1}, {0, 1, 1}),
      makeLayer({plane, bell}, {1, 0}, {0, 1}),
      makeLayer({plane, bell}, {0, 1, 0}, {0, 1, 0, 1}),
      makeLayer({path, turn}, {1, 0, 1, 1}, {}),
      makeLayer({path, turn}, {}, {1, 0, 1, 1}),
      makeLayer({boost, bell, set}, {2, 0, 1}, {1, 0, 2, 0}),
  };
}

} // namespace

TEST(OrbitPlan, OraclesAgree) { expectOraclesAgree(layers()); }

TEST(OrbitPlan, SharedAgrees) { expectSharedAgrees(layers()); }

TEST(OrbitPlan, DenseAgrees) { expectDenseAgrees(layers()); }

TEST(OrbitPlan, GradientsOfXAgree) { expectGradientsOfXAgree(layers()); }

// Each orbit costs its smaller side, whatever stands beside it.
TEST(OrbitPlan, TheSmallerSideIsMixed) {
  const Space ring{"ring",
                   spelledOut(Family::Graph, 5, {"0-1 1-2 2-3 3-4 4-0"}), 5};
  const LayerSpec spec =
      makeLayer({ring, {"set", Group::S, 7}}, {0, 0, 1}, {0, 1});
  int64_t rows = 0;
  for (const Diagram &diagram : spec.diagrams)
    rows += std::min(diagram.orbit.rows, diagram.orbit.columns) *
            (splitDiagram(diagram).sigma.empty() ? 1 : 7);
  EXPECT_EQ(costOf(buildSharedPlan(spec)).multiplyAdds(), Poly(rows));
  EXPECT_EQ(rows, 13 * 5 * 8);
}
