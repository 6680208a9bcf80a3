"""Networks and layers of two inputs with axes of sums and of duals."""

import eqc
import numpy as np
import pytest
import reference

TEXT = """
space carbon = S(3)
space oxygen = S(2)
space one = S(1)
space xyz = O(3)
space V = GL(2)
space atoms = carbon + oxygen
space state = one + xyz
layer up    { k = atoms; l = atoms atoms; channels = 2 -> 3; bias = true; dtype = f64; layout = LAYOUT }
layer half  { k = atoms atoms; l = atoms; channels = 3 -> 4; normalize = mean; dtype = f64; layout = LAYOUT }
layer move  { k = atoms state; l = state atoms; channels = 2 -> 3; bias = true; dtype = f64; layout = LAYOUT }
layer join  { k = state atoms * atoms; l = 0; channels = 6 * 4 -> 2; dtype = f64; layout = LAYOUT }
layer turn  { k = V V'; l = V' V; channels = 1 -> 3; dtype = f64; layout = LAYOUT }
layer trace { k = V' V; l = 0; channels = 3 -> 1; dtype = f64; layout = LAYOUT }
network net {
  input x : atoms, 2
  input v : atoms state, 2
  input m : V V', 1
  h = half(gelu(up(x)))
  t = move(v)
  w = scale(tanh(norm(t, state)), t)
  output y = join(concat(w, t), h)
  output s = scale(silu(trace(turn(m))), turn(m))
}
"""


@pytest.fixture(params=["channels_last", "channels_first"])
def net(request):
    return eqc.compile(TEXT.replace("LAYOUT", request.param)).network("net")


def arguments_of(net, batch=3):
    random = np.random.default_rng(0)
    return [*(random.standard_normal(net.shape(tensor, batch, {})) for tensor in net.inputs),
            0.3 * random.standard_normal(net.size)]


def composed(net, torch, x, v, m, params):
    """The same by the layers' operators and operations of PyTorch."""
    import eqc.torch
    first = net.layout == "channels_first"
    parts = net.unpack(params)

    def layer(name, *values):
        kernel = net.layers[name]
        apply = eqc.torch.bilinear if len(values) > 1 else eqc.torch.linear
        return apply(kernel, *values, parts[f"{name}.weight"], parts.get(f"{name}.bias"))

    h = layer("half", torch.nn.functional.gelu(layer("up", x)))
    t = layer("move", v)
    state = 2 if first else 1
    w = torch.tanh((t.square().sum(state, keepdim=True) + 1e-12).sqrt()) * t
    y = layer("join", torch.cat([w, t], 1 if first else -1), h)
    turned = layer("turn", m)
    k = layer("trace", turned)
    return y, torch.nn.functional.silu(k).reshape(-1, 1, 1, 1) * turned


def test_what_it_says_of_itself(net):
    x, v, m = net.inputs
    assert [axis.name for axis in v.axes] == ["atoms", "state"]
    assert [axis.name for axis in v.axes[1].summands] == ["one", "xyz"]
    assert not m.axes[0].is_dual and m.axes[1].is_dual and m.axes[1].name == "V"
    assert [space.name for space in net.spaces] == ["carbon", "oxygen", "one", "xyz", "V"]
    assert net.shape(v, 7, {}) in [(7, 5, 4, 2), (7, 2, 5, 4)]
    assert "m: V V', 1" in repr(net)
    assert eqc.compile(net.spec).network("net") == net


def test_numpy_and_torch_against_the_layers(net):
    torch = pytest.importorskip("torch")
    import eqc.torch
    values = [torch.from_numpy(value).requires_grad_() for value in arguments_of(net)]
    found = net(*(value.detach().numpy() for value in values))
    expected = composed(net, torch, *values)
    got = eqc.torch.network(net, *values)
    for actual, other, value in zip(found, got, expected):
        assert reference.error(actual, value.detach().numpy()) < 1e-12
        assert reference.error(other.detach().numpy(), value.detach().numpy()) < 1e-12

    def second(outputs):
        first = torch.autograd.grad(outputs, values, [torch.cos(value) for value in outputs],
                                    create_graph=True)
        return [*first, *torch.autograd.grad(sum(value.sin().sum() for value in first), values)]

    for actual, value in zip(second(got), second(expected)):
        assert reference.error(actual.detach().numpy(), value.detach().numpy()) < 1e-10


def test_torch_module_learns():
    torch = pytest.importorskip("torch")
    import eqc.torch
    torch.manual_seed(0)
    model = eqc.torch.Network(TEXT.replace("LAYOUT", "channels_last"), "net")
    *inputs, _ = map(torch.from_numpy, arguments_of(model.network, 8))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        y, _ = model(*inputs)
        loss = (y - 1).square().mean()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    assert losses[-1] < losses[0]


def test_jax(net):
    jax = pytest.importorskip("jax")
    import eqc.jax
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else (
            jax.experimental.enable_x64(True)):
        arguments = arguments_of(net)
        expected = net(*arguments)
        found = eqc.jax.network(net, *arguments)
        for actual, value in zip(found, expected):
            assert reference.error(actual, value) < 1e-12

        def loss(*values):
            return sum((value ** 2).sum() for value in eqc.jax.network(net, *values))

        gradients = jax.grad(loss, argnums=(0, 1, 2, 3))(*arguments)
        wanted = net.backward(*arguments, grads=[2 * value for value in expected])
        for actual, value in zip(gradients, (*wanted.inputs, wanted.params)):
            assert reference.error(actual, value) < 1e-10


@pytest.mark.parametrize("plan", ["shared", "factored"])
@pytest.mark.parametrize("normalize", ["none", "mean"])
def test_two_inputs_are_a_layer_of_their_product(plan, normalize):
    carbon, oxygen = eqc.Space("S", 3, name="carbon"), eqc.Space("S", 2, name="oxygen")
    turn = eqc.Space("SO", 3, name="turn")
    atoms = eqc.Space.sum([carbon, oxygen], name="atoms")
    both = eqc.Space.sum([carbon, turn], name="both")
    common = {"l": [both], "dtype": "f64", "bias": True, "normalize": normalize}
    layer = eqc.BilinearLayer(k=([atoms, both], [both, carbon]), channels=(2, 3, 4), plan=plan,
                              grad=False, **common)
    linear = eqc.Layer(k=[atoms, both, both, carbon], channels=(6, 4), grad=False, **common)
    assert layer.diagrams == linear.diagrams
    random = np.random.default_rng(0)
    x, z = random.standard_normal((400, 5, 6, 2)), random.standard_normal((400, 6, 3, 3))
    weight = random.standard_normal(layer.weight_shape)
    bias = random.standard_normal(layer.bias_shape)
    product = np.einsum("bpqc,brsd->bpqrscd", x, z).reshape(400, 5, 6, 6, 3, 6)
    expected = linear(product, weight.reshape(linear.weight_shape), bias)
    assert reference.error(layer(x, z, weight, bias), expected) < 1e-12
    y = layer(x, z, *layer.init(0))
    assert 0.5 < np.sqrt(np.mean(y[:, :3] ** 2)) < 2 and 0.5 < np.sqrt(np.mean(y[:, 3:] ** 2)) < 2
