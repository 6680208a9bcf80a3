"""Networks from Python: NumPy, PyTorch and JAX against compositions of dense layers."""

import copy
import pickle

import eqc
import numpy as np
import pytest
import reference

TEXT = """
space p = S(?)
layer up   { k = p;   l = p p; channels = 2 -> 3; bias = true; dtype = DTYPE; layout = LAYOUT }
layer mix  { k = p p; l = p p; channels = 1 -> 3; dtype = DTYPE; layout = LAYOUT }
layer half { k = p p; l = p p; channels = 3 -> 3; dtype = DTYPE; layout = LAYOUT; normalize = mean }
layer out  { k = p p; l = 0;   channels = 6 -> 2; bias = true; dtype = DTYPE; layout = LAYOUT }
network net {
  input h : p, 2
  input a : p p, 1
  t = gelu(up(h) + mix(a))
  u = scale(sigmoid(norm(t)), half(half(t)))
  output y = out(concat(t, u))
  output z = t + u
}
"""
N = 4


def text_of(dtype="f64", layout="channels_last"):
    return TEXT.replace("DTYPE", dtype).replace("LAYOUT", layout)


def arguments_of(net, batch=3, seed=0):
    random = np.random.default_rng(seed)
    inputs = [random.standard_normal(net.shape(tensor, batch, {"p": N})).astype(net.dtype)
              for tensor in net.inputs]
    params = random.standard_normal(net.size).astype(net.dtype) * net.dtype.type(0.3)
    return [*inputs, params]


def maps_of(layer, bias=False):
    diagrams = layer.bias_diagrams if bias else layer.diagrams
    k = 0 if bias else layer.k
    return np.stack([reference.diagram_matrix(d, "S", N, k, layer.l, layer.normalize == "mean")
                     .reshape(N**layer.l, N**k) for d in diagrams])


def definition_of(net, torch):
    """(h, a, params) -> (y, z) in operations of PyTorch alone."""
    first = net.layout == "channels_first"

    def layer(name, x, parts):
        kernel = net.layers[name]
        rows = x.movedim(1, -1) if first else x
        y = torch.einsum("dji,bic,dco->bjo", torch.from_numpy(maps_of(kernel)),
                         rows.reshape(rows.shape[0], N**kernel.k, rows.shape[-1]).double(),
                         parts[f"{name}.weight"].double())
        if kernel.has_bias:
            y = y + torch.einsum("eji,eo->jo", torch.from_numpy(maps_of(kernel, True)),
                                 parts[f"{name}.bias"].double())
        y = y.reshape(x.shape[0], *[N] * kernel.l, y.shape[-1])
        return y.movedim(-1, 1) if first else y

    def apply(h, a, params):
        parts = net.unpack(params)
        t = torch.nn.functional.gelu(layer("up", h, parts) + layer("mix", a, parts))
        dims = (2, 3) if first else (1, 2)
        norm = (t.square().sum(dims, keepdim=True) + 1e-12).sqrt()
        u = torch.sigmoid(norm) * layer("half", layer("half", t, parts), parts)
        return layer("out", torch.cat([t, u], 1 if first else -1), parts), t + u

    return apply


@pytest.fixture(params=[("f64", "channels_last"), ("f64", "channels_first"),
                        ("f32", "channels_last")], ids="-".join)
def net(request):
    return eqc.compile(text_of(*request.param)).network("net")


def close(actual, expected, dtype):
    expected = np.asarray(expected, np.float64)
    return reference.error(actual, expected) <= (1e-4 if np.dtype(dtype) == np.float32
                                                 else 1e-10)


def test_small_example():
    net = eqc.compile("""
        space p = S(?)
        layer a { k = p; l = p; bias = true }
        layer s { k = p; l = 0; bias = true }
        network n {
          input x : p, 1
          output y = s(relu(a(x)))
        }""").network("n")
    params = np.array([1, 10, 0.5, 2, 1], np.float32)
    assert net(np.array([[[1], [2]]], np.float32), params) == 129
    assert net.size == 5 and list(net.layers) == ["a", "s"]
    views = net.unpack(params)
    views["s.bias"][...] = 2
    assert params[4] == 2 and views["a.weight"].shape == (2, 1, 1)


def test_what_it_says_of_itself(net):
    assert [tensor.name for tensor in net.inputs] == ["h", "a"]
    assert [space.name for space in net.inputs[1].axes] == ["p", "p"]
    assert [(tensor.name, tensor.channels) for tensor in net.outputs] == [("y", 2), ("z", 3)]
    assert net.has_backward and "3 parameters" not in repr(net)
    program = eqc.compile(net.spec)
    assert program.network("net") == net
    assert pickle.loads(pickle.dumps(net)) == copy.deepcopy(net) == net
    with pytest.raises(KeyError, match="no network 'x'; there are: net"):
        program.network("x")


def test_init_keeps_the_mean_square(net):
    params = net.init(seed=1)
    assert params.shape == (net.size,) and params.dtype == net.dtype
    assert not net.unpack(params)["up.bias"].any() and net.unpack(params)["up.weight"].all()
    assert (net.init(seed=1) == params).all() and (net.init(seed=2) != params).any()


def test_wrong_arguments(net):
    h, a, params = arguments_of(net)
    with pytest.raises(TypeError, match=r"takes 3 arguments \(h, a, params\), not 2"):
        net(h, params)
    with pytest.raises(ValueError, match="a has shape"):
        net(h, a[:, :, :, :, None], params)
    with pytest.raises(ValueError, match="params has shape"):
        net(h, a, params[1:])
    with pytest.raises(TypeError, match="h has dtype"):
        net(h.astype(np.float16), a, params)
    with pytest.raises(ValueError, match="sizes has 'q'"):
        net(h, a, params, sizes={"q": 3})
    with pytest.raises(ValueError, match="wrt is"):
        net.backward(h, a, params, grads=[None, None], wrt=["q"])


def test_numpy_against_the_definition(net):
    torch = pytest.importorskip("torch")
    arguments = arguments_of(net)
    tensors = [torch.from_numpy(value).double().requires_grad_() for value in arguments]
    expected = definition_of(net, torch)(*tensors)
    found = net(*arguments)
    for actual, value in zip(found, expected):
        assert close(actual, value.detach().numpy(), net.dtype)
    grads = [np.random.default_rng(i).standard_normal(value.shape).astype(net.dtype)
             for i, value in enumerate(found)]
    wanted = torch.autograd.grad(expected, tensors, [torch.from_numpy(g).double() for g in grads])
    gradients = net.backward(*arguments, grads=grads)
    for actual, value in zip((*gradients.inputs, gradients.params), wanted):
        assert close(actual, value.numpy(), net.dtype)
    some = net.backward(*arguments, grads=grads, wrt=["a"])
    assert some.inputs[0] is None and some.params is None
    assert (some.inputs[1] == gradients.inputs[1]).all()
    # A gradient that is None is zero.
    none = net.backward(*arguments, grads=[None, grads[1]])
    zero = net.backward(*arguments, grads=[np.zeros_like(grads[0]), grads[1]])
    assert (none.params == zero.params).all()


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_torch_derivatives(layout):
    torch = pytest.importorskip("torch")
    import eqc.torch
    net = eqc.compile(text_of("f64", layout)).network("net")
    tensors = [torch.from_numpy(value).requires_grad_() for value in arguments_of(net, 2)]

    def apply(*arguments):
        return eqc.torch.network(net, *arguments)

    assert torch.autograd.gradcheck(apply, tensors)
    definition = definition_of(net, torch)
    second = []
    for function in (apply, definition):
        outputs = function(*tensors)
        # As of a loss that is not linear: what comes in depends on the inputs as well.
        seeds = [torch.cos(value) for value in outputs]
        first = torch.autograd.grad(outputs, tensors, seeds, create_graph=True)
        total = sum((value * torch.linspace(0, 1, value.numel()).reshape(value.shape)).sum()
                    for value in first)
        second.append(torch.autograd.grad(total, tensors))
    for actual, expected in zip(*second):
        assert close(actual.numpy(), expected.numpy(), np.float64)


def test_torch_module():
    torch = pytest.importorskip("torch")
    import eqc.torch
    torch.manual_seed(0)
    model = eqc.torch.Network(text_of("f32"), "net")
    assert sorted(name for name, _ in model.named_parameters()) == [
        "layers.half.weight", "layers.mix.weight", "layers.out.bias", "layers.out.weight",
        "layers.up.bias", "layers.up.weight"]
    h, a, _ = map(torch.from_numpy, arguments_of(model.network, 6))
    y, z = model(h, a)
    assert y.shape == (6, 2) and z.shape == (6, N, N, 3)
    # Any number of batch axes.
    ys, _ = model(h.reshape(2, 3, N, 2), a.reshape(2, 3, N, N, 1))
    assert torch.equal(ys.reshape(6, 2), y)
    y.sum().backward()
    assert all(value.grad is not None for value in model.parameters())
    twin = pickle.loads(pickle.dumps(model))
    assert torch.equal(twin(h, a)[0], y)
    with pytest.raises(TypeError, match="takes 2 inputs"):
        model(h)
    with pytest.raises(ValueError, match="batch axes"):
        model(h, a[:3])


def test_torch_without_gradients():
    """Where nobody needs to see an operator, none is called."""
    torch = pytest.importorskip("torch")
    import eqc.torch
    from torch.utils._python_dispatch import TorchDispatchMode
    called = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            called.append(str(function))
            return function(*args, **(kwargs or {}))

    model = eqc.torch.Network(text_of("f64"))
    h, a, _ = map(torch.from_numpy, arguments_of(model.network, 5))
    expected = model(h, a)
    assert all(value.requires_grad for value in expected)
    with Watch():
        assert all(map(torch.equal, model(h, a), expected))
    assert any("eqc.network" in name for name in called)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            found = model(h, a)
            assert all(map(torch.equal, found, expected))
            assert not any(value.requires_grad for value in found)
            strided = torch.stack([h, h], -1)[..., 0]
            assert not strided.is_contiguous()
            assert torch.equal(model(strided, a)[0], expected[0])
            assert model(h[:0], a[:0])[0].shape == (0, 2)
            assert torch.equal(model(h[None], a[None])[1], expected[1][None])
            assert torch.equal(model(h[0], a[0])[0], model(h[:1], a[:1])[0][0])
            with pytest.raises(TypeError, match="h has dtype torch.float32"):
                model(h.float(), a)
            with pytest.raises(ValueError, match="a has shape"):
                model(h, a[:, :3])
            with pytest.raises(ValueError, match="batch axes"):
                model(h, a[:3])
            with pytest.raises(TypeError, match="takes 2 inputs"):
                model(h)
            with pytest.raises(ValueError, match="at least 3"):
                model(h, a[0, 0, 0])


def test_torch_compile():
    torch = pytest.importorskip("torch")
    import eqc.torch
    model = eqc.torch.Network(text_of("f64"))
    h, a, _ = map(torch.from_numpy, arguments_of(model.network, 5))
    torch.library.opcheck(
        torch.ops.eqc.network.default,
        ([h, a], model.flat_parameters().detach().requires_grad_(), model._key, [N]),
        test_utils=["test_schema", "test_faketensor", "test_autograd_registration"])
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
    for value, expected in zip(compiled(h, a), model(h, a)):
        assert torch.equal(value, expected)


def test_jax():
    jax = pytest.importorskip("jax")
    torch = pytest.importorskip("torch")
    import eqc.jax
    import jax.numpy as jnp
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else (
            jax.experimental.enable_x64(True)):
        net = eqc.compile(text_of("f64")).network("net")
        arguments = arguments_of(net, 2)

        def total(h, a, params):
            y, z = eqc.jax.network(net, h, a, params)
            return jnp.sum(jnp.sin(y)) + jnp.sum(z * z)

        def expected_total(h, a, params):
            y, z = definition_of(net, torch)(h, a, params)
            return torch.sin(y).sum() + z.square().sum()

        tensors = [torch.from_numpy(value).requires_grad_() for value in arguments]
        wanted = torch.autograd.grad(expected_total(*tensors), tensors, create_graph=True)
        found = jax.jit(jax.grad(total, argnums=(0, 1, 2)))(*arguments)
        for actual, expected in zip(found, wanted):
            assert close(actual, expected.detach().numpy(), np.float64)
        # Twice.
        second = jax.grad(lambda *at: sum(jnp.sum(jnp.cos(value)) for value in jax.grad(
            total, argnums=(0, 1, 2))(*at)), argnums=(0, 1, 2))(*arguments)
        again = torch.autograd.grad(sum(torch.cos(value).sum() for value in wanted), tensors)
        for actual, expected in zip(second, again):
            assert close(actual, expected.numpy(), np.float64)
        # vmap over inputs, and over parameters.
        h, a, params = arguments
        stacked = np.stack([h, 2 * h, 3 * h])
        mapped = jax.vmap(lambda one: total(one, a, params))(stacked)
        assert np.allclose(mapped, [total(one, a, params) for one in stacked])
        many = np.stack([params, -params])
        mapped = jax.vmap(lambda one: total(h, a, one))(many)
        assert np.allclose(mapped, [total(h, a, one) for one in many])
        grads = jax.vmap(jax.grad(lambda one, at: total(one, a, at), argnums=1),
                         in_axes=(0, None))(stacked, params)
        assert np.allclose(grads[1], jax.grad(lambda at: total(stacked[1], a, at))(params))


def test_torch_tensors_of_several_orders():
    torch = pytest.importorskip("torch")
    import eqc.torch
    torch.manual_seed(0)
    orders = dict(k=(0, 1, 2), l=(1, 2), in_channels=(2, 1, 3), out_channels=(2, 4))
    mixed = eqc.torch.EquivariantLinear("S", **orders, n=4, dtype=torch.float64)
    xs = [torch.randn(5, *[4] * k, c, dtype=torch.float64)
          for k, c in zip(orders["k"], orders["in_channels"])]
    ys = mixed(*xs)
    assert [tuple(y.shape) for y in ys] == [(5, 4, 2), (5, 4, 4, 4)]
    assert all(torch.equal(a, b) for a, b in zip(ys, mixed(xs)))
    # The sum of single layers.
    for j, (order, channels) in enumerate(zip(orders["l"], orders["out_channels"])):
        expected = 0
        for i, (k, c) in enumerate(zip(orders["k"], orders["in_channels"])):
            part = mixed.layers[f"w{j}_{i}"]
            layer = eqc.torch.EquivariantLinear("S", k, order, c, channels, n=4, bias=i == 0,
                                                dtype=torch.float64)
            layer.load_state_dict(part.state_dict())
            expected = expected + layer(xs[i])
        assert close(ys[j].detach().numpy(), expected.detach().numpy(), np.float64)
    # Of a network of fixed sizes, gradients of both orders.
    first = torch.autograd.grad(sum(torch.sin(y).sum() for y in ys),
                                list(mixed.parameters()), create_graph=True)
    sum(value.square().sum() for value in first).backward()
    assert all(value.grad.abs().max() > 0 for value in mixed.parameters())
    # With axes of spaces: a matrix of weights and its bias, between widths that are permuted.
    wide, narrow = eqc.Space("S", 3, "wide"), eqc.Space("S", 2, "narrow")
    axes = ([wide, narrow], [wide])
    both = eqc.torch.EquivariantLinear(k=axes, l=axes, in_channels=(1, 1), out_channels=(2, 1))
    w, b = torch.randn(4, 3, 2, 1), torch.randn(4, 3, 1)
    ws, bs = both(w, b)
    assert ws.shape == (4, 3, 2, 2) and bs.shape == (4, 3, 1) and len(both.layers) == 4
    order = torch.tensor([2, 0, 1])
    for moved, expected in zip(both(w[:, order], b[:, order]), (ws, bs)):
        torch.testing.assert_close(moved, expected[:, order])
    with pytest.raises(TypeError, match="spaces, which have group and n"):
        eqc.torch.EquivariantLinear("S", axes, axes, (1, 1), (2, 1), n=3)
    with pytest.raises(TypeError, match="expected a group, or the spaces"):
        eqc.torch.EquivariantLinear(None, (0, 1), (1,), (1, 1), (1,), n=3)
    # Pairs without maps are left out, and so is a bias that could only be zero.
    odd = eqc.torch.EquivariantLinear("O", (0, 1, 2), (1, 2), (1, 1, 1), (1, 1), n=3)
    assert sorted(odd.layers) == ["w0_1", "w1_0", "w1_2"]
    assert odd.layers["w0_1"].bias is None and odd.layers["w1_0"].bias is not None
    with pytest.raises(ValueError, match="has no map"):
        eqc.torch.EquivariantLinear("O", (1,), (2,), (1,), (1,), n=3)
    with pytest.raises(ValueError, match="in_channels is"):
        eqc.torch.EquivariantLinear("S", (0, 1), (1,), (1,), (1,), n=3)
    assert isinstance(copy.deepcopy(eqc.torch.EquivariantLinear("S", 1, 1, 1, 1, n=3)),
                      eqc.torch.EquivariantLinear)
