"""Layers in PyTorch and JAX on a GPU, compiled by libeqc for the device that is there.

frameworks.py [--device=cpu]: prints a line for each test; 77 where there is no torch and no jax
that sees a GPU. What the CPU computes is what a GPU is held to.
"""

import argparse
import sys

import eqc
import numpy as np

LAYERS = [
    {"group": "S", "n": 6, "k": 2, "l": 2, "channels": (4, 8), "bias": True},
    {"group": "S", "n": None, "k": 2, "l": 1, "channels": (3, 5), "bias": True, "dtype": "f64"},
    {"group": "O", "n": 3, "k": 2, "l": 2, "channels": (16, 16)},
    {"group": "SO", "n": 3, "k": 2, "l": 1, "channels": (3, 2), "dtype": "f64"},
    {"group": "Sp", "n": 4, "k": 2, "l": 2, "channels": (4, 4), "layout": "channels_first"},
]


class Tests:
    """Runs functions and says how they went."""

    def __init__(self):
        self.failed = False

    def run(self, name, test, *args):
        try:
            test(*args)
            print(f"{name}: ok", flush=True)
        except Exception as why:
            self.failed = True
            print(f"{name}: FAILED, {type(why).__name__}: {why}", flush=True)


def name_of(layer):
    return f"{layer.group} {layer.k} -> {layer.l}, {layer.dtype}"


def close(found, expected, dtype):
    found, expected = np.asarray(found), np.asarray(expected)
    scale = np.abs(expected).max() if expected.size else 1
    tolerance = 3e-5 if np.dtype(dtype) == np.float32 else 1e-11
    difference = np.abs(found - expected).max() if expected.size else 0
    assert found.shape == expected.shape, (found.shape, expected.shape)
    assert difference <= tolerance * scale, f"differs by {difference / scale:.1e}"


def torch_tests(tests, device):
    import eqc.torch
    import torch

    def draw(layer, shape):
        return torch.from_numpy(np.random.default_rng(len(shape)).standard_normal(shape)
                                .astype(layer.dtype))

    def module(layer):
        fields = layers[layer]
        c_in, c_out = fields["channels"]
        return eqc.torch.EquivariantLinear(
            layer.group, layer.k, layer.l, c_in, c_out, n=layer.n,
            bias=fields.get("bias", False), layout=fields.get("layout", "channels_last"),
            dtype=getattr(torch, np.dtype(layer.dtype).name))

    def pair(layer, batch=5):
        """A module on the CPU and one on the device, with the same numbers, and x."""
        here, there = module(layer), module(layer)
        there.load_state_dict(here.state_dict())
        return here, there.to(device), draw(layer, layer.x_shape(batch, layer.n or 4))

    def values(layer):
        here, there, x = pair(layer)
        results = []
        for net, place in ((here, "cpu"), (there, device)):
            input = x.to(place).requires_grad_()
            y = net(input)
            assert y.device.type == torch.device(place).type
            y.square().sum().backward()
            results.append([y, input.grad, *(p.grad for p in net.parameters())])
        for a, b in zip(*results):
            close(b.detach().cpu(), a.detach(), layer.dtype)

    def second_order(layer):
        _, there, x = pair(layer, batch=1)
        if layer.dtype == np.float64:
            torch.autograd.gradgradcheck(there, x.to(device).requires_grad_(), atol=1e-6)

    def compiled(layer):
        _, there, x = pair(layer)
        f = torch.compile(lambda input: there(input).relu(), fullgraph=True)
        close(f(x.to(device)).detach().cpu(), there(x.to(device)).relu().detach().cpu(),
              layer.dtype)

    def streams(layer):
        _, there, x = pair(layer, batch=64)
        x = x.to(device)
        expected = there(x).detach()
        torch.cuda.synchronize()
        side = [torch.cuda.Stream() for _ in range(3)]
        results = []
        for stream in side * 4:
            with torch.cuda.stream(stream):
                results.append(there(x).detach())
        torch.cuda.synchronize()
        assert all(torch.equal(result, expected) for result in results), "other bits"

    def graphs(layer):
        _, there, x = pair(layer)
        static = x.to(device)
        with torch.no_grad():
            there(static)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                y = there(static)
            static.copy_(2 * static)
            graph.replay()
            torch.cuda.synchronize()
            assert torch.equal(y, there(static)), "other bits"

    def empty(layer):
        _, there, x = pair(layer, batch=0)
        input = x.to(device).requires_grad_()
        y = there(input)
        y.sum().backward()
        assert y.shape[0] == 0 and not there.weight.grad.abs().sum()

    layers = {eqc.Layer(**fields): fields for fields in LAYERS}
    cases = [values, second_order, empty]
    for layer in layers:
        for test in cases + ([streams, graphs] if device == "cuda" else []):
            tests.run(f"torch, {name_of(layer)}, {test.__name__.replace('_', ' ')}", test, layer)
    tests.run("torch.compile", compiled, next(iter(layers)))


def jax_tests(tests, device):
    import eqc.jax
    import jax

    jax.config.update("jax_enable_x64", True)
    place = jax.devices("gpu" if device == "cuda" else "cpu")[0]

    def values(layer, has_bias):
        rng = np.random.default_rng(1)
        x = rng.standard_normal(layer.x_shape(3, layer.n or 4)).astype(layer.dtype)
        weight = rng.standard_normal(layer.weight_shape).astype(layer.dtype)
        bias = rng.standard_normal(layer.bias_shape).astype(layer.dtype) if has_bias else None

        def loss(weight, bias, x):
            return jax.numpy.square(eqc.jax.linear(layer, x, weight, bias)).sum()

        results = []
        for where in (jax.devices("cpu")[0], place):
            arrays = [a if a is None else jax.device_put(a, where) for a in (weight, bias, x)]
            results.append([eqc.jax.linear(layer, arrays[2], *arrays[:2]),
                            *jax.jit(jax.grad(loss, argnums=(0, 2)))(*arrays)])
        for a, b in zip(*results):
            close(b, a, layer.dtype)

    for fields in LAYERS:
        layer = eqc.Layer(**fields)
        tests.run(f"jax, {name_of(layer)}, values", values, layer, "bias" in fields)


def why_no_torch(device):
    try:
        import torch
    except ImportError:
        return "torch is not installed"
    return "" if device == "cpu" or torch.cuda.is_available() else "torch sees no GPU"


def why_no_jax(device):
    try:
        import jax
    except ImportError:
        return "jax is not installed"
    try:
        jax.devices("gpu" if device == "cuda" else device)
    except RuntimeError:
        return "jax sees no GPU"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    device = parser.parse_args().device
    tests, ran = Tests(), False
    for name, why, run in (("torch", why_no_torch(device), torch_tests),
                           ("jax", why_no_jax(device), jax_tests)):
        if why:
            print(f"{name}: skipped, {why}", flush=True)
            continue
        ran = True
        tests.run(f"{name}, all", run, tests, device)
    return int(tests.failed) if ran else 77


if __name__ == "__main__":
    sys.exit(main())
