"""eqc.torch under torch.func and forward mode: against the definition, which PyTorch
differentiates by itself, and against finite differences."""

import io

import eqc
import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from test_properties import few, layers

torch = pytest.importorskip("torch")

import eqc.torch  # noqa: E402
from eqc import _registry  # noqa: E402
from torch.autograd import forward_ad  # noqa: E402
from torch.func import (  # noqa: E402
    functional_call, grad, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap)
from torch.fx.experimental.proxy_tensor import make_fx  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

CASES = [
    dict(group="S", n=3, k=2, l=1, channels=(2, 3), bias=True),
    dict(group="S", n=None, k=1, l=2, channels=(2, 1), bias=True, normalize="mean"),
    dict(group="S", n=3, k=0, l=1, channels=(2, 2), bias=True, layout="channels_first"),
    dict(group="O", n=3, k=2, l=0, channels=(2, 2), bias=True),
    dict(group="O", n=3, k=1, l=1, channels=(2, 3), layout="channels_first"),
    dict(group="SO", n=2, k=1, l=1, channels=(1, 2), layout="channels_first"),
    dict(group="SO", n=3, k=2, l=1, channels=(2, 1)),
    dict(group="A", n=3, k=2, l=1, channels=(2, 1)),
    dict(group="Sp", n=2, k=2, l=2, channels=(1, 2), bias=True),
    dict(group="H", n=2, k=2, l=2, channels=(1, 2), bias=True),
    dict(group="SO(1,2)", k=2, l=1, channels=(2, 1)),
]


def name_of(options):
    return "-".join(str(value) for value in options.values())


def definition_of(layer, n):
    """(x, weight[, bias]) -> y in operations of PyTorch alone."""
    maps = torch.from_numpy(reference.matrices(layer, n))
    rows = torch.from_numpy(reference.matrices(layer, n, True)) if layer.has_bias else None
    first = layer.layout == "channels_first"

    def apply(x, weight, *bias):
        x = x.movedim(1, -1) if first else x
        y = torch.einsum("dji,bic,dco->bjo", maps,
                         x.reshape(x.shape[0], n**layer.k, x.shape[-1]), weight)
        if bias:
            y = y + torch.einsum("eji,eo->jo", rows, bias[0])
        y = y.reshape(x.shape[0], *[n] * layer.l, y.shape[-1])
        return y.movedim(-1, 1) if first else y

    return apply


def pair_of(layer, n):
    """The layer as a function, and its definition."""
    return lambda *at: eqc.torch.linear(layer, *at, n=None if layer.n else n), \
        definition_of(layer, n)


def arguments_of(layer, n, seed=0, batch=2):
    generator = torch.Generator().manual_seed(seed)
    shapes = [layer.x_shape(batch, n), layer.weight_shape]
    if layer.has_bias:
        shapes.append(layer.bias_shape)
    return tuple(torch.randn(shape, generator=generator, dtype=torch.float64)
                 for shape in shapes)


def agree(transformed, layer, n):
    """Whether `transformed` gives the same for the layer as for its definition."""
    f, definition = pair_of(layer, n)
    torch.testing.assert_close(transformed(f), transformed(definition), rtol=1e-11, atol=1e-11)


# Ways to differentiate a function f at `at`, in directions `to` and `also`. The function is
# made nonlinear, so that derivatives of every order exist and depend on all arguments.


def curved(f):
    def curve(*at):
        y = f(*at)
        return torch.tanh(y) * y

    return curve


def scalar(f):
    return lambda *at: curved(f)(*at).sum()


def indices(at):
    return tuple(range(len(at)))


def directional(f, to):
    return lambda *at: jvp(f, at, to)[1]


def dual(f, at, to):
    with forward_ad.dual_level():
        y = f(*(forward_ad.make_dual(*pair) for pair in zip(at, to)))
        return forward_ad.unpack_dual(y).tangent


def one_at_a_time(f, at, to):
    """Tangents of one argument alone."""
    return [jvp(lambda value, i=i: f(*at[:i], value, *at[i + 1:]), (at[i],), (to[i],))[1]
            for i in indices(at)]


TRANSFORMS = {
    "jvp": lambda f, at, to, also: jvp(curved(f), at, to),
    "one": lambda f, at, to, also: one_at_a_time(curved(f), at, to),
    "dual": lambda f, at, to, also: dual(curved(f), at, to),
    "one of grad": lambda f, at, to, also: one_at_a_time(grad(scalar(f), indices(at)), at, to),
    "linearize": lambda f, at, to, also: linearize(curved(f), *at)[1](*to),
    "vjp": lambda f, at, to, also: vjp(curved(f), *at)[1](torch.ones_like(f(*at))),
    "grad": lambda f, at, to, also: grad(scalar(f), indices(at))(*at),
    "jvp of jvp": lambda f, at, to, also: jvp(directional(curved(f), to), at, also),
    "jvp of jvp of jvp": lambda f, at, to, also: jvp(
        directional(directional(curved(f), to), also), at, to),
    "jvp of grad": lambda f, at, to, also: jvp(grad(scalar(f), indices(at)), at, to),
    "grad of jvp": lambda f, at, to, also: grad(
        lambda *at: directional(scalar(f), to)(*at), indices(at))(*at),
    "jvp of jvp of grad": lambda f, at, to, also: jvp(
        directional(grad(scalar(f), indices(at)), to), at, also),
    "jvp of grad of jvp": lambda f, at, to, also: jvp(
        grad(directional(scalar(f), to), indices(at)), at, also),
    "grad of grad": lambda f, at, to, also: grad(
        lambda *at: sum(g.sin().sum() for g in grad(scalar(f), indices(at))(*at)),
        indices(at))(*at),
    "vmap": lambda f, at, to, also: vmap(f)(*map(torch.stack, zip(at, to, also))),
    "vmap of x": lambda f, at, to, also: vmap(
        lambda x: f(x, *at[1:]), in_dims=1)(torch.stack((at[0], to[0]), dim=1)),
    "vmap of weights": lambda f, at, to, also: vmap(
        lambda w: f(at[0], w, *at[2:]), in_dims=-1)(torch.stack((at[1], to[1]), dim=-1)),
    "vmap of grad": lambda f, at, to, also: vmap(
        grad(lambda x, *rest: scalar(f)(x[None], *rest), indices(at)),
        in_dims=(0, *[None] * (len(at) - 1)))(*at),
    "vmap of jvp": lambda f, at, to, also: vmap(
        lambda *to: jvp(curved(f), at, to)[1])(*map(torch.stack, zip(to, also))),
    "jvp of vmap": lambda f, at, to, also: jvp(
        lambda x: vmap(lambda row: curved(f)(row[None], *at[1:]))(x), at[:1], to[:1]),
    "vmap of grad of vmap": lambda f, at, to, also: vmap(grad(lambda w: vmap(
        lambda row: scalar(f)(row[None], w, *at[2:]))(at[0]).sum()))(
            torch.stack((at[1], to[1]))),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("options", CASES, ids=name_of)
def test_transforms(options, name):
    layer = eqc.Layer(**options, dtype="f64")
    n = layer.n or 3
    points = [arguments_of(layer, n, seed) for seed in range(3)]
    agree(lambda f: TRANSFORMS[name](f, *points), layer, n)


@few
@given(layers(), st.integers(0, 3), st.integers(0, 1000),
       st.lists(st.sampled_from(sorted(TRANSFORMS)), min_size=2, max_size=2, unique=True))
def test_any_transform_of_any_layer(layer_and_n, batch, seed, names):
    layer, n = layer_and_n
    dtype = torch.float32 if layer.dtype == np.float32 else torch.float64
    points = [tuple(0.3 * value for value in arguments_of(layer, n, seed + i, batch))
              for i in range(3)]
    cast = [tuple(value.to(dtype) for value in point) for point in points]
    f, definition = pair_of(layer, n)
    for name in names:
        if batch == 0 and "vmap" in name:
            continue  # PyTorch has no vmap over nothing
        actual = tree_leaves(TRANSFORMS[name](f, *cast))
        expected = tree_leaves(TRANSFORMS[name](definition, *points))
        # Of several calls of a layer, with tanh between; relative to the largest part.
        scale = max([1.0, *(want.abs().max().item() for want in expected if want.numel())])
        for got, want in zip(actual, expected, strict=True):
            assert got.dtype == dtype
            torch.testing.assert_close(got.double(), want, rtol=0,
                                       atol=10 * scale * reference.tolerance(layer.dtype))


# A module is what is tried where weights live in one, and where graphs are traced.


def module_of(options):
    torch.manual_seed(0)
    options = dict(options)
    channels = options.pop("channels")
    module = eqc.torch.EquivariantLinear(
        in_channels=channels[0], out_channels=channels[1], dtype=torch.float64,
        **{"bias": False, "normalize": "none", **options})
    if module.bias is not None:
        torch.nn.init.normal_(module.bias)
    return module


def state_of(module):
    return {name: value.detach() for name, value in module.named_parameters()}


@pytest.mark.parametrize("options", CASES, ids=name_of)
def test_finite_differences(options):
    module = module_of(options)
    names = list(state_of(module))
    n = module.n or 3
    arguments = [value.requires_grad_() for value in arguments_of(module.layer, n)]

    def apply(x, *parameters):
        return functional_call(module, dict(zip(names, parameters)), (x, *size))

    size = () if module.n or module.k else (n,)
    assert torch.autograd.gradcheck(apply, arguments, check_forward_ad=True,
                                    check_batched_grad=True, check_batched_forward_grad=True)
    assert torch.autograd.gradgradcheck(apply, arguments, check_fwd_over_rev=True,
                                        check_rev_over_rev=True, check_batched_grad=True)


def test_per_sample_gradients_of_a_model():
    """The recipe of PyTorch's documentation, beside one backward pass a sample."""
    model = torch.nn.Sequential(module_of(CASES[0]), torch.nn.Tanh(), module_of(
        dict(group="S", n=3, k=1, l=0, channels=(3, 1), bias=True)))
    parameters = state_of(model)
    x = arguments_of(model[0].layer, 3, batch=5)[0]

    def loss(parameters, row):
        return functional_call(model, parameters, (row[None],)).square().sum()

    together = vmap(grad(loss), in_dims=(None, 0))(parameters, x)
    for i, row in enumerate(x):
        model.zero_grad()
        model(row[None]).square().sum().backward()
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(together[name][i], parameter.grad)


def test_an_ensemble_of_models():
    models = [module_of(CASES[0]) for _ in range(3)]
    for i, model in enumerate(models):
        torch.nn.init.normal_(model.weight, std=i + 1.0)
    parameters, buffers = torch.func.stack_module_state(models)
    x = arguments_of(models[0].layer, 3)[0]
    ys = vmap(lambda p: functional_call(models[0], p, (x,)))(parameters)
    for y, model in zip(ys, models):
        torch.testing.assert_close(y, model(x))


def test_mapped_weights_are_one_call_of_an_operator():
    """Also twice, and in derivatives; what has no such axis is not copied."""
    layer = eqc.Layer(**CASES[0], dtype="f64")
    x, weight, bias = arguments_of(layer, 3)
    weights, biases = torch.randn(4, 5, *weight.shape, dtype=x.dtype), torch.randn(
        5, *bias.shape, dtype=x.dtype)

    def value(x, weight, bias):
        return eqc.torch.linear(layer, x, weight, bias)

    arguments = (x, weights.transpose(0, 1), biases.movedim(0, -1))
    f = vmap(vmap(value, (None, 0, -1)), (None, 1, None))
    want = torch.stack([torch.stack([value(x, w, b) for w, b in zip(ws, biases)])
                        for ws in weights])
    torch.testing.assert_close(f(*arguments), want, rtol=0, atol=0)
    one = grad(lambda *a: value(*a).sin().sum(), (0, 1, 2))
    gradient = vmap(vmap(one, (None, 0, -1)), (None, 1, None))
    rows = [[one(x, w, b) for w, b in zip(ws, biases)] for ws in weights]
    for i, got in enumerate(gradient(*arguments)):
        torch.testing.assert_close(got, torch.stack([torch.stack([point[i] for point in row])
                                                     for row in rows]))
    names = [str(node.target) for node in make_fx(gradient)(*arguments).graph.nodes]
    assert names.count("eqc.linear.default") == 1
    assert names.count("eqc.linear_backward.default") == 1


def test_what_is_not_mapped_is_not_copied(monkeypatch):
    layer = eqc.Layer(**CASES[0], dtype="f64")
    x, weight, bias = arguments_of(layer, 3)
    forward, seen = layer._forward, []
    kernel = _registry.layer_of(_registry.key_of(layer))
    monkeypatch.setitem(vars(kernel), "_forward", lambda *a: seen.append(a) or forward(*a))
    weights = torch.stack([weight, -weight])
    vmap(lambda w: eqc.torch.linear(layer, x, w, bias))(weights)
    assert [call[1:4] for call in seen] == [
        (x.data_ptr(), weights[i].data_ptr(), bias.data_ptr()) for i in range(2)]


def test_weights_of_several_layers_are_refused_without_vmap():
    layer = eqc.Layer(**CASES[0], dtype="f64")
    x, weight, bias = arguments_of(layer, 3)
    with pytest.raises(ValueError, match=r"expected 3 axes: \[diagrams, c_in, c_out\]"):
        eqc.torch.linear(layer, x[None], weight[None], bias[None])


def test_jacobians_in_both_modes():
    layer = eqc.Layer(**CASES[0], dtype="f64")
    f, definition = pair_of(layer, 3)
    at = arguments_of(layer, 3)
    expected = torch.autograd.functional.jacobian(definition, at)
    for jacobian in (jacfwd, jacrev):
        torch.testing.assert_close(jacobian(f, (0, 1, 2))(*at), expected)
    torch.testing.assert_close(hessian(scalar(f), (0, 1))(*at),
                               hessian(scalar(definition), (0, 1))(*at))
    torch.testing.assert_close(jacfwd(jacfwd(jacfwd(scalar(f))))(*at),
                               jacrev(jacrev(jacrev(scalar(definition))))(*at))


@pytest.mark.parametrize("name", ["jvp", "grad", "jvp of grad", "vmap of grad", "vmap"])
def test_transforms_inside_compiled_code(name):
    module = module_of(CASES[0])
    points = [arguments_of(module.layer, 3, seed) for seed in range(3)]

    def f(x, weight, bias):
        return functional_call(module, {"weight": weight, "bias": bias}, (x,))

    torch._dynamo.reset()  # which bounds how often one lambda is compiled
    g, definition = pair_of(eqc.Layer(**CASES[0], dtype="f64"), 3)
    expected = TRANSFORMS[name](definition, *points)
    for function in (f, g):
        compiled = torch.compile(lambda *points, function=function:
                                 TRANSFORMS[name](function, *points), fullgraph=True)
        torch.testing.assert_close(compiled(*points), expected)


def test_transforms_of_an_exported_program():
    module = module_of(CASES[0])
    x, to = (arguments_of(module.layer, 3, seed)[0] for seed in range(2))
    stored = io.BytesIO()
    torch.export.save(torch.export.export(module, (x,)), stored)
    stored.seek(0)
    loaded = torch.export.load(stored).module()
    torch.testing.assert_close(jvp(loaded, (x,), (to,)), jvp(module, (x,), (to,)))
    assert jvp(loaded, (x,), (to,))[1].abs().max() > 0


def test_weights_that_are_not_finite_leave_the_derivative_by_the_bias_alone():
    layer = eqc.Layer(**CASES[0], dtype="f64")
    x, weight, bias = arguments_of(layer, 3)
    tangent = jvp(lambda bias: eqc.torch.linear(layer, x, weight / 0, bias), (bias,), (bias,))[1]
    torch.testing.assert_close(tangent,
                               eqc.torch.linear(layer, 0 * x, 0 * weight, bias))


@pytest.mark.parametrize("size", [0, 1, 2])
@pytest.mark.parametrize("dims", [(0, None, None), (None, 0, None), (None, None, 0), (0, 0, 0)])
def test_mapped_axes_of_any_size(dims, size):
    layer = eqc.Layer(**CASES[0], dtype="f64")
    values = [value if dim is None else value.expand(size, *value.shape).clone()
              for value, dim in zip(arguments_of(layer, 3), dims)]
    each = vmap(lambda *values: eqc.torch.linear(layer, *values).square(), dims)
    y = each(*values)
    batch = values[0].shape[0 if dims[0] is None else 1]
    assert y.shape == (size, batch, 3, 3)
    gradients = vmap(grad(lambda *values: eqc.torch.linear(layer, *values).sum(), (0, 1, 2)), dims)
    # One gradient for each point, also of what has no such axis.
    for value, dim, gradient in zip(values, dims, gradients(*values)):
        assert gradient.shape == (size, *(value.shape if dim is None else value.shape[1:]))
    leaves = [value.clone().requires_grad_() for value in values]
    for value, gradient in zip(leaves, torch.autograd.grad(each(*leaves).sum(), leaves)):
        assert gradient.shape == value.shape
        assert size > 0 or not gradient.any()
