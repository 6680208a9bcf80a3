"""Small layers through everything that needs no more than numpy."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from . import algebra, gradients, report, worker
from .peers import PEERS
from .results import SETTINGS as SAVED
from .results import Results
from .suite import layer_text

SETTINGS = {"rounds": 1, "turn": 1e-4, "warm": 1e-4, "limit": 1e-3,
            "peers": None, "main_only": False, "backward": False}
LAYERS = [("S", 4, 2, 2), ("S", 3, 3, 0), ("O", 3, 1, 3), ("SO", 3, 2, 3),
          ("Sp", 4, 2, 2)]


def run(eqc):
    folder = tempfile.mkdtemp(prefix="eqcbench")
    results = []
    try:
        compiled = worker.Compiled(eqc, folder)
        for i, (group, n, k, l) in enumerate(LAYERS):
            source = layer_text(f"small{i}", group, n, k, l, 2, 3)
            description = {"batch": 3, "baselines": ["numpy-factored",
                                                     "dense-gemm"]}
            result = worker.run_case(compiled, source, description, 1,
                                     SETTINGS)
            assert not result["skipped"], result["skipped"]
            assert result["efficiency"] > 0 and result["ratio"] > 0, result
            check_floors(result)
            results.append(result)
        check_unsteady(results[0])
        check_wrong_peer(compiled, source)
        check_builds(eqc)
        check_gradients(eqc, folder)
        check_saving(folder)
        check_resuming(eqc, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = report.table(results)
    assert all(result["layer"] in text for result in results), text
    print(f"{len(results)} layers agree with their dense matrices")


def check_floors(result):
    """Its own floor, and the shared plan's by the flops of that."""
    machine, median = result["machine"], result["times"]["eqc"]["median"]
    shared = max(
        machine["flops_per_sample"]["shared"] * result["batch"] /
        machine["peak"]["per_second"],
        machine["bytes"] / machine["bandwidth"]["per_second"])
    assert np.isclose(result["against_shared"], shared / median), result
    assert machine["plan_floor_seconds"][result["plan"]] == machine[
        "floor_seconds"], machine


def check_unsteady(result):
    """The same kernel timed twice, with two results."""
    times = result["times"]["eqc"]
    document = {"results": [{"name": "small", "cases": [
        {**result, "times": {"eqc": times, "eqc-" + result["plan"]: {
            **times, "median": times["median"] * factor}}}
        for factor in (0.7, 0.95, 1.05, 1.5)]}]}
    assert len(list(report.unsteady(document))) == 2


def check_gradients(eqc, folder):
    """y is linear in x and in the weights, so <gradient, argument> is
    <gradient of y, y>; and whoever is installed agrees."""
    source = layer_text("graded", "S", 4, 2, 2, 2, 3)
    compiled = worker.Compiled(eqc, folder, gradients=True)
    case = worker.Case(compiled, source, 3)
    problem = gradients.Problem(case.layer, case.x, case.weight, None)
    grad_x, grad_weight = gradients.own(problem, 1)[1]()
    product = np.vdot(problem.grad_y, case.own("auto", 1)[1]())
    assert np.isclose(np.vdot(grad_x, case.x), product, rtol=1e-4)
    assert np.isclose(np.vdot(grad_weight, case.weight), product, rtol=1e-4)
    packed = problem.structure.pack(case.weight)
    assert (problem.structure.unpack(packed) == case.weight).all()
    both = worker.compare_backward(
        case, {"baselines": ["torch-factored", "jax-factored"]}, 1, SETTINGS)
    assert both["times"]["eqc"]["runs"] > 0
    assert all("not installed" in why
               for why in both["skipped"].values()), both


def check_saving(folder):
    """Results replace those of the same workload and threads, others stay;
    what was saved is there again."""
    path = os.path.join(folder, "saved.json")
    settings = {key: None for key in SAVED}
    first = Results({"cpu": "one"}, path)
    first.put({"name": "tiny", "threads": 1, "error": "why", **settings})
    first.put({"name": "kwl-3", "threads": 1, "cases": [1], **settings})
    first.put({"name": "tiny", "threads": 2, "cases": [2], **settings})
    assert not first.has("tiny", 1, settings), "failed ones are not results"
    again = Results({"cpu": "one"}, path)
    again.put({"name": "kwl-3", "threads": 1, "cases": [3], **settings})
    entries = Results({"cpu": "one"}, path).document()["results"]
    assert [(e["name"], e["threads"], e.get("cases")) for e in entries] == [
        ("kwl-3", 1, [3]), ("tiny", 1, None), ("tiny", 2, [2])], entries
    assert again.has("tiny", 2, settings)
    assert not again.has("tiny", 2, {**settings, "quick": True})
    assert os.listdir(folder).count("saved.json.new") == 0
    try:
        Results({"cpu": "another"}, path)
    except ValueError:
        return
    raise AssertionError("results of two machines in one file")


def check_resuming(eqc, folder):
    """The command itself: a failure is named, the next run makes up for it,
    and what is there is not measured twice."""
    path = os.path.join(folder, "run.json")

    def run(compiler, *arguments):
        done = subprocess.run(
            [sys.executable, os.path.join(os.path.dirname(os.path.dirname(
                os.path.abspath(__file__))), "run.py"), "tiny", "--quick",
             "--peers=none", "--json", path, "--eqc", compiler, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        with open(path) as file:
            return done, json.load(file)["results"]
    broken = shutil.which("false")
    done, (entry,) = run(broken)
    assert done.returncode == 1 and "cases" not in entry, entry
    assert "failed:** tiny" in done.stdout, done.stdout
    assert "## " not in done.stdout, "a section without results"
    done, (measured,) = run(eqc, "--resume")
    assert done.returncode == 0 and len(measured["cases"]) == 4, done
    assert "against shared" in done.stdout and "failed" not in done.stdout
    done, (entry,) = run(broken, "--resume")
    assert done.returncode == 0 and entry == measured, "measured twice"
    done, (entry,) = run(broken)
    assert done.returncode == 1 and "cases" not in entry, "not replaced"


def check_builds(eqc):
    """Two compilers are compared; here one with itself."""
    script = os.path.join(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))), "compare-builds.py")
    for more in ([], ["--backward"]):
        done = subprocess.run(
            [sys.executable, script, eqc, eqc, "tiny", "--rounds=3",
             "--turn=1e-4", *more], capture_output=True, text=True)
        assert done.returncode == 0, done
        lines = done.stdout.splitlines()
        # A heading, the four cases, all of them, and the mean.
        assert lines[0].startswith("layer") and len(lines) == 7, done.stdout
        assert lines[-2].startswith("all of tiny"), done.stdout
        assert lines[-1].startswith("geometric mean"), done.stdout
    done = subprocess.run([sys.executable, script, eqc, shutil.which("false"),
                           "tiny"], capture_output=True, text=True)
    assert done.returncode == 1 and "tiny_1" in done.stderr, done


def check_wrong_peer(compiled, source):
    """A peer that computes something else is found out and not timed."""
    def wrong(layer, x, weight, bias, threads):
        matrix = algebra.dense_layer(layer, weight[::-1] + 1)
        y = (x.reshape(x.shape[0], -1) @ matrix).reshape(
            layer.y_shape(x.shape[0]))
        return lambda: None, lambda: y
    PEERS["wrong"] = wrong
    description = {"batch": 2, "baselines": ["wrong"]}
    result = worker.run_case(compiled, source, description, 1, SETTINGS)
    del PEERS["wrong"]
    assert "differs" in result["skipped"].get("wrong", ""), result["skipped"]
    assert np.isinf(worker.error_of(np.zeros(3), np.zeros(4)))
