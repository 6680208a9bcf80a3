"""Layers on GPUs, from libeqc to the operators of PyTorch, on a driver without a GPU.

What PyTorch alone can say (a stream's number, memory of its allocator, whether a tensor is on a
device) is what is left out: tensors of the CPU are copied to the stand-in's memory."""

import math
import threading

import eqc
import numpy as np
import pytest
import reference
import standin
from eqc import _cuda, _registry

LAYERS = [
    dict(group="S", n=3, k=2, l=2, channels=(4, 8), bias=True),
    dict(group="S", n=None, k=2, l=1, channels=(3, 2), bias=True, dtype="f64"),
    dict(group="S", n=3, k=0, l=2, channels=(2, 3), bias=True, layout="channels_first"),
    dict(group="O", n=3, k=2, l=2, channels=(2, 3), bias=True, dtype="f64"),
    dict(group="SO", n=3, k=2, l=1, channels=(2, 1), normalize="mean"),
    dict(group="Sp", n=None, k=2, l=2, channels=(1, 2), layout="channels_first"),
    dict(group="H", n=3, k=2, l=2, channels=(2, 3), bias=True),
    dict(group="B", n=None, k=2, l=1, channels=(2, 1), bias=True),
    dict(group="O(1,3)", k=2, l=2, channels=(1, 2), bias=True),
    dict(group="SO(1,2)", k=2, l=1, channels=(2, 1)),
]


def name_of(options):
    return "-".join(str(value) for value in options.values())


@pytest.fixture(autouse=True)
def device():
    standin.start()
    yield
    assert standin.violations() == ""


PLACE = _cuda.Place(0, 0)


class Call:
    """Arguments of one call, as numbers and on the device."""

    def __init__(self, layer, batch=3, seed=0, offset=0):
        rng = np.random.default_rng(seed)
        self.layer, self.batch, self.n = layer, batch, layer.n or 4
        self.offset = offset

        def draw(shape):
            return rng.standard_normal(shape).astype(layer.dtype)

        self.x, self.grad_y = draw(layer.x_shape(batch, self.n)), draw(layer.y_shape(batch, self.n))
        self.weight, self.bias = draw(layer.weight_shape), draw(layer.bias_shape)

    def run(self, name, inputs, outputs):
        """Calls with arrays, and shapes of results; None for what is not given."""
        arrays = [None if array is None else standin.Array(array, self.offset)
                  for array in inputs]
        results = [None if shape is None else
                   standin.Array(np.full(shape, np.nan, self.layer.dtype), self.offset)
                   for shape in outputs]
        work = []

        def allocate(count):
            work.append(standin.Array(np.full(count, 0xff, np.uint8), 1))
            return work[0].pointer

        try:
            _cuda.call(_registry.key_of(self.layer), name, self.n, self.batch,
                       [a and a.pointer for a in (*arrays, *results)], PLACE, allocate)
            return [a and a.read() for a in results]
        finally:
            for array in (*arrays, *results, *work):
                if array is not None:
                    array.release()

    def forward(self):
        bias = self.bias if self.layer.has_bias else None
        y, = self.run("forward", [self.x, self.weight, bias],
                      [self.layer.y_shape(self.batch, self.n)])
        return y

    def backward(self, x=True, weight=True, bias=True):
        bias = bias and self.layer.has_bias
        return self.run("backward", [self.x if weight else None, self.weight if x else None,
                                     self.grad_y],
                        [self.x.shape if x else None, self.weight.shape if weight else None,
                         self.bias.shape if bias else None])


@pytest.mark.parametrize("offset", [0, 8])
@pytest.mark.parametrize("options", LAYERS, ids=name_of)
def test_calls_are_right(options, offset):
    layer = eqc.Layer(**options)
    call = Call(layer, offset=offset)
    tolerance = reference.tolerance(layer.dtype)
    expected = reference.forward(layer, call.x, call.weight,
                                 call.bias if layer.has_bias else None, n=call.n)
    assert reference.error(call.forward(), expected) <= tolerance
    grads = reference.backward(layer, call.x, call.weight, call.grad_y, n=call.n)
    for needs in ((True, True, True), (True, False, False), (False, True, False)):
        for got, wanted, need in zip(call.backward(*needs), grads, needs):
            if need and wanted is not None:
                assert reference.error(got, wanted) <= tolerance
            else:
                assert got is None


def test_batch_0():
    call = Call(eqc.Layer(**LAYERS[0]), batch=0)
    assert call.forward().shape == (0, 3, 3, 8)
    _, weight, bias = call.backward()
    assert not weight.any() and not bias.any()


def test_each_chip_has_its_code_once():
    layer = eqc.Layer(**LAYERS[0])
    key = _registry.key_of(layer)
    first = _cuda.layer_for(key, "sm_90")
    assert _cuda.layer_for(key, _cuda.chip_of(0)) is first
    standin.start(86)
    assert _cuda.chip_of(0) == "sm_86"
    Call(layer).forward()
    standin.start(88)  # which eqc has not heard of
    assert _cuda.chip_of(0) == "sm_87"
    assert _cuda.layer_for(key, "sm_87") is not first
    standin.start(70)
    with pytest.raises(eqc.Error, match="GPU 0 has compute capability 7.0"):
        Call(layer).forward()
    with pytest.raises(eqc.KernelError, match="device 3"):
        _cuda.chip_of(3)


def test_threads_start_without_a_context():
    call, found = Call(eqc.Layer(**LAYERS[0])), []
    expected = call.forward()
    threads = [threading.Thread(target=lambda: found.append(call.forward())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(np.array_equal(y, expected) for y in found)


def test_errors_come_back():
    layer = eqc.Layer(**LAYERS[0])
    with pytest.raises(eqc.KernelError, match="'x' is NULL"):
        _cuda.call(_registry.key_of(layer), "forward", 3, 1, [None] * 4, PLACE, lambda count: 0)
    driver = standin.driver
    y = standin.Array(np.zeros(3 * 3 * 8, np.float32))
    with pytest.raises(eqc.KernelError, match="overlap"):
        _cuda.call(_registry.key_of(layer), "forward", 3, 1, [y.pointer] * 4, PLACE,
                   lambda count: driver.standin_allocate(count, 0))
    y.release()


def test_code_is_kept_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("EQC_CACHE_DIR", str(tmp_path))
    options = eqc._native.Options()
    source = eqc.Layer(**LAYERS[0], cache=False).spec
    for _ in range(2):
        layer = _cuda.DeviceLayer(source, options, "sm_90")
        assert layer.function("forward_in") and len(list(tmp_path.iterdir())) == 1
    _cuda.DeviceLayer(source, options, "sm_80")
    assert len(list(tmp_path.iterdir())) == 2


# PyTorch: the operators themselves, with their tensors copied to the device.

torch = pytest.importorskip("torch")

from eqc import _torch_direct, _torch_operators  # noqa: E402
from eqc.torch import EquivariantLinear  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402


@pytest.fixture
def on_device(monkeypatch):
    """Calls that the operators made there."""
    calls = []
    run = _torch_operators._run

    def record(key, kernel, name, n, batch, front, *tensors):
        def call(key, name, n, batch, arrays, place, allocate):
            calls.append(name)
            sized = [None if tensor is None else (array, tensor.nbytes // math.prod(front))
                     for array, tensor in zip(arrays, tensors)]
            assert front or [size and size[0] for size in sized] == [
                None if tensor is None else tensor.data_ptr() for tensor in tensors]
            standin.call_on_device(key, name, n, batch, sized, place, allocate)

        with monkeypatch.context() as patch:
            patch.setattr(_cuda, "call", call)
            run(key, kernel, name, n, batch, front, *tensors)

    monkeypatch.setattr(_torch_operators, "_run", record)
    monkeypatch.setattr(_torch_operators, "_place_of", lambda tensor: PLACE)
    # The tensors are on a CPU, where calls may do without operators.
    monkeypatch.setattr(_torch_direct, "linear", lambda *arguments: None)
    return calls


def module_of(options):
    torch.manual_seed(0)
    options = dict(options)
    channels = options.pop("channels")
    module = EquivariantLinear(**options, in_channels=channels[0], out_channels=channels[1])
    if module.bias is not None:
        torch.nn.init.normal_(module.bias)
    return module.double()


def cases_of(options):
    module = module_of({**{name: value for name, value in options.items() if name != "dtype"},
                        "channels": (2, 1)})
    n = module.n or 2
    torch.manual_seed(1)
    x = torch.randn(module.layer.x_shape(2, n), dtype=torch.float64, requires_grad=True)
    parameters = tuple(p for p in (module.weight, module.bias) if p is not None)

    def function(x, *parameters):
        named = dict(zip(("weight", "bias"), parameters))
        return torch.func.functional_call(module, named, (x, n) if module.k == 0 else x)

    return function, (x, *parameters)


@pytest.mark.parametrize("options", LAYERS, ids=name_of)
def test_derivatives_of_every_order(options, on_device):
    function, arguments = cases_of(options)
    assert torch.autograd.gradcheck(function, arguments, fast_mode=True)
    assert torch.autograd.gradgradcheck(function, arguments, fast_mode=True)
    assert torch.autograd.gradcheck(function, arguments, fast_mode=True, check_forward_ad=True)
    assert {"forward", "backward"} == set(on_device)


def test_transforms_and_compiled_code(on_device):
    function, (x, *parameters) = cases_of(LAYERS[0])
    x = x.detach()

    def loss(x, *parameters):
        return function(x, *parameters).square().sum()

    expected = torch.func.grad(loss, argnums=(0, 1, 2))(x, *parameters)
    count = len(on_device)
    compiled = torch.compile(torch.func.grad(loss, argnums=(0, 1, 2)), fullgraph=True,
                             backend="aot_eager")
    for got, wanted in zip(compiled(x, *parameters), expected):
        torch.testing.assert_close(got, wanted)
    assert len(on_device) == 2 * count
    each = torch.func.vmap(torch.func.grad(loss, argnums=1), (0, None, None))(x[:, None], *parameters)
    torch.testing.assert_close(each.sum(0), expected[1])


def test_modules_on_devices(monkeypatch):
    # Which would copy from NumPy's memory to the device.
    monkeypatch.setattr(EquivariantLinear, "reset_parameters", lambda self: None)
    # No gradients: this PyTorch ends the process where a node of its graph is on a device.
    with FakeTensorMode(), torch.no_grad():
        module = EquivariantLinear("S", 2, 2, 4, 8, n=3, device="cuda:1")
        x = torch.empty(2, 5, 3, 3, 4, device="cuda:1")
        y = module(x)
        assert y.device == torch.device("cuda:1") and y.shape == (2, 5, 3, 3, 8)
        flat = x.flatten(0, 1), module.weight, y.flatten(0, 1)
        for grad in _torch_operators.linear_backward(*flat, module._key(), 3, True, True, True):
            assert grad.device == torch.device("cuda:1")
        with pytest.raises(ValueError, match="several devices: cuda:0, cuda:1; move them"):
            module(x.to("cuda:0"))
        with pytest.raises(ValueError, match="several devices: cpu, cuda:1"):
            module(torch.empty(2, 3, 3, 4))
