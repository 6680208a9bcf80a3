"""What earlier versions wrote is read: docs/Compatibility.md."""

import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from conftest import CC, run

STORED = sorted(path for path in (Path(__file__).parent / "stored").iterdir() if path.is_dir())

MAIN = """
#include "layers.h"
#include <stdio.h>
#include <string.h>
static float x[2 * 4 * 4 * 2], weight[graph_WEIGHT_SIZE], bias[graph_BIAS_SIZE], y[2 * 4 * 3];
static int load(const char *path, float *into, size_t size) {
  FILE *file = fopen(path, "rb");
  return file && fread(into, sizeof(float), size, file) == size && !fclose(file);
}
int main(void) {
  const eqc_layer_info *info = graph_info();
  if (info->abi != 1 || strcmp(info->group, "S") || info->c_out != 3 || !info->has_backward)
    return 1;
  if (!load("graph_x", x, 64) || !load("graph_weight", weight, graph_WEIGHT_SIZE) ||
      !load("graph_bias", bias, graph_BIAS_SIZE) || graph_forward(4, 2, x, weight, bias, y))
    return 2;
  fwrite(y, sizeof(float), 24, stdout);
  if (!load("cross_x", x, 18) || !load("cross_weight", weight, cross_WEIGHT_SIZE) ||
      cross_forward(2, x, weight, NULL, y))
    return 3;
  fwrite(y, sizeof(float), 12, stdout);
  return 0;
}
"""


def close(got, want):
    np.testing.assert_allclose(got.ravel(), want.ravel(), rtol=0, atol=3e-5 * np.abs(want).max())


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the objects are for x86-64")
@pytest.mark.parametrize("folder", STORED, ids=lambda folder: folder.name)
def test_old_objects_are_linked_with_the_runtime_of_today(folder, prefix, tmp_path):
    shutil.copy(folder / "layers.o", tmp_path)
    shutil.copy(folder / "layers.h.txt", tmp_path / "layers.h")
    numbers = np.load(folder / "numbers.npz")
    for name in ("graph_x", "graph_weight", "graph_bias", "cross_x", "cross_weight"):
        numbers[name].tofile(tmp_path / name)
    (tmp_path / "main.c").write_text(MAIN)
    run(CC, "main.c", "layers.o", "-I", prefix / "include", prefix / "lib" / "libeqc_rt.a", "-lm",
        "-pthread", "-o", "main", cwd=tmp_path)
    run("sh", "-c", "./main > y", cwd=tmp_path)
    y = np.fromfile(tmp_path / "y", np.float32)
    close(y[:24], numbers["graph_y"])
    close(y[24:], numbers["cross_y"])


@pytest.mark.parametrize("folder", STORED, ids=lambda folder: folder.name)
def test_old_sources_compile(folder, prefix, tmp_path):
    run(prefix / "bin" / "eqc", "compile", folder / "layers.eq", "-o", tmp_path / "layers.o",
        hidden=False)
    # What was declared is declared.
    old, new = ({line for line in header.read_text().splitlines() if line.startswith("#define")
                 and "PACKED_SIZE" not in line and "EQC_GENERATED" not in line}
                for header in (folder / "layers.h.txt", tmp_path / "layers.h"))
    assert old <= new


@pytest.mark.skipif(not find_spec("torch"), reason="no torch")
@pytest.mark.parametrize("folder", STORED, ids=lambda folder: folder.name)
def test_old_state_dicts_are_loaded(folder, monkeypatch, prefix, installed_python):
    import sys

    import torch
    monkeypatch.syspath_prepend(str(installed_python))
    for name in [name for name in sys.modules if name.split(".")[0] == "eqc"]:
        monkeypatch.delitem(sys.modules, name)
    from eqc.torch import EquivariantLinear
    module = EquivariantLinear("S", 2, 1, 2, 3)
    module.load_state_dict(torch.load(folder / "module.pt", weights_only=True))
    numbers = np.load(folder / "numbers.npz")
    close(module(torch.from_numpy(numbers["module_x"])).detach().numpy(), numbers["module_y"])
