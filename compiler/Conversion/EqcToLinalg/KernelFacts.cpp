//===- KernelFacts.cpp - What a caller must know of a kernel --------------===//

#include "compiler/Conversion/EqcToLinalg/KernelFacts.h"

#include "mlir/IR/Builders.h"

using namespace eqc;
using namespace mlir;

/// Coefficients from degree 0 on; sizes have no multiple of n/2.
static std::vector<int64_t> coefficientsOf(const Poly &poly) {
  std::vector<int64_t> coefficients;
  for (int degree = 0; degree <= poly.degree(); ++degree)
    coefficients.push_back(poly.coefficient(degree));
  return coefficients;
}

static Poly polyOf(ArrayRef<int64_t> coefficients) {
  Poly poly;
  for (auto [degree, coefficient] : llvm::enumerate(coefficients))
    poly += Poly::power(static_cast<int>(degree), coefficient);
  return poly;
}

void eqc::setKernelFacts(func::FuncOp forward, const KernelFacts &facts) {
  Builder b(forward.getContext());
  auto array = [&](const std::vector<int64_t> &values) {
    return b.getDenseI64ArrayAttr(values);
  };
  forward->setAttr(
      "eqc.kernel",
      b.getDictionaryAttr(
          {b.getNamedAttr("packed_shape", array(facts.packedShape)),
           b.getNamedAttr("phases", b.getI64IntegerAttr(facts.phases)),
           b.getNamedAttr("parts", b.getI64IntegerAttr(facts.parts)),
           b.getNamedAttr("lanes", b.getI64IntegerAttr(facts.lanes)),
           b.getNamedAttr("scratch_elements",
                          array(coefficientsOf(facts.scratchElements))),
           b.getNamedAttr("multiply_adds",
                          array(coefficientsOf(facts.multiplyAdds))),
           b.getNamedAttr("sums", b.getDenseI64ArrayAttr(
                                      {facts.sums.rows, facts.sums.columns,
                                       facts.sums.diagramRows,
                                       facts.sums.shiftedFrom}))}));
}

KernelFacts eqc::getKernelFacts(func::FuncOp forward) {
  auto dictionary = forward->getAttrOfType<DictionaryAttr>("eqc.kernel");
  auto array = [&](StringRef name) {
    return dictionary.getAs<DenseI64ArrayAttr>(name).asArrayRef();
  };
  KernelFacts facts;
  facts.packedShape = array("packed_shape").vec();
  facts.phases = dictionary.getAs<IntegerAttr>("phases").getInt();
  facts.parts = dictionary.getAs<IntegerAttr>("parts").getInt();
  facts.lanes = dictionary.getAs<IntegerAttr>("lanes").getInt();
  facts.scratchElements = polyOf(array("scratch_elements"));
  facts.multiplyAdds = polyOf(array("multiply_adds"));
  const ArrayRef<int64_t> sums = array("sums");
  facts.sums = {sums[0], sums[1], sums[2], sums[3]};
  return facts;
}
