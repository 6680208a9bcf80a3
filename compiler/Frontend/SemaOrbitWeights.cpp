//===- SemaOrbitWeights.cpp - Semantic checks: weights of orbits ----------===//

#include "compiler/Algebra/Groups/GroupRules.h"
#include "compiler/Frontend/Sema.h"

#include <set>

using namespace eqc;
using llvm::Twine;

/// `weights = orbit` is for groups of monomial matrices, and for sums.
void LayerChecker::checkOrbitWeights() {
  if (spec.weightsOf != WeightsOf::Orbits || !group || !n)
    return;
  const SourceRange where = place(FieldKind::Weights);
  if (!rulesOf(*group).isMonomial()) {
    Diagnostic &error =
        diags.error(DiagId::OrbitWeights, where,
                    groupText(*group, *n) +
                        " has no weights of orbits: its elements do not keep "
                        "which indices of a tuple are equal");
    if (!typed)
      error.note(place(FieldKind::Group), "the group is given here");
    error.help("write 'weights = diagram', or leave the field out");
    return;
  }
  if (spec.normalize == Normalize::Mean)
    diags
        .error(DiagId::OrbitWeights, where,
               "weights of orbits are for sums, not for means")
        .note(place(FieldKind::Normalize), "inputs are normalized here")
        .help("write 'normalize = none', or 'weights = diagram'");
  if (inputProduct())
    diags.error(DiagId::NotBuiltYet, where,
                "weights of orbits are not built yet in layers of two inputs");
}

/// A weight of an orbit of tuples takes part in the weights of all diagrams
/// that are coarser: these are the layer's too, and not too many.
void LayerChecker::checkCoarser(const std::vector<Diagram> &diagrams,
                                FieldKind field) {
  uint64_t pairs = 0;
  std::vector<Diagram> members;
  for (const Diagram &diagram : diagrams)
    for (SignedDiagram &member :
         orbitOf(diagram, spec.group, spec.symmetry).members) {
      pairs += std::min(countCoarser(member.diagram), kMostCoarserPairs + 1);
      members.push_back(std::move(member.diagram));
      if (pairs > kMostCoarserPairs) {
        diags
            .error(DiagId::SymmetryTooLarge, place(FieldKind::Weights),
                   "the pairs of a diagram and a coarser one are more than "
                   "2^22")
            .help("write 'weights = diagram', or lower k or l");
        return;
      }
    }
  if (choice != DiagramChoice::List || field == FieldKind::Bias)
    return; // all that there are, and those of a basis, are closed
  std::set<SymbolsAndBlocks> known;
  for (const Diagram &member : members)
    known.insert(symbolsAndBlocks(member));
  for (size_t d = 0; d < spec.diagrams.size(); ++d)
    for (const DiagramMultiple &coarser : coarserThan(spec.diagrams[d])) {
      if (known.count(symbolsAndBlocks(coarser.diagram)) != 0)
        continue;
      diags
          .error(DiagId::OrbitWeights, listed[d],
                 "the list has '" + toString(spec.diagrams[d], spec.group) +
                     "' without '" + toString(coarser.diagram, spec.group) +
                     "', which is coarser")
          .note(place(FieldKind::Weights),
                "weights are of orbits here, and that of a diagram is a part "
                "of those of all coarser ones")
          .help("list '" + toString(coarser.diagram, spec.group) +
                "' too, or write 'weights = diagram'");
      return;
    }
}
