#!/usr/bin/env python3
"""The suite on a GPU, beside what else is installed that computes the same layers.

gpu.py FOLDER [NAME..]: for each NAME.eq of the folder there are NAME.json, its cases, and NAME.so,
which `eqc compile --target=cuda --emit=shared` made of it: nothing of eqc runs but the layers.
Without names, all of the folder. scripts/pack-gpu-test.sh makes such a folder.

Every case is measured at its batch and at 16 times that, in f32 without TF32. A peer whose result differs
is left out and named. --device=cpu is to try this program, with layers for CPUs.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

import numpy as np
from eqcbench import layer as layers
from eqcbench import peers

TIMES = 16
TOLERANCE = {"float32": 2e-4, "float64": 1e-10}
# Baselines of the suite that have a GPU to compute on.
ON_GPUS = ("torch-stacked", "torch-stacked-compiled", "torch-factored", "torch-factored-compiled",
           "torch-split", "torch-split-compiled", "jax-factored", "e3nn")


def wait_for(torch, result):
    """Until a call that returned this is done."""
    if hasattr(result, "block_until_ready"):
        result.block_until_ready()
    elif peers.device != "cpu":
        torch.cuda.synchronize()


def measure(torch, calls, seconds):
    """Seconds of one call of each, medians of turns; many calls are enqueued at once."""
    def run(call, count):
        start = time.perf_counter()
        for _ in range(count):
            result = call()
        wait_for(torch, result)
        return (time.perf_counter() - start) / count

    counts = {}
    for name, call in calls.items():
        run(call, 3)
        counts[name] = max(1, int(seconds / 7 / max(run(call, 3), 1e-7)))
    turns = {name: [] for name in calls}
    for _ in range(7):
        for name, call in calls.items():
            turns[name].append(run(call, counts[name]))
    return {name: float(np.median(values)) for name, values in turns.items()}


def own_call(torch, layer, batch, arrays):
    """(call, y) of the layer itself."""
    x, weight, bias = (None if array is None else torch.from_numpy(array).to(peers.device)
                       for array in arrays)
    y = torch.empty(layer.y_shape(batch), dtype=x.dtype, device=x.device)
    stream = () if peers.device == "cpu" else (torch.cuda.current_stream().cuda_stream,)
    call = layer.call_at(batch, [a if a is None else a.data_ptr() for a in (x, weight, bias, y)],
                         stream)

    def run(_=(x, weight, bias)):  # alive as long as the function is
        call()
        return y
    return run, y


def run_case(torch, folder, name, case, times, seconds):
    layer = layers.LoadedLayer(str(folder / f"{name}.so"), case["layer"])
    batch = case["batch"] * times
    rng = np.random.default_rng(1)

    def draw(shape):
        return rng.standard_normal(shape, dtype=layer.dtype)

    weight = draw((layer.diagrams, layer.c_in, layer.c_out))
    bias = draw((layer.bias_diagrams, layer.c_out)) if layer.bias_diagrams else None
    x = np.tile(draw(layer.x_shape(case["batch"])), (times,) + (1,) * (layer.k + 1))
    call, y = own_call(torch, layer, batch, (x, weight, bias))
    wait_for(torch, call())
    expected = y.cpu().numpy()
    scale = float(np.abs(expected).max()) or 1.0
    calls, skipped = {"eqc": call}, {}
    peers.forget_compiled()
    for peer in (p for p in case.get("baselines", ()) if p in ON_GPUS):
        try:
            other, result = peers.find(peer)(layer, x, weight, bias, 1)
            found = result()
            error = (float(np.abs(found - expected).max()) / scale
                     if found.shape == expected.shape else np.inf)
            if error <= TOLERANCE[layer.dtype.name]:
                calls[peer] = other
            else:
                skipped[peer] = f"differs by {error:.1e}"
        except Exception as why:  # others may fail as they like
            skipped[peer] = layers.first_line(f"{type(why).__name__}: {why}")
    return {"workload": name, "layer": layer.name, "batch": batch, "plan": layer.plan,
            "seconds": measure(torch, calls, seconds), "skipped": skipped}


def worker(folder, name, seconds, times):
    """Results of one workload, a line each, as soon as they are there."""
    import torch
    torch.set_grad_enabled(False)
    cases = json.loads((folder / f"{name}.json").read_text())["cases"]
    for case in cases:
        for factor in times:
            try:
                result = run_case(torch, folder, name, case, factor, seconds)
            except Exception as why:
                result = {"workload": name, "layer": case["layer"],
                          "batch": case["batch"] * factor, "error": f"{type(why).__name__}: {why}"}
            print(json.dumps(result), flush=True)


def show(result):
    head = f"{result['layer']}, batch {result['batch']}: "
    if "error" in result:
        return head + "FAILED, " + result["error"]
    seconds = dict(result["seconds"])
    own = seconds.pop("eqc")
    lines = [f"{head}{own * 1e6:.1f} us by {result['plan']}"]
    lines += [f"  {name}: {value * 1e6:.1f} us, {value / own:.2f} times eqc's"
              for name, value in sorted(seconds.items(), key=lambda item: item[1])]
    lines += [f"  {name}: left out, {why}" for name, why in result["skipped"].items()]
    return "\n".join(lines)


def why_not(device):
    """Why nothing can be measured; empty if it can."""
    try:
        import torch
    except ImportError:
        return "torch is not installed"
    if device == "cuda" and not torch.cuda.is_available():
        return "torch sees no GPU"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=0.3, help="of each measurement")
    parser.add_argument("--limit", type=float, default=120, help="seconds of a workload")
    parser.add_argument("--once", action="store_true", help="at the suite's batches alone")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    peers.device = args.device
    times = (1,) if args.once else (1, TIMES)
    if args.worker:
        return worker(args.folder, args.names[0], args.seconds, times)
    if why := why_not(args.device):
        print(f"skipped: {why}")
        return 77
    results, failed = [], False
    for name in args.names or sorted(path.stem for path in args.folder.glob("*.eq")):
        # torch.compile may take minutes, or take the process with it.
        command = [sys.executable, __file__, args.folder, name, "--worker",
                   f"--device={args.device}", f"--seconds={args.seconds}"]
        process = subprocess.Popen(command + ["--once"] * args.once, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        try:
            out, _ = process.communicate(timeout=args.limit)
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            print(f"{name}: stopped after {args.limit:.0f} seconds")
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        failed |= not lines or any("error" in line for line in lines)
        for line in lines:
            print(show(line), flush=True)
        if not lines:
            print(f"{name}: no results")
        results += lines
        if args.json:
            args.json.write_text(json.dumps(results, indent=1) + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
