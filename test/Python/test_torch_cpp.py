"""Exported models in a C++ program: libeqc_torch registers the operators there.

The program is compiled against the libtorch inside the torch package, and runs without a
Python: neither in the process nor on the path."""

import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import eqc
import numpy as np
import pytest
from eqc import _library, _registry

torch = pytest.importorskip("torch")
from eqc.torch import EquivariantLinear  # noqa: E402
from torch.fx.experimental.proxy_tensor import make_fx  # noqa: E402

TORCH = Path(torch.__file__).parent
LIBRARY = _library._load()[1].resolve().with_name("libeqc_torch.so")
SOURCE = Path(__file__).resolve().parent.parent / "Torch" / "RunModel.cpp"
COMPILER = os.environ.get("CXX") or shutil.which("c++") or shutil.which("clang++-22")

pytestmark = [
    pytest.mark.skipif(not LIBRARY.is_file(), reason="libeqc_torch is not built"),
    pytest.mark.skipif(COMPILER is None, reason="no C++ compiler"),
]


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("program") / "RunModel"
    subprocess.run(
        [COMPILER, "-std=c++20", "-O0", str(SOURCE), "-o", str(path),
         f"-I{TORCH / 'include'}", f"-L{TORCH / 'lib'}",
         f"-D_GLIBCXX_USE_CXX11_ABI={int(torch._C._GLIBCXX_USE_CXX11_ABI)}",
         "-Wl,--no-as-needed", "-ltorch", "-ltorch_cpu", "-lc10", "-ldl",
         f"-Wl,-rpath,{TORCH / 'lib'}"], check=True)
    return path


def run(program, model, folder, *inputs, library=LIBRARY):
    """What the model gives in the C++ program: a list of arrays."""
    arguments = []
    for i, value in enumerate(inputs):
        value.contiguous().numpy().tofile(folder / f"input{i}")
        arguments += ["f64" if value.dtype == torch.float64 else "f32",
                      ",".join(map(str, value.shape)), str(folder / f"input{i}")]
    done = subprocess.run(
        [str(program), str(library), str(model), str(folder / "output"), *arguments],
        env={"PATH": "/nowhere", "HOME": str(folder), "TMPDIR": str(folder)},
        capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"status {done.returncode}: {done.stderr}")
    numbers = np.fromfile(folder / "output", inputs[0].numpy().dtype)
    results = []
    for line in done.stdout.splitlines():
        shape = eval(line)
        size = int(np.prod(shape))
        results.append(numbers[:size].reshape(shape))
        numbers = numbers[size:]
    assert numbers.size == 0
    return results


def package(exported, path):
    return torch._inductor.aoti_compile_and_package(exported, package_path=str(path))


def close(got, want):
    want = want.detach().numpy()
    np.testing.assert_allclose(got, want, rtol=3e-5 if want.dtype == np.float32 else 1e-11,
                               atol=1e-6 if want.dtype == np.float32 else 1e-12)


def test_a_model(program, tmp_path):
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        EquivariantLinear("S", 2, 2, 3, 5), torch.nn.ReLU(),
        EquivariantLinear("S", 2, 1, 5, 4, bias=False), torch.nn.Tanh(),
        EquivariantLinear("S", 1, 0, 4, 2, normalize="mean"))
    batch, n = torch.export.Dim("batch", min=2, max=64), torch.export.Dim("n", min=2, max=64)
    exported = torch.export.export(net, (torch.randn(4, 6, 6, 3),),
                                   dynamic_shapes=({0: batch, 1: n, 2: n},))
    model = package(exported, tmp_path / "model.pt2")
    for size, n in [(2, 6), (4, 3), (7, 9)]:
        x = torch.randn(size, n, n, 3)
        y, = run(program, model, tmp_path, x)
        close(y, net(x))


class Energy(torch.nn.Module):
    """An energy that rotations and permutations of the atoms do not change: of pairwise
    differences, invariant features by O(3) layers, then a layer over the atoms."""

    def __init__(self, dtype):
        super().__init__()
        self.pairs = EquivariantLinear("O", 2, 0, 1, 6, n=3, bias=True, dtype=dtype)
        self.atoms = EquivariantLinear("S", 2, 0, 6, 1, n=None, bias=False, dtype=dtype)

    def forward(self, positions):
        difference = positions[:, None] - positions[None]
        outer = difference[..., :, None] * difference[..., None, :]
        features = torch.tanh(self.pairs(outer[..., None]))
        return self.atoms(features[None])[0, 0]


def test_forces(program, tmp_path, dtype=torch.float64):
    torch.manual_seed(1)
    energy = Energy(dtype)

    def energy_and_forces(positions):
        positions = positions.detach().requires_grad_()
        value = energy(positions)
        gradient, = torch.autograd.grad(value, positions)
        return value.detach(), -gradient

    positions = torch.randn(5, 3, dtype=dtype)
    graph = make_fx(energy_and_forces)(positions)
    named = {str(node.target) for node in graph.graph.nodes}
    assert {"eqc.linear.default", "eqc.linear_backward.default"} <= named
    model = package(torch.export.export(graph, (positions,)), tmp_path / "forces.pt2")

    for _ in range(2):
        positions = torch.randn(5, 3, dtype=dtype)
        value, forces = run(program, model, tmp_path, positions)
        want, want_forces = energy_and_forces(positions)
        close(value, want)
        close(forces, want_forces)
    # The definition of forces, without any of the above: differences of energies.
    step = 1e-5
    for atom, axis in [(0, 0), (3, 2)]:
        moved = torch.zeros_like(positions)
        moved[atom, axis] = step
        slope = (energy(positions + moved) - energy(positions - moved)).item() / (2 * step)
        assert forces[atom, axis] == pytest.approx(-slope, rel=1e-6, abs=1e-9)


def test_wrong_calls_are_errors(program, tmp_path):
    """The text of the library reaches the program, and nothing ends it."""
    net = EquivariantLinear("S", 1, 1, 1, 1, n=3, bias=False)
    model = package(torch.export.export(net, (torch.randn(2, 3, 1),)), tmp_path / "model.pt2")
    changed = 0  # to a layer that nobody can compile
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(tmp_path / "wrong.pt2", "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.endswith(".json"):
                changed += data.count(b"group = S")
                data = data.replace(b"group = S", b"group = G")
            new.writestr(entry, data)
    assert changed
    with pytest.raises(RuntimeError, match="E0030"):
        run(program, tmp_path / "wrong.pt2", tmp_path, torch.randn(2, 3, 1))
    run(program, model, tmp_path, torch.randn(2, 3, 1))


def test_without_a_compiler_beside_it(program, tmp_path):
    alone = tmp_path / "libeqc_torch.so"
    shutil.copyfile(LIBRARY, alone)
    with pytest.raises(RuntimeError, match="libeqc.so is not to be had"):
        run(program, "none.pt2", tmp_path, library=alone)


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


CALL = """
layer = eqc.Layer(group="S", n=3, k=1, l=1)
x = torch.tensor([[[1.], [2.], [4.]]], requires_grad=True)
y = eqc.torch.linear(layer, x, torch.tensor([[[10.]], [[1.]]]))
y[0, 0, 0].backward()
print(*y.ravel().tolist(), *x.grad.ravel().tolist())
"""


@pytest.mark.parametrize("order", [
    f"torch.ops.load_library({str(LIBRARY)!r}); import eqc.torch",
    f"import eqc.torch; torch.ops.load_library({str(LIBRARY)!r})",
], ids=["library first", "Python first"])
def test_both_in_one_process(order):
    assert python(f"import torch, eqc; {order}\n{CALL}") == [
        "17.0", "27.0", "47.0", "11.0", "1.0", "1.0"]


def test_the_operators_are_those_of_python():
    """The library's kernels, called by name from a Python without eqc.torch."""
    ours = {name: str(getattr(torch.ops.eqc, name).default._schema)
            for name in ("linear", "linear_backward")}
    code = f"""
import torch
torch.ops.load_library({str(LIBRARY)!r})
for name in ("linear", "linear_backward"):
    print(getattr(torch.ops.eqc, name).default._schema)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          timeout=300, check=True)
    assert done.stdout.splitlines() == list(ours.values())


KERNELS = """
import pickle, sys
import numpy as np, torch
import reference
torch.ops.load_library(sys.argv[1])
linear, backward = torch.ops.eqc.linear, torch.ops.eqc.linear_backward
assert not any(name.startswith("eqc.torch") for name in sys.modules)

for layer, key, n, batch in pickle.load(sys.stdin.buffer):
    rng = np.random.default_rng(0)
    def draw(shape):
        return torch.from_numpy(rng.standard_normal(shape).astype(layer.dtype))
    def near(got, want):
        assert reference.error(got, want) <= reference.tolerance(layer.dtype), layer
    x, weight, grad_y = (draw(shape) for shape in (
        layer.x_shape(batch, n), layer.weight_shape, layer.y_shape(batch, n)))
    bias = draw(layer.bias_shape) if layer.has_bias else None
    near(linear(x, weight, bias, key, n), reference.forward(layer, x, weight, bias, n))
    near(linear(x, weight, None, key, n), reference.forward(layer, x, weight, None, n))
    wide = torch.stack([x, x], -1)[..., 0]  # not contiguous
    assert torch.equal(linear(wide, weight, bias, key, n), linear(x, weight, bias, key, n))
    want = reference.backward(layer, x, weight, grad_y, n)
    for needs in [(True, True, layer.has_bias), (True, False, False), (False, True, False),
                  (False, False, layer.has_bias)]:
        for got, need, value in zip(backward(x, weight, grad_y, key, n, *needs), needs, want):
            if need:
                near(got, value)
            else:
                assert got.shape == (0,)
    # Axes in front, as of vmap over weights: each point is a call.
    for front in ((2, 3), (0,)):
        xs, ws, gs = (draw((*front, *a.shape)) for a in (x, weight, grad_y))
        bs = None if bias is None else draw((*front, *bias.shape))
        needs = (True, True, bias is not None)
        ys, grads = linear(xs, ws, bs, key, n), backward(xs, ws, gs, key, n, *needs)
        assert ys.shape == (*front, *grad_y.shape) and grads[1].shape == ws.shape
        for i in np.ndindex(front):
            assert torch.equal(ys[i], linear(xs[i], ws[i], bs if bs is None else bs[i], key, n))
            for got, want, need in zip(grads, backward(xs[i], ws[i], gs[i], key, n, *needs), needs):
                assert not need or torch.equal(got[i], want)
    for wrong, text in [
            (lambda: linear(x.half(), weight, bias, key, n), "x is not of torch.float"),
            (lambda: linear(x, weight[:0], bias, key, n), "weight has shape"),
            (lambda: linear(x[..., None], weight, bias, key, n), "x has shape"),
            (lambda: linear(x.sum(), weight, bias, key, n), "x has no batch axis"),
            (lambda: linear(x, weight, bias, key, -1), "n is -1; expected"),
            (lambda: linear(x, weight, bias, "{}", n), "'source' is not a string"),
            (lambda: backward(x, weight, grad_y[..., :0], key, n, True, True, False),
             "grad_y has shape")]:
        try:
            wrong()
        except RuntimeError as error:
            assert text in str(error), error
        else:
            raise AssertionError(text)
"""


def test_kernels_are_the_definition():
    cases = []
    for options in [
            dict(group="S", n=3, k=2, l=2, channels=(2, 3), bias=True),
            dict(group="S", n=4, k=1, l=2, channels=(3, 2), layout="channels_first", bias=True,
                 normalize="mean", dtype="f64"),
            dict(group="O", n=3, k=2, l=2, channels=(2, 2), bias=True, plan="schur"),
            dict(group="SO", n=3, k=2, l=1, channels=(1, 4), dtype="f64", plan="dense"),
            dict(group="Sp", n=2, k=1, l=1, channels=(2, 3), threads=False),
            dict(group="S", n=None, k=2, l=1, channels=(2, 3), bias=True),
            dict(group="Sp", n=None, k=2, l=0, bias=True, layout="channels_first"),
            dict(group="S", n=2, k=0, l=0, channels=(2, 2), bias=True, optimize=0),
            dict(group="O", n=2, k=3, l=1, diagrams="basis", max_diagrams=100)]:
        layer = eqc.Layer(**options)
        cases += [(layer, _registry.key_of(layer), layer.n or 4, batch) for batch in (0, 1, 3)]
    subprocess.run([sys.executable, "-c", KERNELS, str(LIBRARY)], input=pickle.dumps(cases),
                   cwd=Path(__file__).parent, check=True, timeout=300)
