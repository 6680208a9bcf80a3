"""Layers of other libraries, brought here: what they compute is what the layer computes.

e3nn runs beside; the others are their published formulas, in NumPy or torch."""

import itertools

import eqc
import numpy as np
import pytest
import reference
from eqc.interop import PELICAN_ORDER, weight_from_orbits, weight_from_pelican, weights_of

N = 5


def rng(seed=0):
    return np.random.default_rng(seed)


def pelican_operations(x, k, l, over):
    """`eops_2_to_2` and so on, x[b, n.., c] to [b, n.., c, basis]; `over` aggregates axes."""
    n = x.shape[1]
    eye = np.eye(n)[..., None]
    one = np.ones(n)

    def spread(text, *values):
        return np.einsum(text, *values)

    if k == 1:
        mean = over(x, 1)
        if l == 1:
            return np.stack([x, spread("bc,i->bic", mean, one)], -1)
        return np.stack([
            x[:, :, None] * eye, spread("bjc,i->bijc", x, one), spread("bic,j->bijc", x, one),
            mean[:, None, None] * eye, spread("bc,i,j->bijc", mean, one, one)], -1)
    diagonal = spread("biic->bic", x)
    rows, columns = over(x, 2), over(x, 1)
    trace, total = over(diagonal, 1), over(x, (1, 2))
    if l == 0:
        return np.stack([total, trace], -1)
    if l == 1:
        return np.stack([diagonal, rows, columns, spread("bc,i->bic", trace, one),
                         spread("bc,i->bic", total, one)], -1)

    def down(vector):  # y[i, j] = vector[j]
        return spread("bjc,i->bijc", vector, one)

    def along(vector):  # y[i, j] = vector[i]
        return spread("bic,j->bijc", vector, one)

    return np.stack([
        x, np.swapaxes(x, 1, 2), diagonal[:, :, None] * eye, down(diagonal), along(diagonal),
        columns[:, :, None] * eye, down(columns), along(columns), rows[:, :, None] * eye,
        down(rows), along(rows), spread("bc,i,j->bijc", trace, one, one),
        trace[:, None, None] * eye, spread("bc,i,j->bijc", total, one, one),
        total[:, None, None] * eye], -1)


@pytest.mark.parametrize("over, field", [(np.mean, {"normalize": "mean"}),
                                         (np.max, {"pool": "max"}), (np.min, {"pool": "min"})])
@pytest.mark.parametrize("k, l", PELICAN_ORDER)
def test_pelican(k, l, over, field):
    layer = eqc.Layer(group="S", n=N, k=k, l=l, channels=(3, 4), dtype="f64", **field)
    coefficients = rng().standard_normal((3, 4, len(PELICAN_ORDER[k, l])))
    x = rng(1).standard_normal(layer.x_shape(2))
    weight = weight_from_pelican(coefficients, k, l, layer.diagrams)
    expected = np.einsum("z...db,dsb->z...s",
                         pelican_operations(x, k, l, over), coefficients)
    np.testing.assert_allclose(layer(x, weight), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("k, l", [(1, 1), (2, 1), (2, 2), (0, 2), (2, 0)])
def test_orbits(k, l):
    """Higher-order transformers: the weight of a pair of index tuples is that of which indices
    are equal."""
    layer = eqc.Layer(group="S", n=N, k=k, l=l, channels=(2, 3), dtype="f64")
    keys = [frozenset(frozenset(b.split()) for b in d.split("|")) for d in layer.diagrams]
    coefficients = rng().standard_normal((len(keys), 2, 3))
    x = rng(1).standard_normal(layer.x_shape(2))
    expected = np.zeros(layer.y_shape(2))
    names = [f"o{i + 1}" for i in range(l)] + [f"i{i + 1}" for i in range(k)]
    for index in itertools.product(range(N), repeat=l + k):
        blocks = {}
        for name, value in zip(names, index):
            blocks.setdefault(value, set()).add(name)
        orbit = keys.index(frozenset(map(frozenset, blocks.values())))
        expected[(slice(None), *index[:l])] += x[(slice(None), *index[l:])] @ coefficients[orbit]
    weight = weight_from_orbits(coefficients, layer.diagrams)
    np.testing.assert_allclose(layer(x, weight), expected, rtol=0, atol=1e-11)
    with pytest.raises(ValueError, match="not all of a layer of S|expected"):
        weight_from_orbits(coefficients[:-1], layer.diagrams[:-1])


def test_ppgn():
    """A block of a provably powerful graph network: y = m1(x) m2(x), channel by channel, where
    the m are 1 x 1 convolutions with functions between them; then a convolution of x and y."""
    torch = pytest.importorskip("torch")
    first, second = torch.nn.Conv2d(2, 3, 1), torch.nn.Conv2d(2, 3, 1)
    last = torch.nn.Conv2d(5, 4, 1)
    x = torch.randn(2, 2, N, N)
    with torch.no_grad():
        product = torch.relu(first(x)) @ torch.relu(second(x))
        expected = last(torch.cat([x, product], 1)).numpy()

    kind = dict(group="S", n=N, layout="channels_first")
    def apply(convolution, x):
        layer = eqc.Layer(**kind, k=2, l=2, bias=True, diagrams=["o1 i1 | o2 i2"],
                          channels=(convolution.in_channels, convolution.out_channels))
        weight = convolution.weight.detach()[:, :, 0, 0].T[None].contiguous().numpy()
        # The first row is for the diagonal alone.
        bias = np.stack([np.zeros(convolution.out_channels, np.float32),
                         convolution.bias.detach().numpy()])
        assert layer.bias_diagrams == ("o1 o2", "o1 | o2")
        return layer(x, weight, bias)
    multiply = eqc.BilinearLayer(**kind, k=(2, 2), l=2, channels=3,
                                 diagrams=["o1 i1 | o2 i4 | i2 i3"])
    x = x.numpy()
    parts = [np.maximum(apply(convolution, x), 0) for convolution in (first, second)]
    y = multiply(*parts, np.ones(multiply.weight_shape, np.float32))
    y = apply(last, np.ascontiguousarray(np.concatenate([x, y], 1)))
    np.testing.assert_allclose(y, expected, rtol=0, atol=3e-5 * np.abs(expected).max())


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("options", [
    dict(group="S", n=4, k=2, l=2, bias=True), dict(group="S", n=None, k=1, l=1, bias=True),
    dict(group="SO", n=3, k=2, l=1), dict(group="Sp", n=4, k=2, l=2, bias=True),
    dict(group="O(1,3)", k=1, l=1), dict(group="S", n=4, k=0, l=0, bias=True),
    dict(group="O", n=2, k=3, l=1, diagrams="basis")])
def test_weights_of_a_function(options, layout):
    layer = eqc.Layer(**options, layout=layout, channels=(2, 3), dtype="f64")
    n = 4 if options.get("n", 0) is None else None
    weight = rng().standard_normal(layer.weight_shape)
    bias = rng(1).standard_normal(layer.bias_shape) if layer.has_bias else None
    size = n or layer.n
    found = weights_of(layer, lambda x: reference.forward(layer, x, weight, bias, size), n=n)
    np.testing.assert_allclose(found[0], weight, rtol=0, atol=1e-9)
    if bias is not None:
        np.testing.assert_allclose(found[1], bias, rtol=0, atol=1e-9)


def test_what_a_layer_cannot_compute_is_refused():
    layer = eqc.Layer(group="S", n=4, k=1, l=1, dtype="f64")
    for function in (lambda x: x * np.arange(4)[:, None], np.square, lambda x: x + 1):
        with pytest.raises(ValueError, match="the layer is off by"):
            weights_of(layer, function)
    with pytest.raises(ValueError, match="depend on each other"):
        weights_of(eqc.Layer(group="O", n=2, k=3, l=3, dtype="f64"), lambda x: x)
    with pytest.raises(ValueError, match="the function gives shape"):
        weights_of(layer, lambda x: x[:, 0])


def test_users_by_items():
    """Exchangeable matrices (Hartford et al. 2018), from their four sums."""
    users, items = eqc.Space("S", 3, name="users"), eqc.Space("S", 4, name="items")
    layer = eqc.Layer(k=[users, items], l=[users, items], channels=(2, 3), dtype="f64")
    a = rng().standard_normal((4, 2, 3))

    def function(x):
        return (x @ a[0] + x.mean(1, keepdims=True) @ a[1] + x.mean(2, keepdims=True) @ a[2]
                + x.mean((1, 2), keepdims=True) @ a[3])
    weight, _ = weights_of(layer, function)
    x = rng(1).standard_normal(layer.x_shape(2))
    np.testing.assert_allclose(layer(x, weight), function(x), atol=1e-12)


def test_tensornet():
    """TensorNet's (Simeon, De Fabritiis 2023) three linears: on the multiples of the identity,
    the skew and the symmetric traceless part of a 3 x 3 tensor."""
    layer = eqc.Layer(group="O", n=3, k=2, l=2, channels=(4, 5), dtype="f64")
    linears = rng().standard_normal((3, 5, 4))  # torch.nn.Linear(.., bias=False).weight

    def function(x):
        transposed = np.swapaxes(x, 1, 2)
        trace = np.einsum("biic->bc", x)[:, None, None] * np.eye(3)[..., None] / 3
        parts = trace, (x - transposed) / 2, (x + transposed) / 2 - trace
        return sum(part @ linear.T for part, linear in zip(parts, linears))
    weight, _ = weights_of(layer, function)
    # The same by hand, in the order trace, x, transpose.
    identity, skew, symmetric = (linear.T for linear in linears)
    assert layer.diagrams == ("o1 o2 | i1 i2", "o1 i1 | o2 i2", "o1 i2 | o2 i1")
    np.testing.assert_allclose(weight, [(identity - symmetric) / 3, (symmetric + skew) / 2,
                                        (symmetric - skew) / 2], atol=1e-12)


@pytest.mark.parametrize("options, generators", [
    (dict(group="SO", n=3, k=2, l=1), "rotations"), (dict(group="S", n=4, k=2, l=1), "swaps")])
def test_emlp(options, generators):
    """EMLP (Finzi, Welling, Wilson 2021): the basis is the null space of constraints on the
    generators of the group, and the weight its projection of any matrix."""
    layer = eqc.Layer(**options, dtype="f64", diagrams="basis")
    n, k, l = layer.n, layer.k, layer.l
    constraints = []
    for a, b in itertools.combinations(range(n), 2):
        g = np.zeros((n, n)) if generators == "rotations" else np.eye(n)
        if generators == "rotations":
            g[a, b], g[b, a] = 1, -1
        else:
            g[[a, b]] = g[[b, a]]

        def act(order, inverse=False):
            if generators == "swaps":
                result = np.eye(1)
                for _ in range(order):
                    result = np.kron(result, g)
                return result
            return sum((np.kron(np.kron(np.eye(n**i), g), np.eye(n**(order - 1 - i)))
                        for i in range(order)), np.zeros((n**order,) * 2))
        y, x = act(l), act(k)
        if generators == "rotations":  # y W - W x
            constraints.append(np.kron(y, np.eye(n**k)) - np.kron(np.eye(n**l), x.T))
        else:  # y W x^-1 - W
            constraints.append(np.kron(y, x) - np.eye(n**(k + l)))
    _, values, rows = np.linalg.svd(np.concatenate(constraints))
    basis = rows[(values > 1e-9).sum():]
    assert len(basis) == len(layer.diagrams)
    matrix = (rng().standard_normal(len(basis)) @ basis).reshape(n**l, n**k)
    weight, _ = weights_of(
        layer, lambda x: (x.reshape(len(x), -1) @ matrix.T).reshape(layer.y_shape(len(x))))
    x = rng(1).standard_normal(layer.x_shape(2))
    np.testing.assert_allclose(layer(x, weight).reshape(2, -1),
                               x.reshape(2, -1) @ matrix.T, atol=1e-12)


def test_unf():
    """Universal neural functionals (Zhou, Finn, Harrison 2024) act on all weights of a network:
    here two matrices that share the hidden neurons. One layer for every pair of tensors."""
    inputs, hidden, outputs = (eqc.Space("S", n, name=name) for n, name in
                               ((2, "inputs"), (3, "hidden"), (4, "outputs")))
    axes = {"first": [hidden, inputs], "second": [outputs, hidden]}

    def function(second):
        """The part from the second matrix to the first: sums over outputs alone, over all."""
        over_outputs = second.sum(1)[:, :, None] @ np.array([[2.0, 0, 1], [0, 1, 0]])
        over_all = second.sum((1, 2))[:, None, None] @ np.array([[0.5, 0, 0], [0, 0, 3]])
        return np.broadcast_to(over_outputs + over_all, (len(second), 3, 2, 3))
    layer = eqc.Layer(k=axes["second"], l=axes["first"], channels=(2, 3), dtype="f64")
    weight, _ = weights_of(layer, function)
    x = rng().standard_normal(layer.x_shape(2))
    np.testing.assert_allclose(layer(x, weight), function(x), atol=1e-12)
    assert {str(d): weight[i, 0, 0] for i, d in enumerate(layer.diagrams)} == pytest.approx(
        {"o1 i2 | o2 | i1": 2, "o1 | o2 | i1 | i2": 0.5})


@pytest.mark.parametrize("x, y, k, l", [
    ("ij", "ij", 2, 2), ("ij=ji", "ij=ji", 2, 2), ("ij=ji", "", 2, 0), ("ijk=jik", "i", 3, 1)])
def test_e3nn(x, y, k, l):
    torch = pytest.importorskip("torch")
    o3 = pytest.importorskip("e3nn.o3")
    from eqc.interop import e3nn_features, e3nn_irreps, e3nn_tensor, weights_from_e3nn
    torch.manual_seed(0)
    swap = {"ij=ji": "(1 2)", "ijk=jik": "(1 2)"}
    symmetry = {name: [swap[formula]] for name, formula in
                (("in_symmetry", x), ("out_symmetry", y)) if formula in swap}
    biased = l == 0 or y == "ij=ji"
    layer = eqc.Layer(group="O", n=3, k=k, l=l, channels=(4, 3), bias=biased, **symmetry)
    linear = o3.Linear(e3nn_irreps(x, 4), e3nn_irreps(y, 3), biases=biased)
    with torch.no_grad():
        for parameter in linear.parameters():
            parameter.normal_()
    weight, bias = weights_from_e3nn(layer, linear, x, y)
    features = torch.randn(5, linear.irreps_in.dim)
    tensor = e3nn_tensor(features, x, 4)
    torch.testing.assert_close(e3nn_features(tensor, x), features, rtol=0, atol=1e-5)
    got = e3nn_features(torch.from_numpy(layer(tensor.contiguous().numpy(), weight, bias)), y)
    torch.testing.assert_close(got, linear(features).detach(), rtol=0, atol=1e-4)
