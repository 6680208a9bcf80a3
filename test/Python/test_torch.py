"""eqc.torch."""

import copy
import io
import pickle
import threading

import eqc
import pytest
import reference

torch = pytest.importorskip("torch")

import eqc.torch  # noqa: E402
from eqc.torch import EquivariantLinear  # noqa: E402

CASES = [
    dict(group="S", k=2, l=2, in_channels=2, out_channels=3, n=3),
    dict(group="S", k=2, l=1, in_channels=1, out_channels=2, n=None, normalize="none"),
    dict(group="S", k=1, l=2, in_channels=2, out_channels=1, n=3, layout="channels_first"),
    dict(group="S", k=2, l=0, in_channels=2, out_channels=2, n=4),
    dict(group="S", k=0, l=1, in_channels=2, out_channels=2, n=4),
    dict(group="O", k=1, l=1, in_channels=2, out_channels=3, n=3, bias=False),
    dict(group="SO", k=2, l=1, in_channels=2, out_channels=1, n=3, bias=False),
    dict(group="Sp", k=2, l=2, in_channels=1, out_channels=2, n=2),
    dict(group="H", k=2, l=2, in_channels=1, out_channels=2, n=None),
    dict(group="O(1,2)", k=2, l=2, in_channels=1, out_channels=2),
]


def name_of(options):
    return "-".join(str(value) for value in options.values())


def module_of(options, dtype=torch.float64):
    torch.manual_seed(0)
    module = EquivariantLinear(**options, dtype=dtype)
    if module.bias is not None:
        torch.nn.init.normal_(module.bias)
    return module


def input_of(module, batch=2, seed=1):
    torch.manual_seed(seed)
    shape = module.layer.x_shape(batch, module.n or 3)
    return torch.randn(shape, dtype=module.weight.dtype)


def parameters_of(module):
    return tuple(p for p in (module.weight, module.bias) if p is not None)


@pytest.mark.parametrize("options", CASES, ids=name_of)
def test_forward(options):
    module = module_of(options)
    x = input_of(module)
    expected = reference.forward(
        module.layer, x.numpy(), module.weight.detach().numpy(),
        None if module.bias is None else module.bias.detach().numpy(), n=module.n or 3)
    assert reference.error(module(x).detach().numpy(), expected) <= 1e-11


@pytest.mark.parametrize("options", CASES, ids=name_of)
def test_gradients_of_both_orders(options):
    module = module_of(options)
    x = input_of(module).requires_grad_()
    names = [name for name, _ in module.named_parameters()]

    def apply(x, *parameters):
        return torch.func.functional_call(module, dict(zip(names, parameters)), (x,))

    arguments = (x, *parameters_of(module))
    assert torch.autograd.gradcheck(apply, arguments)
    assert torch.autograd.gradgradcheck(apply, arguments)


@pytest.mark.parametrize("options", CASES[:3], ids=name_of)
def test_the_operators_are_well_formed(options):
    module = module_of(options)
    x = input_of(module).requires_grad_()
    key, n = module._keys[torch.float64], module.n or 3
    torch.library.opcheck(torch.ops.eqc.linear.default,
                          (x, module.weight, module.bias, key, n))
    grad_y = torch.randn_like(module(x))
    for needs in ((True, True, module.bias is not None), (True, False, False)):
        torch.library.opcheck(torch.ops.eqc.linear_backward.default,
                              (x, module.weight, grad_y, key, n, *needs))


def test_only_the_gradients_that_are_needed():
    module = module_of(CASES[0])
    x = input_of(module)
    module(x).sum().backward()
    weight_grad = module.weight.grad.clone()
    module.zero_grad()
    module.weight.requires_grad_(False)
    x.requires_grad_()
    module(x).sum().backward()
    assert module.weight.grad is None and x.grad is not None
    expected = reference.backward(module.layer, x.detach().numpy(), module.weight.numpy(),
                                  torch.ones_like(module(x)).detach().numpy())
    assert reference.error(weight_grad.numpy(), expected[1]) <= 1e-11
    assert reference.error(x.grad.numpy(), expected[0]) <= 1e-11


def test_batch_axes_and_strides():
    module = module_of(dict(group="S", k=2, l=1, in_channels=2, out_channels=3, n=4))
    x = torch.randn(2, 3, 4, 4, 2, dtype=torch.float64)
    y = module(x)
    assert y.shape == (2, 3, 4, 3)
    torch.testing.assert_close(y[1, 2], module(x[1, 2]), rtol=0, atol=1e-13)
    turned = x.transpose(2, 3).requires_grad_()
    assert not turned.is_contiguous()
    torch.testing.assert_close(module(turned), module(turned.contiguous()), rtol=0, atol=0)
    grad, = torch.autograd.grad(module(turned).square().sum(), turned)
    again, = torch.autograd.grad(module(turned.contiguous()).square().sum(), turned)
    torch.testing.assert_close(grad, again, rtol=0, atol=0)
    assert module(x[:, :0]).shape == (2, 0, 4, 3)


def test_wrong_arguments_are_explained():
    module = module_of(CASES[0])
    x = input_of(module)
    with pytest.raises(TypeError, match=r"x has dtype torch.float32.*use x.to\(torch.float64\)"):
        module(x.float())
    with pytest.raises(TypeError, match=r"x is a ndarray.*: use torch.as_tensor\(x\)"):
        module(x.numpy())
    layer, weight = module.layer, module.weight.detach()
    with pytest.raises(TypeError, match="weight is a ndarray; expected a torch.Tensor"):
        eqc.torch.linear(layer, x, weight.numpy())
    with pytest.raises(TypeError, match="weight is None; expected a torch.Tensor$"):
        eqc.torch.linear(layer, x, None)
    with pytest.raises(TypeError, match="layer is a EquivariantLinear; expected an eqc.Layer"):
        eqc.torch.linear(module, x, weight)
    for n in (3.0, "3", True):
        with pytest.raises(TypeError, match=f"n is {n!r}; expected an integer"):
            module(x, n=n)
    with pytest.raises(ValueError, match="expected at least 3"):
        module(x[0, 0])
    with pytest.raises(ValueError, match=r"x has shape \[2, 3, 3, 1\]"):
        module(x[..., :1])
    with pytest.raises(ValueError, match="n is 4, but the layer was compiled for n = 3"):
        module(x, n=4)
    with pytest.raises(eqc.CompileError):
        EquivariantLinear("O", 1, 2, 1, 1, n=3)
    with pytest.raises(ValueError, match="give n="):
        EquivariantLinear("S", 0, 1, 1, 1)(torch.ones(2, 1))
    assert EquivariantLinear("S", 0, 1, 1, 1)(torch.ones(2, 1), n=5).shape == (2, 5, 1)


def test_it_is_a_module():
    module = module_of(CASES[0], torch.float32)
    assert repr(module) == ("EquivariantLinear(S, n=3, k=2, l=2, 2 -> 3, diagrams="
                            f"{module.weight.shape[0]}, bias=True)")
    assert list(module.state_dict()) == ["weight", "bias"]
    other = module_of(CASES[0], torch.float32)
    with torch.no_grad():
        other.weight.add_(1)
    other.load_state_dict(module.state_dict())
    x = input_of(module)
    for twin in (other, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(twin(x), module(x), rtol=0, atol=0)
    double = copy.deepcopy(module).double()
    torch.testing.assert_close(double(x.double()).float(), module(x))
    with pytest.raises(TypeError, match="float16"):
        copy.deepcopy(module).half()(x.half())
    with torch.no_grad():
        assert not module(x).requires_grad
    with torch.inference_mode():
        torch.testing.assert_close(module(x), module(x))


def test_a_layer_as_a_function():
    layer = eqc.Layer(group="S", n=4, k=1, l=1, channels=(2, 2), dtype="f64")
    x = torch.randn(3, 4, 2, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(layer.weight_shape, dtype=torch.float64, requires_grad=True)
    y = eqc.torch.linear(layer, x, weight)
    expected = reference.forward(layer, x.detach().numpy(), weight.detach().numpy())
    assert reference.error(y.detach().numpy(), expected) <= 1e-11
    with pytest.raises(ValueError, match="has none"):
        eqc.torch.linear(layer, x, weight, torch.zeros(1, 2))


@pytest.mark.parametrize("dynamic", [False, True])
def test_compile(dynamic):
    module = module_of(CASES[1] if dynamic else CASES[0])

    def loss(x):
        return torch.tanh(module(x)).square().sum()

    compiled = torch.compile(loss, fullgraph=True, dynamic=dynamic)
    for batch in (2, 5) if dynamic else (2,):
        x = input_of(module, batch).requires_grad_()
        expected = torch.autograd.grad(loss(x), (x, *parameters_of(module)))
        actual = torch.autograd.grad(compiled(x), (x, *parameters_of(module)))
        for got, want in zip(actual, expected):
            torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


def test_export():
    module = torch.nn.Sequential(module_of(CASES[0]), torch.nn.ReLU())
    x = input_of(module[0], 3)
    batch = torch.export.Dim("batch", min=2, max=64)
    program = torch.export.export(module, (x,), dynamic_shapes=({0: batch},))
    stored = io.BytesIO()
    torch.export.save(program, stored)
    stored.seek(0)
    loaded = torch.export.load(stored).module()
    for rows in (3, 7):
        x = input_of(module[0], rows)
        torch.testing.assert_close(loaded(x), module(x), rtol=0, atol=0)


def test_vmap():
    module = module_of(CASES[0])
    x = torch.randn(4, 2, 3, 3, 2, dtype=torch.float64)
    torch.testing.assert_close(torch.func.vmap(module)(x), module(x), rtol=0, atol=1e-13)
    weights = torch.randn(4, *module.weight.shape, dtype=torch.float64)
    key = module._keys[torch.float64]

    def apply(x, weight):
        return torch.ops.eqc.linear(x, weight, module.bias, key, 3)

    each = torch.func.vmap(apply)(x, weights)
    for i in range(4):
        torch.testing.assert_close(each[i], apply(x[i], weights[i]), rtol=0, atol=1e-13)


def test_many_gradients_at_once():
    module = module_of(CASES[0])
    x = input_of(module).requires_grad_()
    y = module(x)
    directions = torch.randn(3, *y.shape, dtype=torch.float64)
    for wanted in ((x,), (x, *parameters_of(module))):
        together = torch.autograd.grad(y, wanted, directions, is_grads_batched=True,
                                       retain_graph=True)
        for i, direction in enumerate(directions):
            one = torch.autograd.grad(y, wanted, direction, retain_graph=True)
            for got, want in zip(together, one):
                torch.testing.assert_close(got[i], want, rtol=0, atol=1e-12)


def test_threads_may_train_at_once():
    module = module_of(CASES[0], torch.float32)
    xs = [input_of(module, 4, seed) for seed in range(6)]

    def grads(x):
        return torch.autograd.grad(module(x).square().sum(), parameters_of(module))

    expected = [grads(x) for x in xs]
    results = [None] * len(xs)

    def run(i):
        results[i] = [grads(xs[i]) for _ in range(5)]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(xs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for runs, want in zip(results, expected):
        for got in runs:
            for a, b in zip(got, want):
                torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_nothing_is_copied(monkeypatch):
    module = module_of(CASES[0], torch.float32)
    seen = []
    kernel = module.layer
    forward = kernel._forward

    def watch(*arguments):
        seen.append(arguments)
        return forward(*arguments)

    x = input_of(module)
    monkeypatch.setitem(vars(kernel), "_forward", watch)
    y = module(x)
    assert seen[0][1:] == (x.data_ptr(), module.weight.data_ptr(), module.bias.data_ptr(),
                           y.data_ptr())


def test_dlpack_in_numpy_layers():
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    x, weight = torch.ones(2, 3, 1), torch.ones(layer.weight_shape)
    assert layer(x, weight).ravel().tolist() == [4.0] * 6
    with pytest.raises(TypeError, match="DLPack"):
        layer(x.requires_grad_(), weight)
