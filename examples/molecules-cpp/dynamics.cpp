// Newton's equations with a potential that was trained in PyTorch.

#include <ATen/Functions.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <dlfcn.h>
#include <exception>

constexpr int atoms = 5, numbers = atoms * 3;
using Vectors = std::array<double, numbers>;

// What a code for molecular dynamics calls a pair style.
class Potential {
public:
  explicit Potential(const char *path) : model(path) {}

  // The energy of the atoms at `positions`, and the forces on them.
  double compute(const Vectors &positions, Vectors &forces) {
    at::Tensor x = at::empty({1, atoms, 3}, at::kDouble);
    std::copy(positions.begin(), positions.end(), x.data_ptr<double>());
    std::vector<at::Tensor> results = model.run({x});
    const at::Tensor f = results[1].contiguous();
    std::copy_n(f.data_ptr<double>(), numbers, forces.begin());
    return results[0].item<double>();
  }

private:
  torch::inductor::AOTIModelPackageLoader model;
};

static bool loadOperators() {
  void *library = dlopen(EQC_TORCH_LIBRARY, RTLD_NOW);
  if (!library) {
    std::fprintf(stderr, "%s\n", dlerror());
    return false;
  }
  using Register = const char *();
  auto *ask =
      reinterpret_cast<Register *>(dlsym(library, "eqc_torch_register"));
  const char *why = ask();
  if (why)
    std::fprintf(stderr, "%s\n", why);
  return !why;
}

static double kinetic(const Vectors &velocities) {
  double sum = 0;
  for (double v : velocities)
    sum += v * v / 2;
  return sum;
}

static int run(const char *path) {
  Potential potential(path);
  Vectors x = {0.70, 0.02,  0.01, -0.33, 0.58, -0.02, -0.32, -0.55,
               0.03, -0.01, 0.02, 0.95,  0.01, -0.02, -0.90};
  Vectors v{}, forces;
  const double dt = 0.01;
  double energy = potential.compute(x, forces);
  const double first = energy;
  double worst = 0, most = 0;
  for (int step = 0; step < 400; ++step) {
    for (int i = 0; i < numbers; ++i) {
      v[i] += dt / 2 * forces[i];
      x[i] += dt * v[i];
    }
    energy = potential.compute(x, forces);
    for (int i = 0; i < numbers; ++i)
      v[i] += dt / 2 * forces[i];
    most = std::fmax(most, kinetic(v));
    worst = std::fmax(worst, std::fabs(energy + kinetic(v) - first));
  }
  // Forces sum to zero, since the energy does not change when all atoms move.
  double sum = 0;
  for (int axis = 0; axis < 3; ++axis) {
    double along = 0;
    for (int atom = 0; atom < atoms; ++atom)
      along += forces[3 * atom + axis];
    sum = std::fmax(sum, std::fabs(along));
  }
  std::printf(
      "400 steps: kinetic energy up to %.3g, total energy kept to %.2g, "
      "sum of forces %.2g\n",
      most, worst, sum);
  return most > 1e-3 && worst < 0.01 * most && sum < 1e-9 ? 0 : 1;
}

int main(int argc, char **argv) {
  if (!loadOperators())
    return 2;
  try {
    return run(argc > 1 ? argv[1] : "molecules.pt2");
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
