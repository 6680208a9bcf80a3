//===- Factored.cpp - The factored plan that operations say ---------------===//

#include "compiler/Conversion/Stages/FactoredStages.h"
#include "compiler/Conversion/Stages/LayerOfOp.h"
#include "compiler/Conversion/Stages/Stages.h"

using namespace eqc;
using namespace eqc::ir;
using namespace mlir;

FailureOr<LayerPlan> eqc::readFactoredStages(func::FuncOp function,
                                             LayerSpec &spec) {
  FailureOr<RowsOfLayer> rows = readRows(function, spec);
  if (failed(rows))
    return failure();
  FailureOr<FactoredStages> stages =
      findFactoredStages(function, rows->fromRows.getRows());
  if (failed(stages))
    return failure();
  FailureOr<std::vector<FactoredDiagram>> forms = readFactoredForms(*stages);
  if (failed(forms))
    return failure();
  spec.group = stages->mix.getGroup();
  spec.n = stages->mix.getN();
  spec.normalize = stages->normalize();
  spec.choice = DiagramChoice::List;
  for (const FactoredDiagram &form : *forms) {
    if (form.k != spec.k || form.l != spec.l)
      return stages->mix.emitError()
             << "is of diagrams of order " << form.k << " -> " << form.l
             << ", but the layer is of order " << spec.k << " -> " << spec.l;
    spec.diagrams.push_back(unfactor(form));
  }
  setAxes(spec, spec.diagrams.front());
  if (stages->addBias)
    spec.biasDiagrams = getDiagramValues(stages->addBias.getDiagrams());
  RowTransform bias;
  if (stages->addBias)
    bias = membersOfBias(stages->addBias.getBias());
  if (const std::string why = whyNoFactoredPlan(spec); !why.empty())
    return stages->mix.emitError() << "cannot be computed: " << why;
  return LayerPlan(FactoredLayer{buildFactoredPlan(spec, *forms),
                                 rows->pack.getOrder().getTerms(),
                                 std::move(bias)});
}
