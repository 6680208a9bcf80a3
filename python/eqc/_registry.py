"""Layers by a text that says all about them.

The operators of frameworks take a layer as a plain string: it can be stored in an exported
program, it means the same in every process, and equal layers are one.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict

from eqc._native import Options
from eqc.layer import Layer
from eqc.program import compile  # noqa: A004

__all__ = ["key_of", "key_of_source", "layer_of"]

_layers: dict[str, Layer] = {}
_lock = threading.Lock()


def key_of_source(source: str, options: Options) -> str:
    """The text for the one layer of a source."""
    return json.dumps({"source": source, **asdict(options)}, sort_keys=True)


def key_of(layer: Layer) -> str:
    """The text for a layer that exists."""
    key = key_of_source(layer.spec, layer.options)
    with _lock:
        _layers.setdefault(key, layer)
    return key


def layer_of(key: str) -> Layer:
    """The layer, compiled on first use."""
    layer = _layers.get(key)
    if layer is None:
        with _lock:
            layer = _layers.get(key)
            if layer is None:
                options = json.loads(key)
                layer = compile(options.pop("source"), file="<layer>", **options).layer
                _layers[key] = layer
    return layer
