"""What both examples use: a progress bar, a training loop, the look of the plots."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

torch.set_num_threads(1)  # these tensors are too small to be worth sharing out

#: Where the documentation's plots are.
RESULTS = Path(__file__).resolve().parents[2] / "docs" / "examples"


def progress(steps: int, label: str, note: Callable[[], str]) -> Iterator[int]:
    """Counts to `steps` with a bar on a terminal, or a line at the end elsewhere."""
    start, shown = time.monotonic(), 0.0
    terminal = sys.stderr.isatty()
    for step in range(steps):
        yield step
        now = time.monotonic()
        if terminal and now - shown > 0.1:
            shown = now
            filled = 24 * (step + 1) // steps
            print(f"\r{label:24} [{'#' * filled}{'.' * (24 - filled)}] {note()}",
                  end="\033[K", file=sys.stderr, flush=True)
    before, after = ("\r", "\033[K") if terminal else ("", "")
    print(f"{before}{label:24} {note()}, {time.monotonic() - start:.0f} s{after}",
          file=sys.stderr)


def parameters_of(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def new_figure(columns: int):  # noqa: ANN201 (matplotlib's types are many)
    """A row of plots."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.hashsalt": "eqc", "svg.fonttype": "path", "font.size": 9,
                         "axes.spines.top": False, "axes.spines.right": False})
    return plt.subplots(1, columns, figsize=(4.2 * columns, 3.2), layout="constrained")


def save_figure(figure, folder: Path, name: str) -> Path:  # noqa: ANN001
    """Writes the plot; the same numbers give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None})
    return path
