"""Layers on GPUs from JAX: the handlers as XLA calls them, on a driver without a GPU. What is
left out is XLA itself."""

import ctypes
import os
import shlex
import subprocess
from pathlib import Path

import eqc
import numpy as np
import pytest
import reference
import standin
from eqc import _registry

jax = pytest.importorskip("jax")

import eqc.jax  # noqa: E402
from eqc import _xla  # noqa: E402
from test_cuda import LAYERS, Call, device, name_of  # noqa: E402, F401

Allocate = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t)


class FrameArray(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("rank", ctypes.c_int64),
                ("dims", ctypes.c_int64 * 8)]


class FrameCall(ctypes.Structure):
    _fields_ = [("layer", ctypes.c_char_p), ("source", ctypes.c_char_p),
                *((name, ctypes.c_int64) for name in ("n", "mapped", "needs", "num_args",
                                                      "num_rets")),
                ("arrays", FrameArray * 8), ("device", ctypes.c_int32), ("allocate", Allocate)]


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    library = tmp_path_factory.mktemp("frame") / "frame.so"
    source = Path(__file__).with_name("xla_frame.c")
    subprocess.run([*shlex.split(os.environ.get("CC") or "cc"), "-std=c11", "-Wall", "-Wextra",
                    "-Werror", "-fPIC", "-shared", "-I", jax.ffi.include_dir(), str(source),
                    "-o", str(library)], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.frame_run.restype = ctypes.c_char_p
    loaded.frame_run.argtypes = [ctypes.c_void_p, ctypes.POINTER(FrameCall)]
    return loaded


def run(frame, layer, name, n, inputs, shapes, mapped=0, needs=0, device=0, memory=True):
    """The results of a handler, or what it answers."""
    arrays = [standin.Array(array) for array in inputs]
    arrays += [standin.Array(np.full(shape, np.nan, layer.dtype)) for shape in shapes]
    work = []

    @Allocate
    def allocate(count):
        work.append(standin.Array(np.full(count, 0xff, np.uint8)))
        return work[-1].pointer

    call = FrameCall(_xla.name_of(layer).encode(), _registry.key_of(layer).encode(), n, mapped,
                     needs, len(inputs), len(shapes), device=device,
                     allocate=allocate if memory else Allocate())
    for i, array in enumerate(arrays):
        call.arrays[i] = FrameArray(array.pointer, array.values.ndim,
                                    (ctypes.c_int64 * 8)(*array.values.shape))
    handler = ctypes.cast(getattr(_xla.handlers(), f"eqc_xla_cuda_{name}"), ctypes.c_void_p)
    try:
        message = frame.frame_run(handler, ctypes.byref(call)).decode()
        return message or [array.read() for array in arrays[len(inputs):]]
    finally:
        for array in (*arrays, *work):
            array.release()


@pytest.mark.parametrize("options", LAYERS, ids=name_of)
def test_handlers_are_right(options, frame):
    layer = eqc.Layer(**options)
    call = Call(layer)
    bias = [call.bias] if layer.has_bias else []
    y, = run(frame, layer, "forward", call.n, [call.x, call.weight, *bias],
             [layer.y_shape(call.batch, call.n)])
    expected = reference.forward(layer, call.x, call.weight, *bias, n=call.n)
    assert reference.error(y, expected) <= reference.tolerance(layer.dtype)
    needs = 7 if layer.has_bias else 3
    grads = run(frame, layer, "backward", call.n, [call.x, call.weight, call.grad_y],
                [call.x.shape, call.weight.shape, layer.bias_shape][:3 if needs == 7 else 2],
                needs=needs)
    for got, wanted in zip(grads, reference.backward(layer, call.x, call.weight, call.grad_y,
                                                     n=call.n)):
        assert reference.error(got, wanted) <= reference.tolerance(layer.dtype)


def test_mapped_weights(frame):
    layer = eqc.Layer(group="S", n=3, k=1, l=1, channels=(2, 4))
    calls = [Call(layer, seed=seed) for seed in range(3)]
    ys, = run(frame, layer, "forward", 3, [np.stack([call.x for call in calls]),
                                           np.stack([call.weight for call in calls])],
              [(3, *layer.y_shape(3))], mapped=1)
    for y, call in zip(ys, calls):
        assert reference.error(y, reference.forward(layer, call.x, call.weight)) <= 3e-5


def test_errors_come_back(frame):
    call = Call(eqc.Layer(**LAYERS[0]))
    arguments = (frame, call.layer, "forward", call.n, [call.x, call.weight, call.bias],
                 [call.layer.y_shape(call.batch)])
    assert run(*arguments, memory=False) == "XLA has no memory"
    assert "device 2" in run(*arguments, device=2)
    standin.start(70)
    assert "compute capability 7.5" in run(*arguments)


def test_lowering_for_gpus_names_the_same_functions():
    layer = eqc.Layer(**LAYERS[0])
    weight, bias = eqc.jax.init(layer, jax.random.key(0))

    def loss(weight, bias, x):
        return (eqc.jax.linear(layer, x, weight, bias)**2).sum()

    checks = [jax.export.DisabledSafetyCheck.custom_call(f"eqc_xla_{name}")
              for name in ("forward", "backward")]
    program = jax.export.export(jax.jit(jax.grad(loss)), platforms=["cuda"],
                                disabled_checks=checks)(
        weight, bias, jax.ShapeDtypeStruct(layer.x_shape(2), np.float32))
    assert "eqc_xla_forward" in program.mlir_module()
    assert "eqc_xla_backward" in program.mlir_module()
