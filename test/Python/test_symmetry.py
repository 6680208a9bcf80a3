"""Axes with a symmetry, against sums of matrices written out here."""

import itertools
import pickle

import numpy as np
import pytest

import eqc
from eqc.initialize import weight_std

PAIR, ODD = ["(1 2)"], ["-(1 2)"]
ELASTIC = ["(1 2)", "(3 4)", "(1 3)(2 4)"]


def elements(generators, order):
    """All products of generators, as pairs of a permutation and its sign."""
    def parse(text):
        images = list(range(order))
        for cycle in text.lstrip("-").strip("()").split(")("):
            axes = [int(axis) - 1 for axis in cycle.split()]
            for a, b in zip(axes, axes[1:] + axes[:1]):
                images[a] = b
        return tuple(images), -1 if text[0] == "-" else 1

    group = {(tuple(range(order)), 1)}
    while True:
        more = group | {(tuple(g[i] for i in p), s * t)
                        for p, s in group for g, t in map(parse, generators)}
        if more == group:
            return group
        group = more


def form(group, n):
    if group == "Sp":
        return np.kron(np.eye(n // 2), [[0, 1], [-1, 0]])
    return np.eye(n)


def levi_civita(n):
    symbol = np.zeros((n,) * n)
    for p in itertools.permutations(range(n)):
        symbol[p] = np.linalg.det(np.eye(n)[list(p)])
    return symbol


def matrix(group, diagram, n, l, k):  # noqa: E741
    """The matrix of a diagram, with an axis for each vertex."""
    vertices = [f"o{i + 1}" for i in range(l)] + [f"i{i + 1}" for i in range(k)]
    result = np.ones((n,) * (l + k))
    for block in diagram.split("|"):
        names = [name for name in block.split() if name != "1"]
        axes = [vertices.index(name) for name in names if name != "*"]
        if not axes:
            continue
        if names[0] == "*":
            factor = levi_civita(n)
        elif len(axes) == 2 and (axes[0] < l) == (axes[1] < l):
            factor = form(group, n)
        else:
            factor = np.zeros((n,) * len(axes))
            factor[(np.arange(n),) * len(axes)] = 1
        shape = [n if v in axes else 1 for v in range(l + k)]
        result = result * factor.reshape(shape)
    return result


def orbit_sum(group, diagram, n, l, k, inputs, outputs):  # noqa: E741
    """The sum over the distinct matrices that the symmetries make of that of a diagram."""
    own, found = matrix(group, diagram, n, l, k), []
    for (p, s), (q, t) in itertools.product(elements(outputs, l), elements(inputs, k)):
        moved = s * t * own.transpose([*p, *(l + a for a in q)])
        assert not any(np.array_equal(moved, -other) for other in found)
        if not any(np.array_equal(moved, other) for other in found):
            found.append(moved)
    return sum(found)


CASES = [
    ("S", 4, 2, 2, PAIR, PAIR, True, 9), ("S", 4, 2, 2, PAIR, [], True, 11),
    ("S", 4, 2, 2, ODD, ODD, False, 2), ("S", 3, 1, 3, [], ODD, True, None),
    ("O", 3, 2, 2, PAIR, PAIR, True, 2), ("O", 3, 2, 2, ODD, ODD, False, 1),
    ("O", 2, 2, 4, PAIR, ELASTIC, True, None), ("O", 3, 0, 4, [], ELASTIC, True, 2),
    ("SO", 3, 2, 1, ODD, [], False, 1), ("SO", 3, 2, 3, ODD, ["(1 2 3)"], True, None),
    ("SO", 2, 2, 2, PAIR, ODD, False, None), ("Sp", 2, 2, 2, ODD, ODD, True, None),
    ("Sp", 2, 4, 2, ["(1 3)(2 4)"], ODD, True, None), ("H", 3, 2, 2, PAIR, PAIR, True, 3)]


@pytest.mark.parametrize("plan", ["dense", "factored", "shared", "schur"])
@pytest.mark.parametrize("group, n, k, l, inputs, outputs, bias, count", CASES)
def test_matrices_are_sums_over_orbits(plan, group, n, k, l, inputs, outputs, bias,  # noqa: E741
                                       count):
    layer = eqc.Layer(group=group, n=n, k=k, l=l, channels=(2, 3), dtype="f64", bias=bias,
                      in_symmetry=inputs, out_symmetry=outputs, plan=plan)
    assert count is None or len(layer.diagrams) == count
    rng = np.random.default_rng(0)
    x = rng.standard_normal(layer.x_shape(2))
    weight = rng.standard_normal(layer.weight_shape)
    offset = rng.standard_normal(layer.bias_shape) if bias else None
    sums = [orbit_sum(group, d, n, l, k, inputs, outputs).reshape(n**l, n**k)
            for d in layer.diagrams]
    flat = x.reshape(2, n**k, 2)
    expected = np.einsum("dij,dco,bjc->bio", sums, weight, flat)
    if bias:
        rows = [orbit_sum(group, e, n, l, 0, [], outputs).reshape(n**l)
                for e in layer.bias_diagrams]
        expected += np.einsum("ei,eo->io", rows, offset)
    y = layer(x, weight, offset)
    np.testing.assert_allclose(y.reshape(2, n**l, 3), expected, atol=1e-12)
    for p, sign in elements(outputs, l):
        np.testing.assert_allclose(sign * y.transpose([0, *(1 + a for a in p), l + 1]), y,
                                   atol=1e-12)

    grad_y = rng.standard_normal(y.shape)
    gradients = layer.backward(x, weight, grad_y)
    flat_y = grad_y.reshape(2, n**l, 3)
    np.testing.assert_allclose(gradients.x.reshape(2, n**k, 2),
                               np.einsum("dij,dco,bio->bjc", sums, weight, flat_y), atol=1e-12)
    np.testing.assert_allclose(gradients.weight,
                               np.einsum("dij,bjc,bio->dco", sums, flat, flat_y), atol=1e-12)
    if bias:
        np.testing.assert_allclose(gradients.bias, np.einsum("ei,bio->eo", rows, flat_y),
                                   atol=1e-12)


def test_what_it_is():
    layer = eqc.Layer(group="O", n=3, k=2, l=2, in_symmetry=["(2 1)"], out_symmetry=("(1 2)",))
    assert (layer.in_symmetry, layer.out_symmetry) == (("(1 2)",), ("(1 2)",))
    assert layer.diagrams == ("o1 o2 | i1 i2", "o1 i1 | o2 i2")
    assert "in_symmetry=['(1 2)']" in repr(layer)
    assert pickle.loads(pickle.dumps(layer)) == layer
    plain = eqc.Layer(group="O", n=3, k=2, l=2)
    assert layer != plain and plain.in_symmetry == ()


def test_errors():
    def layer(**fields):
        return eqc.Layer(group="SO", n=3, k=2, l=1, **fields)

    with pytest.raises(TypeError, match="in_symmetry is '\\(1 2\\)'; expected a list"):
        layer(in_symmetry="(1 2)")
    with pytest.raises(TypeError, match="out_symmetry contains 1"):
        layer(out_symmetry=[1])
    with pytest.raises(ValueError, match="no permutation"):
        layer(in_symmetry=['"'])
    with pytest.raises(eqc.CompileError, match="E0031"):
        layer(in_symmetry=["(1 2)"])
    with pytest.raises(eqc.CompileError, match="E0037"):
        layer(in_symmetry=["(1 3)"])


def test_a_bias_where_one_is_left():
    assert not eqc.Layer(group="S", n=3, k=2, l=2, out_symmetry=ODD, bias=None).has_bias
    assert eqc.Layer(group="S", n=3, k=2, l=2, out_symmetry=PAIR, bias=None).has_bias


@pytest.mark.parametrize("inputs", ["centred", "uncentred"])
@pytest.mark.parametrize("group, n, k, l, symmetry", [
    ("O", 5, 2, 2, (PAIR, PAIR)), ("S", 6, 2, 2, (PAIR, PAIR)), ("S", 6, 1, 2, ((), PAIR)),
    ("O", 4, 4, 2, (["(1 2)", "(3 4)", "(1 3)(2 4)"], PAIR))])
def test_the_mean_square_at_the_start(inputs, group, n, k, l, symmetry):  # noqa: E741
    """Of y, within a factor, for an x that has its symmetry and variance 1 or equal entries."""
    layer = eqc.Layer(group=group, n=n, k=k, l=l, channels=(8, 8), dtype="f64",
                      in_symmetry=list(symmetry[0]), out_symmetry=list(symmetry[1]))
    rng = np.random.default_rng(3)
    # Entries that change places are one, of variance 1.
    positions = np.arange(n**k).reshape((n,) * k)
    firsts = np.min([positions.transpose(p) for p, _ in elements(symmetry[0], k)], axis=0)
    squares = []
    for trial in range(40):
        x = rng.standard_normal((n**k, 8)) if inputs == "centred" else np.ones((n**k, 8))
        x = x[firsts][None]
        std = weight_std(layer, gain=1.0, inputs=inputs)
        weight = rng.standard_normal(layer.weight_shape) * std[:, None, None]
        squares.append(np.mean(layer(x, weight)**2))
    assert 0.4 < np.mean(squares) < 1.7


def test_calls_of_every_size():
    layer = eqc.Layer(group="S", k=2, l=2, channels=(2, 3), dtype="f64", bias=True,
                      in_symmetry=PAIR, out_symmetry=PAIR, ragged=True)
    weight, bias = layer.init(0)
    rng = np.random.default_rng(1)
    samples = []
    for n in (3, 1, 4):
        x = rng.standard_normal((1, n, n, 2))
        samples.append(x + x.transpose(0, 2, 1, 3))
    expected = [layer(x, weight, bias).ravel() for x in samples]
    y = layer.forward_ragged(np.concatenate([x.reshape(-1, 2) for x in samples]), weight, bias,
                             sizes=[3, 1, 4])
    np.testing.assert_array_equal(y.ravel(), np.concatenate(expected))
    packed = layer.pack(weight)
    np.testing.assert_array_equal(layer(samples[0], packed, bias),
                                  layer(samples[0], weight, bias))


def test_in_a_network():
    program = eqc.compile("""
        space points = S(4)
        layer first { k = points points; l = points points; channels = 2 -> 3
                      in_symmetry = ["(1 2)"]; out_symmetry = ["(1 2)"]; bias = true; dtype = f64 }
        layer second { k = points points; l = points; channels = 3 -> 1; dtype = f64
                       in_symmetry = ["(1 2)"] }
        network both { input x : points points, 2
                       output y = second(silu(first(x))) }
    """)
    network, first, second = program.network("both"), program["first"], program["second"]
    rng = np.random.default_rng(2)
    x = rng.standard_normal((2, 4, 4, 2))
    x = x + x.transpose(0, 2, 1, 3)
    (w1, b1), (w2, _) = first.init(1), second.init(1)
    assert (len(w1), len(b1), len(w2)) == (9, 2, 4)
    hidden = first(x, w1, b1)
    expected = second(hidden / (1 + np.exp(-hidden)), w2)
    y = network(x, np.concatenate([w1.ravel(), b1.ravel(), w2.ravel()]))
    np.testing.assert_allclose(y, expected, atol=1e-12)


def test_in_pytorch():
    torch = pytest.importorskip("torch")
    from eqc.torch import EquivariantLinear

    torch.manual_seed(0)
    module = EquivariantLinear("O", 2, 2, 2, 3, n=3, in_symmetry=PAIR, out_symmetry=PAIR,
                               dtype=torch.float64)
    assert module.weight.shape == (2, 2, 3)
    x = torch.randn(2, 3, 3, 2, dtype=torch.float64, requires_grad=True)
    y = module(x)
    torch.testing.assert_close(y, y.transpose(1, 2))

    def call(x, weight, bias):
        return torch.func.functional_call(module, {"weight": weight, "bias": bias}, (x,))

    arguments = (x, module.weight, module.bias)
    assert torch.autograd.gradcheck(call, arguments)
    assert torch.autograd.gradgradcheck(call, arguments)


def test_in_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    import eqc.jax

    layer = eqc.Layer(group="SO", n=3, k=2, l=1, channels=(2, 2), dtype="f64", in_symmetry=ODD)
    weight, _ = eqc.jax.init(layer, jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (4, 3, 3, 2), "float64")
    x = x - x.swapaxes(1, 2)
    vectors = np.stack([x[:, 1, 2] - x[:, 2, 1], x[:, 2, 0] - x[:, 0, 2],
                        x[:, 0, 1] - x[:, 1, 0]], axis=1)
    y = jax.jit(lambda x, weight: eqc.jax.linear(layer, x, weight))(x, weight)
    np.testing.assert_allclose(y, vectors @ np.asarray(weight)[0], atol=1e-12)
    gradient = jax.grad(lambda x: eqc.jax.linear(layer, x, weight).sum())(x)
    np.testing.assert_allclose(gradient, -gradient.swapaxes(1, 2), atol=1e-12)
