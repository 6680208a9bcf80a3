// Invariant masses of groups of particles, before and after a boost.

#include "momenta.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

constexpr int particles = add_C_IN, groups = add_C_OUT, axes = add_N;

// Energy and momentum of every particle, particles fastest: [4, particles].
using Event = std::array<std::array<double, particles>, axes>;

static bool failed(int status) {
  if (status != EQC_OK)
    std::printf("%s: %s\n", eqc_status_string(status), eqc_last_error());
  return status != EQC_OK;
}

// Particles of mass 0.14 that fly in all directions.
static Event makeEvent() {
  Event event{};
  for (int i = 0; i < particles; ++i) {
    double square = 0.14 * 0.14;
    for (int axis = 1; axis < axes; ++axis) {
      event[axis][i] = std::sin(2.0 * i + 5.0 * axis) * (i + 1);
      square += event[axis][i] * event[axis][i];
    }
    event[0][i] = std::sqrt(square);
  }
  return event;
}

// As somebody sees it who moves along the third axis.
static Event boosted(Event event, double speed) {
  const double gamma = 1 / std::sqrt(1 - speed * speed);
  for (int i = 0; i < particles; ++i) {
    const double energy = event[0][i], p = event[3][i];
    event[0][i] = gamma * (energy - speed * p);
    event[3][i] = gamma * (p - speed * energy);
  }
  return event;
}

// m^2 of the first four particles, and of all.
static bool massesOf(const Event &event, std::array<double, groups> &masses) {
  std::array<double, add_WEIGHT_SIZE> chosen{};
  for (int i = 0; i < particles; ++i) {
    chosen[i * groups] = i < particles / 2;
    chosen[i * groups + 1] = 1;
  }
  std::array<double, axes * groups> sums;
  if (failed(
          add_forward(1, event[0].data(), chosen.data(), nullptr, sums.data())))
    return false;
  std::array<double, axes * axes * groups> products;
  for (int a = 0; a < axes; ++a)
    for (int b = 0; b < axes; ++b)
      for (int g = 0; g < groups; ++g)
        products[(a * axes + b) * groups + g] =
            sums[a * groups + g] * sums[b * groups + g];
  const std::array<double, square_WEIGHT_SIZE> each{1, 0, 0, 1};
  return !failed(
      square_forward(1, products.data(), each.data(), nullptr, masses.data()));
}

static double byHand(const Event &event, int count) {
  double square = 0;
  for (int axis = 0; axis < axes; ++axis) {
    double sum = 0;
    for (int i = 0; i < count; ++i)
      sum += event[axis][i];
    square += (axis == 0 ? 1 : -1) * sum * sum;
  }
  return square;
}

int main() {
  const Event event = makeEvent();
  std::array<double, groups> at_rest{}, moving{};
  if (!massesOf(event, at_rest) || !massesOf(boosted(event, 0.8), moving))
    return 1;
  bool ok = true;
  std::printf("%-16s %12s %12s %12s\n", "m^2 of", "by hand", "at rest",
              "at 0.8 c");
  for (int g = 0; g < groups; ++g) {
    const int count = g == 0 ? particles / 2 : particles;
    const double wanted = byHand(event, count);
    std::printf("%d particles      %12.6f %12.6f %12.6f\n", count, wanted,
                at_rest[g], moving[g]);
    ok = ok && std::fabs(at_rest[g] - wanted) < 1e-9 * wanted &&
         std::fabs(moving[g] - wanted) < 1e-9 * wanted;
  }
  std::puts(ok ? "Masses do not depend on the observer." : "They differ.");
  return ok ? 0 : 1;
}
