"""The portable graphs of `eqc compile --emit=linalg`, compiled and run by IREE."""

import os
import subprocess

import numpy as np
import pytest

import eqc
import reference

compiler = pytest.importorskip("iree.compiler")
runtime = pytest.importorskip("iree.runtime")

EQC = os.environ["EQC_PROGRAM"]
FIELDS = dict(channels=(3, 5), dtype="f32")
LAYERS = {
    "pairs": dict(group="S", n=4, k=2, l=2, bias=True),
    "nodes": dict(group="S", n=3, k=2, l=1, bias=True, layout="channels_first", normalize="mean"),
    "stress": dict(group="O", n=3, k=2, l=2, bias=True),
    "cross": dict(group="SO", n=3, k=2, l=1),
    "signs": dict(group="H", n=3, k=2, l=2, bias=True),
    "books": dict(group="B", n=3, k=2, l=1, bias=True, normalize="mean"),
    "planes": dict(group="Sp", n=4, k=2, l=2, bias=True, layout="channels_first"),
}


def text(fields):
    c_in, c_out = FIELDS["channels"]
    words = [f"{name} = {'true' if value is True else value}" for name, value in fields.items()]
    return "; ".join([*words, f"channels = {c_in} -> {c_out}"])


@pytest.fixture(scope="module", params=["dense", "factored", "shared", "schur"])
def graphs(request, tmp_path_factory):
    """One module of all layers under one plan, as IREE loads it."""
    source = tmp_path_factory.mktemp("portable") / "layers.eq"
    source.write_text("".join(f"layer {name} {{ {text(fields)} }}\n"
                              for name, fields in LAYERS.items()))
    graph = subprocess.run(
        [EQC, "compile", str(source), "--emit=linalg", f"--plan={request.param}", "-o", "-"],
        check=True, capture_output=True, text=True).stdout
    code = compiler.compile_str(graph, target_backends=["llvm-cpu"],
                                extra_args=["--iree-llvmcpu-target-cpu=generic"])
    context = runtime.SystemContext(config=runtime.Config("local-sync"))
    context.add_vm_module(runtime.VmModule.copy_buffer(context.instance, code))
    return context.modules.module


@pytest.mark.parametrize("name", LAYERS)
def test_equals_the_definition(graphs, name):
    layer = eqc.Layer(**LAYERS[name], **FIELDS)
    random = np.random.default_rng(3)
    x, grad_y, weight, bias = (
        random.standard_normal(shape).astype(np.float32)
        for shape in (layer.x_shape(2), layer.y_shape(2), layer.weight_shape,
                      (len(layer.bias_diagrams), layer.channels[1])))
    biases = (bias,) if layer.has_bias else ()
    y = np.asarray(graphs[name](x, weight, *biases))
    assert reference.error(y, reference.forward(layer, x, weight, *biases)) < 3e-5
    grad_x = np.asarray(graphs[f"{name}_grad_x"](grad_y, weight))
    expected, _, _ = reference.backward(layer, x, weight, grad_y)
    assert reference.error(grad_x, expected) < 3e-5


def unit_channels(plan):
    """The error of order 2 -> 2 of S from one channel to one."""
    layer = eqc.Layer(group="S", n=4, k=2, l=2, channels=(1, 1), dtype="f32")
    graph = subprocess.run(
        [EQC, "compile", "-", "--emit=linalg", "--no-grad", f"--plan={plan}", "-o", "-"],
        check=True, capture_output=True, text=True,
        input="layer unit { group = S; n = 4; k = 2; l = 2; channels = 1 -> 1 }").stdout
    code = compiler.compile_str(graph, target_backends=["llvm-cpu"],
                                extra_args=["--iree-llvmcpu-target-cpu=generic"])
    context = runtime.SystemContext(config=runtime.Config("local-sync"))
    context.add_vm_module(runtime.VmModule.copy_buffer(context.instance, code))
    random = np.random.default_rng(3)
    x, weight = (random.standard_normal(shape).astype(np.float32)
                 for shape in (layer.x_shape(2), layer.weight_shape))
    y = np.asarray(context.modules.module.unit(x, weight))
    return reference.error(y, reference.forward(layer, x, weight))


@pytest.mark.parametrize("plan", ["factored", "dense"])
def test_one_channel(plan):
    assert unit_channels(plan) < 3e-5


@pytest.mark.xfail(strict=True, reason="IREE 3.13 folds the axes of one channel and loses the "
                   "diagonal; docs/Linalg.md says so")
@pytest.mark.parametrize("plan", ["shared", "schur"])
def test_one_channel_with_diagonals(plan):
    assert unit_channels(plan) < 3e-5
