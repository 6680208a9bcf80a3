"""Energies and forces of molecules by matrices on atoms, as TensorNet (Simeon and De Fabritiis
2023) has them: layers of O(3) mix channels of 3 x 3 matrices, and products of two inputs multiply
them. Forces are gradients of the energy, and training on them differentiates twice."""

import argparse

import eqc.torch
import numpy as np
import torch
from ase.calculators.emt import EMT
from ase.collections import g2

CHANNELS, RADIAL, CUTOFF = 16, 12, 5.0
ELEMENTS = [1, 6, 7, 8]  # H, C, N, O


def make_molecules():
    """The names of those of the G2 set that consist of these elements."""
    return [name for name in g2.names
            if len(g2[name]) > 1 and set(g2[name].get_atomic_numbers()) <= set(ELEMENTS)]


def make_samples(names, copies, seed):
    """Shaken molecules with their energies and forces: numbers, positions, energy, forces."""
    random = np.random.default_rng(seed)
    samples = []
    for name in names:
        for _ in range(copies):
            atoms = g2[name]
            atoms.positions += 0.08 * random.standard_normal(atoms.positions.shape)
            atoms.calc = EMT()
            samples.append((atoms.get_atomic_numbers(), atoms.positions,
                            atoms.get_potential_energy(), atoms.get_forces()))
    return samples


class Batch:
    """Molecules of any sizes, their atoms one after the other, and the pairs that are near."""

    def __init__(self, samples):
        kind = dict(dtype=torch.float32)
        numbers, positions, energies, forces = zip(*samples)
        self.species = torch.tensor([ELEMENTS.index(z) for each in numbers for z in each])
        self.positions = torch.tensor(np.concatenate(positions), **kind)
        self.energies = torch.tensor(energies, **kind)
        self.forces = torch.tensor(np.concatenate(forces), **kind)
        self.sizes = torch.tensor([len(each) for each in numbers])
        self.molecule = torch.repeat_interleave(torch.arange(len(samples)), self.sizes)
        starts = np.cumsum([0, *map(len, numbers)])
        self.pairs = torch.from_numpy(np.concatenate(
            [np.argwhere(~np.eye(len(each), dtype=bool)) + start
             for each, start in zip(numbers, starts)])).T


class TensorNet(torch.nn.Module):
    """Positions of atoms to energies of molecules."""

    def __init__(self, layers=2):
        super().__init__()
        self.register_buffer("centres", torch.linspace(0.5, CUTOFF, RADIAL))
        self.near = torch.nn.Linear(RADIAL, 2 * CHANNELS)
        self.kinds = torch.nn.Embedding(len(ELEMENTS) ** 2, 2 * CHANNELS)

        def mix():
            # The matrix, its transpose, and its trace times 1.
            return eqc.torch.EquivariantLinear("O", 2, 2, CHANNELS, CHANNELS, n=3, bias=False,
                                               gain=0.5)

        def parts(make):
            return torch.nn.ModuleList([make() for _ in range(layers)])

        self.before, self.after = parts(mix), parts(mix)
        self.filters = parts(lambda: torch.nn.Linear(RADIAL, CHANNELS))
        # x z + z x, each with a weight for every channel.
        self.products = parts(lambda: eqc.torch.EquivariantBilinear(
            "O", (2, 2), 2, CHANNELS, n=3, bias=False,
            diagrams=["o1 i1 | i2 i3 | o2 i4", "o1 i3 | i1 i4 | o2 i2"]))
        # tr x x', tr x x and (tr x)^2.
        self.invariants = eqc.torch.EquivariantBilinear("O", (2, 2), 0, CHANNELS, n=3, bias=False)
        self.energy = torch.nn.Sequential(torch.nn.Linear(2 * CHANNELS, 32), torch.nn.SiLU(),
                                          torch.nn.Linear(32, 1))
        self.atoms = torch.nn.Embedding(len(ELEMENTS), 1)
        torch.nn.init.zeros_(self.atoms.weight)

    def forward(self, batch, positions):
        first, second = batch.pairs
        vectors = positions[first] - positions[second]
        distances = vectors.square().sum(-1, keepdim=True).sqrt()
        smooth = torch.where(distances < CUTOFF,
                             0.5 * (torch.cos(torch.pi * distances / CUTOFF) + 1), 0)
        radial = smooth * torch.exp(-4 * (distances - self.centres).square())
        directions = vectors / distances

        def gather(values):
            zeros = values.new_zeros(len(positions), *values.shape[1:])
            return zeros.index_add(0, first, values)

        kinds = self.kinds(batch.species[first] * len(ELEMENTS) + batch.species[second])
        ones, lines = (self.near(radial) * kinds * smooth).chunk(2, dim=-1)
        outer = directions[:, :, None] * directions[:, None, :]
        x = gather(torch.eye(3)[..., None] * ones[:, None, None]
                   + outer[..., None] * lines[:, None, None])   # [atoms, 3, 3, channels]
        for before, weights, product, after in zip(self.before, self.filters, self.products,
                                                   self.after):
            y = before(x)
            messages = gather((weights(radial) * smooth)[:, None, None] * y[second])
            z = product(y, messages)
            size = z.square().sum((1, 2), keepdim=True) + 1
            x = x + after(z / size.sqrt())
        features = torch.cat([self.invariants(x, x), torch.einsum("aiic->ac", x)], dim=-1)
        each = self.energy(features) + self.atoms(batch.species)
        return each.new_zeros(len(batch.sizes)).index_add(0, batch.molecule, each[:, 0])


def energy_and_forces(model, batch, *, training=False):
    positions = batch.positions.detach().requires_grad_()
    energy = model(batch, positions)
    gradient, = torch.autograd.grad(energy.sum(), positions, create_graph=training)
    return energy, -gradient


def fit_atoms(batch):
    """The energies of single atoms that explain those of molecules best."""
    counts = torch.zeros(len(batch.sizes), len(ELEMENTS)).index_put_(
        (batch.molecule, batch.species), torch.ones(len(batch.species)), accumulate=True)
    return torch.linalg.lstsq(counts, batch.energies[:, None]).solution


def errors(model, batch):
    """Mean absolute errors: of the energy of an atom and of components of forces."""
    energy, forces = energy_and_forces(model, batch)
    return (((energy - batch.energies) / batch.sizes).abs().mean().item(),
            (forces - batch.forces).abs().mean().item())


def train(samples, epochs, size=24):
    torch.manual_seed(0)
    model = TensorNet()
    with torch.no_grad():
        model.atoms.weight.copy_(fit_atoms(Batch(samples)))
    optimiser = torch.optim.Adam(model.parameters(), lr=4e-3)
    steps = epochs * (len(samples) // size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    random = np.random.default_rng(0)
    for _ in range(epochs):
        order = random.permutation(len(samples))
        for start in range(0, len(order) - size + 1, size):
            batch = Batch([samples[i] for i in order[start:start + size]])
            energy, forces = energy_and_forces(model, batch, training=True)
            loss = (((energy - batch.energies) / batch.sizes).square().mean()
                    + (forces - batch.forces).square().mean())
            optimiser.zero_grad()
            loss.backward()  # through the gradient that the forces are
            optimiser.step()
            schedule.step()
    return model


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--copies", type=int, default=8, help="of each molecule, for training")
    parser.add_argument("--molecules", type=int, default=24, help="the first of so many")
    options = parser.parse_args(arguments)
    names = make_molecules()[:options.molecules]
    model = train(make_samples(names, options.copies, seed=0), options.epochs)
    unseen = Batch(make_samples(names, 2, seed=1))
    of_energy, of_forces = errors(model, unseen)
    plain = unseen.forces.abs().mean().item()
    print(f"{len(names)} molecules, {options.copies} shapes of each; errors on shapes not seen: "
          f"{1000 * of_energy:.0f} meV an atom, {1000 * of_forces:.0f} meV/A "
          f"(forces are {1000 * plain:.0f} meV/A)")
    return model, of_forces / plain


if __name__ == "__main__":
    main()
