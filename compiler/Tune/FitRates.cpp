//===- FitRates.cpp - Rates that explain measured times -------------------===//

#include "compiler/Tune/FitRates.h"

#include "compiler/Tune/RateFields.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

using namespace eqc;

// Standard deviations of logarithms: of a prediction from the time, and of a
// rate from where it starts.
static constexpr double timeDeviation = 0.2;
static constexpr double rateDeviation = 0.7;
/// Residuals beyond this many deviations count linearly.
static constexpr double largeResidual = 1.5;

namespace {

/// Levenberg and Marquardt on the logarithms of the rates that are fitted.
class Fit {
public:
  Fit(const CostTarget &start, const std::vector<Observation> &observations)
      : target(start), observations(observations) {
    for (const RateField &field : rateFields)
      if (field.fitted)
        fields.push_back(field.rate);
    origin.resize(Eigen::Index(fields.size()));
    for (size_t j = 0; j < fields.size(); ++j)
      origin[Eigen::Index(j)] = std::log(start.rates.*fields[j]);
  }

  RateFit run();

private:
  CostTarget at(const Eigen::VectorXd &logs) const {
    CostTarget result = target;
    for (size_t j = 0; j < fields.size(); ++j)
      result.rates.*fields[j] = std::exp(logs[Eigen::Index(j)]);
    return result;
  }

  /// Logarithms of predicted over measured times, in deviations.
  Eigen::VectorXd residuals(const Eigen::VectorXd &logs) const {
    const CostTarget here = at(logs);
    Eigen::VectorXd result(Eigen::Index(observations.size()));
    for (size_t i = 0; i < observations.size(); ++i) {
      const Observation &seen = observations[i];
      PlanCandidate plan = seen.plan;
      priceWork(here.rates, here.machine, seen.batch, plan);
      result[Eigen::Index(i)] =
          std::log(plan.callNs / seen.callNs) / timeDeviation;
    }
    return result;
  }

  double costOf(const Eigen::VectorXd &logs,
                const Eigen::VectorXd &residuals) const {
    double sum = ((logs - origin) / rateDeviation).squaredNorm();
    for (double r : residuals)
      sum += std::abs(r) <= largeResidual
                 ? r * r
                 : largeResidual * (2 * std::abs(r) - largeResidual);
    return sum;
  }

  CostTarget target;
  const std::vector<Observation> &observations;
  std::vector<double CostRates::*> fields;
  Eigen::VectorXd origin;
};

} // namespace

RateFit Fit::run() {
  const Eigen::Index count = origin.size();
  Eigen::VectorXd logs = origin;
  Eigen::VectorXd now = residuals(logs);
  double cost = costOf(logs, now), damping = 1e-2;
  for (int step = 0; step < 60 && damping < 1e8; ++step) {
    constexpr double h = 1e-4;
    Eigen::MatrixXd jacobian(now.size(), count);
    for (Eigen::Index j = 0; j < count; ++j) {
      Eigen::VectorXd moved = logs;
      moved[j] += h;
      jacobian.col(j) = (residuals(moved) - now) / h;
    }
    const Eigen::VectorXd weights = now.unaryExpr([](double r) {
      return std::min(1.0, largeResidual / std::max(std::abs(r), 1e-300));
    });
    const double prior = 1 / (rateDeviation * rateDeviation);
    Eigen::MatrixXd normal =
        jacobian.transpose() * weights.asDiagonal() * jacobian;
    normal.diagonal().array() += prior;
    const Eigen::VectorXd gradient =
        jacobian.transpose() * weights.cwiseProduct(now) +
        prior * (logs - origin);
    Eigen::MatrixXd damped = normal;
    damped.diagonal() += damping * normal.diagonal();
    const Eigen::VectorXd next = logs - damped.ldlt().solve(gradient);
    const Eigen::VectorXd then = residuals(next);
    const double nextCost = costOf(next, then);
    if (!(nextCost < cost)) {
      damping *= 4;
      continue;
    }
    const bool done = cost - nextCost < 1e-9 * cost;
    logs = next, now = then, cost = nextCost;
    damping = std::max(damping / 4, 1e-9);
    if (done)
      break;
  }

  RateFit fit;
  fit.rates = at(logs).rates;
  std::vector<double> ratios;
  for (double r : now)
    ratios.push_back(std::exp(std::abs(r) * timeDeviation));
  if (ratios.empty())
    return fit;
  std::sort(ratios.begin(), ratios.end());
  fit.typicalRatio = ratios[ratios.size() / 2];
  fit.worstRatio = ratios.back();
  return fit;
}

RateFit eqc::fitRates(const CostTarget &start,
                      const std::vector<Observation> &observations) {
  return Fit(start, observations).run();
}
