//===- Oracle.h - Layers evaluated from their definition --------*- C++ -*-===//
//
// What a layer must compute, in double precision, written straight from the
// definition of the matrices D_d. Shares no code with any plan: of the algebra
// only the blocks of the diagrams are used.
//
//===----------------------------------------------------------------------===//

#ifndef EQC_CHECK_ORACLE_H
#define EQC_CHECK_ORACLE_H

#include "compiler/Algebra/LayerSpec.h"

#include <cstdint>
#include <vector>

namespace eqc {

/// n^order for tensors that exist in memory.
int64_t integerPower(int64_t n, int order);

/// The lengths of the axes of x or of y, sizes that are given at run time being
/// n.
std::vector<int64_t> lengthsAt(const LayerSpec &spec, int64_t n, bool ofInput);

/// The positions of a sample of x and of y where sizes that are given at run
/// time are n; as doubles, exact while it matters, for tensors that may not
/// exist.
int64_t inputPositions(const LayerSpec &spec, int64_t n);
int64_t outputPositions(const LayerSpec &spec, int64_t n);
double realInputPositions(const LayerSpec &spec, int64_t n);
double realOutputPositions(const LayerSpec &spec, int64_t n);

/// The length of the axis of a vertex.
int64_t lengthOfAxis(const Diagram &diagram, Group group, int64_t n,
                     int vertex);

/// The entry D_d[I,J], by the definition alone: the product over the blocks of
/// delta (all values equal), of the group's form for pairs within one row, and
/// of the Levi-Civita symbol for the free block, times the form for each of its
/// inputs. `index` holds the values, from 0, of o1..ol then i1..ik.
/// Where vertices lie in parts of sums, `index` is that on the whole axis.
double diagramEntry(const Diagram &diagram, Group group, int64_t n,
                    const std::vector<int64_t> &index);

/// What `normalize` multiplies D_d by: 1, or 1/n for each block of inputs only,
/// n being the length of its axes.
double diagramScale(const Diagram &diagram, Group group, Normalize normalize,
                    int64_t n);

/// The whole matrix D_d, row-major n^l x n^k, entry by entry (small n only).
std::vector<double> diagramMatrix(const Diagram &diagram, Group group,
                                  int64_t n);

/// y for one call, entry by entry over all n^(l+k) pairs: slow, and the
/// judge of `oracleForward` in tests. `n` is the run-time n; `bias` may be null
/// for a layer without.
std::vector<double> definitionForward(const LayerSpec &spec, int64_t n,
                                      int64_t batch, const double *x,
                                      const double *weight, const double *bias);

/// Which matrices an oracle takes: the D_d, or their absolute values.
enum class Entries { Signed, Absolute };

/// The same y from the supported entries of every D_d only. Diagrams whose
/// weights are all zero cost nothing.
std::vector<double> oracleForward(const LayerSpec &spec, int64_t n,
                                  int64_t batch, const double *x,
                                  const double *weight, const double *bias,
                                  Entries entries = Entries::Signed);

/// The same of the entries of x where `at` has its extremes, where a layer
/// pools: its derivative at `at` along x, without a bias.
std::vector<double> oracleAlong(const LayerSpec &spec, int64_t n, int64_t batch,
                                const double *at, const double *x,
                                const double *weight, const double *bias,
                                Entries entries = Entries::Signed);

/// Gradients of <grad_y, layer(x)>, shaped as x, weight and bias.
struct OracleGradients {
  std::vector<double> x;
  std::vector<double> weight;
  std::vector<double> bias;
};
OracleGradients oracleBackward(const LayerSpec &spec, int64_t n, int64_t batch,
                               const double *x, const double *weight,
                               const double *gradY,
                               Entries entries = Entries::Signed);

/// Additions per sample and input channel that `oracleForward` spends on
/// applying D_d (mixing channels costs n^l c_in c_out more).
double oracleVisits(const Diagram &diagram, Group group, int64_t n);
/// Those of all diagrams of a layer, with the members of orbits.
double oracleVisits(const LayerSpec &spec, int64_t n);

/// The rows I of D_d with D_d[I,J] != 0 for the given column J are set in
/// `rows` (size n^l); the others are left alone.
void markDependentRows(const Diagram &diagram, Group group, int64_t n,
                       int64_t column, std::vector<bool> &rows);
/// The same of the matrix of a weight, and of the columns J with an entry in
/// the given row I.
void markDependentRows(const LayerSpec &spec, size_t weight, int64_t n,
                       int64_t column, std::vector<bool> &rows);
void markDependentColumns(const LayerSpec &spec, size_t weight, int64_t n,
                          int64_t row, std::vector<bool> &columns);

} // namespace eqc

#endif // EQC_CHECK_ORACLE_H
