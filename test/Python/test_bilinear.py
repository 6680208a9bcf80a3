"""Layers of two inputs against one einsum for each diagram, with a factor for each block."""

from __future__ import annotations

import itertools
import string

import numpy as np
import pytest

import eqc


def form(group: str, n: int) -> np.ndarray:
    """What joins two vertices of one row."""
    if group == "Sp":
        return np.kron(np.eye(n // 2), [[0, 1], [-1, 0]])
    if "(" in group:
        p, q = map(int, group[group.index("(") + 1:-1].split(","))
        return np.diag([1.0] * p + [-1.0] * q)
    return np.eye(n)


def levi_civita(n: int) -> np.ndarray:
    symbol = np.zeros((n,) * n)
    for values in itertools.permutations(range(n)):
        symbol[values] = round(np.linalg.det(np.eye(n)[list(values)]))
    return symbol


def trilinear(diagram: str, group: str, n: int, k1: int, k2: int, l: int,  # noqa: E741
              ) -> tuple[np.ndarray, int]:
    """The diagram as a tensor [y axes.., x axes.., z axes..], and its blocks of inputs only."""
    order = [f"o{i + 1}" for i in range(l)] + [f"i{i + 1}" for i in range(k1 + k2)]
    letters = dict(zip(order, string.ascii_lowercase))
    factors: list[np.ndarray] = []
    terms: list[str] = []
    bottoms = 0
    for block in (diagram.split("|") if diagram != "1" else []):
        vertices = sorted(block.replace("*", "").split(), key=order.index)
        text = "".join(letters[v] for v in vertices)
        if "*" in block:
            lowered = np.asarray(levi_civita(n))
            for axis, vertex in enumerate(vertices):
                if vertex[0] == "i":
                    lowered = np.moveaxis(
                        np.tensordot(form(group, n), lowered, (1, axis)), 0, axis)
            factors.append(lowered)
        elif len(vertices) == 2 and vertices[0][0] == vertices[1][0]:
            factors.append(form(group, n))
        else:
            delta = np.zeros((n,) * len(vertices))
            delta[tuple(np.arange(n) for _ in vertices)] = 1
            factors.append(delta)
        terms.append(text)
        bottoms += "*" not in block and all(v[0] == "i" for v in vertices)
    if not terms:
        return np.ones(()), 0
    return np.einsum(",".join(terms) + "->" + "".join(letters[v] for v in order),
                     *factors), bottoms


def reference(layer: eqc.BilinearLayer, n: int, x: np.ndarray, z: np.ndarray,
              weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """In f64, channels last."""
    group = layer.group
    k1, k2, l = layer.k1, layer.k2, layer.l  # noqa: E741
    batch = x.shape[0]
    if not layer.depthwise:
        weight = weight.reshape(len(layer.diagrams), *layer.channels)
    y = np.zeros((batch, n ** l, layer.channels[2]))
    flat_x = x.reshape(batch, n ** k1, x.shape[-1])
    flat_z = z.reshape(batch, n ** k2, z.shape[-1])
    for d, diagram in enumerate(layer.diagrams):
        form_, bottoms = trilinear(diagram, group, n, k1, k2, l)
        form_ = form_.reshape(n ** l, n ** k1, n ** k2)
        if layer.normalize == "mean":
            form_ = form_ / n ** bottoms
        if layer.depthwise:
            y += np.einsum("jim,bic,bmc,c->bjc", form_, flat_x, flat_z, weight[d], optimize=True)
        else:
            y += np.einsum("jim,bip,bmq,pqc->bjc", form_, flat_x, flat_z, weight[d],
                           optimize=True)
    for e, diagram in enumerate(layer.bias_diagrams if bias is not None else ()):
        form_, _ = trilinear(diagram, group, n, 0, 0, l)
        y += form_.reshape(n ** l, 1) * bias[e]
    return y.reshape(batch, *(n,) * l, layer.channels[2])


SHAPES = [("S", 3, 1, 1, 0), ("S", 3, 1, 1, 1), ("S", 4, 1, 1, 2), ("S", 3, 2, 1, 1),
          ("S", 3, 2, 1, 2), ("S", 3, 2, 2, 0), ("S", 4, 2, 2, 2), ("S", 3, 0, 1, 1),
          ("S", 3, 1, 0, 0), ("S", 5, 0, 0, 0), ("O", 3, 1, 1, 0), ("O", 4, 2, 2, 2), ("O", 2, 2, 2, 4),
          ("Sp", 4, 1, 1, 2), ("Sp", 4, 2, 2, 2), ("Sp", 2, 1, 3, 2), ("H", 3, 2, 2, 2),
          ("B", 3, 2, 2, 2), ("S'", 3, 1, 2, 1), ("B'", 3, 1, 2, 1), ("SO", 3, 1, 1, 1),
          ("SO", 3, 2, 1, 2), ("SO", 4, 2, 1, 1), ("O(1,3)", 4, 1, 1, 0), ("O(1,2)", 3, 2, 2, 2),
          ("SO(1,2)", 3, 1, 1, 1), ("GL", 3, 1, 1, 2), ("GL", 2, 2, 1, 3)]


def arrays(layer: eqc.BilinearLayer, n: int, batch: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        return random.standard_normal(shape).astype(layer.dtype)

    return {"x": draw(layer.x_shape(batch, n)), "z": draw(layer.z_shape(batch, n)),
            "w": draw(layer.weight_shape), "g": draw(layer.y_shape(batch, n)),
            "b": draw(layer.bias_shape)}


def channels_last(layer: eqc.BilinearLayer, array: np.ndarray) -> np.ndarray:
    return array if layer.layout == "channels_last" else np.moveaxis(array, 1, -1)


def check(layer: eqc.BilinearLayer, n: int, batch: int) -> None:
    of = arrays(layer, n, batch)
    bias = of["b"] if layer.has_bias else None
    found = layer(of["x"], of["z"], of["w"], bias, n=None if layer.n else n)
    x, z = (channels_last(layer, of[name]).astype(np.float64) for name in "xz")
    expected = reference(layer, n, x, z, of["w"].astype(np.float64), bias)
    tolerance = 3e-5 if layer.dtype == np.float32 else 1e-12
    scale = max(1.0, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(channels_last(layer, found), expected, atol=tolerance * scale,
                               rtol=0)
    # <g, y> is linear in each of x, z and w: the adjoint identity, three times.
    grads = layer.backward(of["x"], of["z"], of["w"], of["g"], n=None if layer.n else n)
    plain = layer(of["x"], of["z"], of["w"], None if bias is None else np.zeros_like(bias),
                  n=None if layer.n else n)
    product = float((plain.astype(np.float64) * of["g"]).sum())
    size = float(np.abs(plain * of["g"]).sum()) + 1
    for name, grad in (("x", grads.x), ("z", grads.z), ("w", grads.weight)):
        assert abs(float((grad.astype(np.float64) * of[name]).sum()) - product) < (
            tolerance * 10 * size), name
    # And each entry: a derivative of what is linear is a difference.
    random = np.random.default_rng(3)
    for name, grad in (("x", grads.x), ("z", grads.z), ("w", grads.weight)):
        if of[name].size == 0:
            continue
        moved = dict(of)
        step = random.standard_normal(of[name].shape)
        moved[name] = step.astype(layer.dtype)
        zero = None if bias is None else np.zeros_like(bias)
        other = layer(moved["x"], moved["z"], moved["w"], zero, n=None if layer.n else n)
        difference = float((other.astype(np.float64) * of["g"]).sum())
        size = float(np.abs(other * of["g"]).sum()) + 1
        assert abs(float((grad.astype(np.float64) * moved[name]).sum()) - difference) < (
            tolerance * 10 * size), name
    if bias is not None:
        ones = [np.asarray(trilinear(e, layer.group, n, 0, 0, layer.l)[0]).ravel()
                for e in layer.bias_diagrams]
        flat = channels_last(layer, of["g"]).astype(np.float64).reshape(
            batch, n ** layer.l, layer.channels[2])
        np.testing.assert_allclose(
            grads.bias, np.einsum("ej,bjc->ec", np.array(ones), flat), atol=tolerance * 100)


def make(group: str, n: int | None, k1: int, k2: int, l: int,  # noqa: E741
         channels: int | tuple[int, int, int], **more: object) -> eqc.BilinearLayer:
    return eqc.BilinearLayer(group=group, n=None if "(" in group else n, k=(k1, k2), l=l,
                             channels=channels, **more)  # type: ignore


@pytest.mark.parametrize(("group", "n", "k1", "k2", "l"), SHAPES)
@pytest.mark.parametrize("channels", [3, (2, 3, 5)], ids=["depthwise", "full"])
def test_shapes(group: str, n: int, k1: int, k2: int, l: int,  # noqa: E741
                channels: int | tuple[int, int, int]) -> None:
    check(make(group, n, k1, k2, l, channels, bias=None), n, 2)


@pytest.mark.parametrize("channels", [1, 17, 33, (1, 1, 1), (3, 17, 9), (9, 2, 33)])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_channels_and_layouts(channels: int | tuple[int, int, int], layout: str,
                              dtype: str) -> None:
    layer = make("S", 5, 2, 1, 1, channels, layout=layout, dtype=dtype, bias=True,
                 normalize="mean")
    for batch in (0, 1, 5):
        check(layer, 5, batch)


@pytest.mark.parametrize("normalize", ["none", "mean"])
@pytest.mark.parametrize("channels", [4, (2, 3, 4)], ids=["depthwise", "full"])
def test_dynamic_n(channels: int | tuple[int, int, int], normalize: str) -> None:
    layer = eqc.BilinearLayer(group="S", k=(2, 2), l=2, channels=channels, normalize=normalize,
                              bias=True)
    for n in (1, 2, 3, 6):
        check(layer, n, 2)


@pytest.mark.parametrize("plan", ["shared", "factored"])
def test_plans(plan: str) -> None:
    layer = make("S", 4, 2, 2, 2, 3, plan=plan)
    assert layer.plan == plan
    check(layer, 4, 2)


def test_matrix_product() -> None:
    x = np.float32([[1, 2], [3, 4]]).reshape(1, 2, 2, 1)
    z = np.float32([[5, 6], [7, 8]]).reshape(1, 2, 2, 1)
    for normalize, factor in (("none", 1), ("mean", 2)):
        layer = make("S", 2, 2, 2, 2, 1, diagrams=["o1 i1 | i2 i3 | o2 i4"], normalize=normalize)
        y = layer(x, z, np.ones((1, 1), np.float32))
        assert (y.reshape(2, 2) * factor).tolist() == [[19, 22], [43, 50]]


def test_same_array_for_both() -> None:
    layer = make("S", 3, 2, 2, 2, 4)
    of = arrays(layer, 3, 2)
    np.testing.assert_array_equal(layer(of["x"], of["x"], of["w"]),
                                  layer(of["x"], of["x"].copy(), of["w"]))


def test_packed_weights() -> None:
    layer = make("S", 3, 2, 1, 1, (2, 3, 4))
    of = arrays(layer, 3, 2)
    np.testing.assert_array_equal(layer(of["x"], of["z"], layer.pack(of["w"])),
                                  layer(of["x"], of["z"], of["w"]))


def test_wrong_arguments() -> None:
    layer = make("S", 3, 2, 1, 1, 4)
    of = arrays(layer, 3, 2)
    with pytest.raises(ValueError, match="z has shape"):
        layer(of["x"], of["x"], of["w"])
    with pytest.raises(ValueError, match="wrt is"):
        layer.backward(of["x"], of["z"], of["w"], of["g"], wrt=["y"])
    with pytest.raises(eqc.CompileError, match="at most two inputs"):
        eqc.compile("layer f { group = S; n = 3; k = 1 * 1 * 1; l = 1; channels = 1 }")
    with pytest.raises(eqc.CompileError, match="not possible"):
        make("S", 3, 2, 1, 1, 4, plan="dense")


@pytest.mark.parametrize("group, k, l", [("SO", (1, 1), 1), ("S", (1, 1), 2), ("O", (2, 2), 0)])
def test_initial_weights_keep_the_mean_square(group: str, k: tuple[int, int],
                                              l: int) -> None:  # noqa: E741
    layer = eqc.BilinearLayer(group=group, n=3, k=k, l=l, channels=64, grad=False)
    weight, _ = layer.init(seed=1, gain=1.5)
    rng = np.random.default_rng(2)
    x, z = (rng.standard_normal(shape(400)).astype(np.float32)
            for shape in (layer.x_shape, layer.z_shape))
    # A fraction of it is what so many random numbers may be off by.
    assert np.mean(layer(x, z, weight)**2) == pytest.approx(1.5**2, rel=0.3)
