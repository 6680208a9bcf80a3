"""Networks on samples of different sizes: each is what it is alone, in NumPy, PyTorch and JAX."""

import functools

import eqc
import numpy as np
import pytest
import reference

SIZES = [3, 0, 1, 4, 4, 2]
TEXT = """
space p = S(?)
layer up  { k = p;   l = p p; channels = 2 -> 3; bias = true; dtype = DTYPE; layout = LAYOUT }
layer mix { k = p p; l = p p; channels = 1 -> 3; normalize = mean; dtype = DTYPE; layout = LAYOUT }
layer out { k = p p; l = 0;   channels = 6 -> 2; bias = true; dtype = DTYPE; layout = LAYOUT }
network net {
  input h : p, 2
  input a : p p, 1
  t = gelu(up(h) + mix(a))
  u = scale(sigmoid(norm(t)), t)
  output y = out(concat(t, u))
  output z = t + cos(u)
}
"""
#: Sizes of two kinds, a product of values, and a layer that only a bias is left of.
TWO = """
space p = S(?)
space q = S(?)
layer pq  { k = p; l = 0; channels = 2 -> 3; bias = true; dtype = f64 }
layer up  { k = 0; l = q; channels = 3 -> 2; bias = true; dtype = f64 }
layer mul { k = q * q; l = 0; channels = 2; bias = true; dtype = f64; normalize = mean }
network two {
  input x : p, 2
  input z : q, 2
  s = tanh(pq(x))
  output y = mul(z, relu(up(s)) + z)
  output u = scale(norm(z, q), z)
}
"""


def sizes_of(net):
    return {name: np.roll(SIZES, i) for i, name in enumerate(net._free)}


def samples_of(net, seed=0):
    """Of each sample its sizes and its inputs, as a batch of its own."""
    random = np.random.default_rng(seed)
    samples = []
    for each in zip(*sizes_of(net).values()):
        named = dict(zip(net._free, map(int, each)))
        samples.append((named, [random.standard_normal(net.shape(tensor, 1, named)).astype(
            net.dtype) for tensor in net.inputs]))
    return samples


def pack(net, arrays):
    flat = np.concatenate([array.reshape(-1) for array in arrays])
    return flat.reshape(-1, arrays[0].shape[-1]) if net.layout == "channels_last" else flat


def pad(net, tensor, arrays, outside=0.0, extent=5):
    whole = np.full(net.shape(tensor, len(arrays), dict.fromkeys(net._free, extent)), outside,
                    net.dtype)
    for place, array in zip(whole, arrays):
        place[tuple(map(slice, array.shape[1:]))] = array[0]
    return whole


def alone(net, params, grads):
    """The outputs and the gradients of each sample in a call of its own; sizes of 0 are left to
    operations of PyTorch, which know empty tensors."""
    import torch
    from eqc._torch_network import composed

    outputs, of_inputs, of_params = [], [], 0
    for (sizes, inputs), given in zip(samples_of(net), grads):
        tensors = [torch.from_numpy(value).requires_grad_() for value in (*inputs, params)]
        ys = composed(net, tensors[:-1], tensors[-1], list(sizes.values()))
        found = torch.autograd.grad([y for y in ys if y.requires_grad], tensors,
                                    [torch.from_numpy(g) for y, g in zip(ys, given)
                                     if y.requires_grad], allow_unused=True)
        found = [torch.zeros_like(t) if g is None else g for t, g in zip(tensors, found)]
        outputs.append([y.detach().numpy() for y in ys])
        of_inputs.append([g.numpy() for g in found[:-1]])
        of_params = of_params + found[-1].numpy()
    return list(zip(*outputs)), list(zip(*of_inputs)), of_params


def gradients_for(net, seed=1):
    random = np.random.default_rng(seed)
    return [[random.standard_normal(net.shape(tensor, 1, sizes)).astype(net.dtype)
             for tensor in net.outputs] for sizes, _ in samples_of(net)]


CASES = ["f64", "channels_first", "two"]


def text_of(dtype="f64", layout="channels_last"):
    return TEXT.replace("DTYPE", dtype).replace("LAYOUT", layout)


@functools.cache
def network_of(case):
    text = TWO if case == "two" else text_of(
        "f32" if case == "f32" else "f64",
        "channels_first" if case == "channels_first" else "channels_last")
    return eqc.compile(text, ragged=True).network("two" if case == "two" else "net")


@pytest.fixture(params=CASES)
def net(request):
    return network_of(request.param)


def close(net, actual, expected):
    return reference.error(actual, np.asarray(expected, np.float64)) <= (
        1e-4 if net.dtype == np.float32 else 1e-10)


def test_each_sample_as_alone(net):
    pytest.importorskip("torch")
    params = net.init(seed=3) * net.dtype.type(0.3) + net.dtype.type(0.01)
    grads = gradients_for(net)
    outputs, of_inputs, of_params = alone(net, params, grads)
    inputs = list(zip(*(values for _, values in samples_of(net))))
    given = list(zip(*grads))
    sizes = sizes_of(net)

    packed = [pack(net, arrays) for arrays in inputs]
    found = net.forward_ragged(*packed, params, sizes=sizes)
    for actual, expected in zip(found, outputs):
        assert close(net, actual, pack(net, expected))
    back = net.backward_ragged(*packed, params, sizes=sizes, grads=[pack(net, g) for g in given])
    for actual, expected in zip(back.inputs, of_inputs):
        assert close(net, actual, pack(net, expected))
    assert close(net, back.params, of_params)

    padded = [pad(net, tensor, arrays, np.nan) for tensor, arrays in zip(net.inputs, inputs)]
    found = net.forward_padded(*padded, params, sizes=sizes)
    for tensor, actual, expected in zip(net.outputs, found, outputs):
        assert close(net, actual, pad(net, tensor, expected))
    back = net.backward_padded(*padded, params, sizes=sizes, grads=[
        pad(net, tensor, g, np.nan) for tensor, g in zip(net.outputs, given)])
    for tensor, actual, expected in zip(net.inputs, back.inputs, of_inputs):
        assert close(net, actual, pad(net, tensor, expected))
    assert close(net, back.params, of_params)
    # A gradient that is None is zero, and what is not asked for is not computed.
    some = net.backward_ragged(*packed, params, sizes=sizes, wrt=["params"],
                               grads=[pack(net, given[0]), None])
    zero = net.backward_ragged(*packed, params, sizes=sizes, wrt=["params"],
                               grads=[pack(net, given[0]), np.zeros_like(pack(net, given[1]))])
    assert some.inputs == (None,) * len(net.inputs) and (some.params == zero.params).all()


def test_small_example():
    net = eqc.compile("""
        space p = S(?)
        layer a { k = p; l = p; bias = true }
        layer s { k = p; l = 0; bias = true }
        network n {
          input x : p, 1
          output y = s(relu(a(x)))
        }""", ragged=True).network("n")
    params = np.array([1, 10, 0.5, 2, 1], np.float32)
    x = np.array([[1], [2], [5]], np.float32)
    # relu(31.5) + relu(32.5) twice, and once 55.5; of nothing the bias is left.
    assert net.forward_ragged(x, params, sizes=[2, 0, 1]).tolist() == [[129], [1], [112]]
    assert net.forward_ragged(x[:0], params, sizes=[]).shape == (0, 1)
    empty = net.backward_ragged(x[:0], params, sizes=[0, 0], grads=[np.ones((2, 1), np.float32)])
    assert empty.params.tolist() == [0, 0, 0, 0, 2]


def test_threads_change_no_bit():
    net = network_of("f32")
    random = np.random.default_rng(0)
    sizes = [*random.integers(1, 12, 60).tolist(), 40]
    x = [random.standard_normal((sum(n**order for n in sizes), channels)).astype("f4")
         for order, channels in ((1, 2), (2, 1))]
    params = net.init(seed=0)
    outputs = net.forward_ragged(*x, params, sizes=sizes)
    results = []
    for threads in (1, 2, 5):
        eqc.set_num_threads(threads)
        back = net.backward_ragged(*x, params, sizes=sizes, grads=outputs)
        results.append([*net.forward_ragged(*x, params, sizes=sizes), *back.inputs, back.params])
    eqc.set_num_threads(0)
    for result in results[1:]:
        assert all((a == b).all() for a, b in zip(result, results[0]))


FIXED = """
space p = S(3)
layer f { k = p; l = 0 }
network n {
  input x : p, 1
  output y = f(x)
}
"""


def test_what_is_wrong():
    net = network_of("f32")
    h, a = np.zeros((3, 2), "f4"), np.zeros((5, 1), "f4")
    params = net.init(seed=0)
    with pytest.raises(ValueError, match=r"a has shape \[5, 1\]; expected \[9, 1\]"):
        net.forward_ragged(h, a, params, sizes=[3])
    with pytest.raises(eqc.KernelError, match=r"'p\[1\]' is -1, must be 0 to"):
        net.forward_ragged(np.zeros((2, 2), "f4"), np.zeros((6, 1), "f4"), params,
                           sizes=[2, -1, 1])
    with pytest.raises(eqc.KernelError, match=r"'p_sizes\[0\]' is 4, must be 0 to 3"):
        net.forward_padded(np.zeros((1, 3, 2), "f4"), np.zeros((1, 3, 3, 1), "f4"), params,
                           sizes=[4])
    with pytest.raises(ValueError, match=r"sizes has \['q'\]; expected \['p'\]"):
        net.forward_ragged(h, a, params, sizes={"q": [3]})
    with pytest.raises(TypeError, match="expected one axis of integers"):
        net.forward_ragged(h, a, params, sizes=[1.5])
    with pytest.raises(ValueError, match="give ragged=True"):
        eqc.compile(FIXED.replace("(3)", "(?)")).network("n").forward_ragged(h, a, sizes=[3])
    fixed = eqc.compile(FIXED).network("n")
    with pytest.raises(ValueError, match="all spaces of the network have a size"):
        fixed.forward_ragged(h, a, sizes=[3])
    two = network_of("two")
    with pytest.raises(TypeError, match="sizes is no dict; expected a size of each sample for "
                                        "each of p, q"):
        two.forward_ragged(h, h, two.init(seed=0), sizes=[3])


def test_torch(net):
    torch = pytest.importorskip("torch")
    import eqc.torch
    inputs = list(zip(*(values for _, values in samples_of(net))))
    sizes = {name: torch.from_numpy(each) for name, each in sizes_of(net).items()}
    ptr = {name: torch.nn.functional.pad(each.cumsum(0), (1, 0)) for name, each in sizes.items()}
    params = torch.from_numpy(net.init(seed=3) * 0.3 + 0.01).requires_grad_()
    packed = [torch.from_numpy(pack(net, arrays)).requires_grad_() for arrays in inputs]
    padded = [torch.from_numpy(pad(net, tensor, arrays)).requires_grad_()
              for tensor, arrays in zip(net.inputs, inputs)]
    expected = net.forward_ragged(*(value.detach().numpy() for value in (*packed, params)),
                                  sizes=sizes_of(net))
    for actual, value in zip(eqc.torch.network(net, *packed, params, ptr=ptr), expected):
        assert (actual.detach().numpy() == value).all()

    # Derivatives of both orders: padded and packed arrays, and one sample at a time.
    from eqc._torch_network import composed
    def alone(*arguments):
        *arrays, flat = arguments
        total = 0
        for b, each in enumerate(zip(*sizes_of(net).values())):
            each = list(map(int, each))
            named = dict(zip(net._free, each))
            parts = [array[(slice(b, b + 1), *(slice(n) for n in net.shape(t, 1, named)[1:]))]
                     for t, array in zip(net.inputs, arrays)]
            total = total + sum(torch.sin(y).sum() for y in composed(net, parts, flat, each))
        return total

    def batch(*arguments, **options):
        return sum(torch.sin(y).sum() for y in eqc.torch.network(net, *arguments, **options))

    def both(function, sources, **options):
        first = torch.autograd.grad(function(*sources, **options), sources, create_graph=True)
        total = sum(torch.cos(value).sum() - value.numel() for value in first)
        return [*first, *torch.autograd.grad(total, sources)]

    wanted = both(alone, [*padded, params])
    for actual, value in zip(both(batch, [*padded, params], sizes=sizes), wanted):
        assert close(net, actual.detach().numpy(), value.detach().numpy())
    of_params = both(batch, [*packed, params], ptr=ptr)
    for i in (len(packed), 2 * len(packed) + 1):
        assert close(net, of_params[i].detach().numpy(), wanted[i].detach().numpy())


def test_torch_module():
    torch = pytest.importorskip("torch")
    import eqc.torch
    torch.manual_seed(0)
    model = eqc.torch.Network(text_of("f64"), "net")
    sizes = torch.tensor(SIZES)
    h = torch.randn(6, 4, 2, dtype=torch.float64)
    a = torch.randn(6, 4, 4, 1, dtype=torch.float64)
    y, z = model(h, a, sizes=sizes)
    assert y.shape == (6, 2) and z.shape == (6, 4, 4, 3)
    assert not z[0, 3].any() and not z[0, :, 3].any() and not z[1].any()
    # Any number of batch axes; samples of the full size are those of a call without sizes.
    ys, _ = model(h.reshape(2, 3, 4, 2), a.reshape(2, 3, 4, 4, 1), sizes=sizes.reshape(2, 3))
    assert torch.equal(ys.reshape(6, 2), y)
    assert torch.allclose(model(h, a)[0][3:5], y[3:5])
    y.sum().backward()
    assert all(value.grad is not None for value in model.parameters())
    compiled = torch.compile(model, backend="aot_eager")
    assert torch.equal(compiled(h, a, sizes=sizes)[0], y)
    with pytest.raises(ValueError, match="one for each sample"):
        model(h, a, sizes=sizes[:5])
    with pytest.raises(ValueError, match="do not give sizes="):
        model(h, a, sizes=sizes, ptr=sizes)


def test_jax():
    jax = pytest.importorskip("jax")
    torch = pytest.importorskip("torch")
    import eqc.jax
    import eqc.torch
    import jax.numpy as jnp
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else (
            jax.experimental.enable_x64(True)):
        net = network_of("f64")
        inputs = list(zip(*(values for _, values in samples_of(net))))
        padded = [pad(net, tensor, arrays) for tensor, arrays in zip(net.inputs, inputs)]
        params = net.init(seed=3) * 0.3 + 0.01

        def total(*arguments):
            return sum(jnp.sum(jnp.sin(y)) for y in eqc.jax.network(
                net, *arguments, sizes=jnp.array(SIZES)))

        def twice(*arguments):
            return sum(jnp.sum(jnp.cos(value)) for value in jax.grad(
                total, argnums=(0, 1, 2))(*arguments))

        tensors = [torch.from_numpy(value).requires_grad_() for value in (*padded, params)]
        first = torch.autograd.grad(sum(torch.sin(y).sum() for y in eqc.torch.network(
            net, *tensors, sizes=torch.tensor(SIZES))), tensors, create_graph=True)
        second = torch.autograd.grad(sum(torch.cos(value).sum() for value in first), tensors)
        for function, expected in ((total, first), (twice, second)):
            found = jax.jit(jax.grad(function, argnums=(0, 1, 2)))(*padded, params)
            for actual, value in zip(found, expected):
                assert close(net, actual, value.detach().numpy())
        with pytest.raises(ValueError, match="one for each sample"):
            eqc.jax.network(net, *padded, params, sizes=jnp.array(SIZES[1:]))
