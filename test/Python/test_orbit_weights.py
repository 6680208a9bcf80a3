"""Layers whose weights are those of orbits of tuples."""

import itertools

import eqc
import numpy as np
import pytest
from eqc import interop

rng = np.random.default_rng(0)


def matrix_of(diagram: str, l: int, k: int, lengths: list[int]) -> np.ndarray:  # noqa: E741
    """[outputs.., inputs..]: ones where indices are equal exactly within the blocks, all axes
    being of one space of each length."""
    blocks = [block.split() for block in diagram.split("|")]
    names = [f"o{i + 1}" for i in range(l)] + [f"i{i + 1}" for i in range(k)]
    of = [next(b for b, block in enumerate(blocks) if name in block) for name in names]
    matrix = np.zeros(lengths)
    for index in itertools.product(*map(range, lengths)):
        matrix[index] = all((index[a] == index[b]) == (of[a] == of[b])
                            for a, b in itertools.combinations(range(l + k), 2)
                            if lengths[a] == lengths[b])
    return matrix


@pytest.mark.parametrize("plan", ["dense", "factored", "shared", "schur"])
@pytest.mark.parametrize("group, n, k, l", [("S", 4, 1, 2), ("S", 3, 2, 2), ("H", 3, 2, 2),
                                            ("S", 2, 2, 1)])
def test_a_weight_multiplies_the_tuples_that_are_equal_within_blocks_alone(group, n, k, l, plan):
    layer = eqc.Layer(group=group, n=n, k=k, l=l, channels=(2, 3), weights="orbit", dtype="f64",
                      plan=plan)
    assert layer.weights == "orbit" and "weights=orbit" in repr(layer)
    x = rng.normal(size=(2, *[n] * k, 2))
    weight = rng.normal(size=layer.weight_shape)
    expected = sum(np.tensordot(np.moveaxis(np.tensordot(
        x, matrix_of(d, l, k, [n] * (l + k)), (list(range(1, k + 1)), list(range(l, l + k)))),
        1, -1), w, 1) for d, w in zip(layer.diagrams, weight))
    assert np.allclose(layer(x, weight), expected, rtol=1e-12, atol=1e-12)


def test_two_spaces_count_for_themselves():
    users, items = eqc.Space("S", 3, name="users"), eqc.Space("S", 4, name="items")
    layer = eqc.Layer(k=[users, items], l=[users, items], weights="orbit", dtype="f64")
    x = rng.normal(size=(1, 3, 4, 1))
    for d, diagram in enumerate(layer.diagrams):
        weight = np.zeros(layer.weight_shape)
        weight[d] = 1
        expected = np.tensordot(matrix_of(diagram, 2, 2, [3, 4, 3, 4]), x[0, ..., 0], 2)
        assert np.allclose(layer(x, weight)[0, ..., 0], expected)


def test_weights_are_converted_and_back():
    orbits = eqc.Layer(group="S", n=5, k=1, l=2, weights="orbit", bias=True, dtype="f64")
    plain = eqc.Layer(group="S", n=5, k=1, l=2, bias=True, dtype="f64")
    weight = np.arange(1.0, 6.0).reshape(5, 1, 1)
    converted = interop.from_orbit(orbits, weight)
    assert converted.ravel().tolist() == [2, -3, -2, -1, 5]
    assert np.array_equal(interop.to_orbit(plain, converted), weight)
    bias = rng.normal(size=orbits.bias_shape)
    x = rng.normal(size=(3, 5, 1))
    assert np.allclose(orbits(x, weight, bias),
                       plain(x, converted, interop.from_orbit(plain, bias, of_bias=True)))
    assert np.allclose(interop.weight_from_orbits(weight, plain.diagrams), converted)


def test_jellyfish_stay_as_they_are():
    orbits = eqc.Layer(group="A", n=3, k=1, l=1, weights="orbit", dtype="f64")
    plain = eqc.Layer(group="A", n=3, k=1, l=1, dtype="f64")
    weight = rng.normal(size=orbits.weight_shape)
    x = rng.normal(size=(2, 3, 1))
    converted = interop.from_orbit(plain, weight)
    heads = [d for d, diagram in enumerate(plain.diagrams) if diagram.startswith("*")]
    assert heads and np.array_equal(converted[heads], weight[heads])
    assert np.allclose(orbits(x, weight), plain(x, converted))
    assert np.allclose(interop.to_orbit(plain, converted), weight)


def test_what_cannot_be_converted_is_said():
    layer = eqc.Layer(group="O", n=3, k=1, l=1)
    with pytest.raises(ValueError, match=r"O\(3\) has no weights of orbits"):
        interop.from_orbit(layer, np.ones(layer.weight_shape))
    layer = eqc.Layer(group="S", n=3, k=1, l=1, normalize="mean")
    with pytest.raises(ValueError, match="for sums, not for means"):
        interop.to_orbit(layer, np.ones(layer.weight_shape))
    layer = eqc.Layer(group="S", n=3, k=1, l=1, diagrams=["o1 | i1"])
    with pytest.raises(ValueError, match="without 'o1 i1', which is coarser"):
        interop.to_orbit(layer, np.ones(layer.weight_shape))
    with pytest.raises(ValueError, match=r"shape \[2\]; expected \[1, 1, 1\]"):
        interop.to_orbit(layer, np.ones(2))
    with pytest.raises(eqc.CompileError, match="E0046"):
        eqc.Layer(group="O", n=3, k=1, l=1, weights="orbit")
    with pytest.raises(eqc.CompileError, match="unknown value 'orbits'"):
        eqc.Layer(group="S", n=3, k=1, l=1, weights="orbits")


@pytest.mark.parametrize("n", [2, 7, None])
def test_gradients_and_ragged_batches(n):
    orbits = eqc.Layer(group="S", n=n, k=2, l=2, channels=(3, 5), weights="orbit", bias=True,
                       dtype="f64", ragged=n is None)
    plain = eqc.Layer(group="S", n=n, k=2, l=2, channels=(3, 5), bias=True, dtype="f64",
                      diagrams=orbits.diagrams, ragged=n is None)
    size = n or 6
    weight, bias = rng.normal(size=orbits.weight_shape), rng.normal(size=orbits.bias_shape)
    x, gradient = rng.normal(size=(2, size, size, 3)), rng.normal(size=(2, size, size, 5))
    given = interop.from_orbit(plain, weight)
    x_of, w_of, b_of = orbits.backward(x, weight, gradient)
    x_plain, w_plain, b_plain = plain.backward(x, given, gradient)
    assert np.allclose(x_of, x_plain)

    def transposed(values, of_bias):
        """The transpose of the conversion, column by column."""
        columns = [interop.from_orbit(plain, np.broadcast_to(
            unit.reshape(-1, *[1] * (values.ndim - 1)), values.shape), of_bias=of_bias)
            for unit in np.eye(len(values))]
        return np.stack([(column * values).sum(0) for column in columns])

    assert np.allclose(w_of, transposed(w_plain, False))
    assert np.allclose(b_of, transposed(b_plain, True))


def test_modules_train_and_start_as_others_do():
    torch = pytest.importorskip("torch")
    from eqc.torch import EquivariantLinear

    torch.manual_seed(0)
    module = EquivariantLinear("S", 2, 2, 16, 32, normalize="none", weights="orbit")
    assert "weights=orbit" in repr(module)
    x = torch.rand(64, 12, 12, 16)
    size = float(module(x).square().mean().sqrt())
    assert EquivariantLinear("S", 1, 1, 2, 2, weights="orbit").normalize == "none"
    assert EquivariantLinear("S", 1, 1, 2, 2).normalize == "mean"
    other = EquivariantLinear("S", 2, 2, 16, 32, normalize="none")
    assert 0.5 < size / float(other(x).square().mean().sqrt()) < 2
    module(x).square().mean().backward()
    assert float(module.weight.grad.abs().sum()) > 0
    several = EquivariantLinear("S", (1, 2), (1, 2), (3, 3), (4, 4), normalize="none",
                                weights="orbit")
    y1, y2 = several(torch.rand(2, 5, 3), torch.rand(2, 5, 5, 3))
    assert y1.shape == (2, 5, 4) and y2.shape == (2, 5, 5, 4)
    torch.autograd.gradcheck(EquivariantLinear("S", 1, 2, 2, 1, normalize="none",
                                               weights="orbit", dtype=torch.float64),
                             torch.rand(2, 3, 2, dtype=torch.float64, requires_grad=True))
