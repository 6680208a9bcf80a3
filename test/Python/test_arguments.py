"""What users hand to a layer instead of contiguous arrays of its dtype. Every message that
says what to call is followed here to the letter, and what it gives must be accepted."""

import re

import eqc
import numpy as np
import pytest


@pytest.fixture(scope="module")
def layer():
    return eqc.Layer(group="S", n=3, k=1, l=1, channels=(2, 2))


X = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
WEIGHT = np.arange(8, dtype=np.float32).reshape(2, 2, 2)


def expected(x=X):
    """y = x W_0 + (sum of x) W_1, by the definition."""
    return x @ WEIGHT[0] + x.sum(axis=1, keepdims=True) @ WEIGHT[1]


def call(layer, x):
    """The layer on x, after at most two pieces of advice, each of which is followed."""
    advices = []
    while True:
        try:
            return layer(x, WEIGHT), advices
        except (TypeError, ValueError) as error:
            assert len(advices) < 2, error
            advice = re.search(r"(?:use|with) (?:one field, )?"
                               r"([\w.]+\(.*?\)|x(?:\.\w+)+\(\)?)(?:$| and,| or )", str(error))
            assert advice, error
            advices.append(advice[1])
            x = eval(advice[1], {"x": x, "numpy": np})


class Quantity(np.ndarray):
    """Numbers with a meaning: arithmetic is its own affair."""

    def __array_ufunc__(self, *arguments, **options):
        return NotImplemented


def unaligned(x):
    data = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(x.shape)
    data[...] = x
    return data


def record(x):
    array = np.zeros(x.shape, [("a", "f4"), ("b", "i1")])
    array["a"] = x
    return array


INPUTS = {
    "float64": lambda x: x.astype(np.float64), "float16": lambda x: x.astype(np.float16),
    "int": lambda x: x.astype(int), "bool": lambda x: x != 0,
    "object": lambda x: x.astype(object), "string": lambda x: x.astype(str),
    "complex": lambda x: x + 1j, "big endian": lambda x: x.astype(">f4"),
    "record": record, "recarray": lambda x: record(x).view(np.recarray),
    "list": lambda x: x.tolist(), "nested tuple": lambda x: tuple(map(tuple, x)),
    "memoryview": memoryview, "fortran": np.asfortranarray, "backwards": lambda x: x[::-1],
    "float64 and strided": lambda x: np.repeat(x, 2, axis=2).astype(float)[..., ::2],
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape), "unaligned": unaligned,
    "quantity": lambda x: x.view(Quantity), "masked": np.ma.masked_array,
}


@pytest.mark.parametrize("kind", INPUTS)
def test_advice_helps(layer, kind):
    x = INPUTS[kind](X)
    y, advices = call(layer, x)
    assert advices
    plain = {"broadcast": np.repeat(X[:1], 2, axis=0), "backwards": X[::-1],
             "bool": (X != 0).astype(np.float32)}.get(kind, X)
    np.testing.assert_allclose(y, expected(plain), rtol=1e-6)


@pytest.mark.parametrize("kind, make", {
    "read-only": lambda x, path: np.frombuffer(x.tobytes(), np.float32).reshape(x.shape),
    "memory-mapped": lambda x, path: mapped(x, path),
}.items())
def test_arrays_like_others(layer, tmp_path, kind, make):
    np.testing.assert_allclose(layer(make(X, tmp_path / "x"), WEIGHT), expected(), rtol=1e-6)


def mapped(x, path):
    x.tofile(path)
    return np.memmap(path, np.float32, "r", shape=x.shape)


def test_masks_are_not_ignored(layer):
    x = np.ma.masked_array(X, mask=X > 3)
    for arguments in [(x, WEIGHT), (X, np.ma.masked_array(WEIGHT))]:
        with pytest.raises(TypeError, match=r"masked array.*\.filled\(\)"):
            layer(*arguments)
    with pytest.raises(TypeError, match=r"grad_y is a masked array.*\.filled\(\)"):
        layer.backward(X, WEIGHT, x)
    with pytest.raises(TypeError, match="weight is a masked array"):
        layer.pack(np.ma.masked_array(WEIGHT))
    np.testing.assert_allclose(layer(x.filled(0), WEIGHT), expected(np.where(X > 3, 0, X)),
                               rtol=1e-6)
    out = np.ma.masked_array(np.empty_like(X), mask=X > 3)
    with pytest.raises(TypeError, match=r"use out\.data"):
        layer(X, WEIGHT, out=out)
    layer(X, WEIGHT, out=out.data)
    np.testing.assert_allclose(out.data, expected(), rtol=1e-6)


def test_dimensions_of_no_meaning(layer):
    empty = np.empty((0, 3, 2), np.float32)
    assert layer(empty[::-1], WEIGHT).shape == (0, 3, 2)
    assert layer(X[:, ::2][:0, [0, 1, 0]], WEIGHT).shape == (0, 3, 2)
    with pytest.raises(ValueError, match=r"x has shape \[2, 3\]"):
        layer(X[:, :, 0].view(np.matrix), WEIGHT)
    for nothing in (None, [], np.float32(1)):
        with pytest.raises((TypeError, ValueError), match="x "):
            layer(nothing, WEIGHT)
    with pytest.raises(TypeError, match="x is None"):
        layer.backward(None, WEIGHT, X)
    with pytest.raises(TypeError, match="weight is packed.*the array"):
        layer.backward(X, layer.pack(WEIGHT), X)
    sized = eqc.Layer(group="S", n=None, k=1, l=1, channels=(2, 2))
    with pytest.raises(TypeError, match=r"x is a list.*numpy.ascontiguousarray"):
        sized(X.tolist(), WEIGHT)
    # Channels at the other end are told of, as what is wrong and what takes them there.
    with pytest.raises(ValueError, match="move its channels.*'channels_first'"):
        layer(X.swapaxes(1, 2).copy(), WEIGHT)
    first = eqc.Layer(group="S", n=3, k=1, l=1, channels=(2, 2), layout="channels_first")
    with pytest.raises(ValueError, match="move its channels.*'channels_last'"):
        first(X, WEIGHT)
    with pytest.raises(ValueError, match=r"grad_y has shape \[3, 2\]"):
        sized.backward(None, WEIGHT, X[0], wrt=["x"])


@pytest.mark.parametrize("out", [
    np.empty((2, 3, 2)), np.empty((2, 3, 4), np.float32)[..., ::2], np.empty((2, 3, 2), int),
    np.empty((2, 2, 3), np.float32).swapaxes(1, 2), np.empty((2, 3, 2), ">f4"),
    unaligned(np.empty_like(X)), np.empty((2, 3, 2), object),
], ids=["float64", "strided", "int", "transposed", "big endian", "unaligned", "object"])
def test_advice_about_outputs_keeps_the_result(layer, out):
    with pytest.raises((TypeError, ValueError),
                       match=r"leave out out= and assign the result to out\[\.\.\.\]"):
        layer(X, WEIGHT, out=out)
    out[...] = layer(X, WEIGHT)
    np.testing.assert_allclose(out.astype(np.float32), expected(), rtol=1e-6)


def test_outputs(layer, tmp_path):
    out = np.memmap(tmp_path / "y", np.float32, "w+", shape=X.shape)
    assert layer(X, WEIGHT, out=out) is out
    np.testing.assert_allclose(np.fromfile(tmp_path / "y", np.float32), expected().ravel())
    for wrong, words in [(mapped(X, tmp_path / "x"), "read-only"), ([[0]], "a list"),
                         (X[:, :2], r"shape \[2, 2, 2\]; expected \[2, 3, 2\]")]:
        with pytest.raises((TypeError, ValueError), match=words):
            layer(X, WEIGHT, out=wrong)


def test_tensors_of_torch(layer):
    torch = pytest.importorskip("torch")
    x = torch.tensor(X)
    np.testing.assert_allclose(layer(x, torch.nn.Parameter(torch.tensor(WEIGHT)).detach()),
                               expected(), rtol=1e-6)
    for wrong in (x.double(), x.int(), x.half(), x.transpose(0, 1).contiguous().transpose(0, 1),
                  torch._neg_view(-x), x.double().mT.contiguous().mT):
        y, _ = call(layer, wrong)
        np.testing.assert_allclose(y, expected(), rtol=1e-6)
    with pytest.raises(TypeError, match=r"x\.resolve_neg\(\)"):
        layer(torch._neg_view(x), WEIGHT)
    with pytest.raises(TypeError, match=r"detach\(\)"):
        layer(x.requires_grad_(), WEIGHT)
    x = x.detach()
    for wrong in (x.bfloat16(), x.to_sparse(), x.to("meta"), x.to(torch.complex64).conj()):
        with pytest.raises(TypeError, match="^x, a Tensor of torch"):
            layer(wrong, WEIGHT)


@pytest.mark.filterwarnings("ignore")
def test_tensors_without_numbers_of_their_own(layer):
    torch = pytest.importorskip("torch")
    from torch._subclasses import FakeTensorMode
    from torch.masked import masked_tensor
    with FakeTensorMode():
        fake = torch.ones(X.shape)
    x = torch.tensor(X)
    for wrong in (fake, masked_tensor(x, x > 3)):
        with pytest.raises(TypeError, match=f"x is a {type(wrong).__name__}.*a plain tensor"):
            layer(wrong, WEIGHT)
    with pytest.raises(TypeError):
        torch.func.vmap(lambda x: torch.tensor(layer(x, WEIGHT)))(x[None])


def test_arrays_of_jax(layer):
    jax = pytest.importorskip("jax")
    x = jax.numpy.asarray(X)
    np.testing.assert_allclose(layer(x, WEIGHT), expected(), rtol=1e-6)
    for wrong in (x.astype(int), x.astype(jax.numpy.float16)):
        np.testing.assert_allclose(call(layer, wrong)[0], expected(), rtol=1e-6)
    with pytest.raises(TypeError, match="x, a .*bfloat16"):
        layer(x.astype(jax.numpy.bfloat16), WEIGHT)
    with pytest.raises(TypeError, match="Tracer"):
        jax.jit(lambda x: layer(x, WEIGHT))(x)


def test_frames_of_pandas(layer):
    pandas = pytest.importorskip("pandas")
    flat = eqc.Layer(group="S", n=3, k=0, l=0, channels=(2, 2))
    frame = pandas.DataFrame(X[:, 0])
    with pytest.raises(TypeError, match=r"x is a DataFrame.*use numpy.ascontiguousarray"):
        flat(frame, WEIGHT[:1])
    y = flat(np.ascontiguousarray(frame, np.float32), WEIGHT[:1])
    np.testing.assert_allclose(y, X[:, 0] @ WEIGHT[0])


@pytest.mark.parametrize("n", [3.5, 3.0, "3", True])
def test_sizes_that_are_no_integers(n):
    layer = eqc.Layer(group="S", n=None, k=0, l=1)
    weight, _ = layer.init(0)
    x = np.ones((2, 1), np.float32)
    for call in (lambda: layer(x, weight, n=n),
                 lambda: layer.backward(x, weight, np.ones((2, 3, 1), np.float32), n=n)):
        with pytest.raises(TypeError, match=f"^n is {n!r}; expected an integer$"):
            call()
    assert layer(x, weight, n=np.int64(3)).shape == (2, 3, 1)


@pytest.mark.parametrize("options, error, message", [
    (dict(n=0), ValueError, "n to initialise for is 0; expected a positive number"),
    (dict(n=-3), ValueError, "n to initialise for is -3"),
    (dict(n=2.5), TypeError, "n to initialise for is 2.5; expected an integer"),
    (dict(gain="relu"), TypeError, "gain is 'relu'; expected a number.*calculate_gain"),
    (dict(gain=-1), ValueError, "gain is -1; expected a finite number"),
    (dict(gain=float("nan")), ValueError, "gain is nan"),
])
def test_wrong_sizes_of_random_weights(options, error, message):
    with pytest.raises(error, match=message):
        eqc.Layer(group="S", n=None, k=1, l=1).init(0, **options)
