"""The workloads of benchmark/workloads, and the layers of growth curves."""

import json
import os

from .layer import layer_sources

FOLDER = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "workloads")
ORDER = ["sets-1k", "ign-mol", "ign-social", "ign-large", "pelican-jet",
         "graph-io", "kwl-3", "kwl-4", "tensornet", "elastic", "chiral",
         "symplectic", "tiny"]


def load(name):
    """(description, layer name -> source) of a workload."""
    if name in CURVES:
        return CURVES[name]()
    with open(os.path.join(FOLDER, name + ".json")) as file:
        description = json.load(file)
    with open(os.path.join(FOLDER, name + ".eq")) as file:
        return description, layer_sources(file.read())


def layer_text(name, group, n, k, l, c_in, c_out):
    return (f"layer {name} {{\n  group = {group}; n = {n}; k = {k}; l = {l}\n"
            f"  channels = {c_in} -> {c_out}\n}}\n")


def _curve(title, axis, layers):
    """A workload whose cases differ in one number, the curve's axis."""
    sources, cases = {}, []
    for value, batch, peers, arguments in layers:
        name = f"{title}_{value}".replace("-", "_")
        # Layers that only differ in their batch are one layer.
        if axis == "batch":
            name = title.replace("-", "_")
        sources[name] = layer_text(name, *arguments)
        cases.append({"layer": name, "batch": batch, "baselines": peers,
                      "value": value})
    return ({"name": title, "axis": axis, "cases": cases,
             "stands_for": "growth"}, sources)


CURVES = {
    "against-n": lambda: _curve("against-n", "n", [
        (n, max(1, 65536 // n ** 2), ["torch-factored", "torch-stacked"],
         ("S", n, 2, 2, 32, 32)) for n in (8, 12, 16, 24, 32, 48, 64, 96,
                                           128)]),
    "against-batch": lambda: _curve("against-batch", "batch", [
        (batch, batch, ["torch-factored", "torch-stacked"],
         ("S", 32, 2, 2, 32, 32)) for batch in (1, 2, 4, 8, 16, 32, 64, 128)]),
    "against-order": lambda: _curve("against-order", "order", [
        (order, 8, ["torch-factored"] + (["dense-gemm"] if order < 4 else []),
         ("S", 6, order, order, 8, 8)) for order in (1, 2, 3, 4)]),
    "against-order-rotations": lambda: _curve(
        "against-order-rotations", "order", [
            (order, 256, ["torch-factored", "dense-gemm"],
             ("O", 3, order, order, 32, 32)) for order in (1, 2, 3, 4)]),
}
