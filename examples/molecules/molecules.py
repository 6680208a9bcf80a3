"""A potential of five atoms: energy and forces, trained, and exported for C++."""

import argparse

import torch
from eqc.torch import EquivariantLinear
from torch.fx.experimental.proxy_tensor import make_fx

ATOMS, CHANNELS = 5, 16


class Potential(torch.nn.Module):
    """Positions [batch, atoms, 3] to energies [batch]."""

    def __init__(self):
        super().__init__()
        kind = dict(dtype=torch.float64)
        # The squared lengths of vectors, from their outer products.
        self.square = EquivariantLinear("O", 2, 0, 1, 1, n=3, bias=False, **kind)
        torch.nn.init.ones_(self.square.weight)
        self.register_buffer("centres", torch.linspace(0.4, 3.4, CHANNELS, dtype=torch.float64))
        self.pairs = EquivariantLinear("S", 2, 2, CHANNELS, CHANNELS, n=ATOMS, **kind)
        self.total = EquivariantLinear("S", 2, 0, CHANNELS, 1, n=ATOMS, **kind)

    def forward(self, positions):
        vectors = positions[:, :, None] - positions[:, None]
        squares = self.square((vectors[..., :, None] * vectors[..., None, :])[..., None])
        near = torch.exp(-8 * (squares - self.centres).square())
        return self.total(torch.tanh(self.pairs(near)))[..., 0]


def lennard_jones(positions):
    """The true energies, [batch]."""
    first, second = torch.triu_indices(ATOMS, ATOMS, offset=1)
    sixth = (positions[:, first] - positions[:, second]).square().sum(-1) ** -3
    return 4 * (sixth.square() - sixth).sum(-1)


def make_clusters(count, seed):
    """Atoms about the corners of a bipyramid, where the energy is lowest."""
    angles = torch.arange(3, dtype=torch.float64) * (2 * torch.pi / 3)
    corners = torch.cat([
        torch.stack([0.65 * torch.cos(angles), 0.65 * torch.sin(angles), 0 * angles], dim=1),
        torch.tensor([[0, 0, 0.92], [0, 0, -0.92]], dtype=torch.float64)])
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(count, ATOMS, 3, generator=generator, dtype=torch.float64)
    return corners + 0.04 * noise


def energy_and_forces(model, positions):
    positions = positions.detach().requires_grad_()
    energy = model(positions)
    gradient, = torch.autograd.grad(energy.sum(), positions)
    return energy.detach(), -gradient


def train(steps):
    torch.manual_seed(0)
    model = Potential()
    positions, unseen = make_clusters(128, seed=1), make_clusters(128, seed=2)
    energy = lennard_jones(positions)
    mean, scale = energy.mean(), energy.std()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (model(positions) - (energy - mean) / scale).square().mean()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        wanted = (lennard_jones(unseen) - mean) / scale
        error = ((model(unseen) - wanted).square().mean() / wanted.var()).item()
    return model, error


def check(model):
    positions = make_clusters(4, seed=3)
    turn = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64)).Q
    energy, forces = energy_and_forces(model, positions)
    turned_energy, turned_forces = energy_and_forces(model, positions @ turn.T)
    torch.testing.assert_close(turned_energy, energy)
    torch.testing.assert_close(turned_forces, forces @ turn.T)
    order = torch.tensor([3, 0, 4, 1, 2])
    torch.testing.assert_close(model(positions[:, order]), model(positions))


def export(model, path):
    """A package of energies and forces, of one cluster, that needs no Python."""
    positions = make_clusters(1, seed=4)
    graph = make_fx(lambda x: energy_and_forces(model, x))(positions)
    torch._inductor.aoti_compile_and_package(
        torch.export.export(graph, (positions,)), package_path=path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--export", metavar="FILE.pt2")
    arguments = parser.parse_args()
    model, error = train(arguments.steps)
    check(model)
    print(f"{arguments.steps} steps: error on unseen clusters is {error:.4f} of the variance")
    print("turned and renumbered clusters have the same energy")
    assert error < 0.6
    if arguments.export:
        export(model, arguments.export)
        print("written:", arguments.export)


if __name__ == "__main__":
    main()
