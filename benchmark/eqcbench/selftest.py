"""Small layers through everything that needs no more than numpy."""

import shutil
import tempfile

import numpy as np

from . import algebra, report, worker
from .peers import PEERS
from .suite import layer_text

SETTINGS = {"rounds": 1, "turn": 1e-4, "warm": 1e-4, "limit": 1e-3,
            "peers": None, "main_only": False}
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
        check_wrong_peer(compiled, source)
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
