"""Copies and pickles: a layer is told by its source and its options."""

import concurrent.futures
import copy
import multiprocessing
import pickle
import subprocess
import sys

import eqc
import numpy as np
import pytest
from eqc import _registry
from hypothesis import given, settings
from hypothesis import strategies as st
from test_layer import LAYERS, arguments
from test_properties import draw_arguments, few, layers

TWO = "layer a { group = S; n = 3; k = 1; l = 1 }\nlayer b { group = O; n = ?; k = 2; l = 2 }"


@settings(few, max_examples=15)
@given(layers(optimize=1), st.sampled_from(range(pickle.HIGHEST_PROTOCOL + 1)))
def test_a_pickle_is_the_same_layer(layer_and_n, protocol):
    layer, n = layer_and_n
    assert copy.copy(layer) is layer and copy.deepcopy([layer])[0] is layer
    data = pickle.dumps(layer, protocol)
    assert pickle.loads(data) is layer  # of a process that has it
    _registry._layers.clear()  # as in another one
    other = pickle.loads(data)
    assert other is not layer and other == layer and hash(other) == hash(layer)
    assert other.options == layer.options and repr(other) == repr(layer)
    x, weight, bias, grad_y = draw_arguments(layer, n, 2, 0)
    y = layer(x, weight, bias, n=n)
    np.testing.assert_array_equal(other(x, weight, bias, n=n), y)
    np.testing.assert_array_equal(other(x, layer.pack(weight), bias, n=n), y)
    for got, want in zip(other.backward(x, weight, grad_y, n=n),
                         layer.backward(x, weight, grad_y, n=n)):
        np.testing.assert_array_equal(got, want)


def test_layers_are_equal_when_they_are_the_same():
    options = dict(group="S", n=3, k=1, l=1)
    layer = eqc.Layer(**options)
    same = [eqc.Layer(**options), eqc.Layer(**options, cache=False),
            eqc.compile("layer layer{group=S;n=3;k=1;l=1} # anywhere").layer]
    others = [eqc.Layer(**{**options, **change}) for change in (
        dict(n=4), dict(n=None), dict(bias=True), dict(dtype="f64"), dict(name="other"),
        dict(plan="dense"), dict(optimize=1), dict(grad=False), dict(threads=False))]
    assert {layer, *same} == {layer} and all(one == layer for one in same)
    assert len({layer, *others}) == 1 + len(others)
    assert layer != "layer" and layer != 3


def test_layers_do_not_change():
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    before = dict(vars(layer))
    for name in ("n", "dtype", "spec", "new"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(layer, name, 4)
    with pytest.raises(AttributeError, match="immutable"):
        del layer.n
    assert vars(layer) == before


def test_programs():
    program = eqc.compile(TWO, file="two.eq", optimize=1)
    assert copy.copy(program) is program and copy.deepcopy(program) is program
    other = pickle.loads(pickle.dumps(program))
    assert other == program and hash(other) == hash(program) and list(other) == ["a", "b"]
    assert other["b"].options.optimize == 1
    assert program != eqc.compile(TWO) and program != eqc.compile(program["a"].spec)
    # One layer of several: its own source is enough.
    assert pickle.loads(pickle.dumps(program["b"])) == program["b"]


def test_packed_weights():
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    packed = layer.pack(np.ones(layer.weight_shape, np.float32))
    assert copy.copy(packed) is packed and copy.deepcopy(packed) is packed
    with pytest.raises(TypeError, match="pickle the weight"):
        pickle.dumps(packed)


def test_results_and_errors():
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    x, weight, _ = arguments(layer, 1)
    for value in (layer.options, eqc.Diagnostic("error", "no", related=(
            eqc.Diagnostic("help", "yes", fix="yes"),))):
        assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)
        assert hash(copy.copy(value)) == hash(value)
    grads = layer.backward(x, weight, layer(x, weight))
    for got, want in zip(pickle.loads(pickle.dumps(grads)), grads):
        np.testing.assert_array_equal(got, want)
    for act in (lambda: eqc.compile("layer"), lambda: layer(x, weight, out=x)):
        with pytest.raises(eqc.Error) as caught:
            act()
        error = caught.value
        for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
            assert type(other) is type(error) and str(other) == str(error)
            assert vars(other) == vars(error)
    missing = eqc.LibraryNotFoundError("nowhere")
    assert str(pickle.loads(pickle.dumps(missing))) == "nowhere"


def test_other_processes_have_the_same_layers():
    cases = []
    for options in LAYERS:
        layer = eqc.Layer(**options)
        given = arguments(layer, 2)
        cases.append((layer, given, layer(*given)))
    code = ("import pickle, sys, numpy\n"
            "for layer, given, y in pickle.load(sys.stdin.buffer):\n"
            "    numpy.testing.assert_array_equal(layer(*given), y)\n")
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps(cases), check=True,
                   timeout=300)


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_workers_take_layers(method):
    layer = eqc.Layer(group="S", n=4, k=2, l=1, channels=(2, 3), bias=True)
    cases = [arguments(layer, batch) for batch in (1, 2, 3)]
    with concurrent.futures.ProcessPoolExecutor(
            2, multiprocessing.get_context(method)) as workers:
        results = [workers.submit(layer, *case) for case in cases]
        for case, result in zip(cases, results):
            np.testing.assert_array_equal(result.result(timeout=300), layer(*case))


@pytest.mark.parametrize("package", ["cloudpickle", "dill", "joblib"])
def test_picklers_of_others(package, tmp_path):
    module = pytest.importorskip(package)
    layer = eqc.Layer(group="S", n=3, k=1, l=1)
    if package == "joblib":
        module.dump(layer, tmp_path / "layer")
        assert module.load(tmp_path / "layer") == layer
        assert module.hash(layer) == module.hash(eqc.Layer(group="S", n=3, k=1, l=1))
    else:
        function = module.loads(module.dumps(lambda x, weight: layer(x, weight)))
        x, weight, _ = arguments(layer, 1)
        np.testing.assert_array_equal(function(x, weight), layer(x, weight))


def test_modules_that_keep_a_layer(tmp_path):
    torch = pytest.importorskip("torch")
    module = torch.nn.Module()
    module.layer = eqc.Layer(group="S", n=3, k=1, l=1)
    assert copy.deepcopy(module).layer is module.layer
    torch.save(module, tmp_path / "module.pt")
    assert torch.load(tmp_path / "module.pt", weights_only=False).layer == module.layer
