"""EquivariantLinear as what a user of torch.nn.Linear expects of a module."""

import concurrent.futures
import copy
import io
import multiprocessing

import eqc
import pytest

torch = pytest.importorskip("torch")

import eqc.torch  # noqa: E402
from eqc.interop import weight_from_ign  # noqa: E402
from eqc.torch import EquivariantLinear  # noqa: E402
from torch import nn  # noqa: E402


def small(**options):
    torch.manual_seed(0)
    module = EquivariantLinear("S", 2, 1, 3, 4, **{"n": 4, **options})
    nn.init.normal_(module.bias)
    return module


def input_of(rows=2, **options):
    torch.manual_seed(1)
    return torch.rand(rows, 4, 4, 3, **options)


@pytest.mark.parametrize("group", ["S", "O", "SO", "Sp", "H", "B", "S'", "B'", "GL",
                                   "A"])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_defaults_make_a_layer_of_every_group(group, order):
    n = 4
    module = EquivariantLinear(group, order, order, 2, 3, n=n)
    assert (module.bias is not None) == (
        group in ("S", "B", "A") or (order == 0 if group == "GL" else order % 2 == 0))
    x = torch.randn(5, *[n] * order, 2)
    assert module(x).shape == (5, *[n] * order, 3)
    if group not in ("SO", "A"):
        assert EquivariantLinear(group, order, order, 2, 3)(x).shape == (5, *[n] * order, 3)


def test_a_signature_is_a_size():
    module = EquivariantLinear("SO(1,3)", 1, 1, 2, 3)
    assert (module.group, module.n) == ("SO(1,3)", 4)
    assert module(torch.randn(5, 4, 2)).shape == (5, 4, 3)
    assert "SO(1,3), n=4" in repr(module)


def test_defaults_are_those_of_the_usual_ports():
    """normalization="inf": y[i,j] = mean over b of x[i,b] is operation 7 from order 2 to 2."""
    module = EquivariantLinear("S", 2, 2, 1, 1, n=4)
    coefficients = torch.zeros(1, 1, 15)
    coefficients[..., 6] = 1
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(
            weight_from_ign(coefficients.numpy(), 2, 2, module.diagrams)))
    x = torch.rand(2, 4, 4, 1)
    torch.testing.assert_close(module(x), x.mean(dim=2, keepdim=True).expand(2, 4, 4, 1))


def test_a_bias_that_is_asked_for_must_exist():
    with pytest.raises(eqc.CompileError, match="E0035"):
        EquivariantLinear("O", 1, 1, 8, 8, n=3, bias=True)
    assert EquivariantLinear("S", 1, 1, 8, 8, n=3, bias=False).bias is None
    assert EquivariantLinear("SO", 1, 3, 1, 1, n=3).bias.shape == (1, 1)  # Levi-Civita's


def test_dtypes():
    assert small().weight.dtype == torch.float32
    for dtype in (torch.float64, "f64", "float64"):
        module = small(dtype=dtype)
        assert module.weight.dtype == module.bias.dtype == torch.float64
        assert module(input_of(dtype=torch.float64)).dtype == torch.float64
    for dtype in (torch.bfloat16, torch.float16, torch.int32, torch.complex64, "f16", int):
        with pytest.raises(TypeError, match="layers compute in torch.float32 .'f32'. and"):
            small(dtype=dtype)
    torch.set_default_dtype(torch.float64)
    try:
        assert small().weight.dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_conversions():
    module, x = small(), input_of()
    y = module(x)
    double = copy.deepcopy(module).double()
    torch.testing.assert_close(double(x.double()).float(), y)
    torch.testing.assert_close(double.to(torch.float32)(x), y, rtol=0, atol=0)
    half = copy.deepcopy(module).to(torch.bfloat16)
    with pytest.raises(TypeError, match="the weights are torch.bfloat16"):
        half(x)
    half.reset_parameters()
    assert half.diagrams == module.diagrams and "bias=True" in repr(half)


def test_devices():
    for device in ("mps", torch.device("xpu:1")):
        with pytest.raises(ValueError, match="layers compute on 'cpu' and 'cuda'"):
            small(device=device)
    with pytest.raises(RuntimeError, match="device"):
        small(device="abacus")
    assert small(device="cpu")(input_of()).device.type == "cpu"
    with torch.device("meta"):
        empty = small()
    assert empty.weight.is_meta and empty.bias.is_meta
    assert empty(torch.empty(5, 4, 4, 3, device="meta")).shape == (5, 4, 4)
    for module, x in ((empty, input_of()), (small(), input_of(device="meta"))):
        with pytest.raises(ValueError, match="several devices: cpu, meta"):
            module(x)
    empty.to_empty(device="cpu").reset_parameters()
    assert torch.isfinite(empty(input_of())).all()
    assert not nn.utils.skip_init(EquivariantLinear, "S", 1, 1, 2, 2, n=3).weight.is_meta


def test_other_tensors_are_refused_or_right():
    module, x = small(), input_of()
    with pytest.raises((NotImplementedError, RuntimeError), match="sparse|dense"):
        module(x.to_sparse())
    with pytest.raises(TypeError, match="torch.int32"):
        module(x.int())
    negative = torch.complex(x, x).conj().imag
    assert negative.is_neg()
    torch.testing.assert_close(module(negative), module(-x), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast(dtype):
    """x is cast, and y has its type; parameters stay in float32."""
    module, x = small(), input_of()
    short = x.to(dtype)

    def loss(x, module=module):
        with torch.autocast("cpu", dtype):
            y = module(x)
        assert y.dtype == dtype
        return y.float().square().sum()

    def grads(x, loss=loss):
        return torch.autograd.grad(loss(x), tuple(module.parameters()))

    expected = torch.autograd.grad(module(short).float().square().sum(),
                                   tuple(module.parameters()))
    torch._dynamo.reset()
    compiled = torch.compile(loss, fullgraph=True)
    for got in (grads(short), grads(x), grads(short, compiled), grads(x, compiled)):
        torch.testing.assert_close(got, expected)
    with torch.inference_mode():
        loss(short)

    def functional(parameters):
        with torch.autocast("cpu", dtype):
            y = torch.func.functional_call(module, parameters, (short,))
        assert y.dtype == dtype
        return y.float().square().sum()

    got = torch.func.grad(functional)(dict(module.named_parameters()))
    torch.testing.assert_close(tuple(got.values()), expected)
    # Weights of 16 bits, too: nothing else can compute with them.
    assert torch.isfinite(loss(short, small().to(dtype)))
    double = small(dtype=torch.float64)
    with torch.autocast("cpu", dtype):
        assert double(x.double()).dtype == torch.float64


def test_autocast_in_a_network():
    net = nn.Sequential(nn.Linear(3, 3), small(), nn.ReLU(), nn.Linear(4, 1))
    with torch.autocast("cpu", torch.bfloat16):
        y = net(input_of())
    assert y.dtype == torch.bfloat16
    y.float().sum().backward()
    assert all(torch.isfinite(p.grad).all() and p.grad.dtype == torch.float32
               for p in net.parameters())


def test_scripting_says_what_to_use_instead():
    for module in (small(), nn.Sequential(nn.ReLU(), small())):
        with pytest.raises(NotImplementedError, match="torch.export.export"):
            torch.jit.script(module)
    traced = torch.jit.trace(small(), input_of())
    torch.testing.assert_close(traced(input_of(5)), small()(input_of(5)), rtol=0, atol=0)


class Holder(nn.Module):
    """A module that keeps layers in both ways."""

    def __init__(self):
        super().__init__()
        self.module = small()
        self.function = eqc.Layer(group="S", n=4, k=1, l=0, channels=(4, 2))
        self.weight = nn.Parameter(torch.rand(self.function.weight_shape))

    def forward(self, x):
        return eqc.torch.linear(self.function, self.module(x).relu(), self.weight)


def save(module):
    stored = io.BytesIO()
    torch.save(module, stored)
    return stored.getvalue()


def load_and_call(data):
    return torch.load(io.BytesIO(data), weights_only=False)(input_of()).detach().numpy()


def test_copies():
    model, x = Holder(), input_of()
    y = model(x)
    torch.testing.assert_close(copy.deepcopy(model)(x), y, rtol=0, atol=0)
    torch.testing.assert_close(torch.from_numpy(load_and_call(save(model))), y)
    other = Holder()
    nn.init.normal_(other.weight)
    stored = io.BytesIO()
    torch.save(model.state_dict(), stored)
    stored.seek(0)
    other.load_state_dict(torch.load(stored, weights_only=True))
    torch.testing.assert_close(other(x), y, rtol=0, atol=0)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.5))
    average.update_parameters(model)
    torch.testing.assert_close(average(x), y)
    # A converted copy computes in its own type, the other goes on.
    assert copy.deepcopy(model.module).double()(x.double()).dtype == torch.float64
    torch.testing.assert_close(model(x), y, rtol=0, atol=0)


def test_copies_in_a_spawned_process():
    model = Holder()
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        got = torch.from_numpy(pool.submit(load_and_call, save(model)).result(timeout=300))
    torch.testing.assert_close(got, model(input_of()))


class Features(torch.utils.data.Dataset):
    """Rows that the model turned into features, in the process of a worker."""

    def __init__(self, model):
        self.model = model

    def __len__(self):
        return 6

    def __getitem__(self, i):
        with torch.no_grad():
            return self.model(input_of(6)[i][None])[0]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_data_loader(method):
    model = Holder()
    expected = model(input_of(6)).detach()  # layers that were used before the workers start
    loader = torch.utils.data.DataLoader(Features(model), batch_size=3, num_workers=2,
                                         multiprocessing_context=method, timeout=300)
    torch.testing.assert_close(torch.cat(list(loader)), expected)


def graphs(nodes, share, count=4):
    """0/1 adjacency matrices, [count, nodes, nodes, 1]."""
    upper = (torch.rand(count, nodes, nodes) < share).float().triu(1)
    return (upper + upper.mT)[..., None]


def sizes_over_depth(x, depth=8, width=32, networks=6, **options):
    """The root mean square after every layer and ReLU, over that of x; of several networks."""
    squares = torch.zeros(networks, depth)
    for seed in range(networks):
        torch.manual_seed(seed)
        y = x
        for i in range(depth):
            with torch.no_grad():
                y = EquivariantLinear("S", 2, 2, y.shape[-1], width, **options)(y).relu()
            squares[seed, i] = y.square().mean() / x.square().mean()
    return squares.mean(dim=0).sqrt().tolist()


@pytest.mark.parametrize("nodes", [8, 30])
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_activations_keep_their_size_over_depth(nodes, share):
    torch.manual_seed(nodes)
    x = graphs(nodes, share)
    for n in (nodes, None):
        sizes = sizes_over_depth(x, n=n)
        # What the weights expect at most is a mean of 1; that of a sparse graph is less.
        assert all(0.2 < size < 1.5 for size in sizes), sizes
    # What the other initialisation is not for: inputs with a mean.
    assert sizes_over_depth(x, n=nodes, inputs="centred", gain=1.0)[-1] > 100


def test_normalisation_changes_no_start():
    """The same numbers, so the same function: weights of sums are as much smaller."""
    outputs = []
    for normalize in ("mean", "none"):
        torch.manual_seed(0)
        module = EquivariantLinear("S", 2, 2, 1, 3, n=6, normalize=normalize)
        outputs.append(module(torch.rand(1, 6, 6, 1, generator=torch.Generator().manual_seed(1))))
    torch.testing.assert_close(*outputs)


def test_gain_and_inputs():
    torch.manual_seed(0)
    module = EquivariantLinear("S", 2, 2, 64, 64, n=6, gain=1.5, inputs="centred")
    y = module(torch.randn(256, 6, 6, 64))
    assert y.square().mean().item() == pytest.approx(2.25, rel=0.1)
    assert (module.bias == 0).all()
    with pytest.raises(ValueError, match="inputs is 'any'"):
        EquivariantLinear("S", 2, 2, 1, 1, n=6, inputs="any")


def test_the_defaults_learn():
    """Counting triangles, which a stack that starts too large does not learn in this time."""
    torch.manual_seed(0)
    x = torch.cat([graphs(10, share, 32) for share in (0.2, 0.4, 0.6, 0.8)])
    a = x[..., 0]
    count = torch.einsum("bij,bjk,bki->b", a, a, a)
    target = (count - count.mean()) / count.std()
    model = nn.Sequential(
        EquivariantLinear("S", 2, 2, 1, 8, n=10), nn.ReLU(),
        EquivariantLinear("S", 2, 2, 8, 8, n=10), nn.ReLU(),
        EquivariantLinear("S", 2, 0, 8, 1, n=10))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(100):
        optimizer.zero_grad()
        loss = (model(x)[:, 0] - target).square().mean()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
