"""How these files were made, by eqc 0.1.0: python make.py EQC

The numbers are those of the definition in test/Python/reference.py, not the program's own.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "Python"))
import eqc  # noqa: E402
import eqc.torch  # noqa: E402
import reference  # noqa: E402


def main():
    subprocess.run([sys.argv[1], "compile", HERE / "layers.eq", "-O1", "--cpu=x86-64-v2",
                    "--target=x86_64-linux-gnu", "-o", HERE / "layers.o",
                    # Not by a name that the formatter of sources takes for one.
                    f"--header={HERE / 'layers.h.txt'}"], check=True)
    torch.manual_seed(0)
    module = eqc.torch.EquivariantLinear("S", 2, 1, 2, 3)
    torch.save(module.state_dict(), HERE / "module.pt")
    numbers = {}
    rng = np.random.default_rng(0)
    program = eqc.compile_file(str(HERE / "layers.eq"))
    for name, n in (("graph", 4), ("cross", 3)):
        layer = program[name]
        x = rng.standard_normal(layer.x_shape(2, n)).astype(layer.dtype)
        weight = rng.standard_normal(layer.weight_shape).astype(layer.dtype)
        bias = (rng.standard_normal(layer.bias_shape).astype(layer.dtype)
                if layer.has_bias else None)
        numbers |= {f"{name}_x": x, f"{name}_weight": weight,
                    f"{name}_y": reference.forward(layer, x, weight, bias, n)}
        if bias is not None:
            numbers[f"{name}_bias"] = bias
    x = rng.standard_normal((2, 4, 4, 2)).astype(np.float32)
    layer = eqc.Layer(group="S", n=None, k=2, l=1, channels=(2, 3), bias=True, normalize="mean")
    state = module.state_dict()
    numbers |= {"module_x": x, "module_y": reference.forward(
        layer, x, state["weight"].numpy(), state["bias"].numpy(), 4)}
    np.savez(HERE / "numbers.npz", **numbers)


if __name__ == "__main__":
    main()
