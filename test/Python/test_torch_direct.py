"""Plain calls of layers go past PyTorch's dispatcher; whatever wants to see an operator does."""

import copy
import importlib.util

import pytest

torch = pytest.importorskip("torch")

import eqc  # noqa: E402
import eqc.torch  # noqa: E402
from eqc import _torch_direct, _torch_operators  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

CASES = [
    dict(group="S", k=1, l=1, n=4),
    dict(group="S", k=2, l=1, n=None),
    dict(group="S", k=1, l=2, n=3, layout="channels_first"),
    dict(group="S", k=0, l=0, n=None),
    dict(group="O", k=1, l=1, n=3),
    dict(group="Sp", k=1, l=1, n=None, dtype="f64"),
]


def module_of(options, in_channels=2):
    torch.manual_seed(0)
    module = eqc.torch.EquivariantLinear(**options, in_channels=in_channels, out_channels=3)
    if module.bias is not None:
        torch.nn.init.normal_(module.bias)
    return module


def input_of(module, *lead):
    shape = module.layer.x_shape(1, module.n or 4)[1:]
    return torch.randn(*lead, *shape, dtype=module.weight.dtype)


class Counted:
    """How often the operators are called."""

    def __init__(self, monkeypatch):
        self.count = 0
        for name in ("linear", "linear_backward"):
            monkeypatch.setattr(_torch_operators, name, self._watch(
                getattr(_torch_operators, name)))

    def _watch(self, operator):
        def call(*arguments):
            self.count += 1
            return operator(*arguments)

        return call


@pytest.fixture
def operators(monkeypatch):
    return Counted(monkeypatch)


def dispatched(function):
    """The same by the operators."""
    class Nothing(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            return function(*args, **(kwargs or {}))

    with Nothing():
        return function()


@pytest.mark.parametrize("options", CASES, ids=lambda o: "-".join(map(str, o.values())))
@pytest.mark.parametrize("lead", [(2,), (), (2, 3), (0,), (1,)])
def test_it_is_the_same(options, lead, operators):
    module = module_of(options)
    x = input_of(module, *lead).requires_grad_()
    leaves = [x, *module.parameters()]

    def run():
        y = module(x)
        return y, *torch.autograd.grad(y, leaves, torch.cos(y.detach()))

    got = run()
    with torch.no_grad():
        values = [module(x), eqc.torch.linear(module.layer, x, module.weight, module.bias)]
    with torch.inference_mode():
        values += [module(x), module(x.detach().clone())]
    assert operators.count == 0
    want = dispatched(run)
    assert operators.count > 0
    for a, b in zip(got, want):
        assert a.shape == b.shape and a.is_contiguous()
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    for y in values:
        assert not y.requires_grad
        torch.testing.assert_close(y, got[0].detach(), rtol=0, atol=0)
    assert values[2].is_inference()


def test_only_gradients_that_are_needed(monkeypatch):
    module = module_of(CASES[0])
    backward, seen = module.layer._backward, []
    monkeypatch.setitem(vars(module.layer), "_backward", lambda *a: seen.append(a) or backward(*a))
    x = input_of(module, 2)
    module(x).sum().backward()
    module.requires_grad_(False)
    module(x.requires_grad_()).sum().backward()
    assert [[pointer is not None for pointer in call[1:]] for call in seen] == [
        # x, weight, grad_y, and their gradients
        [True, False, True, False, True, True], [False, True, True, True, False, False]]


def test_plain_training_calls_no_operator(operators):
    net = torch.nn.Sequential(module_of(CASES[1]), torch.nn.ReLU(),
                              module_of(dict(group="S", k=1, l=0, n=None), in_channels=3))
    optimizer = torch.optim.SGD(net.parameters(), 0.01)
    for n in (2, 3, 2):
        optimizer.zero_grad()
        net(torch.randn(2, n, n, 2)).square().mean().backward()
        optimizer.step()
    assert operators.count == 0


def test_other_versions_of_pytorch_have_the_operators(monkeypatch, operators):
    # What the direct way rests on is nothing that PyTorch promises.
    module = module_of(CASES[1])
    x = input_of(module, 2)
    y = module(x)
    assert operators.count == 0
    spec = importlib.util.spec_from_file_location("other", _torch_direct.__file__)
    other = importlib.util.module_from_spec(spec)
    with monkeypatch.context() as lacking:
        lacking.delattr(torch._C, "_len_torch_function_stack")
        spec.loader.exec_module(other)
    assert not other._IS_AVAILABLE
    monkeypatch.setattr(_torch_direct, "linear", other.linear)
    assert torch.equal(module(x), y)
    assert operators.count > 0


def seen_by_dispatch_mode(module, x):
    names = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            names.append(str(function))
            return function(*args, **(kwargs or {}))

    with Watch():
        module(x)
    return names


def seen_by_function_mode(module, x):
    names = []

    class Watch(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            names.append(str(function))
            return function(*args, **(kwargs or {}))

    with Watch():
        module(x)
    return names


def seen_by_profiler(module, x):
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        module(x)
    return [event.key.replace("::", ".") for event in profile.key_averages()]


def seen_by_make_fx(module, x):
    from torch.fx.experimental.proxy_tensor import make_fx
    return [str(node.target) for node in make_fx(module)(x).graph.nodes]


def seen_by_compiler(module, x):
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph

    torch.compile(module, backend=backend, fullgraph=True)(x)
    return [str(node.target) for graph in graphs for node in graph.graph.nodes]


def seen_by_export(module, x):
    names = []
    for strict in (True, False):
        graph = torch.export.export(module, (x,), strict=strict).graph
        names.append({str(node.target) for node in graph.nodes})
    return names[0] & names[1]


def seen_by_subclass(module, x):
    names = []

    class Watched(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            names.append(str(function))
            return super().__torch_function__(function, types, args, kwargs)

    assert type(module(x.as_subclass(Watched))) is Watched
    return names


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def seen_by_jit_trace(module, x):
    graph = torch.jit.trace(module, (x,), check_trace=False).graph
    return [node.kind().replace("::", ".") for node in graph.nodes()]


@pytest.mark.parametrize("watch", [
    seen_by_dispatch_mode, seen_by_function_mode, seen_by_profiler, seen_by_make_fx,
    seen_by_compiler, seen_by_export, seen_by_subclass, seen_by_jit_trace],
    ids=lambda watch: watch.__name__)
def test_who_watches_sees_the_operator(watch):
    module = module_of(CASES[0])
    x = input_of(module, 2)
    module(x)  # the way that is to be left is known
    assert any("eqc.linear" in name for name in watch(module, x))


def test_transforms_and_dual_numbers(operators):
    module = module_of(CASES[0])
    x, d = input_of(module, 3), input_of(module, 3)
    want = eqc.torch.linear(module.layer, d, module.weight.detach())
    module(x)
    assert operators.count == 0
    _, tangent = torch.func.jvp(module, (x,), (d,))
    torch.testing.assert_close(tangent, want)
    with torch.autograd.forward_ad.dual_level():
        y = module(torch.autograd.forward_ad.make_dual(x, d))
        torch.testing.assert_close(torch.autograd.forward_ad.unpack_dual(y).tangent, want)
    mapped = torch.vmap(module)(x[:, None])
    torch.testing.assert_close(mapped[:, 0], module(x))
    assert operators.count >= 3


def test_gradients_of_gradients_and_batches_of_them(operators):
    module = module_of(dict(group="S", k=1, l=1, n=3, dtype="f64"))
    x = input_of(module, 2).requires_grad_()
    parameters = tuple(module.parameters())
    assert torch.autograd.gradcheck(module, (x,))
    assert torch.autograd.gradgradcheck(module, (x,))

    def loss(*values):
        return torch.sin(torch.func.functional_call(
            module, dict(zip(("weight", "bias"), values)), (x,))).sum()

    assert torch.autograd.gradgradcheck(loss, parameters)
    # A graph made by a plain call, differentiated under vmap and with dual numbers.
    y = module(x)
    rows = torch.eye(y.numel(), dtype=y.dtype).reshape(-1, *y.shape)
    (batched,) = torch.autograd.grad(y, x, rows, is_grads_batched=True, retain_graph=True)
    single = torch.stack([torch.autograd.grad(y, x, row, retain_graph=True)[0] for row in rows])
    torch.testing.assert_close(batched, single)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(rows[0], rows[1])
        (grad,) = torch.autograd.grad(y, x, dual, retain_graph=True)
        tangent = torch.autograd.forward_ad.unpack_dual(grad).tangent
    torch.testing.assert_close(tangent, single[1])


def test_hooks_on_what_is_saved():
    module = module_of(CASES[0])
    x = input_of(module, 2).requires_grad_()
    (want,) = torch.autograd.grad(module(x).square().sum(), x)

    def strided(saved):
        return saved.repeat_interleave(2, -1)[..., ::2]

    for pack, unpack in ((lambda t: t.clone(), lambda t: t),
                         (lambda t: t, strided)):
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            y = module(x)
        torch.testing.assert_close(torch.autograd.grad(y.square().sum(), x)[0], want)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t.double()):
        y = module(x)
    with pytest.raises(TypeError, match="has dtype torch.float64; the layer takes"):
        y.sum().backward()
    checkpointed = torch.utils.checkpoint.checkpoint(module, x, use_reentrant=False)
    torch.testing.assert_close(torch.autograd.grad(checkpointed.square().sum(), x)[0], want)


def test_a_change_of_what_was_saved_is_noticed():
    module = module_of(CASES[0])
    y = module(input_of(module, 2).requires_grad_())
    with torch.no_grad():
        module.weight.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_gradients_of_any_layout():
    module = module_of(CASES[0])
    x = input_of(module, 2)
    y = module(x)
    (got,) = torch.autograd.grad(y.sum(), module.weight, retain_graph=True)  # an expanded one
    (want,) = torch.autograd.grad(y, module.weight, torch.ones_like(y), retain_graph=True)
    torch.testing.assert_close(got, want, rtol=0, atol=0)
    turned = torch.randn(3, 4, 2).permute(2, 1, 0)
    (got,) = torch.autograd.grad(y, module.weight, turned, retain_graph=True)
    (want,) = torch.autograd.grad(y, module.weight, turned.contiguous())
    torch.testing.assert_close(got, want, rtol=0, atol=0)


def test_parameters_that_are_computed():
    module = module_of(CASES[0])
    x = input_of(module, 2)
    want = eqc.torch.linear(module.layer, x, 2 * module.weight, module.bias)

    class Twice(torch.nn.Module):
        def forward(self, weight):
            return 2 * weight

    torch.nn.utils.parametrize.register_parametrization(module, "weight", Twice())
    torch.testing.assert_close(module(x), want)
    module(x).sum().backward()
    assert module.parametrizations.weight.original.grad is not None


def test_parameters_that_change(operators):
    module = module_of(CASES[0])
    x = input_of(module, 2)
    module(x)
    double = copy.deepcopy(module).double()
    torch.testing.assert_close(double(x.double()).float(), module(x))
    module.weight.data = module.weight.data.transpose(1, 2).contiguous().transpose(1, 2)
    torch.testing.assert_close(module(x), double(x.double()).float())
    with torch.no_grad():
        module.bias.zero_()
    module.bias = None
    torch.testing.assert_close(module(x[:0]), torch.zeros(0, 4, 3))
    module.weight.data = module.weight.data[:1]
    with pytest.raises(ValueError, match=r"weight has shape \[1, 2, 3\]"):
        module(x)


def test_wrong_arguments_are_told_as_ever():
    module = module_of(CASES[0])
    x = input_of(module, 2)
    module(x)
    for wrong, error, message in (
            (x.double(), TypeError, "x has dtype torch.float64"),
            (x[..., :1], ValueError, r"x has shape \[2, 4, 1\]; expected \[2, 4, 2\]"),
            (x[:, :3], ValueError, r"x has shape \[2, 3, 2\]"),
            (x.transpose(1, 2), ValueError, "move its channels"),
            (x[0, 0], ValueError, "x has 1 axes"), (x.numpy(), TypeError, "x is a ndarray")):
        with pytest.raises(error, match=message):
            module(wrong)
    even = module_of(CASES[5])
    with pytest.raises(ValueError, match="n is 3"):
        even(torch.zeros(1, 3, 2, dtype=torch.float64))


def test_views_that_negate():
    layer = module_of(CASES[0]).layer
    values = [torch.randn(shape) for shape in (layer.x_shape(2), layer.weight_shape,
                                               layer.bias_shape)]
    for i, value in enumerate(values):
        negative = torch._neg_view(value)
        assert negative.is_neg() and negative.is_contiguous()
        torch.testing.assert_close(eqc.torch.linear(layer, *values[:i], negative, *values[i + 1:]),
                                   eqc.torch.linear(layer, *values[:i], -value, *values[i + 1:]))


def test_below_automatic_differentiation():
    """As in the kernel of an operator."""
    module = module_of(CASES[0])
    x = input_of(module, 2)
    assert module(x).requires_grad
    with torch._C._AutoDispatchBelowAutograd():
        y = module(x)
    assert not y.requires_grad


def test_shapes_are_not_kept_for_ever():
    module = module_of(CASES[0])
    for batch in range(2 * _torch_direct._MOST_SHAPES):
        module(torch.zeros(batch, 4, 2))
    direct = _torch_direct._known[module._key()]
    assert 0 < len(direct.shapes) <= _torch_direct._MOST_SHAPES


def test_autocast():
    module = module_of(CASES[0])
    x = input_of(module, 2)
    module(x)
    with torch.autocast("cpu", torch.bfloat16):
        y = module(x.bfloat16())
        assert torch.equal(y, module(x.bfloat16().float()))
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y, module(x.bfloat16().float()).bfloat16())
