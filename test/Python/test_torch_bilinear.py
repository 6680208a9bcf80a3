"""Layers of two inputs in PyTorch."""

from __future__ import annotations

import pytest

import eqc

torch = pytest.importorskip("torch")
import eqc.torch  # noqa: E402


def layer(channels: object = 2, **more: object) -> eqc.BilinearLayer:
    return eqc.BilinearLayer(group="S", n=3, k=(2, 1), l=1, channels=channels, dtype="f64",
                             bias=True, **more)  # type: ignore


def inputs(of: eqc.BilinearLayer) -> list[torch.Tensor]:
    torch.manual_seed(1)
    shapes = (of.x_shape(2), of.z_shape(2), of.weight_shape, of.bias_shape)
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("channels", [2, (2, 1, 3)], ids=["depthwise", "full"])
def test_derivatives(channels: object) -> None:
    of = layer(channels)

    def call(*tensors: torch.Tensor) -> torch.Tensor:
        return eqc.torch.bilinear(of, *tensors)

    assert torch.autograd.gradcheck(call, inputs(of))
    assert torch.autograd.gradgradcheck(call, inputs(of))


def test_compiles() -> None:
    of = layer()
    tensors = [tensor.detach() for tensor in inputs(of)]

    def call(*tensors: torch.Tensor) -> torch.Tensor:
        return eqc.torch.bilinear(of, *tensors).square()

    compiled = torch.compile(call, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*tensors), call(*tensors))


def test_vmap_and_batch_axes() -> None:
    of = layer()
    x, z, weight, bias = (tensor.detach() for tensor in inputs(of))
    expected = eqc.torch.bilinear(of, x, z, weight, bias)
    torch.testing.assert_close(
        eqc.torch.bilinear(of, x[None], z[None], weight, bias), expected[None])
    mapped = torch.func.vmap(lambda x, z: eqc.torch.bilinear(of, x, z, weight, bias))(
        x[None], z[None])
    torch.testing.assert_close(mapped, expected[None])


def test_module() -> None:
    module = eqc.torch.EquivariantBilinear("S", (2, 2), 2, channels=4, diagrams="connected")
    assert module.weight.shape == (133, 4)
    x = torch.randn(3, 5, 5, 4)
    y = module(x, x)
    assert y.shape == (3, 5, 5, 4)
    y.square().mean().backward()
    assert module.weight.grad is not None and module.bias.grad is not None
    permuted = torch.randperm(5)
    moved = x[:, permuted][:, :, permuted]
    torch.testing.assert_close(module(moved, moved), y[:, permuted][:, :, permuted], atol=1e-4,
                               rtol=1e-4)
    double = module.double()
    assert double(x.double(), x.double()).dtype == torch.float64
