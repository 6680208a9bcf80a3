"""Networks with layers of two inputs from Python, against einsum."""

from __future__ import annotations

import pickle

import eqc
import numpy as np
import pytest
import reference

TEXT = """
space p = S(?)
layer f       { k = p p; l = p p; channels = 2 -> 3; diagrams = MAPS; bias = true; DEFAULTS }
layer g       { k = p p; l = p p; channels = 2 -> 3; diagrams = MAPS; DEFAULTS }
layer product { k = p p * p p; l = p p; channels = CHANNELS; bias = true; DEFAULTS
                diagrams = ["o1 i1 | i2 i3 | o2 i4", "o1 i1 i3 | o2 i2 i4"] }
network ppgn {
  input x : p p, 2
  m1 = tanh(f(x))
  m2 = tanh(g(x))
  output y = product(m1, m2)
  output z = product(m1, m1)
}
"""
MAPS = '["o1 i1 | o2 i2", "o1 i2 | i1 | o2"]'
N = 3
FULL = "3 * 3 -> 2"


def text_of(channels="3", dtype="f64", layout="channels_last"):
    return (TEXT.replace("CHANNELS", channels).replace("MAPS", MAPS)
            .replace("DEFAULTS", f"dtype = {dtype}; layout = {layout}"))


def network(*fields, **named):
    return eqc.compile(text_of(*fields, **named)).network("ppgn")


def arguments_of(net, batch=2, seed=0):
    random = np.random.default_rng(seed)
    x = random.standard_normal(net.shape(net.inputs[0], batch, {"p": N}))
    params = random.standard_normal(net.size) * 0.3
    return x.astype(net.dtype), params.astype(net.dtype)


def maps_of(layer, torch, bias=False):
    diagrams = layer.bias_diagrams if bias else layer.diagrams
    k = 0 if bias else 2
    return torch.from_numpy(np.stack([
        reference.diagram_matrix(d, "S", N, k, 2, layer.normalize == "mean")
        .reshape(N**2, N**k) for d in diagrams]))


def definition_of(net, torch):
    """(x, params) -> (y, z) in operations of PyTorch alone."""
    first = net.layout == "channels_first"

    def bias(name, parts):
        layer = net.layers[name]
        return torch.einsum("eji,ec->jc", maps_of(layer, torch, True),
                            parts[f"{name}.bias"].double()).reshape(N, N, -1)

    def linear(name, x, parts):
        layer = net.layers[name]
        y = torch.einsum("dji,bic,dco->bjo", maps_of(layer, torch), x.reshape(-1, N**2, 2),
                         parts[f"{name}.weight"].double()).reshape(-1, N, N, 3)
        return y + bias(name, parts) if layer.has_bias else y

    def product(x, z, parts):
        weight = parts["product.weight"].double()
        if net.layers["product"].depthwise:
            y = (torch.einsum("bijc,bjkc,c->bikc", x, z, weight[0])
                 + torch.einsum("bijc,bijc,c->bijc", x, z, weight[1]))
        else:
            y = (torch.einsum("bijc,bjkd,cde->bike", x, z, weight[0])
                 + torch.einsum("bijc,bijd,cde->bije", x, z, weight[1]))
        return y + bias("product", parts)

    def apply(x, params):
        parts = net.unpack(params)
        rows = (x.movedim(1, -1) if first else x).double()
        m1, m2 = (torch.tanh(linear(name, rows, parts)) for name in "fg")
        results = product(m1, m2, parts), product(m1, m1, parts)
        return tuple(y.movedim(-1, 1) if first else y for y in results)

    return apply


def close(actual, expected, dtype=np.float64):
    return reference.error(np.asarray(actual), np.asarray(expected, np.float64)) <= (
        1e-4 if np.dtype(dtype) == np.float32 else 1e-10)


@pytest.mark.parametrize("dtype, layout", [("f64", "channels_last"), ("f64", "channels_first"),
                                           ("f32", "channels_last")])
@pytest.mark.parametrize("channels", ["3", FULL], ids=["depthwise", "full"])
def test_numpy_against_the_definition(channels, dtype, layout):
    torch = pytest.importorskip("torch")
    net = network(channels, dtype, layout)
    product = net.layers["product"]
    assert isinstance(product, eqc.BilinearLayer)
    arguments = arguments_of(net)
    assert net.unpack(arguments[1])["product.weight"].shape == product.weight_shape
    tensors = [torch.from_numpy(value).double().requires_grad_() for value in arguments]
    expected = definition_of(net, torch)(*tensors)
    found = net(*arguments)
    for actual, value in zip(found, expected):
        assert close(actual, value.detach().numpy(), dtype.replace("f", "float"))
    grads = [np.random.default_rng(i).standard_normal(value.shape).astype(net.dtype)
             for i, value in enumerate(found)]
    wanted = torch.autograd.grad(expected, tensors, [torch.from_numpy(g).double() for g in grads])
    gradients = net.backward(*arguments, grads=grads)
    for actual, value in zip((*gradients.inputs, gradients.params), wanted):
        assert close(actual, value.numpy(), dtype.replace("f", "float"))
    assert net(np.zeros((0, *arguments[0].shape[1:]), net.dtype), arguments[1])[0].shape[0] == 0


def test_what_it_says_of_itself():
    net = network()
    assert eqc.compile(net.spec).network("ppgn") == net == pickle.loads(pickle.dumps(net))
    # The weights of all layers are drawn for one gain, and for values that may have a mean.
    views, random = net.unpack(net.init(seed=1)), np.random.default_rng(1)
    for name, layer in net.layers.items():
        weight, _ = layer.init(random, gain=2**0.5, inputs="uncentred")
        assert (views[f"{name}.weight"] == weight).all()
    assert not views["product.bias"].any()


@pytest.mark.parametrize("channels, layout", [("3", "channels_last"), (FULL, "channels_first")])
def test_torch_derivatives(channels, layout):
    torch = pytest.importorskip("torch")
    import eqc.torch
    net = network(channels, layout=layout)
    tensors = [torch.from_numpy(value).requires_grad_() for value in arguments_of(net)]

    def apply(*arguments):
        return eqc.torch.network(net, *arguments)

    assert torch.autograd.gradcheck(apply, tensors)
    seeds = [torch.randn_like(value) for value in apply(*tensors)]
    second = []
    for function in (apply, definition_of(net, torch)):
        first = torch.autograd.grad(function(*tensors), tensors, seeds, create_graph=True)
        total = sum((value * torch.linspace(0, 1, value.numel()).reshape(value.shape)).sum()
                    for value in first)
        second.append(torch.autograd.grad(total, tensors))
    for actual, expected in zip(*second):
        assert close(actual.numpy(), expected.numpy())


def test_torch_module():
    torch = pytest.importorskip("torch")
    import eqc.torch
    torch.manual_seed(0)
    model = eqc.torch.Network(text_of(FULL, "f32"))
    assert model.layers["product"].weight.shape == (2, 3, 3, 2)
    x = torch.randn(4, N, N, 2)
    y, z = model(x)
    (y.square().mean() + z.square().mean()).backward()
    assert all(value.grad is not None and value.grad.any() for value in model.parameters())
    order = torch.randperm(N)
    moved = model(x[:, order][:, :, order])[0]
    torch.testing.assert_close(moved, y[:, order][:, :, order], atol=1e-5, rtol=1e-5)
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    assert torch.equal(compiled(x)[0], y)


def test_jax():
    jax = pytest.importorskip("jax")
    torch = pytest.importorskip("torch")
    import eqc.jax
    import jax.numpy as jnp
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else (
            jax.experimental.enable_x64(True)):
        net = network()
        arguments = arguments_of(net)

        def total(x, params):
            y, z = eqc.jax.network(net, x, params)
            return jnp.sum(jnp.sin(y)) + jnp.sum(z * z)

        tensors = [torch.from_numpy(value).requires_grad_() for value in arguments]
        y, z = definition_of(net, torch)(*tensors)
        wanted = torch.autograd.grad(torch.sin(y).sum() + z.square().sum(), tensors,
                                     create_graph=True)
        found = jax.jit(jax.grad(total, argnums=(0, 1)))(*arguments)
        for actual, expected in zip(found, wanted):
            assert close(actual, expected.detach().numpy())
        # Twice.
        second = jax.grad(lambda *at: sum(jnp.sum(jnp.cos(value)) for value in jax.grad(
            total, argnums=(0, 1))(*at)), argnums=(0, 1))(*arguments)
        again = torch.autograd.grad(sum(torch.cos(value).sum() for value in wanted), tensors)
        for actual, expected in zip(second, again):
            assert close(actual, expected.numpy())
        x, params = arguments
        stacked = np.stack([x, 2 * x])
        mapped = jax.vmap(lambda one: total(one, params))(stacked)
        assert np.allclose(mapped, [total(one, params) for one in stacked])
