"""Layers by a text that says all about them.

The operators of frameworks take a layer as a plain string: it can be stored in an exported
program, it means the same in every process, and equal layers are one.

Looking up a layer that is known takes no lock: neither another thread's compilation nor a
fork in the midst of one makes anybody wait.
"""

from __future__ import annotations

import json
import os
import threading

from eqc._native import key_of_source
from eqc.layer import Layer
from eqc.program import compile  # noqa: A004

__all__ = ["key_of", "key_of_source", "layer_of"]

_layers: dict[str, Layer] = {}
#: For each layer that is being compiled, what others who want the same one wait for.
_compiling: dict[str, threading.Lock] = {}
# A child has none of the threads that would end these.
os.register_at_fork(after_in_child=_compiling.clear)


def key_of(layer: Layer) -> str:
    """The text for a layer that exists."""
    _layers.setdefault(layer._key, layer)
    return layer._key


def layer_of(key: str, cache: bool = True) -> Layer:
    """The layer, compiled on first use."""
    layer = _layers.get(key)
    if layer is not None:
        return layer
    with _compiling.setdefault(key, threading.Lock()):
        try:
            layer = _layers.get(key)
            if layer is None:
                options = json.loads(key)
                source = options.pop("source")
                layer = compile(source, file="<layer>", cache=cache, **options).layer
                layer = _layers.setdefault(key, layer)
            return layer
        finally:
            _compiling.pop(key, None)
