//===- SparseBasis.cpp - Orthonormal bases with many zeros ----------------===//

#include "compiler/Plan/Isotypic/SparseBasis.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace eqc;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// Entries below this are rounding errors.
static constexpr double tiny = 1e-9;

int64_t eqc::countNonZeros(const MatrixXd &matrix) {
  return (matrix.array().abs() > tiny).count();
}

/// The sparsest rows of the reduced echelon form of the transposed columns that
/// have no element in common, at most `most`. Pivots are taken from the first
/// element on, or from the last.
static std::vector<VectorXd> sparsestVectors(const MatrixXd &space,
                                             bool backwards, size_t most) {
  using RowMajor =
      Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  RowMajor rows = space.transpose();
  const Eigen::Index height = rows.rows(), width = rows.cols();
  Eigen::Index done = 0;
  for (Eigen::Index i = 0; i < width && done < height; ++i) {
    const Eigen::Index column = backwards ? width - 1 - i : i;
    Eigen::Index pivot;
    const double size =
        rows.col(column).tail(height - done).cwiseAbs().maxCoeff(&pivot);
    if (size < 1e-2)
      continue;
    rows.row(done).swap(rows.row(done + pivot));
    rows.row(done) /= rows(done, column);
    for (Eigen::Index r = 0; r < height; ++r)
      if (r != done && rows(r, column) != 0)
        rows.row(r) -= rows(r, column) * rows.row(done).eval();
    ++done;
  }
  std::vector<int64_t> counts(done);
  for (Eigen::Index r = 0; r < done; ++r)
    counts[r] = countNonZeros(rows.row(r));
  const int64_t fewest = *std::min_element(counts.begin(), counts.end());
  std::vector<VectorXd> result;
  Eigen::ArrayXd taken = Eigen::ArrayXd::Zero(width);
  for (Eigen::Index r = 0; r < done && result.size() < most; ++r) {
    const Eigen::ArrayXd sizes = rows.row(r).transpose().cwiseAbs();
    if (counts[r] > fewest || (taken * sizes).maxCoeff() > tiny)
      continue;
    taken += (sizes > tiny).cast<double>();
    result.push_back(rows.row(r).transpose().normalized());
  }
  return result;
}

/// The unit vector of the space with the same elements as `vector`, which lies
/// in it but for errors. Going back and forth between the space and the vectors
/// with these zeros removes them.
static VectorXd refine(const MatrixXd &space, VectorXd vector) {
  auto clean = [&] {
    for (double &entry : vector)
      if (std::abs(entry) < tiny)
        entry = 0;
  };
  for (int repeat = 0; repeat < 8; ++repeat) {
    clean();
    const VectorXd within = space * (space.transpose() * vector);
    if ((within - vector).norm() < 1e-15)
      break;
    vector = within.normalized();
  }
  clean();
  return vector;
}

/// Orthonormal columns that span what is left of those of `space` without the
/// span of the columns of `taken`, which lies in it.
static MatrixXd complementIn(const MatrixXd &space, const MatrixXd &taken) {
  const MatrixXd coordinates = space.transpose() * taken;
  const MatrixXd q =
      Eigen::HouseholderQR<MatrixXd>(coordinates)
          .householderQ()
          .operator*(MatrixXd::Identity(space.cols(), space.cols()));
  return space * q.rightCols(space.cols() - taken.cols());
}

MatrixXd eqc::makeSparseBasis(const MatrixXd &space, const MatrixXd *rotation) {
  const Eigen::Index count = rotation ? space.cols() / 2 : space.cols();
  MatrixXd basis(space.rows(), count), rest = space;
  for (Eigen::Index done = 0; done < count;) {
    const size_t most = rotation ? 1 : static_cast<size_t>(count - done);
    std::vector<VectorXd> vectors = sparsestVectors(rest, false, most);
    std::vector<VectorXd> others = sparsestVectors(rest, true, most);
    if (countNonZeros(others.front()) < countNonZeros(vectors.front()))
      vectors = std::move(others);
    const auto found = static_cast<Eigen::Index>(vectors.size());
    MatrixXd taken(space.rows(), rotation ? 2 : found);
    for (Eigen::Index i = 0; i < found; ++i)
      basis.col(done + i) = taken.col(i) = refine(rest, vectors[i]);
    if (rotation)
      taken.col(1) = space * (*rotation * (space.transpose() * taken.col(0)));
    done += found;
    if (done < count)
      rest = complementIn(rest, taken);
  }
  return basis;
}
