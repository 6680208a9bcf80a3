"""One workload in one process: eqc and its peers, checked, then timed."""

import json
import os
import shutil
import tempfile
import time

import numpy as np

from . import gradients, peers, timing
from . import layer as layers

# Largest difference over the largest value that a peer may have.
TOLERANCE = {"float32": 2e-4, "float64": 1e-10}


def environment(threads):
    """What the process of a workload is started with. Without these settings
    torch maps and unmaps large buffers on every call."""
    settings = {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": "17179869184",
        "MALLOC_TOP_PAD_": "268435456",
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "EQC_NUM_THREADS": str(threads),
        "JAX_PLATFORMS": "cpu",
    }
    return {**os.environ, **settings}


def limit_cpus(threads):
    """As many CPUs as threads: some peers count CPUs and nothing else."""
    if hasattr(os, "sched_setaffinity"):
        cpus = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cpus[:threads])


def limits(eqc, layer, batch, threads, seconds):
    """What `eqc bench` measures of the machine and of the layer."""
    text = layers.run_eqc(eqc, [
        "bench", layer.path, f"--batch={batch}", f"--threads={threads}",
        f"--min-time={seconds}", "--json=-"])
    result = json.loads(text)["layers"][0]
    row = result["results"][0]
    return {"flops_per_sample": result["flops_per_sample"],
            "best_plan": result["best_plan"],
            **{key: row[key] for key in (
                "peak", "bandwidth", "flops", "bytes", "floor_seconds",
                "plan_floor_seconds", "bound_by")},
            "bench_seconds": row["seconds"]["median"]}


class Compiled:
    """The layers of one workload; none is compiled twice."""

    def __init__(self, eqc, folder, gradients=False):
        self.eqc, self.folder, self.gradients = eqc, folder, gradients
        self.kept = {}

    def layer(self, source, plan="auto"):
        key = (source, plan)
        if key not in self.kept:
            try:
                self.kept[key] = layers.Layer(
                    self.eqc, source, self.folder, plan,
                    self.gradients and plan == "auto")
            except layers.CompileError as why:
                self.kept[key] = why
        if isinstance(self.kept[key], layers.CompileError):
            raise self.kept[key]
        return self.kept[key]

    def object(self, source):
        """(seconds, bytes) of compiling what a user compiles."""
        key = (source, "object")
        if key not in self.kept:
            self.kept[key] = self.layer(source).compile_object(self.eqc)
        return self.kept[key]


class Case:
    """A layer at one batch, with its arrays and its result."""

    def __init__(self, compiled, source, batch, seed=1):
        self.compiled, self.source, self.batch = compiled, source, batch
        self.layer = layer = compiled.layer(source)
        rng = np.random.default_rng(seed)
        self.x = layers.aligned(layer.x_shape(batch), layer.dtype, rng)
        self.weight = layers.aligned(
            (layer.diagrams, layer.c_in, layer.c_out), layer.dtype, rng)
        self.bias = (layers.aligned((layer.bias_diagrams, layer.c_out),
                                    layer.dtype, rng)
                     if layer.bias_diagrams else None)
        self.y = layers.aligned(layer.y_shape(batch), layer.dtype)

    def own(self, plan, threads):
        """(call, result) of one of our plans."""
        # What auto chose is the same kernel; there is no need for another.
        layer = (self.layer if plan in ("auto", self.layer.plan) else
                 self.compiled.layer(self.source, plan))
        if plan not in ("auto", layer.plan):
            raise peers.Unavailable(f"eqc compiled the plan '{layer.plan}'")
        layer.set_threads(threads)
        y = layers.aligned(self.y.shape, layer.dtype)
        call = layer.call(self.x, self.weight, self.bias, y)
        return call, lambda: y

    def peer(self, name, threads):
        if name.startswith("eqc-"):
            return self.own(name[len("eqc-"):], threads)
        return peers.find(name)(self.layer, self.x, self.weight, self.bias,
                                threads)


def error_of(result, reference):
    """Largest difference over the largest value; infinite where the shapes
    differ. Of several arrays, the worst."""
    if isinstance(reference, tuple):
        return max(map(error_of, result, reference)) if len(result) == len(
            reference) else float("inf")
    if result.shape != reference.shape:
        return float("inf")
    scale = float(np.abs(reference).max()) or 1.0
    error = float(np.abs(result - reference).max()) / scale
    return error if np.isfinite(error) else float("inf")


def compare(own, makers, tolerance, settings):
    """`own` and what every maker makes, called and checked against it, each
    once, then timed in turns. Ours and theirs are (call, result)."""
    peers.forget_compiled()
    reference = own[1]()
    candidates, skipped = [timing.Candidate("eqc", own[0])], {}
    errors, seconds = {}, {}
    for name, make in makers.items():
        if settings["peers"] and name not in settings["peers"]:
            continue
        start = time.perf_counter()
        try:
            call, result = make()
            errors[name] = error_of(result(), reference)
        except (peers.Unavailable, layers.CompileError) as why:
            skipped[name] = str(why)
            continue
        except Exception as why:
            # Others may fail as they like; what is ours may not.
            if name.startswith("eqc-"):
                raise
            skipped[name] = layers.first_line(f"{type(why).__name__}: {why}")
            continue
        finally:
            seconds[name] = time.perf_counter() - start
        if errors[name] > tolerance:
            # A peer that computes something else is not worth timing.
            skipped[name] = f"differs by {errors[name]:.1e}"
            continue
        candidates.append(timing.Candidate(name, call))
    times = timing.measure(candidates, settings["rounds"], settings["turn"],
                           settings["warm"])
    others = {name: t["median"] for name, t in times.items()
              if not name.startswith("eqc")}
    best = min(others, key=others.get) if others else None
    return {"times": times, "errors": errors, "skipped": skipped,
            "ready_seconds": seconds, "best_baseline": best,
            "ratio": others[best] / times["eqc"]["median"] if best else None}


def compare_backward(case, description, threads, settings):
    """Forward and backward together, where autograd has the baselines."""
    problem = gradients.Problem(case.layer, case.x, case.weight, case.bias)
    makers = {name: lambda make=make: make(problem, threads)
              for name, make in gradients.PEERS.items()
              if name in description["baselines"]}
    return compare(gradients.own(problem, threads), makers,
                   TOLERANCE[str(case.layer.dtype)], settings)


def run_case(compiled, source, description, threads, settings):
    case = Case(compiled, source, description["batch"])
    layer = case.layer
    makers = {name: lambda name=name: case.peer(name, threads)
              for name in description["baselines"]}
    compared = compare(case.own("auto", threads), makers,
                       TOLERANCE[str(layer.dtype)], settings)
    median = compared["times"]["eqc"]["median"]
    if settings["backward"] and description.get("main"):
        compared["backward"] = compare_backward(case, description, threads,
                                                settings)
    machine = limits(compiled.eqc, layer, case.batch, threads,
                     settings["limit"])
    compile_seconds, object_bytes = compiled.object(source)
    return {
        "layer": layer.name, "group": layer.group, "n": layer.n,
        "k": layer.k, "l": layer.l, "c_in": layer.c_in, "c_out": layer.c_out,
        "dtype": str(layer.dtype), "batch": case.batch, "plan": layer.plan,
        "main": description.get("main", False), "threads": threads,
        "value": description.get("value"),
        "compile_seconds": compile_seconds, "object_bytes": object_bytes,
        **compared,
        "machine": machine,
        "gflops": machine["flops"] / median * 1e-9,
        "gbytes_per_second": machine["bytes"] / median * 1e-9,
        "efficiency": machine["floor_seconds"] / median,
        "against_shared": machine["plan_floor_seconds"]["shared"] / median,
    }


def run_workload(eqc, cases, sources, threads, settings):
    """The results of the cases of a workload, in this very process."""
    limit_cpus(threads)
    folder = tempfile.mkdtemp(prefix="eqcbench")
    try:
        compiled = Compiled(eqc, folder, settings["backward"])
        return [run_case(compiled, sources[description["layer"]],
                         description, threads, settings)
                for description in cases]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
